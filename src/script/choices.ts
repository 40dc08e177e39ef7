// What runs on one path only: `a && b`, `a ? b : c` and their like. Where the condition depends on data both sides run, and are joined.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { branch } from "./branch.ts";
import { type Context, stampProvenance } from "./context.ts";
import { Binding } from "./machine.ts";
import type { Scope } from "./scope.ts";
import { describe, Sym, unassigned } from "./values.ts";

/** `left && right()`, `left || right()`, `left ?? right()` */
export function logical(c: Context, op: string, left: unknown, right: () => unknown, node: AnyNode): unknown {
  if (op === "??") return left === null || left === undefined ? right() : left;
  // A layer of the library asks whether a tensor is there.
  if (isTensor(left) && !c.machine.frame.library) c.condition(left, "left" in node ? (node.left as AnyNode) : node);
  if (!(left instanceof Sym)) return (op === "&&") === Boolean(left) ? right() : left;
  if (left.kind !== "bool") c.machine.fail("LogicalValue", { op, type: describe(left) }, node);
  return op === "&&" ? choose(c, left, right, () => false) : choose(c, left, () => true, right);
}

/** An expression whose truth decides: the value that `a && b` has does not matter there, so numbers may stand in it. */
export function test(c: Context, node: AnyNode, scope: Scope): boolean | Sym {
  if (node.type === "ParenthesizedExpression") return test(c, node.expression, scope);
  if (node.type !== "LogicalExpression" || node.operator === "??") return c.condition(c.evaluate(node, scope), node);
  const left = test(c, node.left, scope);
  const right = () => test(c, node.right, scope);
  if (!(left instanceof Sym)) return left === (node.operator === "&&") ? right() : left;
  return (node.operator === "&&" ? choose(c, left, right, () => false) : choose(c, left, () => true, right)) as boolean | Sym;
}

/** An expression whose value nobody asks for: `ready && (y = y.mul(2))` is an `if`, whatever the two sides are. */
export function effect(c: Context, node: AnyNode, scope: Scope): void {
  if (node.type === "ParenthesizedExpression") return effect(c, node.expression, scope);
  if (node.type === "SequenceExpression") {
    for (const each of node.expressions) effect(c, each, scope);
    return;
  }
  const choice = choiceOf(node);
  if (!choice) return void c.evaluate(node, scope);
  const condition = test(c, choice.test, scope);
  const run = (side: AnyNode | undefined) => {
    if (side) effect(c, side, scope);
  };
  if (!(condition instanceof Sym)) return run(condition ? choice.yes : choice.no);
  stampProvenance(c);
  branch(
    c.machine,
    condition,
    () => run(choice.yes),
    () => run(choice.no),
  );
}

/** What an expression does where its condition is true, and where it is false. */
function choiceOf(node: AnyNode): { readonly test: AnyNode; readonly yes?: AnyNode; readonly no?: AnyNode } | undefined {
  if (node.type === "ConditionalExpression") return { test: node.test, yes: node.consequent, no: node.alternate };
  if (node.type !== "LogicalExpression" || node.operator === "??") return undefined;
  return node.operator === "&&" ? { test: node.left, yes: node.right } : { test: node.left, no: node.right };
}

/** `condition ? yes() : no()` for a condition that depends on data. */
export function choose(c: Context, condition: Sym, yes: () => unknown, no: () => unknown): unknown {
  const known = c.machine.resolve(condition);
  if (typeof known === "boolean") return known ? yes() : no();
  const { heap } = c.machine;
  const result = heap.fresh(new Binding("value", unassigned));
  branch(
    c.machine,
    condition,
    () => void heap.write(result, "value", yes()),
    () => void heap.write(result, "value", no()),
  );
  return c.machine.read(result.value);
}
