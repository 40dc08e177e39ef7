// A graph in figures: what goes in and out, which operators, how many parameters, how much arithmetic.
import { DimExpr, substituteDim } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { allGraphs, allNodes } from "../ir/traverse.ts";
import { formatType, type TensorType, tensorType } from "../ir/type.ts";
import { registry } from "../ops/registry.ts";
import { isFloat } from "../tensor/dtype.ts";

export interface Port {
  readonly name: string;
  /** With symbolic sizes: `float32[batch, 3, 224, 224]`. */
  readonly type: string;
}

export interface GraphSummary {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: number;
  /** How often each operator stands in the graph and its sub-graphs, the most frequent first. */
  readonly operators: Readonly<Record<string, number>>;
  /** Elements of the floating-point initializers. */
  readonly parameters: number;
  /** Memory of all initializers. */
  readonly weightBytes: number;
  /** Of one run, each symbolic size counted as 1; a multiply-add counts 2. Undefined where no operator of the graph has a count. */
  readonly flops: number | undefined;
}

export function summarizeGraph(graph: Graph): GraphSummary {
  const operators = new Map<string, number>();
  for (const node of allNodes(graph)) operators.set(node.op, (operators.get(node.op) ?? 0) + 1);
  const storages = [...allGraphs(graph)].flatMap((g) => [...g.initializers]).flatMap((v) => (v.storage ? [v.storage] : []));
  return {
    name: graph.name,
    inputs: graph.inputs.map((v) => ({ name: v.name ?? "", type: formatType(v.type) })),
    outputs: graph.outputs.map((v, i) => ({ name: graph.outputNames[i] ?? "", type: formatType(v.type) })),
    nodes: graph.nodeCount,
    operators: Object.fromEntries([...operators].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))),
    parameters: storages.reduce((n, s) => n + (isFloat(s.dtype) ? s.size : 0), 0),
    weightBytes: storages.reduce((n, s) => n + s.byteSize, 0),
    flops: countFlops(graph),
  };
}

function countFlops(graph: Graph): number | undefined {
  let total: number | undefined;
  for (const node of allNodes(graph)) {
    const inputs = node.inputs.map((v) => v && concreteType(v));
    const outputs = node.outputs.map(concreteType).filter((t) => t !== undefined);
    const flops = outputs.length === node.outputs.length ? registry.get(node.op)?.flops?.(inputs, outputs) : undefined;
    if (flops !== undefined && Number.isFinite(flops)) total = (total ?? 0) + flops;
  }
  return total;
}

function concreteType(v: Value): TensorType | undefined {
  if (v.type.kind !== "tensor" || !v.type.shape) return undefined;
  const shape = v.type.shape.map((d) => (d instanceof DimExpr ? substituteDim(d, () => 1) : d));
  return shape.every((d) => typeof d === "number") ? tensorType(v.type.dtype, shape) : undefined;
}
