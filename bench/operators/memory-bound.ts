// Operators that move or add up numbers rather than multiply them, one by one, beside onnxruntime-node's: one thread each. For information.
import { randint, randn, type Tensor } from "../../src/index.ts";
import { Graph } from "../../src/ir/graph.ts";
import type { Attributes } from "../../src/ir/schema.ts";
import { tensorType } from "../../src/ir/type.ts";
import { evaluateOp } from "../../src/ops/evaluate.ts";
import { registry } from "../../src/ops/registry.ts";
import type { RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";
import type { Measured } from "../figure.ts";
import { interleaved, pairedRatio } from "../figure.ts";
import { nativeSession } from "../main/native-session.ts";
import { withThreads } from "./with-threads.ts";

const rounds = 31;

interface Row {
  readonly name: string;
  readonly op: string;
  readonly shape: readonly number[];
  readonly attributes?: Attributes;
  /** The second input. */
  readonly also?: () => Storage;
}

const axes =
  (...values: number[]) =>
  () =>
    Storage.from("int64", values, [values.length]);
const rows = (count: number, of: number) => () => storageOf(randint(0, of, [count], { seed: 2, dtype: "int64" }));

const table: readonly Row[] = [
  {
    name: "AveragePool 3×3, 64×56×56",
    op: "AveragePool",
    shape: [1, 64, 56, 56],
    attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
  },
  {
    name: "AveragePool 2×2 by 2, 128×56×56",
    op: "AveragePool",
    shape: [1, 128, 56, 56],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  { name: "GlobalAveragePool 512×7×7", op: "GlobalAveragePool", shape: [4, 512, 7, 7] },
  { name: "ReduceMean of rows, 512×768", op: "ReduceMean", shape: [512, 768], also: axes(-1) },
  { name: "ReduceSum of columns, 512×768", op: "ReduceSum", shape: [512, 768], also: axes(0) },
  { name: "ReduceMax of rows, 512×768", op: "ReduceMax", shape: [512, 768], also: axes(-1) },
  { name: "ReduceSum of planes, 8×64×28×28", op: "ReduceSum", shape: [8, 64, 28, 28], also: axes(2, 3) },
  { name: "ReduceL2 of rows, 512×768", op: "ReduceL2", shape: [512, 768], also: axes(-1) },
  { name: "ArgMax of rows, 64×1000", op: "ArgMax", shape: [64, 1000], attributes: { axis: -1 } },
  { name: "Transpose 768×768", op: "Transpose", shape: [768, 768], attributes: { perm: [1, 0] } },
  { name: "Transpose of heads, 128×12×64", op: "Transpose", shape: [4, 128, 12, 64], attributes: { perm: [0, 2, 1, 3] } },
  { name: "Transpose to channels last, 64×56×56", op: "Transpose", shape: [1, 64, 56, 56], attributes: { perm: [0, 2, 3, 1] } },
  { name: "Gather of rows of 768", op: "Gather", shape: [10_000, 768], also: rows(512, 10_000) },
  { name: "Gather in the last dimension", op: "Gather", shape: [512, 768], attributes: { axis: 1 }, also: rows(384, 768) },
];

export async function* memoryBound(progress: (what: string) => void): AsyncIterable<Measured> {
  yield* withThreads(1, () => measure(progress));
}

async function* measure(progress: (what: string) => void): AsyncIterable<Measured> {
  for (const row of table) {
    progress(row.name);
    const x = randn(row.shape, { seed: 1 });
    const also = row.also?.();
    const native = await nativeSession(graphOf(row, also), 1, x);
    if (!native) return progress("onnxruntime-node is not installed");
    const definition = registry.get(row.op);
    if (!definition) throw new Error(`no operator ${row.op}`);
    const inputs = also ? [storageOf(x), also] : [storageOf(x)];
    const [ours = [], theirs = []] = await interleaved(
      rounds,
      () => evaluateOp(definition, inputs, row.attributes ?? {}).map(written),
      () => native.run(),
    );
    yield { name: `${row.name} over onnxruntime-node, one thread each`, unit: "×", bar: "", ...pairedRatio(ours, theirs) };
    await native.release();
  }
}

/** Transposition gives another view of the same numbers; what a kernel would read is the numbers in a row. */
function written(value: RuntimeValue): unknown {
  return value instanceof Storage ? value.dense() : value;
}

function graphOf({ name, op, shape, attributes = {} }: Row, also: Storage | undefined): Graph {
  const g = new Graph(registry, name);
  const x = g.addInput("x", tensorType("float32", [...shape]));
  g.setOutputs([g.add(op, also ? [x, g.addInitializer(also)] : [x], attributes).output], ["y"]);
  return g;
}

function storageOf(x: Tensor): Storage {
  return Storage.from(x.dtype, x.data as Float32Array, x.shape);
}
