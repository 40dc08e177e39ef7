// Java's .properties format. The results are those of java.util.Properties (OpenJDK 17).
import assert from "node:assert/strict";
import fc from "fast-check";
import { propertyLine, readProperties } from "../../../src/serve/config/properties.ts";

const record = (text: string) => Object.fromEntries(readProperties(text, "f").map(({ key, value }) => [key, value]));

/** Text, and what Java makes of it. */
const java: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["a=1\nb: 2\nc 3\nd\t4\ne=\nf\n", { a: "1", b: "2", c: "3", d: "4", e: "", f: "" }],
  ["a = 1 \n  b  :  2\n", { a: "1 ", b: "2" }],
  ["a==1\nb:=2\nc =:3", { a: "=1", b: "=2", c: ":3" }],
  ["# a=1\n! b=2\n  # c=3\nd=4 # no comment\n", { d: "4 # no comment" }],
  ['models={\\\n  "m": {\\\n  }\\\n}\nnext=1', { models: '{"m": {}}', next: "1" }],
  ['models={\\\r\n  "m": {}\\\r\n}\r\nnext=1\r\n', { models: '{"m": {}}', next: "1" }],
  ["a=1\\\\\nb=2\\\\\\\n3", { a: "1\\", b: "2\\3" }],
  ["a=1\\\n\nb=2", { a: "1", b: "2" }],
  ["a=1\\\n# 2\nb=3", { a: "1# 2", b: "3" }],
  ["# comment \\\na=1", { a: "1" }],
  ["\\\n#x\ry", { y: "" }],
  ["a\\ b=1\na\\:c=2\na\\=d=3\n\\#e=4", { "a b": "1", "a:c": "2", "a=d": "3", "#e": "4" }],
  ["a=\\u0041\\u00e9\\u4f60", { a: "Aé你" }],
  ['a=x\\ty\\nz\\r\\f\\q\\"', { a: 'x\ty\nz\r\fq"' }],
  ["a=1\rb=2\n\n\r\n\t\fc=3", { a: "1", b: "2", c: "3" }],
  ["a=1\na=2", { a: "2" }],
  [": b \n = c", { "": "c" }],
  ["a=1\\", { a: "1" }],
];

describe("a .properties file", () => {
  for (const [text, expected] of java)
    it(`is read as Java reads it: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(record(text), expected);
    });

  it("is an error where \\u is cut short, as in Java, and the error names the line", () => {
    assert.throws(() => readProperties("a=1\nb=\\\n C:\\users\n", "dir/config.properties"), {
      name: "ServeError",
      code: "ServeConfigSyntax",
      summary: "dir/config.properties:2: `\\users` is no character: \\u takes four hexadecimal digits",
    });
  });

  it("gives the line on which each key begins, however many lines are continued before", () => {
    const lines = readProperties("\n# c\na=1\\\n  2\\\n  3\nb=4\r\n\r\nc=5", "f").map(({ key, line }) => [key, line]);
    assert.deepEqual(lines, [
      ["a", 3],
      ["b", 6],
      ["c", 8],
    ]);
  });

  it("may begin with a byte order mark", () => {
    assert.deepEqual(record("\uFEFFa=1"), { a: "1" });
  });

  it("reads back any key and value that it writes, whatever is in them", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", " ", "=", ":", "#", "!", "\\", "\n", "\r", "\t", "\f", "é", "你", "\0", "𝄞", "u"),
    });
    fc.assert(
      fc.property(text, text, (key, value) => {
        const line = propertyLine(key, value);
        assert.match(line, /^[ -~]*$/, "Java reads Latin-1");
        // A line of nothing but a separator is a key without a name, to Java too.
        assert.deepEqual(readProperties(`${line}\n`, "f"), [{ key, value, line: 1 }]);
      }),
    );
  });
});
