// Parameters in a list or under names, for a module that has a varying number of them.
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { Module } from "./module.ts";
import { invalid, unfit } from "./options.ts";
import type { Parameter } from "./parameter.ts";

function place(owner: Module, key: string, value: unknown): void {
  const op = owner.constructor.name;
  if (!isTensor(value)) throw invalid(op, key, "a tensor", value);
  if (key in owner || key === "" || key.includes("."))
    throw invalid(op, "keys", "names that the container does not use itself, without dots", key);
  owner.registerParameter(key, value);
}

/** As PyTorch prints parameters: one line each, indented once more than modules. */
function printed(owner: Module): string {
  return [...owner.ownParameters()]
    .map(([key, p]) => `  (${key}): Parameter containing: [torch.${p.dtype} of size ${p.shape.join("x")}]`)
    .join("\n");
}

/**
 * Parameters in a list: their state-dict keys are "0", "1", …
 *
 * @example scales = new ParameterList([ones([3]), ones([3])]);
 */
export class ParameterList extends Module {
  constructor(values: Iterable<Tensor> = []) {
    super();
    for (const value of values) this.append(value);
  }
  /** A list has no computation of its own: throws `InvalidArgument`. */
  forward(): never {
    throw unfit("ParameterList.forward", "this", "a module with a computation of its own", "a ParameterList", "Use its entries.");
  }
  get length(): number {
    return [...this.ownParameters()].length;
  }
  /** The parameter at an index; negative ones count from the end. Throws `IndexOutOfRange`. */
  at(index: number): Parameter {
    const entry = Number.isInteger(index) ? [...this].at(index) : undefined;
    if (entry === undefined) throw ingotError("IndexOutOfRange", { op: "ParameterList", index, axis: 0, size: this.length });
    return entry;
  }
  append(value: Tensor): this {
    place(this, String(this.length), value);
    return this;
  }
  *[Symbol.iterator](): IterableIterator<Parameter> {
    for (const [, parameter] of this.ownParameters()) yield parameter;
  }
  override extraRepr(): string {
    return printed(this);
  }
}

/** Parameters under names. */
export class ParameterDict extends Module {
  constructor(values: Readonly<Record<string, Tensor>> | Iterable<readonly [string, Tensor]> = {}) {
    super();
    for (const [key, value] of Symbol.iterator in values ? values : Object.entries(values)) place(this, key, value);
  }
  /** A dictionary has no computation of its own: throws `InvalidArgument`. */
  forward(): never {
    throw unfit("ParameterDict.forward", "this", "a module with a computation of its own", "a ParameterDict", "Use its entries.");
  }
  get length(): number {
    return this.keys().length;
  }
  /** The parameter of that name. Throws `UnknownStatePath`. */
  at(key: string): Parameter {
    const entry = [...this.ownParameters()].find(([name]) => name === key);
    if (entry) return entry[1];
    throw ingotError("UnknownStatePath", { model: "ParameterDict", path: key, part: key, known: this.keys().join(", ") || "nothing" });
  }
  keys(): string[] {
    return [...this.ownParameters()].map(([key]) => key);
  }
  [Symbol.iterator](): IterableIterator<[string, Parameter]> {
    return this.ownParameters();
  }
  override extraRepr(): string {
    return printed(this);
  }
}
