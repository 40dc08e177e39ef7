// Which versions of ONNX a graph needs: the lowest opset per domain, and the lowest IR version that goes with it.
import { type DType, float8s } from "../tensor/dtype.ts";
import type { Graph, Node } from "./graph.ts";
import { allNodes } from "./traverse.ts";

export interface RequiredVersions {
  readonly irVersion: number;
  /** By domain, `""` first. */
  readonly opsets: ReadonlyMap<string, number>;
}

/** ONNX releases: the newest opset of the default domain that each IR version came with. Source: ONNX, docs/Versioning.md. */
const irVersions: readonly (readonly [opset: number, ir: number])[] = [
  [9, 4],
  [10, 5],
  [11, 6],
  [14, 7],
  [18, 8],
  [20, 9],
  [22, 10],
  [23, 11],
  [24, 12],
];

/** Initializers need not be graph inputs from IR version 4 on, so no lower one is used. */
export function irVersionForOpset(opset: number): number {
  return irVersions.find(([newest]) => opset <= newest)?.[1] ?? 13;
}

/**
 * No lower opset of the default domain is written: ONNX Runtime warns of lower ones and its transpose optimiser fails on them, and
 * broadcasting has its present meaning only since opset 7.
 */
export const lowestOpset = 7;

/** The opset at which ONNX got a dtype, for values of any kind: with it came the IR version that can hold such tensors. */
const dtypeOpsets: Partial<Record<DType, number>> = {
  ...Object.fromEntries(float8s.map((d) => [d, 19])),
  int4: 21,
  uint4: 21,
  float4e2m1: 23,
  float8e8m0: 24,
  int2: 25,
  uint2: 25,
};

/** The lowest opset of the default domain that has the dtype at all; operators may take it later. */
export function opsetOfDType(dtype: DType): number {
  return dtypeOpsets[dtype] ?? 1;
}

/** The opsets of a graph by domain, the default one first; `of` says what a node needs. */
export function graphOpsets(graph: Graph, of: (node: Node) => number = (node) => node.graph.schemas.opsetOf(node)): Map<string, number> {
  // The dtypes of inputs and initializers count too: no node may read them.
  const dtypes = [...graph.inputs, ...graph.initializers].flatMap(({ type }) => (type.kind === "tensor" ? [type.dtype] : []));
  const opsets = new Map([["", Math.max(lowestOpset, ...new Set(dtypes.map(opsetOfDType)))]]);
  for (const node of allNodes(graph)) {
    const domain = node.graph.schemas.get(node.op)?.domain ?? "";
    opsets.set(domain, Math.max(opsets.get(domain) ?? 1, of(node)));
  }
  return opsets;
}

/** The lowest versions at which the graph can be written with every operator in the form it has here. */
export function requiredVersions(graph: Graph): RequiredVersions {
  const opsets = graphOpsets(graph);
  return { irVersion: irVersionForOpset(opsets.get("") as number), opsets };
}
