import assert from "node:assert/strict";
import { prepareOnnxRuntime } from "../../src/engines/onnxruntime/onnxruntime-engine.ts";
import { IngotError } from "../../src/errors/error.ts";
import { Graph } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { kernelTypes } from "../../src/onnx/onnxruntime-kernels.ts";
import { registry } from "../../src/ops/registry.ts";
import type { DType } from "../../src/tensor/dtype.ts";

/** ONNX defines it by other operators, which ONNX Runtime takes where the kernel does not fit. */
const hasBodyToo = new Set(["ReduceLogSumExp"]);

/** Operators of one input whose kernels take for it, and give, the types of one row. */
const unary = Object.entries(kernelTypes).flatMap(([op, rows]) => {
  const row = rows["i0 o0"];
  const definition = registry.get(op);
  const needed = definition?.inputs.filter(({ option }) => option === "single").length === 1;
  const free = Object.values(definition?.attributes ?? {}).every(({ required }) => !required);
  const tensors = definition?.types[definition.inputs[0]?.type ?? ""] !== undefined;
  return row !== undefined && Object.keys(rows).length === 1 && needed && free && tensors && !hasBodyToo.has(op)
    ? [{ op, takes: row.split(" ") }]
    : [];
});

/** Not float16, around which ONNX Runtime puts casts of its own. */
const dtypes: readonly DType[] = ["float32", "float64", "bfloat16", "int8", "int16", "uint16", "int32", "uint64", "bool"];

async function loads(op: string, dtype: DType): Promise<boolean | undefined> {
  const graph = new Graph(registry, "net");
  try {
    graph.setOutputs([graph.add(op, [graph.addInput("x", tensorType(dtype, [1, 4, 4, 4]))]).output], ["y"]);
  } catch {
    // ONNX itself does not have the operator on this type, or on this shape.
    return undefined;
  }
  try {
    await (await prepareOnnxRuntime(graph, { disable: "all" })).close();
    return true;
  } catch (error) {
    if (error instanceof IngotError && error.code === "EngineRejectedModel") return false;
    throw error;
  }
}

describe("what is written down about the kernels of ONNX Runtime", () => {
  it("is what its library does: a model of one node loads where the table has the type, and nowhere else", async () => {
    const wrong: string[] = [];
    const seen = new Map<boolean | undefined, number>();
    for (const { op, takes } of unary)
      for (const dtype of dtypes) {
        const actual = await loads(op, dtype);
        seen.set(actual, (seen.get(actual) ?? 0) + 1);
        if (actual !== undefined && actual !== takes.includes(dtype)) wrong.push(`${op} ${dtype}: ${actual ? "loads" : "does not load"}`);
      }
    assert.deepEqual(wrong, []);
    assert.ok((seen.get(true) ?? 0) > 100 && (seen.get(false) ?? 0) > 50, String([...seen]));
  });
});
