// A rewrite as data: a patch is a small graph with taps (outer values that it reads), shunts (outer values that it replaces) and a label.
// It is validated against the outer graph before anything is changed, and applied in one place for all rules.
import { ingotError } from "../errors/error.ts";
import type { Storage } from "../tensor/storage.ts";
import { Graph, type Node, type Value } from "./graph.ts";
import { formatProvenance, mergeProvenance } from "./provenance.ts";
import type { Attributes, AttributeValue } from "./schema.ts";
import { copyInto, hasEffect, holderOf, isDead, readsOf } from "./traverse.ts";
import { formatType, meetTypes, typeFits } from "./type.ts";

export interface PatchNodeOptions {
  readonly outputCount?: number;
  readonly names?: readonly (string | undefined)[];
}

/**
 * Builds a patch. Values of the outer graph may be used wherever a value is wanted: they become taps.
 *
 * @example
 * const patch = new Patch(graph, "relu-relu");
 * patch.shunt(outer.output, patch.add("Relu", [x]).output);
 * patch.apply();
 */
export class Patch {
  /** The graph (or sub-graph) that is rewritten. */
  readonly outer: Graph;
  readonly label: string;
  /** The new nodes. */
  readonly graph: Graph;
  /** From an outer value to its stand-in inside. */
  readonly taps = new Map<Value, Value>();
  /** From an outer value to what replaces it: a value inside, or another outer value. */
  readonly shunts = new Map<Value, Value>();
  readonly #inside = new Set<Value>();

  constructor(outer: Graph, label: string) {
    this.outer = outer;
    this.label = label;
    this.graph = new Graph(outer.schemas, label);
  }

