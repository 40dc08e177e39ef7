// One reading of a function with certain kinds of arguments: its variables, and what it gives back. Variables keep everything that was
// ever assigned to them, in any order, so that a claim about one holds wherever it is used.
import type { AnyNode } from "acorn";
import type { SourceText } from "../function-source.ts";
import type { ScopeLookup } from "../inspector.ts";
import type { FunctionNode } from "../parse.ts";
import { join, type Kind, never, sameKind } from "./kind.ts";

/** A function written inside one that is being read, with the variables around it. */
export interface Closure {
  readonly node: FunctionNode;
  readonly scope: Scope;
  readonly activation: Activation;
}

/** A variable: everything that any assignment may put there. */
export class Binding {
  kind: Kind = never;
}

/** The text a function stands in, and the live variables around it. */
export interface CodeContext {
  readonly source: SourceText;
  readonly name: string;
  /** The live function whose text it is: `super` starts from it. */
  readonly fn: unknown;
  readonly captured: ScopeLookup;
}

export class Activation {
  readonly node: FunctionNode;
  readonly code: CodeContext;
  readonly thisKind: Kind;
  readonly args: readonly Kind[];
  /** The scope around the function, for closures. */
  readonly outer: Scope | undefined;
  result: Kind = never;
  /** The last round in which its body was walked. */
  round = 0;
  readonly #bindings = new Map<AnyNode, Binding>();
  readonly #closures = new Map<AnyNode, Closure>();

  constructor(node: FunctionNode, code: CodeContext, thisKind: Kind, args: readonly Kind[], outer: Scope | undefined) {
    this.node = node;
    this.code = code;
    this.thisKind = thisKind;
    this.args = args;
    this.outer = outer;
  }

  /** The variable that `identifier` declares: the same in every round. */
  binding(identifier: AnyNode): Binding {
    let binding = this.#bindings.get(identifier);
    if (!binding) {
      binding = new Binding();
      this.#bindings.set(identifier, binding);
    }
    return binding;
  }

  closure(node: FunctionNode, scope: Scope): Closure {
    let closure = this.#closures.get(node);
    if (!closure) {
      closure = { node, scope, activation: this };
      this.#closures.set(node, closure);
    }
    return closure;
  }

  isFor(thisKind: Kind, args: readonly Kind[], outer: Scope | undefined): boolean {
    if (this.outer !== outer || this.args.length !== args.length || !sameKind(this.thisKind, thisKind)) return false;
    return this.args.every((arg, i) => sameKind(arg, args[i] ?? never));
  }
}

/** The names of a block. */
export class Scope {
  readonly parent: Scope | undefined;
  readonly #names = new Map<string, Binding>();

  constructor(parent: Scope | undefined) {
    this.parent = parent;
  }

  declare(name: string, binding: Binding): void {
    this.#names.set(name, binding);
  }

  find(name: string): Binding | undefined {
    return this.#names.get(name) ?? this.parent?.find(name);
  }
}

/** Where the walk is: whose variables, in which block. */
export interface Place {
  readonly activation: Activation;
  readonly scope: Scope;
}

/** Adds a possibility to a variable; whether that was news. */
export function assign(binding: Binding, kind: Kind): boolean {
  const joined = join(binding.kind, kind);
  if (sameKind(joined, binding.kind)) return false;
  binding.kind = joined;
  return true;
}
