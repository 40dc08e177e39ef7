// Values as messages show them.
import assert from "node:assert/strict";
import { describeValue } from "../../src/errors/describe-value.ts";
import { ones } from "../../src/index.ts";

describe("a value in a message", () => {
  const shown: readonly (readonly [unknown, string])[] = [
    ["x", "`x` (string)"],
    ['a "b"\nc', '`a "b"\\nc` (string)'],
    ["x".repeat(50), `\`${"x".repeat(40)}…\` (string)`],
    [2.5, "2.5"],
    [-0, "-0"],
    [3n, "3"],
    [null, "null"],
    [undefined, "undefined"],
    [[1, 2], "[1, 2] (an array of 2)"],
    [[], "an array of 0"],
    [["a"], "an array of 1"],
    [new Array(900).fill(0), "an array of 900"],
    [() => 1, "a function"],
    [{ a: 1 }, "a record"],
    [Object.create(null), "a record"],
    [new Map(), "a Map"],
    [new Error("no"), "an Error"],
    [ones([2]), "a tensor"],
  ];
  for (const [value, text] of shown) it(text, () => assert.equal(describeValue(value), text));
});