  /** Adds a node; types are inferred as by `Graph.add`. */
  add(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}, options: PatchNodeOptions = {}): Node {
    const node = this.graph.add(
      op,
      inputs.map((v) => v && this.#enter(v)),
      attributes,
      options,
    );
    for (const v of node.outputs) this.#inside.add(v);
    return node;
  }

  /** A new constant. Its memory is shared with `storage`. */
  constant(storage: Storage, name?: string): Value {
    const value = this.graph.addInitializer(storage, name);
    this.#inside.add(value);
    return value;
  }

  /**
   * The stand-in of an outer value, for what reads it inside a sub-graph of a new node: a sub-graph that captured the outer value itself would
   * be one of its readers, whether the patch is applied or not.
   */
  tap(value: Value): Value {
    return this.#enter(value);
  }

  /** Replaces the outer value `from` by `to`. */
  shunt(from: Value, to: Value): void {
    this.shunts.set(from, to);
  }

  #enter(value: Value): Value {
    if (this.#inside.has(value)) return value;
    let tap = this.taps.get(value);
    if (!tap) {
      tap = this.graph.addInput(value.name ?? "", value.type);
      tap.dims = value.dims;
      // Inference inside may use what is known of a constant.
      tap.storage = value.constant;
      tap.isInput = value.isInput;
      this.taps.set(value, tap);
    }
    return tap;
  }

  /** The reason why the patch cannot be applied, or where it goes. Changes nothing. */
  #place(): { readonly problem: string } | { readonly before: Node | undefined } {
    const { outer } = this;
    let low = Number.NEGATIVE_INFINITY;
    const lower = (value: Value): string | undefined => {
      const producer = value.producer;
      if (!producer) return undefined;
      if (producer.removed) return `it reads ${describe(value)}, whose node was removed`;
      if (producer.graph === outer) low = Math.max(low, producer.position);
      return undefined;
    };
    for (const tap of this.taps.keys()) {
      const problem = lower(tap);
      if (problem) return { problem };
    }
    let last: Node | undefined;
    let first: Node | undefined;
    for (const [from, to] of this.shunts) {
      if (!this.#inside.has(to)) {
        const problem = lower(to);
        if (problem) return { problem };
      }
      if (!typeFits(to.type, from.type))
        return { problem: `it replaces ${describe(from)} of type ${formatType(from.type)} by a ${formatType(to.type)}` };
      const producer = from.producer;
      if (!producer || producer.graph !== outer || producer.removed)
        return { problem: `it replaces ${describe(from)}, which no node of this graph computes` };
      if (!last || last.isBefore(producer)) last = producer;
      for (const user of from.users.keys()) {
        const reader = "op" in user ? this.#lift(user) : this.#lift(user.parent ? holderOf(user) : undefined);
        if (reader && (!first || reader.isBefore(first))) first = reader;
      }
    }
    if (!last) return { problem: "it replaces nothing" };
    const fits = (n: Node | undefined) => !n || n.position > low;
    // Right before the node that made the last replaced value, or before the first reader where that is earlier or a tap is that value.
    if (fits(last) && !first?.isBefore(last)) return { before: last };
    if (fits(first)) return { before: first };
    return { problem: "it reads a value that is computed only after the first reader of what it replaces" };
  }

  /** The node of the outer graph in whose sub-graphs `node` stands, or itself. */
  #lift(node: Node | undefined): Node | undefined {
    let n = node;
    while (n && n.graph !== this.outer) n = holderOf(n.graph);
    return n;
  }

  /** Throws `InvalidPatch` when the patch does not fit: types, dominance, cycles. The graph is not changed. */
  validate(): void {
    const place = this.#place();
    if ("problem" in place) throw this.#invalid(place.problem);
  }

  #invalid(problem: string): Error {
    const origins = [...this.shunts.keys()].flatMap((v) => v.producer?.provenance ?? []);
    const where = origins.length > 0 ? `, at ${formatProvenance(origins)}` : "";
    return ingotError("InvalidPatch", { label: this.label, problem, where });
  }

  /**
   * Inlines the new nodes, lets all readers read them, removes what is then dead among the nodes that were replaced. The origins of the
   * removed nodes go to the added ones; name hints stay. Gives the nodes added.
   * Throws `InvalidPatch` before anything is changed.
   */
  apply(): Node[] {
    const place = this.#place();
    if ("problem" in place) throw this.#invalid(place.problem);
    const { outer } = this;
    const values = new Map<Value, Value>();
    for (const [from, tap] of this.taps) values.set(tap, from);
    for (const v of this.graph.initializers) values.set(v, outer.addInitializer(v.storage as Storage, v.name));
    const added: Node[] = [];
    for (const node of this.graph.nodes()) {
      const attributes: Record<string, AttributeValue> = {};
      for (const [name, value] of Object.entries(node.attributes))
        attributes[name] = value instanceof Graph ? copyInto(value, outer, values) : value;
      const copy = outer.addTyped(
        node.op,
        node.inputs.map((v) => v && (values.get(v) as Value)),
        attributes,
        node.outputs,
        { before: place.before },
      );
      node.outputs.forEach((v, i) => {
        values.set(v, copy.outputs[i] as Value);
      });
      added.push(copy);
    }
    const own = new Set<Node | Graph>(added);
    const starts: Node[] = [];
    for (const [from, inner] of this.shunts) {
      const to = values.get(inner) ?? inner;
      if (to.producer) {
        to.type = meetTypes(to.type, from.type);
        to.name ??= from.name;
      }
      for (const user of [...from.users.keys()]) if (!own.has(user)) user.replaceUse(from, to);
      if (from.producer) starts.push(from.producer);
    }
    this.#keepOrigins(removeDead(outer, starts), starts, added, values);
    return added;
  }

  /** The origins of what is gone go to the new nodes; without any, to the node that computes the replacement now, else to its readers. */
  #keepOrigins(gone: readonly Node[], starts: readonly Node[], added: readonly Node[], values: ReadonlyMap<Value, Value>): void {
    // A replaced node that lives on (another output is read) shares its origins.
    const origins = mergeProvenance(
      ...[...starts.filter((n) => !n.removed), ...[...gone].sort((a, b) => a.position - b.position)].map((n) => n.provenance),
    );
    if (origins.length === 0) return;
    let heirs: Iterable<Node> = added;
    if (added.length === 0) {
      const replacements = [...this.shunts.values()].map((v) => values.get(v) ?? v);
      const producers = replacements.flatMap((v) => (v.producer ? [v.producer] : []));
      heirs = producers.length > 0 ? producers : replacements.flatMap((v) => v.consumers);
    }
    for (const node of heirs) node.provenance = mergeProvenance(node.provenance, origins);
  }
}

/** Removes `starts` where nobody reads them, and then what they alone read (operators with an effect stay). */
export function removeDead(graph: Graph, starts: readonly Node[]): Node[] {
  const removed: Node[] = [];
  const stack = [...starts];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node.removed || node.graph !== graph || !isDead(node)) continue;
    const reads = readsOf(node);
    graph.remove(node);
    removed.push(node);
    for (const v of reads) {
      if (v.users.size > 0) continue;
      if (v.producer) {
        if (!hasEffect(v.producer)) stack.push(v.producer);
      } else if (graph.initializers.has(v) && !graph.inputs.includes(v)) graph.removeInitializer(v);
    }
  }
  return removed;
}

const describe = (v: Value) => (v.name ? `\`${v.name}\`` : v.producer ? `the output of ${v.producer.op}` : `value ${v.id}`);

/** True for a value that the patch itself makes. */
export function isInside(value: Value, { graph }: Patch): boolean {
  return value.producer?.graph === graph || graph.initializers.has(value);
}
