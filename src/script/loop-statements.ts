// for, for-of, while and do-while, each as a test, a body and an update.

import { types } from "node:util";
import type { AnyNode, DoWhileStatement, ForOfStatement, ForStatement, WhileStatement } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { patternNames } from "../source/parse.ts";
import { effect } from "./choices.ts";
import type { Context } from "./context.ts";
import { declare } from "./declarations.ts";
import { Binding } from "./machine.ts";
import { binaryScalar } from "./operators.ts";
import { loop } from "./run-loop.ts";
import type { LoopFlags, Scope } from "./scope.ts";
import { elementAt, isSymbolicList, lengthOf } from "./symbolic-list.ts";
import { unsupported } from "./unsupported.ts";
import { type Scalar, Sym, unassigned } from "./values.ts";

function loopFlags(c: Context): LoopFlags & { readonly skip: Binding } {
  const flag = () => c.machine.heap.fresh(new Binding("left", false));
  return { leave: flag(), skip: flag() };
}

/** `while (test) body` */
export function whileStatement(c: Context, node: WhileStatement, scope: Scope): void {
  const flags = loopFlags(c);
  const inner = scope.block(flags);
  loop(c, {
    staging: "always",
    node,
    scope: inner,
    flags,
    test: () => c.test(node.test, inner),
    body: () => c.executeAll([node.body], inner.block()),
  });
}

/** `do body while (test)` */
export function doWhileStatement(c: Context, node: DoWhileStatement, scope: Scope): void {
  const flags = loopFlags(c);
  const inner = scope.block(flags);
  // The first turn comes before the first test: a flag that the test reads tells it.
  const first = c.machine.heap.fresh(new Binding("first_turn", true));
  loop(c, {
    staging: "always",
    node,
    scope: inner,
    flags,
    test: () => (first.value === true ? true : c.test(node.test, inner)),
    body: () => {
      c.executeAll([node.body], inner.block());
      if (first.value !== false) c.machine.heap.write(first, "value", false);
    },
  });
}

/** `for (init; test; update) body` */
export function forStatement(c: Context, node: ForStatement, scope: Scope): void {
  const { heap } = c.machine;
  const flags = loopFlags(c);
  const outer = scope.block(flags);
  const names: string[] = [];
  if (node.init?.type === "VariableDeclaration") {
    if (node.init.kind !== "const") for (const { id } of node.init.declarations) names.push(...patternNames(id));
    for (const name of node.init.kind === "const" ? [] : names) outer.declare(heap.fresh(new Binding(name, unassigned)));
    declare(c, node.init, outer);
  } else if (node.init) c.evaluate(node.init, outer);
  // Each turn has variables of its own, which closures keep; the loop carries them from turn to turn.
  const perTurn = (body: (inner: Scope) => void) => {
    const inner = outer.block();
    const copies = names.map((name) => inner.declare(heap.fresh(new Binding(name, (outer.own(name) as Binding).value))));
    body(inner);
    for (const copy of copies) {
      const carried = outer.own(copy.name) as Binding;
      if (!Object.is(carried.value, copy.value)) heap.write(carried, "value", copy.value);
    }
  };
  const { test, update } = node;
  loop(c, {
    staging: test ? "tried" : "always",
    node,
    scope: outer,
    flags,
    test: () => (test ? c.test(test, outer) : true),
    body: () => perTurn((inner) => c.executeAll([node.body], inner.block())),
    ...(update && { update: () => perTurn((inner) => effect(c, update, inner)) }),
  });
}

/** `for (const item of list) body`: over positions for tensors and lists of symbolic length, else unrolled. */
export function forOf(c: Context, node: ForOfStatement, scope: Scope): void {
  if (node.await) c.machine.fail("UnsupportedSyntax", unsupported({ ...node, type: "AwaitExpression" } as unknown as AnyNode), node);
  const value = c.evaluate(node.right, scope);
  const { machine } = c;
  const bindTo = (item: unknown, inner: Scope) => {
    if (node.left.type !== "VariableDeclaration") return c.bind(node.left, item, inner, "assign");
    if (node.left.kind === "var") machine.fail("VarDeclaration", { name: "the loop's variable" }, node.left);
    c.bind(node.left.declarations[0]?.id as AnyNode, item, inner, node.left.kind === "const" ? "const" : "let");
  };
  const flags = loopFlags(c);
  const outer = scope.block(flags);
  const counter = machine.heap.fresh(new Binding("position", 0));
  // Lists of symbolic length, and tensors: a loop over positions. Other things are unrolled.
  const symbolic = isSymbolicList(c, value) || isTensor(value);
  const items = symbolic ? [] : c.elements(value, node.right);
  // A list may change while it is iterated, as in JavaScript; a Map or Set may not.
  const live = Array.isArray(value) && !symbolic ? value : undefined;
  const collection = types.isMap(value) || types.isSet(value) ? value : undefined;
  const length = symbolic ? lengthOf(c, value, node.right) : items.length;
  loop(c, {
    staging: symbolic ? "tried" : "never",
    node,
    scope: outer,
    flags,
    test: () => {
      const at = counter.value as Scalar;
      if (live && isSymbolicList(c, live))
        machine.fail("SymbolicList", { op: "going on with the loop", list: machine.text(node.right) }, node.right);
      if (live) return (at as number) < live.length;
      if (collection && collection.size !== length)
        machine.fail("UnsupportedSyntax", { what: "changing a Map or Set while it is iterated", instead: "Iterate a copy." }, node.right);
      if (!(at instanceof Sym) && !(length instanceof Sym)) return at < length;
      return binaryScalar(machine.stage, "<", at, length) as boolean | Sym;
    },
    body: () => {
      const inner = outer.block();
      const at = counter.value as Scalar;
      if (!symbolic && at instanceof Sym) machine.fail("SymbolicIndex", { list: "what is iterated", type: "an element" }, node.right);
      bindTo(symbolic ? elementAt(c, value, at, node.right) : live ? machine.read(live[at as number]) : items[at as number], inner);
      c.executeAll([node.body], inner.block());
    },
    update: () => {
      const at = counter.value as Scalar;
      machine.heap.write(counter, "value", at instanceof Sym ? binaryScalar(machine.stage, "+", at, 1) : (at as number) + 1);
    },
  });
}
