// Operators on strings: Python's splitting, stop words, whole matches in RE2's syntax, n-grams with gaps.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Attributes } from "../../src/ir/schema.ts";
import { compileRe2 } from "../../src/ops/re2/match.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { i64, infer, result, run } from "../support/run-op.ts";

const texts = (values: readonly string[], shape: readonly number[] = [values.length]) => Storage.from("string", values, shape);
const all = (s: Storage | undefined) => s?.dense() as string[];

describe("StringConcat", () => {
  it("joins element by element, broadcasting", () => {
    const [z] = run("StringConcat", [texts(["a", "b"], [2, 1]), texts(["x", "", "z"])]);
    assert.deepEqual(
      [z?.shape, all(z)],
      [
        [2, 3],
        ["ax", "a", "az", "bx", "b", "bz"],
      ],
    );
  });
});

describe("StringSplit", () => {
  const split = (values: readonly string[], attributes: Attributes = {}) => {
    const [y, z] = run("StringSplit", [texts(values)], attributes);
    return { shape: y?.shape, parts: all(y), counts: z?.toNumbers() };
  };

  it("splits at white space of any length, and fills up with empty strings", () => {
    assert.deepEqual(split([" a  b\t", "", "c\u2003d e"]), {
      shape: [3, 3],
      parts: ["a", "b", "", "", "", "", "c", "d", "e"],
      counts: [2, 0, 3],
    });
    assert.deepEqual(split(["\ufeffa"]).parts, ["\ufeffa"], "a byte order mark is no space");
  });

  it("splits at a delimiter, keeping what is empty", () => {
    assert.deepEqual(split(["a--b", ""], { delimiter: "-" }), { shape: [2, 3], parts: ["a", "", "b", "", "", ""], counts: [3, 1] });
    assert.deepEqual(split(["a.*b"], { delimiter: ".*" }).parts, ["a", "b"]);
  });

  it("leaves the rest whole after maxsplit splits", () => {
    assert.deepEqual(split([" a b  c "], { maxsplit: 1 }).parts, ["a", "b  c "]);
    assert.deepEqual(split(["a,b,c"], { delimiter: ",", maxsplit: 1 }).parts, ["a", "b,c"]);
    assert.deepEqual(split(["a,b,c"], { delimiter: ",", maxsplit: 0 }).parts, ["a,b,c"]);
    assert.deepEqual(split(["a,b,c"], { delimiter: ",", maxsplit: -1 }).counts, [3]);
  });

  it("is undone by joining", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(",", "ab", " "), (text, delimiter) => {
        assert.equal(split([text], { delimiter }).parts?.join(delimiter), text);
      }),
    );
  });

  it("gives an empty last dimension for no strings", () => {
    const [y, z] = run("StringSplit", [texts([], [2, 0])]);
    assert.deepEqual(
      [y?.shape, z?.shape],
      [
        [2, 0, 0],
        [2, 0],
      ],
    );
    assert.deepEqual(infer("StringSplit", [{ dtype: "string", shape: ["n", 2] }], {}, 2), ["string[n,2,?]", "int64[n,2]"]);
  });
});

describe("StringNormalizer", () => {
  const normal = (values: readonly string[], attributes: Attributes) => all(run("StringNormalizer", [texts(values)], attributes)[0]);

  it("removes stop words, then changes the case", () => {
    const stopwords = ["monday"];
    assert.deepEqual(normal(["Monday", "Tuesday"], { stopwords, case_change_action: "UPPER" }), ["TUESDAY"]);
    assert.deepEqual(normal(["Monday", "Tuesday"], { stopwords, is_case_sensitive: 1 }), ["Monday", "Tuesday"]);
  });

  it("leaves one empty string of nothing, in the rank of its input", () => {
    const [y] = run("StringNormalizer", [texts(["a"], [1, 1])], { stopwords: ["a"] });
    assert.deepEqual([y?.shape, all(y)], [[1, 1], [""]]);
  });

  it("knows the rules of a language", () => {
    assert.deepEqual(normal(["I"], { case_change_action: "LOWER", locale: "tr_TR.UTF-8" }), ["ı"]);
    assert.deepEqual(normal(["I"], { case_change_action: "LOWER", locale: "C" }), ["i"]);
    assert.throws(() => normal(["I"], { locale: "not a locale" }), { code: "InvalidArgument" });
    assert.throws(() => normal(["I"], { case_change_action: "TITLE" }), { code: "InvalidArgument" });
    assert.throws(() => run("StringNormalizer", [texts(["a", "b"], [2, 1])]), { code: "ShapeMismatch" });
  });
});

