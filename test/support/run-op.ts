// Runs one operator on plain numbers, and infers its types in a graph: what operator tests are written with.
import { type Dim, symbol } from "../../src/ir/dim.ts";
import { Graph, type Value } from "../../src/ir/graph.ts";
import type { Attributes } from "../../src/ir/schema.ts";
import { formatType, tensorType } from "../../src/ir/type.ts";
import { evaluateOp } from "../../src/ops/evaluate.ts";
import { registry } from "../../src/ops/registry.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";

/** A float32 tensor from a shape and its numbers in row-major order; `fill(shape)` counts 0, 1, 2, … */
export function f32(shape: readonly number[], values: readonly number[]): Storage {
  return Storage.from("float32", values, shape);
}

export function i64(values: readonly number[], shape: readonly number[] = [values.length]): Storage {
  return Storage.from("int64", values, shape);
}

export function counting(shape: readonly number[], dtype: DType = "float32"): Storage {
  const n = shape.reduce((a, b) => a * b, 1);
  return Storage.from(
    dtype,
    Array.from({ length: n }, (_, i) => i),
    shape,
  );
}

/** The outputs of an operator, all tensors. */
export function run(op: string, inputs: readonly (Storage | undefined)[], attributes: Attributes = {}, outputCount?: number): Storage[] {
  const definition = registry.get(op);
  if (!definition) throw new Error(`no operator ${op}`);
  return evaluateOp(definition, inputs, attributes, outputCount === undefined ? {} : { outputCount }).map((v) => {
    if (v instanceof Storage) return v;
    throw new Error(`${op} gave a sequence`);
  });
}

/** Shape and numbers of the first output. */
export function result(
  op: string,
  inputs: readonly (Storage | undefined)[],
  attributes: Attributes = {},
): { shape: number[]; values: number[] } {
  const [y] = run(op, inputs, attributes) as [Storage];
  return { shape: [...y.shape], values: y.toNumbers() };
}

/** A graph input for `infer`: names become symbolic sizes. */
export interface Symbolic {
  readonly dtype?: DType;
  readonly shape: readonly (number | string | Dim)[] | undefined;
}

export const sym = (...shape: (number | string)[]): Symbolic => ({ shape });

/** A graph with the given inputs (types) and constants (storages), to which tests add nodes. */
export function graphOf(inputs: readonly (Symbolic | Storage)[]): { graph: Graph; values: Value[] } {
  const graph = new Graph(registry);
  const values = inputs.map((x, i) =>
    x instanceof Storage
      ? graph.addInitializer(x)
      : graph.addInput(
          `x${i}`,
          tensorType(
            x.dtype ?? "float32",
            x.shape?.map((d) => (typeof d === "string" ? symbol(d) : d)),
          ),
        ),
  );
  return { graph, values };
}

/** The types of an operator's outputs, as ONNX text: symbolic sizes by name, unknown ones as `?`. */
export function infer(
  op: string,
  inputs: readonly (Symbolic | Storage | undefined)[],
  attributes: Attributes = {},
  outputCount?: number,
): string[] {
  const { graph, values } = graphOf(inputs.filter((x) => x !== undefined));
  const present = inputs.map((x) => (x === undefined ? undefined : values.shift()));
  const node = graph.add(op, present, attributes, outputCount === undefined ? {} : { outputCount });
  return node.outputs.map((v) => formatType(v.type));
}
