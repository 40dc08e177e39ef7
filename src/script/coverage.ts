// Which paths of a graph were taken: both sides of each If; no turn, one turn and many turns of each Loop.
import type { Graph, Node } from "../ir/graph.ts";
import { type RunGraphOptions, runGraph } from "../ops/run-graph.ts";
import type { Storage } from "../tensor/storage.ts";

export interface PathCounts {
  readonly branches: readonly [taken: number, all: number];
  readonly loops: readonly [taken: number, all: number];
}

export class PathCoverage {
  readonly #graph: Graph;
  readonly #ifs: Node[] = [];
  readonly #loops: Node[] = [];
  readonly #seen = new Set<string>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#collect(graph);
  }

  /** True where the graph has no path to choose. */
  get isStraight(): boolean {
    return this.#ifs.length === 0 && this.#loops.length === 0;
  }

  get isComplete(): boolean {
    const { branches, loops } = this.counts;
    return branches[0] === branches[1] && loops[0] === loops[1];
  }

  get counts(): PathCounts {
    const taken = (nodes: readonly Node[], ways: readonly string[]) =>
      nodes.reduce((n, node) => n + ways.filter((w) => this.#seen.has(`${node.id} ${w}`)).length, 0);
    return {
      branches: [taken(this.#ifs, ["then", "else"]), this.#ifs.length * 2],
      loops: [taken(this.#loops, ["none", "one", "many"]), this.#loops.length * 3],
    };
  }

  /** Runs the graph, for at most `maxSteps` nodes; gives its outputs, and whether a path was taken that none before had. Throws what the graph throws; what it took until then counts. */
  run(inputs: readonly Storage[], maxSteps?: number): { readonly outputs: readonly unknown[]; readonly isNew: boolean } {
    const before = this.#seen.size;
    const turns = new Map<Graph, number>();
    const options: RunGraphOptions = {
      maxSteps,
      onBody: (body) => {
        turns.set(body, (turns.get(body) ?? 0) + 1);
        const branch = this.#branches.get(body);
        if (branch) this.#seen.add(branch);
      },
      onNode: (node) => {
        if (node.op !== "Loop") return;
        const body = node.attributes.body as Graph;
        const count = turns.get(body) ?? 0;
        this.#seen.add(`${node.id} ${count === 0 ? "none" : count === 1 ? "one" : "many"}`);
        turns.delete(body);
      },
    };
    const outputs = runGraph(this.#graph, inputs, options);
    return { outputs, isNew: this.#seen.size > before };
  }

  readonly #branches = new Map<Graph, string>();

  #collect(graph: Graph): void {
    for (const node of graph.nodes()) {
      if (node.op === "If") {
        this.#ifs.push(node);
        this.#branches.set(node.attributes.then_branch as Graph, `${node.id} then`);
        this.#branches.set(node.attributes.else_branch as Graph, `${node.id} else`);
      }
      if (node.op === "Loop") this.#loops.push(node);
      for (const body of node.subgraphs) this.#collect(body);
    }
  }
}

/** `branches 3 of 4 taken, loops run 2 of 3 times over (no turn, one, many)` */
export function formatCounts({ branches, loops }: PathCounts): string {
  const parts: string[] = [];
  if (branches[1] > 0) parts.push(`${branches[0]} of ${branches[1]} branches taken`);
  if (loops[1] > 0) parts.push(`${loops[0]} of ${loops[1]} ways through loops taken (no turn, one turn, many)`);
  return parts.join(", ");
}
