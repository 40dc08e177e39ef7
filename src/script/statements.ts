// Statements. return, break and continue set flags, which may become symbolic like any variable: what follows is then guarded by them.
import type { AnyNode, Statement, SwitchStatement } from "acorn";
import { IngotError } from "../errors/error.ts";
import { isCoverageCounter } from "../source/artefacts.ts";
import { isShippedScript } from "../source/library.ts";
import type { ClassNode } from "../source/parse.ts";
import { branch } from "./branch.ts";
import { effect } from "./choices.ts";
import type { Context } from "./context.ts";
import { declare, hoist } from "./declarations.ts";
import { doWhileStatement, forOf, forStatement, whileStatement } from "./loop-statements.ts";
import { Binding } from "./machine.ts";
import { firstSymbolic, raise } from "./native-code.ts";
import { orScalar } from "./operators.ts";
import { report, valueAsked } from "./recovery.ts";
import type { Scope } from "./scope.ts";
import { unsupported } from "./unsupported.ts";
import { describe, NotInterpreted, Reported, type Scalar, Sym } from "./values.ts";

type Handlers = { readonly [T in AnyNode["type"]]?: (c: Context, node: Extract<AnyNode, { type: T }>, scope: Scope) => void };

/** Runs statements in order; those behind a jump that depends on data run where it was not taken. */
export function executeAll(c: Context, nodes: readonly AnyNode[], scope: Scope, from = 0): void {
  if (from === 0) hoist(c, nodes, scope);
  for (let i = from; i < nodes.length; i++) {
    execute(c, nodes[i] as AnyNode, scope);
    const stopped = isStopped(c, scope);
    if (stopped === false) continue;
    if (stopped === true || i === nodes.length - 1) return;
    branch(
      c.machine,
      stopped,
      () => {},
      () => executeAll(c, nodes, scope, i + 1),
    );
    return;
  }
}

/** Whether a return, break or continue ended the statements around this place. */
function isStopped(c: Context, scope: Scope): boolean | Sym {
  const { machine } = c;
  const flags = [scope.activation.returned, scope.flags?.leave, scope.flags?.skip].flatMap((b) =>
    b ? [machine.resolve(b.value) as Scalar] : [],
  );
  if (flags.includes(true)) return true;
  const symbolic = flags.filter((f) => f instanceof Sym);
  if (symbolic.length === 0) return false;
  return machine.resolve(symbolic.reduce<Scalar>((a, b) => orScalar(machine.stage, a, b), false)) as boolean | Sym;
}

function execute(c: Context, node: AnyNode, scope: Scope): void {
  const { machine } = c;
  const { frame } = machine;
  const depth = machine.calls.length;
  frame.node = node;
  try {
    const handler = handlers[node.type] as ((c: Context, node: AnyNode, scope: Scope) => void) | undefined;
    if (handler) handler(c, node, scope);
    else machine.fail("UnsupportedSyntax", unsupported(node), node);
  } catch (thrown) {
    const error = thrown instanceof NotInterpreted ? valueAsked(c) : thrown;
    if (machine.speculating || !(error instanceof IngotError || error instanceof Reported)) throw error;
    machine.calls.length = depth;
    report(c, error, node, scope);
  }
}

