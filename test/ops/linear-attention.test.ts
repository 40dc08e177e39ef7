import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { f32, infer, run, sym } from "../support/run-op.ts";

const one = { kv_num_heads: 1, q_num_heads: 1, scale: 1 };
const step = (...values: number[]) => f32([1, values.length, 1], values);
const numbers = (list: readonly Storage[]) => list.map((s) => s.toNumbers());
const rules = ["linear", "gated", "delta", "gated_delta"] as const;
/** Random inputs for two heads of keys of size 3 and values of size 2, and `group` query heads to each. */
function inputsOf(rule: (typeof rules)[number], group: number, length = 4) {
  const tensor = randomTensors(20 + group);
  const decay = rule.startsWith("gated") ? tensor([2, length, 6]) : undefined;
  const beta = rule.endsWith("delta") ? tensor([2, length, 2]) : undefined;
  return [tensor([2, length, 6 * group]), tensor([2, length, 6]), tensor([2, length, 4]), tensor([2, 2, 3, 2]), decay, beta];
}

describe("LinearAttention", () => {
  it("adds key times value to its state and reads it with the query", () => {
    // States 2·3 = 6, then 6 + 1·5 = 11.
    assert.deepEqual(numbers(run("LinearAttention", [step(1, 10), step(2, 1), step(3, 5)], { ...one, update_rule: "linear" })), [
      [6, 110],
      [11],
    ]);
  });

  it("lets the state decay by the exponential of its gate", () => {
    const half = Math.log(0.5);
    const [y] = run("LinearAttention", [step(1, 1), step(1, 1), step(8, 2), undefined, step(half, half)], { ...one, update_rule: "gated" });
    assert.ok(largestDifference((y as Storage).toNumbers(), [8, 6]) < 1e-6);
  });

  it("writes only what the state does not give for the key yet", () => {
    // 0 + 1·(8 − 0) = 8; then 8 + 0.5·(2 − 8) = 5.
    const inputs = [step(1, 1), step(1, 1), step(8, 2), undefined, undefined, step(1, 0.5)];
    assert.deepEqual(numbers(run("LinearAttention", inputs, { ...one, update_rule: "delta" })), [[8, 5], [5]]);
  });

  for (const rule of rules)
    for (const group of [1, 2])
      it(`${rule}: ${group} query heads to each of keys, in one go, in pieces and taken apart`, () => {
        const attributes = { kv_num_heads: 2, q_num_heads: 2 * group, update_rule: rule };
        const inputs = inputsOf(rule, group);
        const { kernel, decomposed } = bothWays("LinearAttention", inputs, attributes, 2);
        numbers(kernel).forEach((expected, i) => {
          assert.ok(largestDifference((decomposed[i] as Storage).toNumbers(), expected) < 2e-6);
        });
        const [y, state] = kernel as [Storage, Storage];
        const piece = (from: number, n: number) => inputs.map((x, i) => (i === 3 ? x : x?.slice(1, from, n).contiguous()));
        const [first, between] = run("LinearAttention", piece(0, 1), attributes) as [Storage, Storage];
        const rest = piece(1, 3);
        rest[3] = between;
        const [second, end] = run("LinearAttention", rest, attributes) as [Storage, Storage];
        assert.ok(largestDifference(first.toNumbers(), y.slice(1, 0, 1).toNumbers()) < 1e-6);
        assert.ok(largestDifference(second.toNumbers(), y.slice(1, 1, 3).toNumbers()) < 1e-6);
        assert.ok(largestDifference(end.toNumbers(), state.toNumbers()) < 1e-6);
      });

  it("takes one decay per head, and one beta for all heads", () => {
    const tensor = randomTensors(40);
    const [q, k, v, beta] = [tensor([1, 3, 4]), tensor([1, 3, 4]), tensor([1, 3, 4]), tensor([1, 3, 1])];
    const perHead = tensor([1, 3, 2]);
    const wide = f32(
      [1, 3, 4],
      perHead.toNumbers().flatMap((g) => [g, g]),
    );
    const both = f32(
      [1, 3, 2],
      beta.toNumbers().flatMap((b) => [b, b]),
    );
    const attributes = { kv_num_heads: 2, q_num_heads: 2 };
    const narrow = bothWays("LinearAttention", [q, k, v, undefined, perHead, beta], attributes, 2);
    assert.deepEqual(numbers(narrow.kernel), numbers(run("LinearAttention", [q, k, v, undefined, wide, both], attributes)));
    assert.ok(largestDifference(numbers(narrow.decomposed)[0] ?? [], numbers(narrow.kernel)[0] ?? []) < 2e-6);
  });

  it("knows its types and says what does not fit", () => {
    const attributes = { kv_num_heads: 2, q_num_heads: 4, update_rule: "linear" };
    assert.deepEqual(infer("LinearAttention", [sym("b", "t", 12), sym("b", "t", 6), sym("b", "t", 8)], attributes), [
      "float[b,t,16]",
      "float[b,2,3,4]",
    ]);
    const refuses = (inputs: Parameters<typeof infer>[1], more: object, code: string) =>
      assert.throws(
        () => infer("LinearAttention", inputs, { ...attributes, ...more }),
        (e) => e instanceof IngotError && e.code === code,
      );
    refuses([sym("b", "t", 12), sym("b", "t", 7), sym("b", "t", 8)], {}, "ShapeMismatch");
    refuses([sym("b", "t", 12), sym("b", "t", 6), sym("b", "t", 8)], { update_rule: "gated" }, "InvalidArgument");
    refuses([sym("b", "t", 12), sym("b", "t", 6), sym("b", "t", 8)], { q_num_heads: 3 }, "InvalidArgument");
  });
});
