// How much of loops a run has done. A file can hold a Loop that never ends; who runs a graph that nobody vouches for sets a limit.
import { ingotError } from "../errors/error.ts";
import type { Node } from "../ir/graph.ts";
import { formatProvenance } from "../ir/provenance.ts";
import { requireRoom } from "../tensor/memory.ts";
import { Storage } from "../tensor/storage.ts";
import type { RuntimeValue } from "./runtime-value.ts";

/** Handing on so many tensors in a sequence takes about as long as running a node. */
const tensorsPerStep = 64;

/** A node whose sub-graph is running, and how often it has begun. */
interface Active {
  readonly node: Node;
  runs: number;
}

/** Counts the steps of one run: each node inside of a sub-graph, and each beginning of one, is a step. */
export class StepBudget {
  readonly #limit: number;
  readonly #active: Active[] = [];
  #steps = 0;

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  /** A node with sub-graphs begins; call the function given back when it has ended. */
  enter(node: Node): () => void {
    this.#active.push({ node, runs: 0 });
    return () => void this.#active.pop();
  }

  /** A sub-graph of the node that was entered last begins. Throws `StepLimit`. */
  begin(): void {
    const active = this.#active[this.#active.length - 1];
    if (active) active.runs++;
    this.#count();
  }

  /** A node runs. Nodes outside of sub-graphs run once each, and are not counted. Throws `StepLimit`. */
  step(): void {
    if (this.#active.length > 0) this.#count();
  }

  /**
   * A node gave a sequence. A loop that makes it longer copies all of it each time, and keeps every tensor: its length counts, and its
   * tensors together must fit into memory. Throws `StepLimit`, `TensorTooLarge`.
   */
  grow(sequence: readonly RuntimeValue[]): void {
    if (this.#active.length === 0) return;
    this.#count(Math.floor(sequence.length / tensorsPerStep));
    const bytes = sequence.reduce((n, v) => n + (v instanceof Storage ? v.byteSize : 0), 0);
    requireRoom("uint8", bytes, 1);
  }

  #count(steps = 1): void {
    this.#steps += steps;
    if (this.#steps <= this.#limit) return;
    // Loops within loops: the one that does not end is the one that began most often.
    const { node, runs } = this.#active.reduce((a, b) => (b.runs > a.runs ? b : a));
    const name = node.outputs.find((v) => v.name)?.name;
    const place = formatProvenance(node.provenance);
    throw ingotError("StepLimit", {
      op: node.op,
      node: name ? ` (which gives \`${name}\`)` : "",
      where: place ? `, from ${place}` : "",
      runs,
      limit: this.#limit,
      more: 10 * this.#limit,
    });
  }
}
