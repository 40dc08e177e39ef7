// Graph, Node and Value. Values have identity, not names: a name is a hint until the name authority serialises the graph.
// Use lists hold objects. The node list is linked, so it may be changed while it is walked.
import { ingotError } from "../errors/error.ts";
import type { Storage } from "../tensor/storage.ts";
import type { Annotations, GraphAnnotations } from "./annotations.ts";
import { type Dim, unknownDim } from "./dim.ts";
import { inferNode } from "./infer-node.ts";
import { printGraph } from "./print.ts";
import type { Provenance } from "./provenance.ts";
import type { Attributes, OpSchemas } from "./schema.ts";
import { type TensorType, tensorType, type ValueType } from "./type.ts";

let nextId = 0;

/** A value of the graph: an input, an initializer (then it has `storage`), or an output of a node. */
export class Value {
  readonly id = nextId++;
  type: ValueType;
  /** A wish; made unique at serialisation. Inputs and initializers keep theirs. */
  name: string | undefined;
  producer: Node | undefined;
  /** The elements of an initializer, or the default of an input. */
  storage: Storage | undefined;
  /** True for inputs: callers may give other elements than `storage`. */
  isInput = false;
  /** The contents, where they are known as sizes (small integer tensors of rank 0 or 1). */
  dims: readonly Dim[] | undefined;
  annotations: Annotations | undefined;
  /** Who reads it, and how often: nodes (of this graph or of sub-graphs), and graphs that have it as an output. */
  readonly users = new Map<Node | Graph, number>();

  constructor(type: ValueType, name?: string, producer?: Node) {
    this.type = type;
    this.name = name;
    this.producer = producer;
  }

  /** The elements, where no caller can give others: an initializer that is not an input too. */
  get constant(): Storage | undefined {
    return this.isInput ? undefined : this.storage;
  }

  /** The type, when it is a tensor; throws `InvalidGraph` otherwise. */
  get tensorType(): TensorType {
    if (this.type.kind === "tensor") return this.type;
    throw ingotError("InvalidGraph", {
      problem: `${this.name ?? `value ${this.id}`} is a ${this.type.kind}, not a tensor`,
      where: "",
      hint: "",
    });
  }

  /** The nodes that read this value, each once. */
  get consumers(): Node[] {
    return [...this.users.keys()].filter((u): u is Node => u instanceof Node);
  }

  get isGraphOutput(): boolean {
    for (const user of this.users.keys()) if (user instanceof Graph) return true;
    return false;
  }

  addUser(user: Node | Graph): void {
    this.users.set(user, (this.users.get(user) ?? 0) + 1);
  }

  removeUser(user: Node | Graph): void {
    const n = this.users.get(user) ?? 0;
    if (n <= 1) this.users.delete(user);
    else this.users.set(user, n - 1);
  }

  /** Makes every reader read `other` instead. */
  replaceAllUsesWith(other: Value): void {
    if (other === this) return;
    for (const user of [...this.users.keys()]) user.replaceUse(this, other);
  }
}

export interface NodeOptions {
  readonly provenance?: Provenance;
  /** How many outputs; by default all required ones. */
  readonly outputCount?: number;
  /** Insert before this node instead of at the end. */
  readonly before?: Node | undefined;
  /** Name hints of the outputs. */
  readonly names?: readonly (string | undefined)[];
}

/** The facts of one output of a node that is copied. */
export interface TypedOutput {
  readonly type: ValueType;
  readonly dims?: readonly Dim[] | undefined;
  readonly name?: string | undefined;
}

/** An operation. `op` is the operator's full name; `attributes` holds only what differs from the schema's defaults. */
export class Node {
  readonly id = nextId++;
  readonly op: string;
  readonly graph: Graph;
  #inputs: (Value | undefined)[];
  readonly outputs: Value[] = [];
  attributes: Attributes;
  provenance: Provenance;
  annotations: Annotations | undefined;
  /** Neighbours in the node list; owned by Graph. */
  previous: Node | undefined;
  next: Node | undefined;
  removed = false;
  /** Rises along the node list, with gaps; owned by Graph. Compare with `isBefore`. */
  position = 0;

  constructor(graph: Graph, op: string, inputs: readonly (Value | undefined)[], attributes: Attributes, provenance: Provenance) {
    this.graph = graph;
    this.op = op;
    this.#inputs = [...inputs];
    this.attributes = attributes;
    this.provenance = provenance;
    for (const v of inputs) v?.addUser(this);
  }

