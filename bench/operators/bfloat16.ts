// bfloat16 on ONNX Runtime, which has no kernels for it: in float32 between casts, beside our own kernels and beside float32.
import { interpreterEngine } from "../../src/engines/interpreter/interpreter-engine.ts";
import { onnxruntimeEngine } from "../../src/engines/onnxruntime/onnxruntime-engine.ts";
import { Graph } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { convert } from "../../src/ops/cast.ts";
import { registry } from "../../src/ops/registry.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { Generator } from "../../src/tensor/random.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { interleavedSettled, type Measured, pairedRatio } from "../figure.ts";

const width = 512;
const layers = 4;

const normal = (dtype: DType, shape: readonly number[], seed: number) => {
  const values = new Generator(seed).fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1)), 0, 0.05);
  return convert(Storage.of("float32", values, [...shape]), dtype);
};

/** Layers of `relu(x · W + b)`. */
function network(dtype: DType): Graph {
  const graph = new Graph(registry, "mlp");
  let x = graph.addInput("x", tensorType(dtype, [64, width]));
  for (let i = 0; i < layers; i++) {
    const weight = graph.addInitializer(normal(dtype, [width, width], i), `w${i}`);
    const bias = graph.addInitializer(normal(dtype, [width], 100 + i), `b${i}`);
    x = graph.add("Relu", [graph.add("Gemm", [x, weight, bias]).output]).output;
  }
  graph.setOutputs([x], ["y"]);
  return graph;
}

export async function* bfloat16(progress: (what: string) => void): AsyncIterable<Measured> {
  progress(`${layers} layers of ${width}, 64 rows`);
  const half = network("bfloat16");
  const executables = [
    await onnxruntimeEngine.prepare(half, { threads: 1 }),
    await interpreterEngine.prepare(half, { threads: 1 }),
    await onnxruntimeEngine.prepare(network("float32"), { threads: 1 }),
  ] as const;
  const [narrow, wide] = [normal("bfloat16", [64, width], 7), normal("float32", [64, width], 7)];
  const [ours, own, full] = executables;
  const bodies = [() => ours.run([narrow]), () => own.run([narrow]), () => full.run([wide])];
  for (const body of bodies) await body();
  const [a = [], b = [], c = []] = await interleavedSettled(25, ...bodies);
  for (const executable of executables) await executable.close();
  yield { name: "a bfloat16 MLP on ONNX Runtime, times faster than on the interpreter", ...pairedRatio(b, a), unit: "×", bar: "≥ 1" };
  yield { name: "the same, its time over that in float32", ...pairedRatio(a, c), unit: "×", bar: "" };
}
