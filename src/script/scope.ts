// Variables: those of interpreted code, and those that its functions captured from live code.
import type { SourceText } from "../source/function-source.ts";
import type { Binding, Call } from "./machine.ts";

/** What `break` and `continue` of the innermost loop or switch set. Flags may become symbolic, like any variable. */
export interface LoopFlags {
  readonly leave: Binding;
  /** Undefined for a switch, which continues the loop around it. */
  readonly skip: Binding | undefined;
}

/** One call of one function. */
export interface Activation extends Call {
  readonly name: string;
  readonly source: SourceText;
  readonly thisValue: unknown;
  /** The object whose prototype `super` means. */
  readonly home: unknown;
  readonly newTarget: unknown;
  readonly result: Binding;
  /** Reads a captured variable. */
  readonly captured: (name: string) => { readonly value: unknown } | undefined;
  /** Where functions cannot be inspected: the names that the function uses and that nobody gave. */
  readonly missing?: (() => readonly string[]) | undefined;
  /** The class whose private names are meant, for classes that interpreted code made. */
  readonly privates: object | undefined;
  /** For a constructor of a derived class: where `super(…)` puts `this`. */
  readonly self: Binding | undefined;
}

export class Scope {
  readonly activation: Activation;
  readonly parent: Scope | undefined;
  readonly flags: LoopFlags | undefined;
  readonly #variables = new Map<string, Binding>();

  constructor(activation: Activation, parent?: Scope, flags: LoopFlags | undefined = parent?.flags) {
    this.activation = activation;
    this.parent = parent;
    this.flags = flags;
  }

  /** A block inside of this one. */
  block(flags?: LoopFlags): Scope {
    return new Scope(this.activation, this, flags ?? this.flags);
  }

  /** Declares a variable in this very block. */
  declare(binding: Binding): Binding {
    binding.call = this.activation;
    this.#variables.set(binding.name, binding);
    return binding;
  }

  own(name: string): Binding | undefined {
    return this.#variables.get(name);
  }

  find(name: string): Binding | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      const binding = scope.#variables.get(name);
      if (binding) return binding;
    }
    return undefined;
  }
}
