import assert from "node:assert/strict";
import { interpreterEngine } from "../../../src/engines/interpreter/interpreter-engine.ts";
import { prepareOnnxRuntime } from "../../../src/engines/onnxruntime/onnxruntime-engine.ts";
import { Graph, type Value } from "../../../src/ir/graph.ts";
import type { Attributes } from "../../../src/ir/schema.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { convert } from "../../../src/ops/cast.ts";
import { registry } from "../../../src/ops/registry.ts";
import { runPasses } from "../../../src/passes/manager.ts";
import { castForKernel } from "../../../src/passes/rules/cast-for-kernel.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import { Generator } from "../../../src/tensor/random.ts";
import { Storage } from "../../../src/tensor/storage.ts";

const generator = new Generator(11);
const normal = (dtype: DType, ...shape: number[]) => {
  const values = generator.fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1)));
  return convert(Storage.of("float32", values, shape), dtype);
};
const whole = (dtype: DType, values: number[]) => Storage.from(dtype, values, [values.length]);

/** A graph of one operator; `constants` counts the last inputs that are initializers. */
function one(op: string, inputs: readonly Storage[], attributes: Attributes = {}, constants = 0): Graph {
  const graph = new Graph(registry, "net");
  const values = inputs.map(
    (s, i): Value =>
      i < inputs.length - constants ? graph.addInput(`x${i}`, tensorType(s.dtype, s.shape)) : graph.addInitializer(s, `w${i}`),
  );
  graph.setOutputs([graph.add(op, values, attributes).output], ["y"]);
  return graph;
}

const ops = (graph: Graph) => [...graph.nodes()].map((node) => node.op);

async function onBoth(graph: Graph, inputs: readonly Storage[]): Promise<readonly [Storage, Storage]> {
  const given = inputs.slice(0, graph.inputs.length);
  const results: Storage[] = [];
  for (const executable of [await interpreterEngine.prepare(graph), await prepareOnnxRuntime(graph)]) {
    const [y] = await executable.run(given);
    results.push(y as Storage);
    await executable.close();
  }
  return results as [Storage, Storage];
}

describe("casts around what ONNX Runtime has no kernel for", () => {
  it("are put around a Gemm in bfloat16, whose constants are converted once", () => {
    const inputs = [normal("bfloat16", 2, 3), normal("bfloat16", 3, 4), normal("bfloat16", 4)];
    const graph = one("Gemm", inputs, {}, 2);
    const report = runPasses(graph, [castForKernel], { target: "onnxruntime" });
    assert.equal(report.validation?.validated, 1);
    assert.deepEqual(ops(graph), ["Cast", "Gemm", "Cast"]);
    assert.deepEqual(
      [...graph.initializers].map((v) => v.storage?.dtype),
      ["float32", "float32"],
    );
    assert.equal(String(graph.outputs[0]?.type.kind === "tensor" && graph.outputs[0].type.dtype), "bfloat16");
    runPasses(graph, [castForKernel], { target: "onnxruntime" });
    assert.deepEqual(ops(graph), ["Cast", "Gemm", "Cast"]);
  });

  it("are left out where a kernel takes the type, or none would take a wider one", () => {
    for (const [op, inputs] of [
      ["Transpose", [normal("bfloat16", 2, 3)]],
      ["LayerNormalization", [normal("bfloat16", 2, 3), normal("bfloat16", 3)]],
      // Its output is a sequence.
      ["SplitToSequence", [normal("bfloat16", 4, 2)]],
      ["Add", [whole("int8", [1]), whole("int8", [2])]],
      ["Conv", [normal("float64", 1, 1, 3), normal("float64", 1, 1, 2)]],
    ] as const) {
      const graph = one(op, inputs);
      runPasses(graph, [castForKernel], { target: "onnxruntime" });
      assert.deepEqual(ops(graph), [op]);
    }
  });

  const bfloat16: readonly (readonly [string, readonly number[][], Attributes?])[] = [
    ["Gemm", [[2, 30], [30, 4], [4]], { alpha: 0.5 }],
    [
      "MatMul",
      [
        [3, 2, 40],
        [40, 5],
      ],
    ],
    ["Conv", [[1, 3, 8, 8], [4, 3, 3, 3], [4]], { pads: [1, 1, 1, 1] }],
    ["Add", [[2, 3], [3]]],
    ["Mul", [[2, 3], [3]]],
    ["Relu", [[5]]],
    ["Exp", [[50]]],
    ["Softmax", [[3, 7]]],
    ["HardSwish", [[20]]],
    ["Gelu", [[20]]],
    ["ReduceMean", [[3, 9]]],
    ["MaxPool", [[1, 2, 6, 6]], { kernel_shape: [2, 2] }],
    ["Less", [[9], [9]]],
  ];
  for (const [op, shapes, attributes] of bfloat16)
    it(`let ${op} run in bfloat16 as the interpreter does, to one unit in the last place`, async () => {
      const inputs = shapes.map((shape) => normal("bfloat16", ...shape));
      const [expected, actual] = await onBoth(one(op, inputs, attributes), inputs);
      assert.deepEqual([actual.dtype, actual.shape], [expected.dtype, expected.shape]);
      const [e, a] = [expected.toNumbers(), actual.toNumbers()] as [number[], number[]];
      const largest = Math.max(...e.map(Math.abs));
      for (const [i, v] of e.entries()) assert.ok(Math.abs((a[i] as number) - v) <= 2 ** -7 * largest, `${a[i]} at ${i}, expected ${v}`);
      assert.notEqual(largest, 0);
    });

  it("round between operators, as eager code does", async () => {
    const graph = new Graph(registry, "net");
    const x = graph.addInput("x", tensorType("bfloat16", [1]));
    const tiny = graph.addInitializer(Storage.from("bfloat16", [2 ** -9], [1]), "tiny");
    graph.setOutputs([graph.add("Sub", [graph.add("Add", [x, tiny]).output, x]).output], ["y"]);
    const [expected, actual] = await onBoth(graph, [Storage.from("bfloat16", [1], [1])]);
    // 1 + 2^-9 is 1 in bfloat16; a wider sum that is not rounded would leave 2^-9.
    assert.deepEqual([expected.toNumbers(), actual.toNumbers()], [[0], [0]]);
  });

  const integers: readonly (readonly [string, readonly Storage[], Attributes?])[] = [
    ["Relu", [whole("int16", [-5, 7, 32767, -32768])]],
    ["Max", [whole("uint16", [1, 65535]), whole("uint16", [2, 3])]],
    ["Where", [whole("bool", [1, 0]), whole("bool", [1, 1]), whole("bool", [0, 0])]],
    ["Where", [whole("bool", [1, 0]), whole("uint16", [1, 65535]), whole("uint16", [4, 65534])]],
    ["Where", [whole("bool", [1, 0]), whole("uint32", [1, 7]), whole("uint32", [4, 4294967295])]],
    ["Clip", [whole("int16", [-300, 300, 5]), Storage.from("int16", [-100], []), Storage.from("int16", [100], [])]],
    ["ArgMax", [whole("int16", [3, 9, 1])], { axis: 0 }],
  ];
  for (const [op, inputs, attributes] of integers)
    it(`let ${op} run in ${inputs.at(-1)?.dtype}, bit for bit`, async () => {
      const graph = one(op, inputs, attributes);
      const [expected, actual] = await onBoth(graph, inputs);
      assert.deepEqual([actual.dtype, actual.dense()], [expected.dtype, expected.dense()]);
      assert.equal(runPasses(graph, [castForKernel], { target: "onnxruntime" }).rows.length, 1);
    });
});
