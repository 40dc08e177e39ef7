// What the parts of the interpreter call of each other: expressions, statements, calls and members know one another through this.
import type { AnyNode, Expression, Function as FunctionSyntax, Pattern, Statement, Super } from "acorn";
import type { PrivateMember } from "../source/inspector.ts";
import type { ClassNode } from "../source/parse.ts";
import type { Machine } from "./machine.ts";
import type { Scope } from "./scope.ts";
import type { Sym } from "./values.ts";

export type AnyFunction = (...args: never[]) => unknown;

export interface Context {
  readonly machine: Machine;
  /** The paths of the model's modules. */
  readonly modulePaths: ReadonlyMap<object, string>;
  /** The value of an expression. */
  evaluate(node: Expression | Super | AnyNode, scope: Scope): unknown;
  /** Runs statements in order, as far as they are reached. */
  executeAll(nodes: readonly (Statement | AnyNode)[], scope: Scope): void;
  /** Calls anything callable, on values of interpreted code. */
  call(callee: unknown, thisValue: unknown, args: readonly unknown[], node: AnyNode): unknown;
  construct(callee: unknown, args: readonly unknown[], node: AnyNode, newTarget?: unknown): unknown;
  get(object: unknown, key: unknown, node: AnyNode): unknown;
  set(object: unknown, key: unknown, value: unknown, node: AnyNode): void;
  /** A value as a condition. */
  condition(value: unknown, node: AnyNode): boolean | Sym;
  /** An expression as a condition: of `a && b` and `a || b` only the truth matters there. */
  test(node: AnyNode, scope: Scope): boolean | Sym;
  /** The elements of something that is iterated at compile time. */
  elements(value: unknown, node: AnyNode): readonly unknown[];
  /** Declares or assigns what a pattern binds. */
  bind(pattern: Pattern | AnyNode, value: unknown, scope: Scope, how: "let" | "const" | "assign"): void;
  closure(
    node: FunctionSyntax | AnyNode,
    scope: Scope,
    options?: { readonly name?: string; readonly home?: unknown; readonly privates?: object },
  ): AnyFunction;
  classValue(node: ClassNode, scope: Scope): AnyFunction;
  /** The private members of a live object. */
  livePrivates(object: object): ReadonlyMap<string, PrivateMember>;
  /** Everything that the model holds: objects and functions that can be reached from it. */
  liveObjects(): readonly object[];
  /** What an object holds, private members included. */
  partsOf(object: object): readonly unknown[];
  /** True for functions of JavaScript and of the library, which need no interpretation. */
  runsAsIs(fn: AnyFunction): boolean;
}

/** Nodes that are added from here on come from the code that is running now. */
export function stampProvenance(c: Context): void {
  c.machine.stage.provenance = [c.machine.origin()];
}