  /** What the node reads; `undefined` where an optional input is left out. */
  get inputs(): readonly (Value | undefined)[] {
    return this.#inputs;
  }

  /** The first (often only) output. */
  get output(): Value {
    return this.outputs[0] as Value;
  }

  /** True when this node stands before another of the same graph; constant time. */
  isBefore(other: Node): boolean {
    return this.position < other.position;
  }

  setInput(index: number, value: Value | undefined): void {
    this.#inputs[index]?.removeUser(this);
    this.#inputs[index] = value;
    value?.addUser(this);
  }

  replaceUse(from: Value, to: Value): void {
    for (let i = 0; i < this.#inputs.length; i++) if (this.#inputs[i] === from) this.setInput(i, to);
  }

  /** The sub-graphs among its attributes. */
  get subgraphs(): Graph[] {
    return Object.values(this.attributes).filter((a): a is Graph => a instanceof Graph);
  }

  /** Lets go of all inputs, those of sub-graphs included; called when the node is removed. */
  dropUses(): void {
    for (const v of this.#inputs) v?.removeUser(this);
    this.#inputs = [];
    for (const g of this.subgraphs) g.dropUses();
  }
}

/**
 * A typed graph (or sub-graph: then its nodes may read values of the graphs around it, by identity).
 *
 * @example
 * const g = new Graph(registry, "relu");
 * const x = g.addInput("x", tensorType("float32", [symbol("batch"), 4]));
 * g.setOutputs([g.add("Relu", [x]).output], ["y"]);
 */
export class Graph {
  readonly schemas: OpSchemas;
  name: string;
  /** The graph around this one, for the body of an If or a Loop. */
  readonly parent: Graph | undefined;
  readonly inputs: Value[] = [];
  readonly initializers = new Set<Value>();
  /** Free-form strings that travel with the file (certificate, guards, pytree layout). */
  readonly metadata = new Map<string, string>();
  annotations: GraphAnnotations | undefined;
  #outputs: Value[] = [];
  #outputNames: string[] = [];
  #first: Node | undefined;
  #last: Node | undefined;
  #count = 0;

  constructor(schemas: OpSchemas, name = "main", parent?: Graph) {
    this.schemas = schemas;
    this.name = name;
    this.parent = parent;
  }

  get outputs(): readonly Value[] {
    return this.#outputs;
  }

  /** The names of the outputs, in order; a value may be an output twice, under two names. */
  get outputNames(): readonly string[] {
    return this.#outputNames;
  }

  get nodeCount(): number {
    return this.#count;
  }

  get firstNode(): Node | undefined {
    return this.#first;
  }

  get lastNode(): Node | undefined {
    return this.#last;
  }

  addInput(name: string, type: ValueType): Value {
    const value = new Value(type, name);
    value.isInput = true;
    this.inputs.push(value);
    return value;
  }

  /** Adds a constant. Its memory is shared with `storage`, not copied. */
  addInitializer(storage: Storage, name?: string): Value {
    const value = new Value(tensorType(storage.dtype, storage.shape), name);
    value.storage = storage;
    value.dims = dimsOfStorage(storage);
    this.initializers.add(value);
    return value;
  }

  removeInitializer(value: Value): void {
    this.initializers.delete(value);
  }

  setOutputs(values: readonly Value[], names?: readonly string[]): void {
    for (const v of this.#outputs) v.removeUser(this);
    this.#outputs = [...values];
    this.#outputNames = values.map((v, i) => names?.[i] ?? v.name ?? `output_${i}`);
    for (const v of values) v.addUser(this);
  }

  replaceUse(from: Value, to: Value): void {
    for (let i = 0; i < this.#outputs.length; i++) {
      if (this.#outputs[i] !== from) continue;
      from.removeUser(this);
      this.#outputs[i] = to;
      to.addUser(this);
    }
  }

  /**
   * Adds a node and infers the types of its outputs.
   * Throws `UnknownOperator`, arity and attribute errors (GraphError), and the operator's own ShapeError or DTypeError.
   */
  add(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}, options: NodeOptions = {}): Node {
    const trimmed = [...inputs];
    while (trimmed.length > 0 && trimmed[trimmed.length - 1] === undefined) trimmed.pop();
    const inferred = inferNode(this.schemas, op, trimmed, attributes, options);
    const node = new Node(this, op, trimmed, inferred.attributes, options.provenance ?? []);
    inferred.types.forEach((type, i) => {
      const value = new Value(type, options.names?.[i], node);
      value.dims = inferred.dims?.[i];
      node.outputs.push(value);
    });
    this.#insert(node, options.before);
    return node;
  }

  /** Adds a node whose output types are known already: for copies, where inferring again could only lose precision. */
  addTyped(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    outputs: readonly TypedOutput[],
    options: NodeOptions = {},
  ): Node {
    const node = new Node(this, op, inputs, attributes, options.provenance ?? []);
    for (const { type, dims, name } of outputs) {
      const value = new Value(type, name, node);
      value.dims = dims;
      node.outputs.push(value);
    }
    this.#insert(node, options.before);
    return node;
  }

  /** Infers the output types of a node again, after its inputs or attributes changed. */
  reinfer(node: Node): void {
    const inferred = inferNode(this.schemas, node.op, node.inputs, node.attributes, {
      outputCount: node.outputs.length,
      provenance: node.provenance,
    });
    inferred.types.forEach((type, i) => {
      const output = node.outputs[i] as Value;
      output.type = type;
      output.dims = inferred.dims?.[i];
    });
  }

  /** Removes a node whose outputs nobody reads; throws `InvalidGraph` otherwise. */
  remove(node: Node): void {
    if (node.removed) return;
    for (const v of node.outputs)
      if (v.users.size > 0)
        throw ingotError("InvalidGraph", {
          problem: `node ${node.op} is removed while its output is still read`,
          where: "",
          hint: "Replace the uses of its outputs first.",
        });
    node.dropUses();
    if (node.previous) node.previous.next = node.next;
    else this.#first = node.next;
    if (node.next) node.next.previous = node.previous;
    else this.#last = node.previous;
    // `next` stays, so that a walk standing on this node goes on.
    node.removed = true;
    this.#count--;
  }

  /** Moves a node in front of another of the same graph. */
  moveBefore(node: Node, before: Node): void {
    if (node.previous) node.previous.next = node.next;
    else this.#first = node.next;
    if (node.next) node.next.previous = node.previous;
    else this.#last = node.previous;
    this.#count--;
    this.#insert(node, before);
  }

  /** The nodes in order. Nodes may be added and removed during the walk; those added behind the current one are visited. */
  *nodes(): IterableIterator<Node> {
    let node = this.#first;
    while (node) {
      if (!node.removed) yield node;
      node = node.next;
    }
  }

  /** The nodes from last to first, with the same freedom. */
  *nodesReversed(): IterableIterator<Node> {
    let node = this.#last;
    while (node) {
      const before: Node | undefined = node.previous;
      if (!node.removed) yield node;
      node = node.removed ? before : node.previous;
    }
  }

  dropUses(): void {
    for (const node of this.nodes()) node.dropUses();
    for (const v of this.#outputs) v.removeUser(this);
  }

  /** The graph in ONNX's text syntax; large initializers are elided. See `printGraph`. */
  toString(): string {
    return printGraph(this);
  }

  #insert(node: Node, before: Node | undefined): void {
    node.next = before;
    node.previous = before ? before.previous : this.#last;
    if (node.previous) node.previous.next = node;
    else this.#first = node;
    if (before) before.previous = node;
    else this.#last = node;
    this.#count++;
    const low = node.previous ? node.previous.position : before ? before.position - 2 : -1;
    const high = before ? before.position : low + 2;
    node.position = (low + high) / 2;
    if (node.position <= low || node.position >= high) this.#renumber();
  }

  /** Makes room between positions again; needed after about fifty insertions at one place. */
  #renumber(): void {
    let position = 0;
    for (const node of this.nodes()) node.position = position++;
  }
}

/** The contents of a small integer constant as dims. */
export function dimsOfStorage(storage: Storage): readonly Dim[] | undefined {
  if ((storage.dtype !== "int64" && storage.dtype !== "int32") || storage.rank > 1 || storage.size > 64) return undefined;
  return Array.from(storage.dense() as ArrayLike<number | bigint>, (v) => (Number.isSafeInteger(Number(v)) ? Number(v) : unknownDim()));
}
