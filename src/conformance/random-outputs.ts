// Whose outputs are the numbers of a random generator, so that no two implementations agree on them.
import type { Graph, Node, Value } from "../ir/graph.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import { Storage } from "../tensor/storage.ts";

/**
 * True when the graph, run on these inputs, draws random numbers: it has an operator that does, in a sub-graph too. A Dropout that is not
 * training or has ratio 0 draws none.
 */
export function drawsRandomNumbers(graph: Graph, inputs: readonly RuntimeValue[]): boolean {
  const given = (value: Value | undefined): RuntimeValue | undefined => value && (value.storage ?? inputs[graph.inputs.indexOf(value)]);
  return [...graph.nodes()].some(
    (node) =>
      (node.graph.schemas.get(node.op)?.pure === false && !isIdleDropout(node, given)) ||
      node.subgraphs.some((body) => drawsRandomNumbers(body, [])),
  );
}

function isIdleDropout(node: Node, given: (value: Value | undefined) => RuntimeValue | undefined): boolean {
  if (node.op !== "Dropout") return false;
  const [, ratio, training] = node.inputs;
  return training === undefined || is(given(training), 0) || is(given(ratio), 0);
}

const is = (value: RuntimeValue | undefined, number: number) =>
  value instanceof Storage && value.size === 1 && value.toNumbers()[0] === number;
