// The fused operators of com.microsoft: each equals the operators it stands for, as a kernel and taken apart.
import assert from "node:assert/strict";
import { Graph } from "../../src/ir/graph.ts";
import type { Attributes } from "../../src/ir/schema.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, infer, result, run, sym } from "../support/run-op.ts";

/** The outputs of an operator's decomposition. */
function takenApart(op: string, inputs: readonly (Storage | undefined)[], attributes: Attributes = {}, outputCount = 1): number[][] {
  const graph = new Graph(registry);
  const values = inputs.map((s, i) => s && graph.addInput(`x${i}`, tensorType(s.dtype, s.shape)));
  const node = graph.add(op, values, attributes, { outputCount });
  const definition = registry.get(op);
  const resolved = Object.fromEntries(Object.entries(definition?.attributes ?? {}).map(([name, spec]) => [name, spec.default]));
  const outputs = definition?.decompose?.(graph, node.inputs, { ...resolved, ...attributes } as Attributes, node.outputs);
  graph.setOutputs(outputs ?? []);
  return runGraph(
    graph,
    inputs.filter((s) => s !== undefined),
  ).map((v) => asStorage(v).toNumbers());
}

function assertSame(op: string, inputs: readonly (Storage | undefined)[], attributes: Attributes = {}, outputCount = 1): void {
  const direct = run(op, inputs, attributes, outputCount).map((s) => s.toNumbers());
  assert.deepEqual(takenApart(op, inputs, attributes, outputCount), direct);
}

describe("com.microsoft.FusedConv", () => {
  const x = f32([1, 1, 3], [-2, 1, 3]);
  const w = f32([1, 1, 1], [2]);
  const b = f32([1], [1]);
  const z = f32([1, 1, 3], [0, -10, 1]);
  const op = "com.microsoft.FusedConv";

  it("adds the residual before the activation", () => {
    assert.deepEqual(result(op, [x, w, b, z], { activation: "Relu" }).values, [0, 0, 8]);
    assert.deepEqual(result(op, [x, w, b, z]).values, [-3, -7, 8]);
    assert.deepEqual(result(op, [x, w, undefined, z]).values, [-4, -8, 7]);
  });

  it("knows six activations", () => {
    const by = (activation: string, activation_params: readonly number[] = []) =>
      result(op, [x, w, b], { activation, activation_params }).values;
    assert.deepEqual(by("LeakyRelu", [0.5]), [-1.5, 3, 7]);
    assert.deepEqual(by("Clip", [-1, 5]), [-1, 3, 5]);
    assert.deepEqual(by("HardSigmoid", [0.25, 0.5]), [0, 1, 1]);
    assert.deepEqual(
      by("Sigmoid"),
      [-3, 3, 7].map((v) => Math.fround(1 / (1 + Math.exp(-v)))),
    );
    assert.deepEqual(
      by("Tanh"),
      [-3, 3, 7].map((v) => Math.fround(Math.tanh(v))),
    );
    assert.throws(() => by("Swish"), { code: "InvalidArgument", summary: /Relu, Sigmoid/ });
  });

  it("can be taken apart", () => {
    assertSame(op, [x, w, b, z], { activation: "Clip", activation_params: [-1, 5] });
    assertSame(op, [x, w], { pads: [1, 1] });
  });

  it("infers like Conv, and wants a residual of the same shape", () => {
    assert.deepEqual(infer(op, [sym("n", 1, "l"), w, b, sym("n", 1, "l")], { activation: "Relu" }), ["float[n,1,l]"]);
    assert.throws(() => run(op, [x, w, b, counting([1, 1, 2])]), { code: "ShapeMismatch", summary: /Z has shape/ });
  });
});

