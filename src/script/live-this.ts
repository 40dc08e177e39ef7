// What `this` and `super` mean in live functions. V8 tells neither the class of a method nor what an arrow function captured as `this`: the
// class is known by its place in the source, its objects are found among those that the model holds.
import { types } from "node:util";
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { type Enclosing, enclosing } from "../source/enclosing.ts";
import type { FunctionSource } from "../source/function-source.ts";
import type { FunctionNode } from "../source/parse.ts";
import { isPlainRecord } from "../trace/structure.ts";
import type { AnyFunction, Context } from "./context.ts";

/** What is known of live functions. */
export interface LiveFacts {
  /** The class that a constructor stands for, in its source. */
  readonly classNode: (constructor: AnyFunction) => AnyNode | undefined;
  /** What `this` is in arrow functions, as far as it was asked for. */
  readonly arrowThis: WeakMap<AnyFunction, unknown>;
}

/** `this` and the home of `super` of one call of a live function, found when they are met. */
export class LiveThis {
  /** The object on which it was called. */
  readonly receiver: unknown;
  readonly #c: Context;
  readonly #fn: AnyFunction;
  readonly #source: FunctionSource;
  readonly #facts: LiveFacts;
  #around: Enclosing | undefined;

  constructor(c: Context, fn: AnyFunction, source: FunctionSource, receiver: unknown, facts: LiveFacts) {
    this.#c = c;
    this.#fn = fn;
    this.#source = source;
    this.receiver = receiver;
    this.#facts = facts;
  }

  /** What `this` is. Throws `ArrowThis` where the object that an arrow function means cannot be told. */
  value(node: AnyNode): unknown {
    if (this.#source.node.type !== "ArrowFunctionExpression") return this.receiver;
    const { arrowThis } = this.#facts;
    if (!arrowThis.has(this.#fn)) arrowThis.set(this.#fn, this.#arrowThis(node));
    return arrowThis.get(this.#fn);
  }

  #arrowThis(node: AnyNode): unknown {
    const around = this.#enclosing();
    const refuse = (reason: string): never =>
      this.#c.machine.fail("ArrowThis", { fn: this.#fn.name || this.#c.machine.text(this.#source.node), reason }, node);
    if (this.#source.source.url === undefined) return refuse("functions cannot be inspected here");
    if (around.kind === "script") return undefined;
    if (around.kind !== "class") return refuse("it stands in a function that has returned");
    const all = this.#c.liveObjects();
    if (around.isStatic) {
      const owners = new Set(
        [...all].flatMap((object) =>
          prototypes(object)
            .map(constructorOf)
            .filter((k) => this.#isClass(k)),
        ),
      );
      return owners.size === 1 ? [...owners][0] : refuse("no object of its class is a part of the model");
    }
    const holders = all.filter((object) => this.#isInstance(object)).filter((object) => this.#isHeldBy(object));
    if (holders.length > 1) return refuse("several objects of its class hold it");
    return holders.length === 1 ? holders[0] : refuse("no object of its class that is a part of the model holds it");
  }

  /** The object on whose prototype `super` goes on; undefined where it cannot be told. */
  home(node: AnyNode): unknown {
    const around = this.#enclosing();
    const chain = prototypes(this.value(node));
    const holding = chain.filter((owner) => holds(owner, this.#fn));
    // Where only the function's own text could be had, what is around it is not known.
    if (this.#source.source.url === undefined) return holding[0];
    if (around.kind === "literal") {
      const keys = around.node.properties.map((p) =>
        p.type === "Property" && p.key.type === "Identifier" && !p.computed ? p.key.name : "",
      );
      return holding.find((owner) => keys.every((key) => key === "" || key === "__proto__" || Object.hasOwn(owner, key)));
    }
    if (around.kind !== "class") return undefined;
    const homes = chain.filter((owner) => this.#isClass(around.isStatic ? owner : constructorOf(owner)));
    return homes.find((owner) => holding.includes(owner)) ?? (homes.length === 1 ? homes[0] : undefined);
  }

  #enclosing(): Enclosing {
    this.#around ??= enclosing(this.#source.source.program, this.#source.node as FunctionNode);
    return this.#around;
  }

  #isClass(value: unknown): boolean {
    const around = this.#enclosing();
    return typeof value === "function" && around.kind === "class" && this.#facts.classNode(value as AnyFunction) === around.node;
  }

  #isInstance(object: object): boolean {
    return prototypes(object).some((owner) => this.#isClass(constructorOf(owner)));
  }

  /** Whether an object holds the function, other objects of its class aside: theirs is theirs. */
  #isHeldBy(object: object): boolean {
    const inside = (part: object) => part === object || !this.#isInstance(part);
    return reachable([object], (part) => (inside(part) ? this.#c.partsOf(part) : [])).includes(this.#fn);
  }
}

/** All objects and functions that can be reached from some; each once. */
export function reachable(roots: Iterable<unknown>, partsOf: (object: object) => Iterable<unknown>): object[] {
  const seen = new Set<object>();
  const add = (value: unknown) => {
    if ((typeof value === "object" && value !== null) || typeof value === "function") seen.add(value);
  };
  for (const root of roots) add(root);
  // A Set gives what is added while it is walked, too.
  for (const object of seen) for (const part of partsOf(object)) add(part);
  return [...seen];
}

/** What an object holds: values of its own properties and private fields, elements; nothing of tensors, typed arrays and functions. */
export function heldParts(object: object, privates: (object: object) => Iterable<unknown>): unknown[] {
  if (typeof object === "function" || isTensor(object) || ArrayBuffer.isView(object) || types.isProxy(object)) return [];
  if (Array.isArray(object)) return object;
  const parts = Object.values(Object.getOwnPropertyDescriptors(object)).map((p): unknown => p.value);
  if (object instanceof Map) parts.push(...object.keys(), ...object.values());
  if (object instanceof Set) parts.push(...object);
  return isPlainRecord(object) ? parts : [...parts, ...privates(object)];
}

function prototypes(object: unknown): object[] {
  const chain: object[] = [];
  for (
    let owner = object;
    (typeof owner === "object" && owner !== null) || typeof owner === "function";
    owner = Object.getPrototypeOf(owner)
  )
    chain.push(owner);
  return chain;
}

const constructorOf = (prototype: object): unknown => Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;

const holds = (owner: object, fn: AnyFunction): boolean =>
  Object.values(Object.getOwnPropertyDescriptors(owner)).some(({ value, get, set }) => value === fn || get === fn || set === fn);
