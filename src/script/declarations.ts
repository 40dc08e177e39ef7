// Declarations: what a block declares is there from its start, and the names that a pattern binds.

import type { AnyNode, VariableDeclaration } from "acorn";
import { patternNames } from "../source/parse.ts";
import type { Context } from "./context.ts";
import { named } from "./literals.ts";
import { Binding } from "./machine.ts";
import type { Scope } from "./scope.ts";
import { unassigned } from "./values.ts";
import { Declared } from "./variables.ts";

/** Declares what a block declares, so that functions are there from its start and variables are not read too early. */
export function hoist(c: Context, nodes: readonly AnyNode[], scope: Scope): void {
  for (const node of nodes) {
    if (node.type === "FunctionDeclaration") {
      const binding = scope.declare(c.machine.heap.fresh(new Binding(node.id?.name ?? "default", unassigned)));
      binding.value = c.closure(node, scope, { name: binding.name });
    } else if (node.type === "VariableDeclaration" && node.kind !== "var") {
      for (const { id } of node.declarations)
        for (const name of patternNames(id)) scope.declare(c.machine.heap.fresh(new Binding(name, unassigned, node.kind === "const")));
    } else if (node.type === "ClassDeclaration") scope.declare(c.machine.heap.fresh(new Binding(node.id?.name ?? "default", unassigned)));
  }
}

/** `let a = b, { c } = d` */
export function declare(c: Context, node: VariableDeclaration, scope: Scope): void {
  if (node.kind === "var")
    c.machine.fail("VarDeclaration", { name: [...patternNames(node.declarations[0]?.id as AnyNode)].join(", ") }, node);
  if (node.kind !== "let" && node.kind !== "const") c.machine.fail("UnsupportedSyntax", { what: node.kind, instead: "Write const." }, node);
  for (const { id, init } of node.declarations) {
    if (!init) {
      for (const name of patternNames(id)) scope.declare(c.machine.heap.fresh(new Declared(name)));
      continue;
    }
    const value = c.evaluate(init, scope);
    if (id.type === "Identifier") named(value, id.name);
    c.bind(id, value, scope, node.kind);
  }
}
