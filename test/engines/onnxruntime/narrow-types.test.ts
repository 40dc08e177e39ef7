// Element types that ONNX got last, of less than a byte most of them, through the engine.
import assert from "node:assert/strict";
import { onnxruntimeEngine } from "../../../src/engines/onnxruntime/onnxruntime-engine.ts";
import { Graph } from "../../../src/ir/graph.ts";
import { type TensorType, tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { OptionalValue } from "../../../src/ops/runtime-value.ts";
import { type DType, dtypeInfo } from "../../../src/tensor/dtype.ts";
import { Storage } from "../../../src/tensor/storage.ts";

/** Three elements each: they do not fill their last byte. */
const samples: readonly (readonly [dtype: DType, values: readonly number[]])[] = [
  ["uint4", [0, 15, 7]],
  ["int4", [-8, 7, -1]],
  ["uint2", [0, 3, 1]],
  ["int2", [-2, 1, -1]],
  ["float8e8m0", [1, 0.5, 4]],
];

async function run(graph: Graph, input: Storage): Promise<unknown> {
  const executable = await onnxruntimeEngine.prepare(graph, { disable: "all", threads: 1 });
  try {
    return (await executable.run([input]))[0];
  } finally {
    await executable.close();
  }
}

describe("narrow element types through ONNX Runtime", () => {
  before(function () {
    if (onnxruntimeEngine.unavailable()) this.skip();
  });

  /** The values as numbers, converted on one side: what is handed over is not what is read. */
  const casted = (from: TensorType, to: TensorType) => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", from);
    graph.setOutputs([graph.add("Cast", [x], { to: dtypeInfo(to.dtype).onnx }).output], ["y"]);
    return graph;
  };

  for (const [dtype, values] of samples) {
    it(`hands ${dtype} in`, async () => {
      const graph = casted(tensorType(dtype, [3]), tensorType("float32", [3]));
      const y = (await run(graph, Storage.from(dtype, values, [3]))) as Storage;
      assert.deepEqual(y.toNumbers(), values);
    });

    it(`takes ${dtype} out`, async () => {
      const graph = casted(tensorType("float32", [3]), tensorType(dtype, [3]));
      const y = (await run(graph, Storage.from("float32", values, [3]))) as Storage;
      assert.deepEqual([y.dtype, y.toNumbers()], [dtype, values]);
    });
  }

  it("gives an output that is declared as an optional as one", async () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", tensorType("float32", [2]));
    graph.setOutputs([graph.add("Optional", [x]).output], ["y"]);
    const y = await run(graph, Storage.from("float32", [1, 2], [2]));
    assert.ok(y instanceof OptionalValue && y.element instanceof Storage);
    assert.deepEqual(y.element.toNumbers(), [1, 2]);
  });
});
