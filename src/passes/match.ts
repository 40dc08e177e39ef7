// Matching a pattern against a node, with backtracking over the two orders of commutative operators; and what a match has bound.
import { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import { sameAttribute } from "../ir/infer-node.ts";
import type { AttributeValue } from "../ir/schema.ts";
import { dtypeInfo, isFloat } from "../tensor/dtype.ts";
import type { Storage } from "../tensor/storage.ts";
import { namesIn, type PatternInput, PatternValue } from "./pattern.ts";

/** Operators whose two inputs may be exchanged without a change of a single bit. */
const commutative: ReadonlySet<string> = new Set(["Add", "Mul", "And", "Or", "Xor", "Equal", "BitwiseAnd", "BitwiseOr", "BitwiseXor"]);

/** What a pattern bound at one node. */
export class Match {
  readonly root: Node;
  readonly graph: Graph;
  readonly #rule: string;
  readonly #known: ReadonlySet<string>;
  readonly #bound: ReadonlyMap<string, Value>;

  constructor(rule: string, root: Node, known: ReadonlySet<string>, bound: ReadonlyMap<string, Value>) {
    this.#rule = rule;
    this.root = root;
    this.graph = root.graph;
    this.#known = known;
    this.#bound = bound;
  }

  /** The value bound to a name; undefined when it is an optional input that is left out. Throws `RuleName`. */
  optional(name: string): Value | undefined {
    if (!this.#known.has(name)) throw ingotError("RuleName", { rule: this.#rule, name, known: [...this.#known].join(", ") });
    return this.#bound.get(name);
  }

  /** The value bound to a name. Throws `RuleName`, also for an input that is left out. */
  value(name: string): Value {
    const value = this.optional(name);
    if (!value) throw ingotError("RuleName", { rule: this.#rule, name, known: [...this.#bound.keys()].join(", ") });
    return value;
  }

  /** The node that computes the value bound to a name. */
  node(name: string): Node {
    const { producer } = this.value(name);
    if (!producer) throw ingotError("RuleName", { rule: this.#rule, name: `${name}'s node`, known: [...this.#bound.keys()].join(", ") });
    return producer;
  }

  /** The elements of the constant bound to a name; undefined when it is no constant or is left out. */
  constant(name: string): Storage | undefined {
    const value = this.optional(name);
    return value?.constant;
  }

  /** The constant bound to a name, as a tensor to compute with. Throws `RuleName` when it is no constant. */
  tensor(name: string): Tensor {
    const storage = this.constant(name);
    if (!storage)
      throw ingotError("RuleName", { rule: this.#rule, name: `${name} as a constant`, known: [...this.#bound.keys()].join(", ") });
    return Tensor.fromStorage(storage);
  }

  /** An attribute of the node bound to a name (of the root without a name), with the schema's default. */
  attribute(attribute: string, name?: string): AttributeValue | undefined {
    return attributeOf(name === undefined ? this.root : this.node(name), attribute);
  }
}

/** An attribute of a node, with the schema's default filled in. */
export function attributeOf(node: Node, name: string): AttributeValue | undefined {
  return node.attributes[name] ?? node.graph.schemas.get(node.op)?.attributes[name]?.default;
}

/** How often a value is read; a graph output counts as a reader. */
function readerCount(value: Value): number {
  let n = 0;
  for (const count of value.users.values()) n += count;
  return n;
}

/** A list of things still to be matched. */
interface Todo {
  readonly pattern: PatternInput;
  readonly value: Value | undefined;
  /** For messages: `input 1 of Add`. */
  readonly place: string;
  readonly rest: Todo | undefined;
}

/** Matches one pattern; remembers the failure that came furthest. */
export class Matcher {
  readonly #rule: string;
  readonly #pattern: PatternValue;
  readonly #known: ReadonlySet<string>;
  /** Why the last match failed. */
  reason = "";
  /** How deep the last match came before it failed. */
  progress = 0;
  #depth = 0;

  constructor(rule: string, pattern: PatternValue) {
    this.#rule = rule;
    this.#pattern = pattern;
    this.#known = namesIn(pattern);
  }

  get rootOps(): readonly string[] {
    return this.#pattern.ops ?? [];
  }

  match(root: Node): Match | undefined {
    this.reason = "";
    this.progress = 0;
    this.#depth = 0;
    const bound = new Map<string, Value>();
    const found = this.#go({ pattern: this.#pattern, value: root.outputs[0], place: "the root", rest: undefined }, bound, root.graph);
    return found ? new Match(this.#rule, root, this.#known, bound) : undefined;
  }

  #go(todo: Todo | undefined, bound: Map<string, Value>, graph: Graph): boolean {
    if (!todo) return true;
    const { pattern, value, place, rest } = todo;
    if (pattern === undefined)
      return value === undefined ? this.#go(rest, bound, graph) : this.#fail(`${place} is given, the rule wants it left out`);
    if (value === undefined) {
      if (pattern instanceof PatternValue && pattern.isOptional) return this.#go(rest, bound, graph);
      return this.#fail(`${place} is left out`);
    }
    if (typeof pattern === "number") {
      const storage = value.constant;
      if (!storage || !allEqual(storage, pattern)) return this.#fail(`${place} is not the constant ${pattern}`);
      return this.#go(rest, bound, graph);
    }
    const { name } = pattern;
    const before = name === undefined ? undefined : bound.get(name);
    if (before !== undefined && before !== value) return this.#fail(`${place} is another value than the one called ${name}`);
    if (pattern.isConstant && !value.constant) return this.#fail(`${place} is not constant`);
    const { producer } = value;
    if (pattern.ops && !(producer && pattern.ops.includes(producer.op))) {
      const actual = producer
        ? `comes from ${producer.op}, not from`
        : `is ${value.constant ? "a constant" : "a graph input"}, not the result of`;
      return this.#fail(`${place} ${actual} ${pattern.ops.join(" or ")}`);
    }
    // From here on it is the operator that the rule wants: what fails now is nearer than another operator in the same place.
    this.#depth++;
    if (name !== undefined) bound.set(name, value);
    const found =
      pattern.isSingle && readerCount(value) !== 1
        ? this.#fail(
            `${place} has ${readerCount(value)} readers${value.isGraphOutput ? " (one is a graph output)" : ""}, the rule wants one`,
          )
        : pattern.ops && producer
          ? this.#node(pattern, producer, value, place, rest, bound, graph)
          : this.#go(rest, bound, graph);
    this.#depth--;
    if (!found && name !== undefined && before === undefined) bound.delete(name);
    return found;
  }

  #node(
    pattern: PatternValue,
    node: Node,
    value: Value,
    place: string,
    rest: Todo | undefined,
    bound: Map<string, Value>,
    graph: Graph,
  ): boolean {
    if (node.graph !== graph) return this.#fail(`${place} is computed in a graph around this one`);
    for (const v of node.outputs) if (v !== value && v.users.size > 0) return this.#fail(`another output of ${node.op} is read`);
    for (const [key, wish] of Object.entries(pattern.attributes))
      if (!sameAttribute(attributeOf(node, key), wish))
        return this.#fail(`${node.op} has ${key} = ${String(attributeOf(node, key))}, the rule wants ${String(wish)}`);
    const count = Math.max(pattern.inputs.length, pattern.isOpen ? 0 : node.inputs.length);
    const swaps = commutative.has(node.op) && pattern.inputs.length === 2 ? 2 : 1;
    for (let swap = 0; swap < swaps; swap++) {
      let next = rest;
      for (let i = count - 1; i >= 0; i--)
        next = {
          pattern: pattern.inputs[i],
          value: node.inputs[swap === 1 ? 1 - i : i],
          place: `input ${swap === 1 ? 1 - i : i} of ${node.op}`,
          rest: next,
        };
      if (this.#go(next, bound, graph)) return true;
    }
    return false;
  }

  #fail(reason: string): false {
    if (this.#depth >= this.progress) {
      this.progress = this.#depth;
      this.reason = reason;
    }
    return false;
  }
}

/** True when every element is `wish` as its dtype can say it: within two units in the last place, because exporters round differently. */
function allEqual(storage: Storage, wish: number): boolean {
  if (storage.dtype === "string" || storage.size === 0) return false;
  const slack = isFloat(storage.dtype) ? Math.abs(wish) * (dtypeInfo(storage.dtype).bytes === 2 ? 2 ** -7 : 2 ** -22) : 0;
  // One element of a large tensor is enough to say no.
  const dense = storage.size > 1 && storage.strides.every((s, i) => s === 0 || storage.shape[i] === 1) ? firstOf(storage) : storage;
  return dense.toNumbers().every((v) => v === wish || Math.abs(v - wish) <= slack);
}

function firstOf(storage: Storage): Storage {
  return storage.shape.reduce<Storage>((s, _, axis) => s.slice(axis, 0, 1), storage);
}
