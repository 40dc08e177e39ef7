// The types of a copied body that reads other values than the original did.
import { IngotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";

/** Infers all types anew: the values that are read now may have sizes by other names. False where they do not fit. */
export function reinferred(graph: Graph): boolean {
  try {
    for (const node of graph.nodes()) {
      if (!node.subgraphs.every(reinferred)) return false;
      graph.reinfer(node);
    }
    return true;
  } catch (error) {
    if (error instanceof IngotError) return false;
    throw error;
  }
}
