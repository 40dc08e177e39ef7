// A Scan whose body hands on one of its inputs as a scan output: ONNX Runtime leaves the rows of such an output unwritten, without
// a word. Valid as the file is, it is written with a node in between.
import type { Graph, Node } from "../ir/graph.ts";
import { allNodes, cloneGraph } from "../ir/traverse.ts";

/** The graph with an Identity before each such output; the graph itself where there is none. */
export function separateScanOutputs(graph: Graph): Graph {
  if (![...allNodes(graph)].some((node) => bodyWithInputs(node))) return graph;
  const copy = cloneGraph(graph).graph;
  for (const node of allNodes(copy)) {
    const body = bodyWithInputs(node);
    if (!body) continue;
    const outputs = body.outputs.map((v) =>
      body.inputs.includes(v) ? body.add("Identity", [v], {}, { provenance: node.provenance }).output : v,
    );
    body.setOutputs(outputs, body.outputNames);
  }
  return copy;
}

/** The body of a Scan that gives an input as an output. */
function bodyWithInputs(node: Node): Graph | undefined {
  if (node.op !== "Scan") return undefined;
  return node.subgraphs.find((body) => body.outputs.some((v) => body.inputs.includes(v)));
}