describe("RegexFullMatch", () => {
  const matches = (pattern: string, text: string) => compileRe2("RegexFullMatch", pattern)(text);

  it("matches whole strings of any shape", () => {
    assert.deepEqual(result("RegexFullMatch", [texts(["ab", "abc"], [2, 1])], { pattern: "a|ab" }), { shape: [2, 1], values: [1, 0] });
    assert.deepEqual(result("RegexFullMatch", [texts([], [2, 0])], { pattern: "" }).shape, [2, 0]);
  });

  const cases: readonly [string, readonly string[], readonly string[]][] = [
    // JavaScript's dot, \s and \d differ.
    ["a.b", ["a\rb", "a\u2028b", "a😀b"], ["a\nb"]],
    ["(?s)a.b", ["a\nb"], []],
    ["\\s", [" ", "\t", "\n"], ["\u00a0", "\v"]],
    ["[^\\S]+", [" \t"], ["a"]],
    ["[[:alpha:]]+\\d", ["ab1"], ["äb1", "ab٣"]],
    ["[[:^digit:]x-z]", ["a", "y"], ["5"]],
    ["[]a]+", ["]a"], [""]],
    ["[a\\]-]", ["-", "]"], ["b"]],
    ["(?P<year>\\d{4})-(?<month>\\d\\d)", ["2026-11"], ["26-11"]],
    ["(?i)straße", ["STRAße"], ["strasse"]],
    ["a(?i)b(?-i)c|(?i:x)y", ["abc", "aBc", "Xy"], ["Abc", "abC", "xY"]],
    ["(?i)\\W[^k]", ["-a"], ["sa", "-K", "-\u212a"]],
    ["(?:a|b|)c{0}", ["a", "", "b"], ["c"]],
    ["a{01}", ["a{01}"], ["a"]],
    ["(a*)*b", [`${"a".repeat(5000)}b`], ["a".repeat(5000), "b".repeat(2)]],
    ["(a|aa)+$", ["a".repeat(5000)], [`${"a".repeat(5000)}c`]],
    ["(.*){900}x", ["x", "axx"], ["a".repeat(200)]],
    ["(^|a|\\b)*", ["aaa", ""], ["ab"]],
    ["\\Qa.b\\E+", ["a.b", "a.bb"], ["axb"]],
    ["\\x41\\x{1F600}\\101", ["A😀A"], []],
    ["\\pL\\p{Greek}\\P{L}\\pN", ["aα-5"], ["1α-5"]],
    ["\\bfoo\\b.*", ["foo bar", "foo"], ["foobar"]],
    ["(?m)a$\\n^b", ["a\nb"], []],
    ["^a$", ["a"], ["a\n"]],
    ["\\Aa\\z", ["a"], ["a\n"]],
    ["a{,2}", ["a{,2}"], ["aa"]],
    ["a{2,3}?", ["aa", "aaa"], ["a", "aaaa"]],
    ["(?U)a+", ["aaa"], []],
    ["(?:a(?s:.)b)", ["a\nb"], []],
    ["\\pN|\\.\\-\\/", ["1", ".-/"], ["."]],
  ];
  for (const [pattern, yes, no] of cases)
    it(`reads ${pattern}`, () => {
      for (const text of yes) assert.ok(matches(pattern, text), JSON.stringify(text));
      for (const text of no) assert.ok(!matches(pattern, text), JSON.stringify(text));
    });

  for (const pattern of [
    "(?=a)",
    "(?<!a)b",
    "(a)\\1",
    "a**",
    "*a",
    "a{1001}",
    "a{3,2}",
    "(a",
    "a)",
    "[a",
    "[b-a]",
    "\\C",
    "\\8",
    "\\y",
    "a{1000}{2}",
    "(a{100}){11}",
    "(?:abcdefghijklmnopqrst){1000}",
    "[[:constructor:]]",
    "[[:what:]]",
    "\\p{Nonsense}",
    "(?P<a b>c)",
  ])
    it(`refuses ${pattern}`, () => {
      assert.throws(() => matches(pattern, ""), { code: "RegexPattern" });
    });

  it("finds what going back and trying again finds, for patterns that both can read", () => {
    const { pattern } = fc.letrec((again) => ({
      pattern: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom("a", "b", ".", "[^a]", "", "^", "$", "\\b", "\\B"),
        fc.tuple(again("pattern"), again("pattern")).map((p) => p.join("")),
        fc.tuple(again("pattern"), again("pattern")).map((p) => `(?:${p.join("|")})`),
        fc.tuple(again("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{0,2}", "{1,}", "*?")).map(([p, sign]) => `(?:${p})${sign}`),
      ),
    }));
    fc.assert(
      fc.property(pattern, fc.array(fc.string({ unit: fc.constantFrom("a", "b", " "), maxLength: 6 })), (p, texts) => {
        const theirs = new RegExp(`^(?:${p})$`, "u");
        for (const text of texts) assert.equal(matches(p as string, text), theirs.test(text), JSON.stringify(text));
      }),
      { numRuns: 300 },
    );
  });

  it("takes any text for itself when it is quoted", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        fc.pre(!text.includes("\\E"));
        assert.ok(matches(`\\Q${text}\\E`, text));
      }),
    );
  });
});

