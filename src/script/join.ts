// Joins what two paths left in a cell: values that are the same stay, scalars and tensors become outputs, fresh lists and records are joined
// part by part, and what has no common meaning becomes poison that is an error only when it is read.
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { dimEquals } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { joinTypes } from "../ops/subgraph-types.ts";
import { allGaps, gap } from "./gaps.ts";
import { absent, Content, isContent, isPlainArray, isRecord } from "./heap.ts";
import { commonElement, elementKind, sameElement, sequenceOf, sequenceType } from "./list-elements.ts";
import { type Machine, truthUnder } from "./machine.ts";
import { notScalar } from "./operators.ts";
import { privateValues } from "./privates.ts";
import { outsideType, scalarDType } from "./stage.ts";
import { defaultValue, own } from "./subgraph-values.ts";
import { describe, isScalar, joinKinds, Partial, Poison, type Scalar, Sym, SymList, scalarKind, unassigned } from "./values.ts";

/** One of the two paths. */
export interface Side {
  readonly graph: Graph;
  /** What is known on it. */
  readonly known: ReadonlyMap<Sym, boolean>;
  /** It always throws: its values do not matter. */
  readonly dead: boolean;
}

/** Makes the joined value, once the outputs are there. */
export type Joined = (outputs: readonly Value[]) => unknown;

/** Joins the cells of two paths; collects the outputs that both sub-graphs give. */
export class Joiner {
  readonly yesOutputs: Value[] = [];
  readonly noOutputs: Value[] = [];
  readonly types: ValueType[] = [];
  readonly #machine: Machine;
  readonly #condition: Sym;
  readonly #yes: Side;
  readonly #no: Side;
  readonly #pairs = new Map<unknown, Map<unknown, Joined>>();

  constructor(machine: Machine, condition: Sym, yes: Side, no: Side) {
    this.#machine = machine;
    this.#condition = condition;
    this.#yes = yes;
    this.#no = no;
  }

  /** `name` is what messages call the cell. */
  join(a: unknown, b: unknown, name: string): Joined {
    if (this.#yes.dead) return this.#taken(b, name);
    if (this.#no.dead) return this.#taken(a, name);
    return this.#join(this.#resolve(a, this.#yes), this.#resolve(b, this.#no), name);
  }

  /** A value that matters on one path only; on the other it is some value of its type. */
  joinOne(value: unknown, onYes: boolean, name: string): Joined {
    return this.#oneSided(this.#resolve(value, onYes ? this.#yes : this.#no), onYes, name);
  }

  #resolve(value: unknown, side: Side): unknown {
    if (!(value instanceof Sym) || value.kind !== "bool") return value;
    return truthUnder(value, side.known) ?? this.#machine.resolve(value);
  }

  /** The other side throws: the value is this side's, but what it computed inside has to come out. */
  #taken(value: unknown, name: string): Joined {
    return this.#join(value, value, name);
  }

