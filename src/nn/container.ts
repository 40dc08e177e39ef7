// Modules that hold modules: in a row, in a list, under names. The entries are plain properties, so their paths are "0.weight", "head.bias".
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { declareKeepsNothing } from "./keeps-nothing.ts";
import { isModule, type Layer, Module } from "./module.ts";
import { invalid } from "./options.ts";
import { through } from "./through.ts";

/** Puts modules into a container under their keys; a key that is a property already is refused. */
function place(owner: Module, key: string, module: unknown): void {
  const op = owner.constructor.name;
  if (!isModule(module)) throw invalid(op, key, "a module", module, "Wrap a function in a class with a forward method.");
  if (key in owner || key === "" || key.includes("."))
    throw invalid(op, "keys", "names that the container does not use itself, without dots", key, "Choose another name for this entry.");
  Object.defineProperty(owner, key, { value: module, writable: true, enumerable: true, configurable: true });
}

/** The entry at an index, which may count from the end. */
function entryAt<M>(op: string, entries: readonly M[], index: number): M {
  const entry = Number.isInteger(index) ? entries.at(index) : undefined;
  if (entry === undefined) throw ingotError("IndexOutOfRange", { op, index, axis: 0, size: entries.length });
  return entry;
}

/** Entries in order: properties that hold modules, each occurrence (a module may stand in a list twice). */
function entriesOf<M extends Module>(owner: Module): [string, M][] {
  return Object.entries(owner).filter((entry): entry is [string, M] => isModule(entry[1]));
}

/**
 * Layers in a row: the output of each is the input of the next. A record gives the layers names instead of numbers.
 *
 * @example
 * new Sequential(new Conv2d(3, 8, 3), new ReLU());
 * new Sequential({ conv: new Conv2d(3, 8, 3), relu: new ReLU() });
 */
export class Sequential extends Module {
  constructor(...layers: readonly Layer[] | readonly [Readonly<Record<string, Layer>>]) {
    super();
    const first = layers[0];
    const isRecord = layers.length === 1 && typeof first === "object" && first !== null && !isModule(first);
    const named: [string, unknown][] = Object.entries(isRecord ? first : layers);
    for (const [key, layer] of named) place(this, key, layer);
  }

  forward(input: Tensor): Tensor {
    return through(input, ...this);
  }

  get length(): number {
    return entriesOf(this).length;
  }
  /** The layer at an index; negative ones count from the end. Throws `IndexOutOfRange`. */
  at(index: number): Layer {
    return entryAt(this.constructor.name, [...this], index);
  }
  append(layer: Layer): this {
    place(this, String(this.length), layer);
    return this;
  }
  *[Symbol.iterator](): IterableIterator<Layer> {
    for (const [, layer] of entriesOf<Layer>(this)) yield layer;
  }
}
declareKeepsNothing("row", Sequential);

/**
 * Modules in a list, for a `forward` that goes through them itself.
 *
 * @example
 * blocks = new ModuleList([new Block(), new Block()]);
 * forward(x) { for (const block of this.blocks) x = block.forward(x); return x; }
 */
export class ModuleList<M extends Module = Layer> extends Module {
  constructor(modules: Iterable<M> = []) {
    super();
    for (const module of modules) this.append(module);
  }

  /** A list has no computation of its own: throws `InvalidArgument`. */
  forward(): never {
    throw noForward(this);
  }
  get length(): number {
    return entriesOf(this).length;
  }
  /** The module at an index; negative ones count from the end. Throws `IndexOutOfRange`. */
  at(index: number): M {
    return entryAt(this.constructor.name, [...this], index);
  }
  append(module: M): this {
    place(this, String(this.length), module);
    return this;
  }
  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module);
    return this;
  }
  map<T>(fn: (module: M, index: number) => T): T[] {
    return [...this].map(fn);
  }
  *[Symbol.iterator](): IterableIterator<M> {
    for (const [, module] of entriesOf<M>(this)) yield module;
  }

  /** Equal neighbours are printed once, as `(0-11): 12 x Block(…)`. */
  protected override printedChildren(): (readonly [string, string])[] {
    const groups: { first: number; last: number; text: string }[] = [];
    [...this].forEach((module, i) => {
      const text = String(module);
      const group = groups.at(-1);
      if (group?.text === text) group.last = i;
      else groups.push({ first: i, last: i, text });
    });
    return groups.map(({ first, last, text }) =>
      first === last ? [`(${first})`, text] : [`(${first}-${last})`, `${last - first + 1} x ${text}`],
    );
  }
}

/** Modules under names, for a `forward` that picks them itself. Numeric names come first, as with every JavaScript object. */
export class ModuleDict<M extends Module = Layer> extends Module {
  constructor(modules: Readonly<Record<string, M>> | Iterable<readonly [string, M]> = {}) {
    super();
    for (const [key, module] of Symbol.iterator in modules ? modules : Object.entries(modules)) place(this, key, module);
  }

  /** A dictionary has no computation of its own: throws `InvalidArgument`. */
  forward(): never {
    throw noForward(this);
  }
  get length(): number {
    return entriesOf(this).length;
  }
  has(key: string): boolean {
    return entriesOf(this).some(([name]) => name === key);
  }
  /** The module of that name. Throws `UnknownStatePath`. */
  at(key: string): M {
    return this.getSubmodule(key) as M;
  }
  keys(): string[] {
    return entriesOf(this).map(([key]) => key);
  }
  values(): M[] {
    return entriesOf<M>(this).map(([, module]) => module);
  }
  entries(): [string, M][] {
    return entriesOf<M>(this);
  }
  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.entries()[Symbol.iterator]();
  }
}

function noForward(container: Module): Error {
  const op = container.constructor.name;
  return ingotError("InvalidArgument", {
    op: `${op}.forward`,
    name: "this",
    expected: "a module with a computation of its own",
    actual: `a ${op}`,
    hint: "Call forward on its entries, or use Sequential.",
  });
}