describe("TfIdfVectorizer", () => {
  const pool = { pool_int64s: [2, 3, 5, 4, 5, 6], ngram_counts: [0, 2], ngram_indexes: [0, 1, 2, 3], mode: "TF" };
  const bounds = (min: number, max: number, skip: number) => ({ min_gram_length: min, max_gram_length: max, max_skip_count: skip });

  it("counts n-grams of the pool, row by row", () => {
    const x = i64([5, 4, 2, 2, 3, 5, 4, 6], [2, 4]);
    assert.deepEqual(result("TfIdfVectorizer", [x], { ...pool, ...bounds(1, 2, 0) }), { shape: [2, 4], values: [2, 0, 1, 0, 0, 1, 1, 0] });
    assert.deepEqual(result("TfIdfVectorizer", [x], { ...pool, ...bounds(2, 2, 0) }).values, [0, 0, 1, 0, 0, 0, 1, 0]);
  });

  it("lets members stand apart", () => {
    const x = i64([5, 1, 6, 4]);
    assert.deepEqual(result("TfIdfVectorizer", [x], { ...pool, ...bounds(2, 2, 1) }).values, [0, 0, 0, 1]);
    assert.deepEqual(result("TfIdfVectorizer", [x], { ...pool, ...bounds(2, 2, 2) }).values, [0, 0, 1, 1]);
  });

  it("weighs, and keeps apart what is there and how often", () => {
    const x = texts(["a", "b", "a"]);
    const words = { pool_strings: ["a", "b"], ngram_counts: [0], ngram_indexes: [1, 0], weights: [2, 3], ...bounds(1, 1, 0) };
    const by = (mode: string) => result("TfIdfVectorizer", [x], { ...words, mode }).values;
    assert.deepEqual(
      [by("TF"), by("IDF"), by("TFIDF")],
      [
        [1, 2],
        [2, 3],
        [2, 6],
      ],
    );
    assert.throws(() => by("BM25"), { code: "InvalidArgument" });
  });

  it("gives zeros for no tokens, and refuses a pool that does not add up", () => {
    assert.deepEqual(result("TfIdfVectorizer", [i64([])], { ...pool, ...bounds(1, 2, 0) }).values, [0, 0, 0, 0]);
    assert.throws(() => result("TfIdfVectorizer", [i64([1])], { ...pool, ngram_counts: [0, 3], ...bounds(1, 2, 0) }), {
      code: "InvalidArgument",
    });
  });
});