  #join(a: unknown, b: unknown, name: string): Joined {
    const known = this.#pairs.get(a)?.get(b);
    if (known) return known;
    const joined = this.#joinNew(a, b, name);
    if (typeof a === "object" && a !== null) {
      const row = this.#pairs.get(a) ?? new Map<unknown, Joined>();
      row.set(b, joined);
      this.#pairs.set(a, row);
    }
    return joined;
  }

  #joinNew(a: unknown, b: unknown, name: string): Joined {
    if (Object.is(a, b) && this.#isVisible(a)) return () => a;
    if (isContent(a) && isContent(b)) return this.#contents(a, b, name);
    if (a === unassigned || b === unassigned || a instanceof Partial || b instanceof Partial) return this.#partial(a, b, name);
    if (a instanceof Poison || b instanceof Poison) return () => (a instanceof Poison ? a : b);
    if (isScalar(a) && isScalar(b)) return this.#scalars(a, b, name);
    if (isTensor(a) && isTensor(b)) return this.#tensors(a, b, name);
    if (isPlainArray(a) && isPlainArray(b)) return this.#arrays(a, b, name);
    if (isRecord(a) && isRecord(b)) return this.#records(a, b, name);
    return this.#poison(a, b, name);
  }

  #isVisible(value: unknown, seen: Set<unknown> = new Set()): boolean {
    const { stage, heap } = this.#machine;
    if (seen.has(value)) return true;
    if (value instanceof Sym) return value.value ? stage.isValueVisible(value.value) : stage.isVisible(value.dim ?? 0);
    if (isTensor(value)) {
      const staged = stage.stagedOf(value);
      return !staged || stage.isValueVisible(staged.value);
    }
    if (value instanceof SymList) return stage.isValueVisible(value.value);
    if (value instanceof Partial) return this.#isVisible(value.inner, seen);
    if ((typeof value !== "object" && typeof value !== "function") || value === null || value instanceof Poison) return true;
    seen.add(value);
    const all = (parts: Iterable<unknown>) => [...parts].every((part) => this.#isVisible(part, seen));
    if (isContent(value)) return (!value.list || this.#isVisible(value.list, seen)) && all(value.items);
    if (!heap.isOwned(value)) return true;
    // What a closure has captured is not looked through: one that outlives its path may hold anything.
    if (typeof value === "function") return !heap.isLeftOver(value);
    if (Array.isArray(value) && heap.listOf(value)) return this.#isVisible(heap.listOf(value), seen);
    if (value instanceof Map && !all([...value].flat())) return false;
    if (value instanceof Set && !all(value)) return false;
    const own = Object.values(Object.getOwnPropertyDescriptors(value));
    return all(own.flatMap(({ value: part, get, set }) => [part, get, set])) && all(privateValues(value));
  }

  #scalars(a: Scalar, b: Scalar, name: string): Joined {
    if (a === true && b === false) return () => this.#condition;
    if (a === false && b === true) return () => notScalar(this.#machine.stage, this.#condition);
    if (a instanceof Sym && b instanceof Sym && a.dim !== undefined && b.dim !== undefined && dimEquals(a.dim, b.dim)) {
      if (this.#machine.stage.isVisible(a.dim)) return () => new Sym("int", undefined, { dim: a.dim });
    }
    const kind = joinKinds(scalarKind(a), scalarKind(b));
    if (!kind) return this.#poison(a, b, name);
    const { stage } = this.#machine;
    const at = this.#output(
      () => stage.scalar(a, kind),
      () => stage.scalar(b, kind),
      tensorType(scalarDType[kind], []),
    );
    return (outputs) => new Sym(kind, outputs[at]);
  }

  #tensors(a: Tensor, b: Tensor, name: string): Joined {
    const { stage } = this.#machine;
    if (a.dtype !== b.dtype || a.shape.length !== b.shape.length) return this.#poison(a, b, name);
    const [s, t] = [stage.shapeOf(a), stage.shapeOf(b)];
    const type = outsideType(stage, joinTypes("If", name, tensorType(a.dtype, s), tensorType(b.dtype, t)));
    const at = this.#output(
      () => stage.valueOf(a),
      () => stage.valueOf(b),
      type,
    );
    return (outputs) => stage.wrap(outputs[at] as Value);
  }

  #arrays(a: readonly unknown[], b: readonly unknown[], name: string): Joined {
    const { heap } = this.#machine;
    const [x, y] = [heap.listOf(a), heap.listOf(b)];
    if (x || y || a.length !== b.length) {
      const joined = this.#contents(new Content(a, x), new Content(b, y), name);
      return (outputs) => {
        const content = joined(outputs) as Content;
        const made: unknown[] = heap.fresh([]);
        heap.writeContent(made, content.items, content.list);
        return this.#sealAll(made, a, b);
      };
    }
    const parts = a.map((item, i) => this.#join(item, b[i], `${name}[${i}]`));
    return (outputs) => this.#sealAll(heap.fresh(parts.map((part) => part(outputs))), a, b);
  }

  #records(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>, name: string): Joined {
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length || !keys.every((key) => Object.hasOwn(b, key))) return this.#poison(a, b, name);
    const parts = keys.map((key) => [key, this.#join(a[key], b[key], `${name}.${key}`)] as const);
    const { heap } = this.#machine;
    const [ours, theirs] = [keys.join(", "), Object.keys(b).join(", ")];
    const doubt =
      ours === theirs
        ? (heap.keyDoubt(a) ?? heap.keyDoubt(b))
        : this.#reason("TypeJoin", { name: `the order of the properties of ${name}`, a: ours, b: theirs, where: this.where });
    return (outputs) => {
      const made = heap.fresh(Object.fromEntries(parts.map(([key, part]) => [key, part(outputs)])));
      if (doubt) heap.doubtKeys(made, doubt);
      return this.#sealAll(made, a, b);
    };
  }

  /** Both objects and the joined one stand for each other from here on: none may change. */
  #sealAll<T extends object>(made: T, ...sources: readonly object[]): T {
    for (const object of [made, ...sources]) this.#machine.heap.seal(object);
    return made;
  }

  /** The content of one array: element by element where the lengths agree, else a list of symbolic length. */
  #contents(a: Content, b: Content, name: string): Joined {
    const length = (n: readonly unknown[], i: number) => n[i];
    if (!a.list && !b.list && a.items.length === b.items.length) {
      const parts = a.items.map((item, i) => this.#join(item, length(b.items, i), `${name}[${i}]`));
      return (outputs) => new Content(parts.map((part) => part(outputs)));
    }
    if (a.list instanceof Poison || b.list instanceof Poison) return () => (a.list instanceof Poison ? a : b);
    const { stage } = this.#machine;
    const kinds = [elementKind(stage, a), elementKind(stage, b)] as const;
    const kind = kinds[0] ?? kinds[1];
    const agreed = kind !== undefined && [a, b].every((c, i) => (c.items.length === 0 && !c.list) || sameElement(kinds[i], kind));
    const element = agreed && kinds[0] && kinds[1] ? commonElement(kinds[0], kinds[1]) : kind;
    if (!agreed || !element) {
      const reason = this.#reason("ListJoin", { name, a: describeContent(a), b: describeContent(b) });
      return () => new Content([], new Poison(reason));
    }
    const type = sequenceType(stage, element);
    const at = this.#output(
      () => sequenceOf(stage, a, element),
      () => sequenceOf(stage, b, element),
      type,
    );
    return (outputs) => new Content([], new SymList(outputs[at] as Value, type, element.kind));
  }

  #partial(a: unknown, b: unknown, name: string): Joined {
    const x = a instanceof Partial ? a.inner : a;
    const y = b instanceof Partial ? b.inner : b;
    if (x === unassigned && y === unassigned) return () => unassigned;
    const reason = allGaps([
      ...[a, b].flatMap((side) => (side instanceof Partial ? [side.reason] : [])),
      ...(a === unassigned || b === unassigned ? [gap(this.#machine, name, b === unassigned ? "false" : "true")] : []),
    ]);
    const joined =
      x === unassigned ? this.#oneSided(y, false, name) : y === unassigned ? this.#oneSided(x, true, name) : this.#join(x, y, name);
    return (outputs) => new Partial(joined(outputs), reason);
  }

  /** A value on one path with nothing on the other: there it is some value of the type, which nobody reads. */
  #oneSided(value: unknown, onYes: boolean, name: string): Joined {
    const { stage } = this.#machine;
    if (this.#isVisible(value)) return () => value;
    if (value instanceof Partial) {
      const inner = this.#oneSided(value.inner, onYes, name);
      return (outputs) => new Partial(inner(outputs), value.reason);
    }
    if (isTensor(value) || value instanceof Sym || value instanceof SymList) {
      const make = () => (isTensor(value) ? stage.valueOf(value) : value instanceof Sym ? stage.scalar(value, value.kind) : value.value);
      const type = isTensor(value)
        ? outsideType(stage, tensorType(value.dtype, stage.shapeOf(value)))
        : value instanceof Sym
          ? tensorType(scalarDType[value.kind], [])
          : value.type;
      const other = () => defaultValue(stage, type);
      const at = onYes ? this.#output(make, other, type) : this.#output(other, make, type);
      return (outputs) =>
        isTensor(value)
          ? stage.wrap(outputs[at] as Value)
          : value instanceof Sym
            ? new Sym(value.kind, outputs[at])
            : new SymList(outputs[at] as Value, value.type, value.element);
    }
    if (isPlainArray(value)) {
      const list = this.#machine.heap.listOf(value);
      if (list) {
        const part = this.#oneSided(list, onYes, name);
        return (outputs) => {
          const made: unknown[] = this.#machine.heap.fresh([]);
          this.#machine.heap.writeContent(made, [], part(outputs) as SymList | Poison);
          return this.#sealAll(made, value);
        };
      }
      const parts = value.map((item, i) => this.#oneSided(item, onYes, `${name}[${i}]`));
      return (outputs) => this.#sealAll(this.#machine.heap.fresh(parts.map((part) => part(outputs))), value);
    }
    if (isRecord(value)) {
      const parts = Object.entries(value).map(([key, item]) => [key, this.#oneSided(item, onYes, `${name}.${key}`)] as const);
      return (outputs) =>
        this.#sealAll(this.#machine.heap.fresh(Object.fromEntries(parts.map(([key, part]) => [key, part(outputs)]))), value);
    }
    return this.#poison(value, value, name);
  }

  #poison(a: unknown, b: unknown, name: string): Joined {
    const poison = new Poison(
      (a === absent) !== (b === absent)
        ? gap(this.#machine, name, b === absent ? "false" : "true")
        : this.#reason("TypeJoin", { name, a: describe(a), b: describe(b), where: this.where }),
    );
    return () => poison;
  }

  /** The error is made when the value is read, at the place that reads it. */
  #reason(code: "TypeJoin" | "ListJoin", params: Readonly<Record<string, string>>): () => Error {
    const machine = this.#machine;
    return () => machine.error(code, params);
  }

  /** Where the paths meet. */
  get where(): string {
    const { source, node } = this.#machine.userNode();
    const place = source.position(node.start);
    return place ? `${place.file}:${place.line}:${place.column}` : "an if above";
  }

  #output(yes: () => Value, no: () => Value, type: ValueType): number {
    const { stage } = this.#machine;
    const give = (side: Side, make: () => Value) =>
      stage.inside(side.graph, () => own(stage, side.dead ? defaultValue(stage, type) : make()));
    this.yesOutputs.push(give(this.#yes, yes));
    this.noOutputs.push(give(this.#no, no));
    this.types.push(type);
    return this.types.length - 1;
  }
}

function describeContent({ items, list }: Content): string {
  if (list) return "a list of symbolic length";
  const first = items[0];
  return `a list of ${items.length}${items.length > 0 ? `, with ${describe(first)}` : ""}`;
}
