import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../../../src/serve/worker/parse-json.ts";
import { refusal } from "../../support/handler-context.ts";

const read = (text: string) => parseJson("the body", Buffer.from(text));

/** With doubles in place of bigints. */
function rounded(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, rounded(v)]));
}

/** What is read with care has objects without a prototype. */
const usual = (value: unknown) => ({ ...(value as object), b: { ...(value as { readonly b: object }).b } });

describe("JSON of a request", () => {
  it("is what JSON.parse gives for anything a double holds", () => {
    fc.assert(
      fc.property(fc.json(), fc.boolean(), (text, exact) => {
        // The long number makes the exact reader do the same text.
        const both = exact ? `[${text}, 12345678901234567]` : `[${text}]`;
        assert.deepEqual(rounded((read(both) as unknown[])[0]), JSON.parse(text));
      }),
    );
    assert.deepEqual(usual(read(' { "a" : [ ] , "b" : { } , "c": ["\\u00e9\\"]", 1e5, -0.5, true, null, 12345678901234567] } ')), {
      a: [],
      b: {},
      c: ['é"]', 1e5, -0.5, true, null, 12345678901234567n],
    });
  });

  it("keeps whole numbers beyond 2^53, also in strings and beside fractions", () => {
    assert.deepEqual(read("[9007199254740993, -9223372036854775808, 9007199254740991, 0.12345678901234567, 1234567890123456789e2]"), [
      9007199254740993n,
      -9223372036854775808n,
      9007199254740991,
      Number("0.12345678901234567"),
      Number("1234567890123456789e2"),
    ]);
  });

  it("refuses what is none, NaN and Infinity among it, and numbers that no double holds", async () => {
    for (const text of ["", "[1,", "NaN", "[Infinity]", "[1] 2", "{a: 1}"])
      assert.match((await refusal(() => read(text))).message, /^the body is not valid JSON: /, text);
    for (const text of ["[1e999]", "[-1e400]", `[1${"0".repeat(400)}]`, `[1${"0".repeat(400)}.5]`])
      assert.match((await refusal(() => read(text))).message, /^the body has a number that is too large: -?1[e0]/, text);
    assert.match((await refusal(() => parseJson("the body", Uint8Array.of(0x22, 0xff, 0x22)))).message, /not valid/);
  });

  it("refuses a million brackets, and takes as many in a string", async () => {
    for (const text of ["[".repeat(1e6), '{"a":'.repeat(1e6), `${"[".repeat(129)}${"]".repeat(129)}`])
      assert.deepEqual(await refusal(() => read(text)), {
        status: 400,
        type: "BadRequestException",
        message: "the body nests deeper than 128 lists and objects.",
      });
    assert.equal((read(JSON.stringify("[".repeat(1e6))) as string).length, 1e6);
    assert.ok(read(`${"[".repeat(128)}${"]".repeat(128)}`));
  });

  it("takes __proto__ for a name like any other", () => {
    const value = read('{"__proto__": {"polluted": true}, "n": 12345678901234567890}') as Record<string, unknown>;
    assert.deepEqual(Object.keys(value), ["__proto__", "n"]);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.equal(value.polluted, undefined);
  });
});
