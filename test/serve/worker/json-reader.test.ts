import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonReader, type JsonValue } from "../../../src/serve/worker/json-reader.ts";

const read = (text: string | Uint8Array): JsonValue => {
  const reader = new JsonReader(typeof text === "string" ? Buffer.from(text) : text);
  const value = reader.value();
  reader.end();
  return value;
};
const refused = (text: string | Uint8Array, message: RegExp) =>
  assert.throws(
    () => read(text),
    (error: Error & { fault?: { status: number } }) => error.fault?.status === 400 && message.test(error.message),
  );

describe("reading JSON", () => {
  it("keeps integers beyond 2^53 exact", () => {
    assert.equal(read("9223372036854775807"), 9223372036854775807n);
    assert.equal(read("-9007199254740993"), -9007199254740993n);
    assert.equal(read("9007199254740991"), 9007199254740991);
  });

  it("keeps the sign of zero", () => {
    assert.ok(Object.is(read("-0"), -0));
    assert.ok(Object.is(read("-0.0e5"), -0));
  });

  it("gives what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const plain: unknown = JSON.parse(text);
        const rounded = (_: string, v: unknown) => (typeof v === "bigint" ? Number(v) : v);
        assert.deepEqual(JSON.parse(JSON.stringify(read(text), rounded)), JSON.parse(JSON.stringify(plain)));
      }),
    );
  });

  it("reads every double to the nearest, however it is written", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 1, max: 21 }), (value, digits) => {
        for (const text of [JSON.stringify(value), value.toPrecision(digits), value.toExponential(digits - 1)]) {
          if (!Number.isFinite(Number(text))) continue;
          assert.ok(Object.is(new JsonReader(Buffer.from(text)).double(), Number(text)) || Number(text) === 0, text);
        }
      }),
    );
  });

  it("reads float32 as rounding the nearest double would", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 1, max: 21 }), (value, digits) => {
        for (const text of [String(value), value.toPrecision(digits)])
          assert.equal(Math.fround(new JsonReader(Buffer.from(text)).float()), Math.fround(Number(text)), text);
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses what is no JSON, with the place", () => {
    for (const text of [
      "",
      "[1,]",
      "[1 2]",
      '{"a"1}',
      '{"a":1,}',
      "01",
      "+1",
      ".5",
      "1.",
      "1e",
      "tru",
      "'a'",
      "[1]]",
      "{",
      '"a',
      "[1",
      "-",
    ])
      refused(text, /^The body is not valid JSON: expected .* at byte \d+/);
    refused('"\n"', /damaged string at byte 0/);
    refused('"\\x"', /damaged string/);
    refused(Uint8Array.of(0x22, 0xff, 0x22), /not UTF-8/);
  });

  it("refuses NaN, infinities and numbers that become one", () => {
    for (const text of ["NaN", "[Infinity]", "-Infinity"]) refused(text, /JSON has no NaN and no infinities/);
    refused("1e999", /a number that is too large: 1e999/);
  });

  it("refuses a million brackets", () => {
    refused("[".repeat(1e6), /nested more than 128 levels deep/);
    assert.throws(() => new JsonReader(Buffer.from("[".repeat(1e6))).skipData(), /nested more than 128 levels/);
  });

  it("gives __proto__ no meaning", () => {
    const value = read('{"__proto__": {"polluted": true}, "constructor": 1}') as Record<string, unknown>;
    assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.equal(value.polluted, undefined);
  });

  it("passes over data and counts its scalars", () => {
    const reader = new JsonReader(Buffer.from(' [[1, "a]\\"", true],[ ],[-2.5e3]] ,'));
    assert.deepEqual(reader.skipData(), { begin: 1, end: 33, scalars: 4 });
    for (const text of ['[{"a":1}]', "[1", '["a', "5"]) assert.throws(() => new JsonReader(Buffer.from(text)).skipData(), /not valid JSON/);
  });
});
