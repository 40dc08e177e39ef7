import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { type Case, describeAgreement } from "../support/onnxruntime-agreement.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { infer, run, sym } from "../support/run-op.ts";

const random = randomTensors(96);
const op = "com.microsoft.GroupQueryAttention";
const i32 = (shape: readonly number[], ...values: number[]) => Storage.from("int32", values, shape);
const heads = { num_heads: 4, kv_num_heads: 2 };
const absent = [undefined, undefined];
/** Query, key and value of `length` steps for heads of size 16. */
const fresh = (length: number, batch = 1) => [random([batch, length, 64]), random([batch, length, 32]), random([batch, length, 32])];
const past = (rows: number, batch = 1) => [random([batch, 2, rows, 16]), random([batch, 2, rows, 16])];
const tables = () => [random([16, 8]), random([16, 8])];

describeAgreement("GroupQueryAttention agrees with ONNX Runtime", {
  "whole sequences": (): Case[] => [
    [op, [...fresh(5), ...absent, i32([1], 4), i32([], 5)], heads, 3],
    [op, [random([1, 5, 128]), ...absent, ...absent, i32([1], 4), i32([], 5)], heads, 3],
    [op, [...fresh(5), ...absent, i32([1], 4), i32([], 5)], { ...heads, scale: 0.2, softcap: 0.5 }, 3],
    [op, [...fresh(5), ...absent, i32([1], 4), i32([], 5)], { ...heads, local_window_size: 2 }, 3],
    [op, [...fresh(5), ...absent, i32([1], 4), i32([], 5)], { ...heads, smooth_softmax: 1 }, 3],
    [op, [...fresh(5), ...absent, i32([1], 4), i32([], 5), ...tables()], { ...heads, do_rotary: 1 }, 3],
    [op, [...fresh(5), ...absent, i32([1], 4), i32([], 5), ...tables()], { ...heads, do_rotary: 1, rotary_interleaved: 1 }, 3],
    [op, [...fresh(5), ...absent, i32([1], 4), i32([], 5), ...absent, undefined, random([1, 1, 5, 5])], heads, 3],
    [op, [...fresh(5), ...absent, i32([1], 4), i32([], 5), ...absent, undefined, undefined, random([4])], heads, 3],
  ],
  "one more step": (): Case[] => [
    [op, [...fresh(1), ...past(6), i32([1], 6), i32([], 7)], heads, 3],
    [op, [...fresh(1), ...past(6), i32([1], 6), i32([], 7), ...tables()], { ...heads, do_rotary: 1, local_window_size: 3 }, 3],
    [op, [...fresh(1, 2), ...past(6, 2), i32([2], 6, 6), i32([], 7), ...tables()], { ...heads, do_rotary: 1 }, 3],
  ],
});

describe("GroupQueryAttention", () => {
  it("gives the same step by step as at once, with the cache of the step before", () => {
    const [q, k, v] = fresh(4, 2) as [Storage, Storage, Storage];
    const [cos, sin] = tables();
    const attributes = { ...heads, do_rotary: 1 };
    const whole = run(op, [q, k, v, ...absent, i32([2], 3, 3), i32([], 4), cos, sin], attributes, 3) as [Storage, Storage, Storage];
    let cache: (Storage | undefined)[] = absent;
    for (let t = 0; t < 4; t++) {
      const step = [q, k, v].map((x) => x.slice(1, t, 1).contiguous());
      const [y, ...next] = run(op, [...step, ...cache, i32([2], t, t), i32([], t + 1), cos, sin], attributes, 3) as [
        Storage,
        Storage,
        Storage,
      ];
      cache = next;
      assert.ok(largestDifference(y.toNumbers(), whole[0].slice(1, t, 1).toNumbers()) < 1e-6);
    }
    assert.ok(largestDifference(cache[0]?.toNumbers() ?? [], whole[1].toNumbers()) < 1e-6);
  });

  it("continues each sequence where it ends, in a cache with room", () => {
    const [q, k, v] = fresh(1, 2) as [Storage, Storage, Storage];
    const [pastKey, pastValue] = past(6, 2) as [Storage, Storage];
    const lengths = [3, 5];
    const [y, keys] = run(op, [q, k, v, pastKey, pastValue, i32([2], ...lengths), i32([], 6)], heads, 3) as [Storage, Storage, Storage];
    assert.deepEqual(keys.shape, [2, 2, 6, 16]);
    for (const [b, n] of lengths.entries()) {
      const entry = (x: Storage) => x.slice(0, b, 1).contiguous();
      const own = (x: Storage) => entry(x).slice(2, 0, n).contiguous();
      const alone = run(op, [entry(q), entry(k), entry(v), own(pastKey), own(pastValue), i32([1], n), i32([], n + 1)], heads, 3) as [
        Storage,
      ];
      assert.ok(largestDifference(entry(y).toNumbers(), alone[0].toNumbers()) < 1e-6);
    }
  });

  it("refuses lengths that the cache does not hold", () => {
    const at = (length: number, total: number) => () => run(op, [...fresh(1), ...past(6), i32([1], length), i32([], total)], heads, 3);
    assert.throws(at(9, 7), { code: "InvalidArgument" });
    assert.throws(at(8, 9), { code: "InvalidArgument" });
    assert.throws(at(-1, 7), { code: "InvalidArgument" });
  });

  it("knows its types for symbolic sizes and says what does not fit", () => {
    const lengths = { dtype: "int32" as const, shape: ["b"] };
    const inputs = [sym("b", "s", 64), sym("b", "s", 32), sym("b", "s", 32), ...absent, lengths, i32([], 9)];
    assert.deepEqual(infer(op, inputs, heads, 3), ["float[b,s,64]", "float[b,2,9,16]", "float[b,2,9,16]"]);
    const refuses = (list: typeof inputs, attributes: object, code: string) =>
      assert.throws(
        () => infer(op, list, { ...heads, ...attributes }),
        (e) => e instanceof IngotError && e.code === code,
      );
    refuses(inputs, { kv_num_heads: 3 }, "InvalidArgument");
    refuses(inputs, { do_rotary: 1 }, "InvalidArgument");
    refuses([sym("b", "s", 60), ...absent, ...absent, lengths, i32([], 9)], {}, "ShapeMismatch");
  });
});
