import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import { symbol } from "../../src/ir/dim.ts";
import { Graph } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { f32, i64, infer, result, run, sym } from "../support/run-op.ts";

interface Plain {
  readonly scale?: number;
  readonly softcap?: number;
  /** How far a query may look: the last key that query `i` of batch `b` sees. */
  readonly reach?: (b: number, i: number) => number;
  readonly bias?: (b: number, h: number, i: number, j: number) => number;
}

/** The definition, one number at a time; q, k and v have their heads apart. */
function plainAttention(q: Storage, k: Storage, v: Storage, { scale, softcap = 0, reach, bias }: Plain = {}): number[] {
  const [batch = 0, heads = 0, queries = 0, size = 0] = q.shape;
  const [, keyHeads = 0, keys = 0] = k.shape;
  const width = v.shape[3] ?? 0;
  const [qs, ks, vs] = [q.toNumbers(), k.toNumbers(), v.toNumbers()];
  const y: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++) {
        const kh = b * keyHeads + Math.floor(h / (heads / keyHeads));
        const scores = Array.from({ length: keys }, (_, j) => {
          let sum = 0;
          for (let d = 0; d < size; d++)
            sum += (qs[((b * heads + h) * queries + i) * size + d] as number) * (ks[(kh * keys + j) * size + d] as number);
          sum *= scale ?? 1 / Math.sqrt(size);
          if (softcap) sum = softcap * Math.tanh(sum / softcap);
          return j > (reach?.(b, i) ?? keys) ? Number.NEGATIVE_INFINITY : sum + (bias?.(b, h, i, j) ?? 0);
        });
        const most = Math.max(...scores);
        const weights = scores.map((s) => Math.exp(s - most));
        const total = weights.reduce((a, w) => a + w, 0);
        for (let d = 0; d < width; d++)
          y.push(weights.reduce((sum, w, j) => sum + (w / total) * (vs[(kh * keys + j) * width + d] as number), 0));
      }
  return y;
}

const close = (actual: readonly number[], expected: readonly number[], limit = 2e-6) => {
  const difference = largestDifference(actual, expected);
  assert.ok(difference <= limit, `differ by ${difference}`);
};

