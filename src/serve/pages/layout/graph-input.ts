// What a layout is made of: boxes with a size and the modules around them, and edges between boxes.

/** A box to place. Its id is its place in the list; the list is in topological order. */
export interface LayoutNode {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Names of the modules around it, the outermost first. */
  readonly path: readonly string[];
}

/** From one node to a later one, by id. */
export type LayoutEdge = readonly [from: number, to: number];

export interface LayoutInput {
  readonly nodes: readonly LayoutNode[];
  readonly edges: readonly LayoutEdge[];
}

/** Counts elementary steps, so that a test can see that work grows with the graph and not faster. */
export interface Steps {
  count: number;
}

/** Edges as adjacency lists: `to[from[i] … from[i + 1] − 1]` are the successors of i. */
export interface Adjacency {
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Adjacency lists of edges; `turned` lists predecessors instead. Linear: a counting sort. */
export function adjacency(count: number, edges: readonly LayoutEdge[], turned: boolean, steps: Steps): Adjacency {
  const [source, target] = turned ? ([1, 0] as const) : ([0, 1] as const);
  const from = new Int32Array(count + 1);
  for (const edge of edges) from[edge[source] + 1] = (from[edge[source] + 1] as number) + 1;
  for (let i = 0; i < count; i++) from[i + 1] = (from[i + 1] as number) + (from[i] as number);
  const next = from.slice();
  const to = new Int32Array(edges.length);
  for (const edge of edges) {
    const at = next[edge[source]] as number;
    to[at] = edge[target];
    next[edge[source]] = at + 1;
  }
  steps.count += 2 * edges.length + count;
  return { from, to };
}

/** The neighbours of one node. */
export const neighbours = ({ from, to }: Adjacency, node: number): Int32Array => to.subarray(from[node], from[node + 1]);
