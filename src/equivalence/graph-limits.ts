// The default error limit of a graph's outputs: from the longest sum that one element is made of, and how many such sums follow each other.
import { DimExpr, substituteDim } from "../ir/dim.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { registry } from "../ops/registry.ts";
import type { DType } from "../tensor/dtype.ts";
import { defaultLimit } from "./compare.ts";

export interface Accumulation {
  /** The longest sum behind one element of any node: multiply-adds of a convolution or product, elements of a reduction. */
  readonly longest: number;
  /** How many nodes that sum lie behind each other on the longest path. */
  readonly depth: number;
}

/** Symbolic sizes count as 1: a lower limit is the stricter one. */
export function accumulationOf(graph: Graph): Accumulation {
  const depths = new Map<Value, number>();
  let longest = 1;
  let depth = 1;
  const visit = (g: Graph) => {
    for (const node of g.nodes()) {
      for (const body of node.subgraphs) visit(body);
      const length = sumLength(node);
      longest = Math.max(longest, length);
      const behind = Math.max(0, ...node.inputs.map((v) => (v && depths.get(v)) ?? 0));
      const here = behind + (length > 1 ? 1 : 0);
      depth = Math.max(depth, here);
      for (const v of node.outputs) depths.set(v, here);
    }
  };
  visit(graph);
  return { longest, depth };
}

/** The default limit of each output of a graph. */
export function outputLimits(graph: Graph): number[] {
  const { longest, depth } = accumulationOf(graph);
  return graph.outputs.map((v) => defaultLimit(numbersOf(v.type), longest, depth));
}

/** The dtype of the numbers in a value of this type. */
function numbersOf(type: ValueType): DType {
  if (type.kind === "tensor") return type.dtype;
  return numbersOf(type.kind === "map" ? type.value : type.element);
}

function sumLength(node: Node): number {
  const definition = registry.get(node.op);
  const inputs = node.inputs.map((v) => v && concrete(v));
  const outputs = node.outputs.map(concrete);
  const output = outputs[0];
  if (!definition || !output || definition.accuracy === "exact") return 1;
  const produced = size(output);
  if (definition.flops && outputs.every((t) => t !== undefined))
    return Math.ceil(definition.flops(inputs, outputs as TensorType[]) / (2 * Math.max(1, produced)));
  const input = inputs[0];
  return input && produced > 0 ? Math.max(1, Math.ceil(size(input) / produced)) : 1;
}

function concrete(v: Value): TensorType | undefined {
  if (v.type.kind !== "tensor" || !v.type.shape) return undefined;
  const shape = v.type.shape.map((d) => (d instanceof DimExpr ? substituteDim(d, () => 1) : d));
  return tensorType(
    v.type.dtype,
    shape.map((d) => (typeof d === "number" ? Math.max(1, d) : 1)),
  );
}

function size(type: TensorType): number {
  return (type.shape ?? []).reduce<number>((n, d) => n * (d as number), 1);
}