describe("Attention", () => {
  it("is the mean of the values where all scores are equal, and the one value that is seen", () => {
    const q = f32([1, 1, 2, 2], [0, 0, 0, 0]);
    const k = f32([1, 1, 2, 2], [1, 2, 3, 4]);
    const v = f32([1, 1, 2, 1], [10, 20]);
    assert.deepEqual(result("Attention", [q, k, v]), { shape: [1, 1, 2, 1], values: [15, 15] });
    assert.deepEqual(result("Attention", [q, k, v], { is_causal: 1 }).values, [10, 15]);
    const mask = Storage.from("bool", [0, 1, 1, 1], [2, 2]);
    assert.deepEqual(result("Attention", [q, k, v, mask]).values, [20, 15]);
  });

  it("agrees with the definition, for shared heads, scales, softcap, masks and the past", () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(1e6),
          batch: fc.integer({ min: 1, max: 2 }),
          keyHeads: fc.integer({ min: 1, max: 3 }),
          group: fc.integer({ min: 1, max: 3 }),
          queries: fc.integer({ min: 1, max: 4 }),
          keys: fc.integer({ min: 1, max: 4 }),
          past: fc.nat(3),
          causal: fc.boolean(),
          softcap: fc.constantFrom(0, 0.7),
          scale: fc.constantFrom(undefined, 0.3),
        }),
        ({ seed, batch, keyHeads, group, queries, keys, past, causal, softcap, scale }) => {
          const tensor = randomTensors(seed);
          const q = tensor([batch, keyHeads * group, queries, 4]);
          const k = tensor([batch, keyHeads, past + keys, 4]);
          const v = tensor([batch, keyHeads, past + keys, 3]);
          const mask = tensor([batch, 1, queries, past + keys]);
          const part = (x: Storage, from: number, n: number) => x.slice(2, from, n).contiguous();
          const [y, presentKey, presentValue] = run(
            "Attention",
            [q, part(k, past, keys), part(v, past, keys), mask, part(k, 0, past), part(v, 0, past)],
            { is_causal: causal ? 1 : 0, softcap, ...(scale !== undefined && { scale }) },
            3,
          ) as [Storage, Storage, Storage];
          const columns = past + keys;
          const bias = (b: number, _: number, i: number, j: number) => mask.toNumbers()[(b * queries + i) * columns + j] as number;
          close(
            y.toNumbers(),
            plainAttention(q, k, v, { bias, softcap, ...(scale !== undefined && { scale }), ...(causal && { reach: (_, i) => past + i }) }),
          );
          assert.deepEqual([presentKey.toNumbers(), presentValue.toNumbers()], [k.toNumbers(), v.toNumbers()]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("counts the keys of a cache that was filled from outside, from its end when causal", () => {
    const tensor = randomTensors(7);
    const [q, k, v] = [tensor([2, 2, 2, 4]), tensor([2, 2, 5, 4]), tensor([2, 2, 5, 4])];
    const counts = [3, 5];
    const inputs = [q, k, v, undefined, undefined, undefined, i64(counts)];
    close(result("Attention", inputs).values, plainAttention(q, k, v, { reach: (b) => (counts[b] as number) - 1 }));
    close(
      result("Attention", inputs, { is_causal: 1 }).values,
      plainAttention(q, k, v, { reach: (b, i) => (counts[b] as number) - 2 + i }),
    );
  });

  it("fills a mask that is too short with minus infinity", () => {
    const tensor = randomTensors(8);
    const [q, k, v] = [tensor([1, 1, 2, 4]), tensor([1, 1, 5, 4]), tensor([1, 1, 5, 4])];
    close(result("Attention", [q, k, v, f32([2, 3], [0, 0, 0, 0, 0, 0])]).values, plainAttention(q, k, v, { reach: () => 2 }));
  });

  it("gives the same for heads that lie side by side", () => {
    const tensor = randomTensors(9);
    const [q, k, v] = [tensor([2, 3, 6, 4]), tensor([2, 5, 2, 4]), tensor([2, 5, 2, 3])];
    const apart = [q, k, v].map((x) => x.transpose([0, 2, 1, 3]).contiguous());
    const packed = [q.reshape([2, 3, 24]), k.reshape([2, 5, 8]), v.reshape([2, 5, 6])];
    const y = run("Attention", packed, { q_num_heads: 6, kv_num_heads: 2 })[0] as Storage;
    const expected = (run("Attention", apart)[0] as Storage).transpose([0, 2, 1, 3]).reshape([2, 3, 18]);
    assert.deepEqual([y.shape, y.toNumbers()], [[2, 3, 18], expected.toNumbers()]);
  });

  it("shows the scores at the stage that is asked for", () => {
    const q = f32([1, 1, 1, 1], [2]);
    const k = f32([1, 1, 2, 1], [1, 3]);
    const v = f32([1, 1, 2, 1], [0, 1]);
    const mask = f32([1, 2], [1, 0]);
    const stage = (mode: number) =>
      (run("Attention", [q, k, v, mask], { qk_matmul_output_mode: mode, softcap: 4 }, 4)[3] as Storage).toNumbers();
    close(stage(0), [2, 6]);
    close(stage(1), [4 * Math.tanh(0.5), 4 * Math.tanh(1.5)]);
    close(stage(2), [4 * Math.tanh(0.5) + 1, 4 * Math.tanh(1.5)]);
    close([stage(3).reduce((a, b) => a + b)], [1]);
  });

  it("knows the types of all outputs for symbolic sizes", () => {
    assert.deepEqual(
      infer(
        "Attention",
        [sym("b", 8, "q", 4), sym("b", 2, "k", 4), sym("b", 2, "k", 6), undefined, sym("b", 2, "p", 4), sym("b", 2, "p", 6)],
        {},
        4,
      ),
      ["float[b,8,q,6]", "float[b,2,k + p,4]", "float[b,2,k + p,6]", "float[b,8,q,k + p]"],
    );
    assert.deepEqual(infer("Attention", [sym("b", "s", 32), sym("b", "t", 8), sym("b", "t", 6)], { q_num_heads: 8, kv_num_heads: 2 }), [
      "float[b,s,24]",
    ]);
  });

  it("says what does not fit", () => {
    const refuses = (inputs: Parameters<typeof infer>[1], attributes: object, code: string) =>
      assert.throws(
        () => infer("Attention", inputs, { ...attributes }),
        (e) => e instanceof IngotError && e.code === code,
      );
    refuses([sym(1, 4, 8), sym(1, 4, 8), sym(1, 4, 8)], {}, "InvalidArgument");
    refuses([sym(1, 3, 4, 8), sym(1, 2, 4, 8), sym(1, 2, 4, 8)], {}, "ShapeMismatch");
    refuses([sym(1, 2, 4, 8), sym(1, 2, 4, 6), sym(1, 2, 4, 8)], {}, "ShapeMismatch");
    refuses([sym(1, 2, 4, 8), sym(1, 2, 4, 8), sym(1, 2, 4, 8)], { qk_matmul_output_mode: 4 }, "InvalidArgument");
    refuses([sym(1, 2, 4, 8), sym(1, 2, 4, 8), sym(1, 2, 4, 8), undefined, sym(1, 2, 4, 8)], {}, "InvalidArgument");
  });

  it("is its decomposition, with an open batch", () => {
    const tensor = randomTensors(10);
    const inputs = [
      tensor([2, 3, 24]),
      tensor([2, 5, 8]),
      tensor([2, 5, 6]),
      Storage.from("bool", [1, 1, 1, 0, 1, 1, 1], [7]).expand([3, 7]).contiguous(),
      tensor([2, 2, 2, 4]),
      tensor([2, 2, 2, 3]),
    ];
    const attributes = { q_num_heads: 6, kv_num_heads: 2, is_causal: 1, softcap: 2, qk_matmul_output_mode: 2 };
    const { kernel, decomposed } = bothWays("Attention", inputs, attributes, 4);
    assert.deepEqual(
      decomposed.map((s) => s.toNumbers()),
      kernel.map((s) => s.toNumbers()),
    );
  });
});

describe("FlexAttention", () => {
  /** A body of one operator with a constant beside its input. */
  const body = (parent: Graph, op: string, constant: number) => {
    const g = new Graph(registry, op, parent);
    const x = g.addInput("x", tensorType("float32", [symbol("b"), symbol("h"), symbol("q"), symbol("k")]));
    g.setOutputs([g.add(op, [x, g.addInitializer(Storage.from("float32", [constant], []))]).output], ["y"]);
    return g;
  };
  const parts = () => {
    const graph = new Graph(registry);
    const tensor = randomTensors(11);
    const inputs = [tensor([2, 4, 3, 4]), tensor([2, 2, 5, 4]), tensor([2, 2, 5, 3])];
    const values = inputs.map((x, i) => graph.addInput(`x${i}`, tensorType("float32", [symbol("batch"), ...x.shape.slice(1)])));
    return { graph, inputs, values };
  };

  it("puts scores and probabilities through its bodies, and so does its decomposition", () => {
    const { graph, inputs, values } = parts();
    const [q, k, v] = inputs as [Storage, Storage, Storage];
    const attributes = { score_mod: body(graph, "Mul", 2), prob_mod: body(graph, "Mul", 3), scale: 0.5 };
    const node = graph.add("ai.onnx.preview.FlexAttention", values, attributes);
    assert.equal(node.output.tensorType.shape?.map(String).join(), "batch,4,3,3");
    const decompose = registry.get("ai.onnx.preview.FlexAttention")?.decompose;
    assert.ok(decompose);
    graph.setOutputs([node.output, ...decompose(graph, values, attributes, node.outputs)]);
    const [y, z] = runGraph(graph, inputs) as [Storage, Storage];
    const expected = plainAttention(q, k, v, { scale: 1 }).map((p) => 3 * p);
    close(y.toNumbers(), expected);
    assert.deepEqual(z.toNumbers(), y.toNumbers());
  });
});
