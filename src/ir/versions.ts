// Which versions of ONNX a graph needs: the lowest opset per domain, and the lowest IR version that goes with it.
import type { Graph } from "./graph.ts";
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

/** The lowest versions at which every operator of the graph has the form it has here. */
export function requiredVersions(graph: Graph): RequiredVersions {
  const opsets = new Map<string, number>([["", 1]]);
  for (const node of allNodes(graph)) {
    const schema = graph.schemas.get(node.op);
    if (!schema) continue;
    const use = { attributes: node.attributes, inputCount: node.inputs.length, outputCount: node.outputs.length };
    const version = schema.minVersion?.(use) ?? schema.since[schema.since.length - 1] ?? 1;
    opsets.set(schema.domain, Math.max(opsets.get(schema.domain) ?? 1, version));
  }
  return { irVersion: irVersionForOpset(opsets.get("") as number), opsets };
}
