// Lists of expressions and object literals, with the keys and the names that they give.
import type { AnyNode, ArrayExpression, Expression, SpreadElement } from "acorn";
import type { Context } from "./context.ts";
import { ownKeys } from "./keys.ts";
import type { Scope } from "./scope.ts";
import { arrayOf, type Part, symbolicList } from "./symbolic-list.ts";
import { Sym } from "./values.ts";

/** The elements of a list of expressions, spread ones opened. */
export function list(c: Context, nodes: readonly (Expression | SpreadElement | null)[], scope: Scope): unknown[] {
  const values: unknown[] = [];
  for (const node of nodes) {
    if (node === null) values.length++;
    else if (node.type === "SpreadElement") values.push(...c.elements(c.evaluate(node.argument, scope), node.argument));
    else values.push(c.evaluate(node, scope));
  }
  return values;
}

/** `[a, , ...b]` */
export function arrayLiteral(c: Context, node: ArrayExpression, scope: Scope): unknown[] {
  if (!node.elements.some((element) => element?.type === "SpreadElement")) return c.machine.heap.fresh(list(c, node.elements, scope));
  const parts = node.elements.map((element): Part => {
    if (element?.type !== "SpreadElement") return list(c, [element], scope);
    const value = c.evaluate(element.argument, scope);
    return symbolicList(c, value) ?? c.elements(value, element.argument);
  });
  return arrayOf(c, parts, node);
}

/** `{ a, [b]: c, ...d, get e() {} }` */
export function objectLiteral(c: Context, node: Extract<AnyNode, { type: "ObjectExpression" }>, scope: Scope): object {
  const object = c.machine.heap.fresh({}) as Record<PropertyKey, unknown>;
  const put = (key: PropertyKey, value: unknown) =>
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  for (const property of node.properties) {
    if (property.type === "SpreadElement") {
      const source = c.evaluate(property.argument, scope);
      for (const key of ownKeys(c, source, property.argument)) put(key, c.get(source, key, property.argument));
      continue;
    }
    const key = propertyKey(c, property.key as Expression, property.computed, scope);
    if (property.kind === "init") {
      const value = property.method
        ? c.closure(property.value, scope, { name: String(key), home: object })
        : c.evaluate(property.value, scope);
      if (key === "__proto__" && !property.computed && !property.shorthand)
        c.machine.fail("UnsupportedSyntax", { what: "__proto__ in an object literal", instead: "Write a class." }, property);
      put(key, named(value, key));
    } else {
      const accessor = c.closure(property.value, scope, { name: String(key), home: object });
      Object.defineProperty(object, key, { [property.kind]: accessor, enumerable: true, configurable: true });
    }
  }
  return object;
}

/** Functions take the name of what they are assigned to. */
export function named(value: unknown, key: PropertyKey): unknown {
  if (typeof value === "function" && value.name === "" && Object.isExtensible(value))
    Object.defineProperty(value, "name", { value: String(key), configurable: true });
  return value;
}

/** The key of a property in a literal or a class, which has to be known. */
export function propertyKey(c: Context, key: Expression | AnyNode, computed: boolean, scope: Scope): PropertyKey {
  if (!computed && key.type === "Identifier") return key.name;
  const value = c.evaluate(key, scope);
  if (value instanceof Sym) c.machine.fail("SymbolicIndex", { list: "a record", type: "properties" }, key as AnyNode);
  return typeof value === "symbol" ? value : String(value);
}