const handlers: Handlers = {
  EmptyStatement: () => {},
  DebuggerStatement: () => {},
  FunctionDeclaration: () => {},
  ExpressionStatement: (c, node, scope) => {
    if (isCoverageCounter(node.expression, (name) => scope.activation.captured(name))) return;
    effect(c, node.expression, scope);
  },
  VariableDeclaration: (c, node, scope) => declare(c, node, scope),
  ClassDeclaration: (c, node, scope) => {
    const binding = scope.own(node.id?.name ?? "default");
    if (binding) binding.value = c.classValue(node as ClassNode, scope);
  },
  BlockStatement: (c, node, scope) => executeAll(c, node.body, scope.block()),
  ReturnStatement: (c, node, scope) => {
    const { heap } = c.machine;
    const value = node.argument ? c.evaluate(node.argument, scope) : undefined;
    heap.write(scope.activation.result, "value", value);
    heap.write(scope.activation.returned, "value", true);
  },
  BreakStatement: (c, node, scope) => jump(c, node, scope.flags?.leave),
  ContinueStatement: (c, node, scope) => jump(c, node, skipOf(scope)),
  ThrowStatement: (c, node, scope) => throwStatement(c, node, c.evaluate(node.argument, scope)),
  IfStatement: (c, node, scope) => {
    // The checks of the library and its zoo tell a mistake early: the operators behind them check again when they run.
    const test = () => c.test(node.test, scope);
    if (isShipped(c) && !node.alternate && onlyThrows(node.consequent) && c.machine.trial(() => test() instanceof Sym)) return;
    const condition = test();
    if (!(condition instanceof Sym)) {
      const taken = condition ? node.consequent : node.alternate;
      if (taken) executeAll(c, [taken], scope.block());
      return;
    }
    branch(
      c.machine,
      condition,
      () => executeAll(c, [node.consequent], scope.block()),
      () => void (node.alternate && executeAll(c, [node.alternate], scope.block())),
    );
  },
  SwitchStatement: (c, node, scope) => switchStatement(c, node, scope),
  ForStatement: (c, node, scope) => forStatement(c, node, scope),
  WhileStatement: (c, node, scope) => whileStatement(c, node, scope),
  DoWhileStatement: (c, node, scope) => doWhileStatement(c, node, scope),
  ForOfStatement: (c, node, scope) => forOf(c, node, scope),
};

function jump(c: Context, node: AnyNode & { label?: unknown }, flag: Binding | undefined): void {
  if (node.label || !flag) c.machine.fail("UnsupportedSyntax", unsupported({ ...node, type: "LabeledStatement" } as AnyNode), node);
  c.machine.heap.write(flag, "value", true);
}

/** A switch has no continue of its own. */
function skipOf(scope: Scope): Binding | undefined {
  return scope.flags?.skip;
}

function throwStatement(c: Context, node: AnyNode, value: unknown): void {
  const symbolic = firstSymbolic(c, [value instanceof Error ? value.message : value]);
  if (symbolic !== undefined) c.machine.fail("SymbolicString", { what: describe(symbolic) }, node);
  raise(c, value instanceof Error ? value.message : String(value), node);
}

/** Whether the code being run came with this library. */
function isShipped(c: Context): boolean {
  const { library, source } = c.machine.frame;
  return library || (source.url !== undefined && isShippedScript(source.url));
}

function onlyThrows(node: Statement): boolean {
  if (node.type === "ThrowStatement") return true;
  return node.type === "BlockStatement" && node.body.length === 1 && onlyThrows(node.body[0] as Statement);
}

function switchStatement(c: Context, node: SwitchStatement, scope: Scope): void {
  const value = c.evaluate(node.discriminant, scope);
  if (value instanceof Sym) c.machine.fail("SymbolicSwitch", { type: value.kind === "bool" ? "a boolean" : "a number" }, node.discriminant);
  const leave = c.machine.heap.fresh(new Binding("left", false));
  const inner = scope.block({ leave, skip: skipOf(scope) });
  const tests = node.cases.map((k) => {
    if (!k.test) return undefined;
    const test = c.evaluate(k.test, inner);
    if (test instanceof Sym) c.machine.fail("SymbolicSwitch", { type: "a case" }, k.test);
    return test;
  });
  let at = node.cases.findIndex((k, i) => k.test && tests[i] === value);
  if (at < 0) at = node.cases.findIndex((k) => !k.test);
  if (at >= 0)
    executeAll(
      c,
      node.cases.slice(at).flatMap((k) => k.consequent),
      inner,
    );
}
