// Integers of 4 and 2 bits against their definition in exact arithmetic: where numbers are rounded, where they saturate and where they wrap.
import assert from "node:assert/strict";
import fc from "fast-check";
import { dtypeInfo } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, run } from "../support/run-op.ts";

const narrow = { int4: [-8, 7], uint4: [0, 15], int2: [-2, 1], uint2: [0, 3] } as const;
type Narrow = keyof typeof narrow;
const names = Object.keys(narrow) as Narrow[];

/** The nearest integer, halves to the even one, told from the parts of the number and not by a rounding function. */
function halfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** What the low bits of an integer say in a type that begins at `low`. */
function lowBits(x: bigint, bits: number, low: number): number {
  const pattern = Number(BigInt.asUintN(bits, x));
  return low < 0 && pattern >= 2 ** (bits - 1) ? pattern - 2 ** bits : pattern;
}

const bitsOf = (name: Narrow) => (name.endsWith("4") ? 4 : 2);
const cast = (x: Storage, to: Narrow) => run("Cast", [x], { to: dtypeInfo(to).onnx })[0] as Storage;
const plain = (values: readonly number[]) => values.map((v) => (v === 0 ? 0 : v));

for (const name of names) {
  const [low, high] = narrow[name];
  const bits = bitsOf(name);

  describe(name, () => {
    it("saturates and rounds halves to even when numbers are quantised, whatever the scale and the zero point", () => {
      const steps = fc.integer({ min: -200, max: 200 }).map((n) => n / 8); // halves and quarters come up often, and are exact
      const scales = fc.constantFrom(0.25, 0.5, 1, 2, 8);
      fc.assert(
        fc.property(fc.array(steps, { minLength: 1 }), scales, fc.integer({ min: low, max: high }), (values, scale, zero) => {
          const zeroPoint = Storage.from(name, [zero], []);
          const [q] = run("QuantizeLinear", [f32([values.length], values), f32([], [scale]), zeroPoint]) as [Storage];
          const expected = values.map((v) => Math.min(high, Math.max(low, halfToEven(v / scale) + zero)));
          assert.equal(q.dtype, name);
          assert.deepEqual(plain(q.toNumbers()), plain(expected));
        }),
      );
    });

    it("holds the ends of its range, and every number between them", () => {
      const all = Array.from({ length: high - low + 1 }, (_, i) => low + i);
      assert.deepEqual(Storage.from(name, all, [all.length]).toNumbers(), all);
      const scale = f32([], [1]);
      const [q] = run("QuantizeLinear", [
        f32([4], [-1e30, 1e30, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]),
        scale,
        Storage.from(name, [0], []),
      ]) as [Storage];
      assert.deepEqual(q.toNumbers(), [low, high, low, high]);
    });

    it("keeps the low bits of any integer that is cast to it", () => {
      fc.assert(
        fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1 }), (values) => {
          const x = Storage.from("int64", values, [values.length]);
          assert.deepEqual(
            cast(x, name).toNumbers(),
            values.map((v) => lowBits(v, bits, low)),
          );
        }),
      );
    });

    it("keeps the low bits of the nearest integer, halves to even, of any float that is cast to it", () => {
      fc.assert(
        fc.property(
          fc.array(
            fc.integer({ min: -(2 ** 20), max: 2 ** 20 }).map((n) => n / 16),
            { minLength: 1 },
          ),
          (values) => {
            assert.deepEqual(
              plain(cast(f32([values.length], values), name).toNumbers()),
              values.map((v) => lowBits(BigInt(halfToEven(v)), bits, low)),
            );
          },
        ),
      );
    });

    it("survives the way to every other integer dtype and float32, and back", () => {
      const wide = ["int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"] as const;
      const all = Array.from({ length: high - low + 1 }, (_, i) => low + i);
      for (const dtype of wide) {
        const there = run("Cast", [Storage.from(name, all, [all.length])], { to: dtypeInfo(dtype).onnx })[0] as Storage;
        assert.deepEqual(there.toNumbers(), all, dtype);
        assert.deepEqual(cast(there, name).toNumbers(), all, dtype);
      }
    });
  });
}