describe("com.microsoft.FusedGemm and FusedMatMul", () => {
  const a = f32([2, 2], [1, 2, 3, 4]);
  const b = f32([2, 2], [0, 1, 1, 0]);

  it("FusedGemm is Gemm with an activation", () => {
    const attributes = { transA: 1, alpha: 2, activation: "LeakyRelu", activation_alpha: 0.5 };
    assert.deepEqual(result("com.microsoft.FusedGemm", [a, b, f32([2], [-10, 0])], attributes).values, [-2, 2, -1, 4]);
    assertSame("com.microsoft.FusedGemm", [a, b, f32([2], [-10, 0])], attributes);
  });

  it("FusedMatMul transposes and scales", () => {
    assert.deepEqual(result("com.microsoft.FusedMatMul", [a, b], { transA: 1, alpha: 2 }).values, [6, 2, 8, 4]);
    assert.deepEqual(result("com.microsoft.FusedMatMul", [f32([2], [1, 2]), a], { transB: 1 }).values, [5, 11]);
    assertSame("com.microsoft.FusedMatMul", [a, b], { transB: 1, alpha: 0.5 });
  });

  it("FusedMatMul takes batches that lie between rows and columns", () => {
    // A is [rows 2, batch 3, columns 1]: batch b is the column (b, b + 3).
    const lying = counting([2, 3, 1]);
    const unit = f32([3, 1, 1], [1, 1, 1]);
    assert.deepEqual(result("com.microsoft.FusedMatMul", [lying, unit], { transBatchA: 1 }), {
      shape: [3, 2, 1],
      values: [0, 3, 1, 4, 2, 5],
    });
    assert.deepEqual(infer("com.microsoft.FusedMatMul", [sym("m", "b", 4), sym("b", "n", 4)], { transBatchA: 1, transB: 1 }), [
      "float[b,m,n]",
    ]);
  });
});

describe("com.microsoft Gelu and its kin", () => {
  const x = f32([1, 3], [-1, 0, 2]);
  const bias = f32([3], [1, 1, 1]);
  const near = (actual: readonly number[], expected: readonly number[]) =>
    actual.forEach((v, i) => {
      assert.ok(Math.abs(v - (expected[i] as number)) < 1e-6, `${v} is not ${expected[i]}`);
    });

  it("compute their formulas", () => {
    // Φ(1) = 0.841344746, Φ(2) = 0.977249868, Φ(3) = 0.998650102
    near(result("com.microsoft.Gelu", [x]).values, [-0.158655254, 0, 1.954499736]);
    near(result("com.microsoft.BiasGelu", [x, bias]).values, [0, 0.841344746, 2.995950306]);
    const tanhForm = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
    near(result("com.microsoft.FastGelu", [x, bias]).values, [0, 1, 3].map(tanhForm));
    near(result("com.microsoft.FastGelu", [x]).values, [-1, 0, 2].map(tanhForm));
    near(
      result("com.microsoft.QuickGelu", [x], { alpha: 1 }).values,
      [-1, 0, 2].map((v) => v / (1 + Math.exp(-v))),
    );
  });

  it("can be taken apart", () => {
    assertSame("com.microsoft.Gelu", [x]);
    assertSame("com.microsoft.BiasGelu", [x, bias]);
    assertSame("com.microsoft.FastGelu", [x, bias]);
    assertSame("com.microsoft.QuickGelu", [x]);
  });
});

describe("com.microsoft.SkipLayerNormalization", () => {
  const op = "com.microsoft.SkipLayerNormalization";
  const inputs = [f32([1, 2], [1, 2]), f32([1, 2], [0, 3]), f32([2], [1, 10]), f32([2], [0, 1]), f32([2], [1, -1])];

  it("normalises the sum of input, skip and bias, and gives that sum", () => {
    // 1 + 0 + 1 = 2 and 2 + 3 − 1 = 4: mean 3, deviation 1.
    const [y, mean, inverse, sum] = run(op, inputs, {}, 4).map((s) => s.toNumbers());
    assert.deepEqual([y, mean, inverse, sum], [[-1, 11], [3], [1], [2, 4]]);
    assertSame(op, inputs, {}, 4);
    assertSame(op, inputs.slice(0, 3), { epsilon: 1e-5 });
  });

  it("infers symbolic sizes", () => {
    assert.deepEqual(infer(op, [sym("n", "s", 8), sym("n", "s", 8), counting([8])], {}, 4), [
      "float[n,s,8]",
      "float[n,s,1]",
      "float[n,s,1]",
      "float[n,s,8]",
    ]);
  });
});
