// Statements. return, break and continue set flags, which may become symbolic like any variable: what follows is then guarded by them.
import { types } from "node:util";
import type { AnyNode, ForOfStatement, ForStatement, Statement, SwitchStatement, VariableDeclaration } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { IngotError } from "../errors/error.ts";
import { isCoverageCounter } from "../source/artefacts.ts";
import { isShippedScript } from "../source/library.ts";
import type { ClassNode } from "../source/parse.ts";
import { branch } from "./branch.ts";
import { effect } from "./choices.ts";
import type { Context } from "./context.ts";
import { stampProvenance } from "./context.ts";
import { named } from "./literals.ts";
import { stageLoop } from "./loop.ts";
import { Binding } from "./machine.ts";
import { firstSymbolic, raise } from "./native-code.ts";
import { binaryScalar, orScalar } from "./operators.ts";
import type { LoopFlags, Scope } from "./scope.ts";
import { elementAt, isSymbolicList, lengthOf } from "./symbolic-list.ts";
import { unsupported } from "./unsupported.ts";
import { describe, NotInterpreted, Poison, Reported, type Scalar, Sym, unassigned } from "./values.ts";
import { Declared } from "./variables.ts";

/** Turns of a loop that is run at compile time. */
const unrollLimit = 5000;
/** Errors found before giving up. */
const maxErrors = 20;
/** A loop of so many turns at most is unrolled where its end depends on data and it cannot be staged as a loop. */
const guardedLimit = 256;

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

/** What is under way is native code that no rule names, and it was given a symbol. */
function valueAsked({ machine }: Context): IngotError {
  const { node } = machine.frame;
  const instead = "Use values that are known when the model is compiled, or tensors: tensor([n, 1]), cat, slice.";
  return machine.error("NativeSymbolic", { fn: machine.text(node), type: "a value that depends on data", instead }, node);
}

/** Notes an error and goes on, so that more are found: what the statement should have assigned is not looked at again. */
function report(c: Context, error: IngotError | Reported, node: AnyNode, scope: Scope): void {
  const { machine } = c;
  if (error instanceof IngotError) {
    const place = (e: IngotError) => `${e.code} ${e.frame?.file}:${e.frame?.line}:${e.frame?.column}`;
    if (!machine.errors.some((e) => place(e) === place(error))) machine.errors.push(error);
    if (machine.errors.length >= maxErrors) throw error;
  }
  const nothing = new Poison(() => new Reported());
  for (const name of assignedNames(node)) {
    const binding = scope.find(name);
    if (binding) machine.heap.write(binding, "value", nothing);
  }
  if (containsReturn(node)) {
    machine.heap.write(scope.activation.returned, "value", true);
    machine.heap.write(scope.activation.result, "value", nothing);
  }
}

function* assignedNames(node: unknown): Generator<string> {
  if (typeof node !== "object" || node === null) return;
  const { type } = node as { type?: string };
  if (type === "VariableDeclarator") yield* patternNames((node as { id: AnyNode }).id);
  if (type === "AssignmentExpression") yield* patternNames((node as { left: AnyNode }).left);
  if (type === "UpdateExpression") yield* patternNames((node as { argument: AnyNode }).argument);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const item of value) yield* assignedNames(item);
    else if (typeof value === "object") yield* assignedNames(value);
  }
}

export function* patternNames(node: AnyNode): Generator<string> {
  if (node.type === "Identifier") yield node.name;
  else if (node.type === "AssignmentPattern") yield* patternNames(node.left);
  else if (node.type === "RestElement") yield* patternNames(node.argument);
  else if (node.type === "ArrayPattern") for (const e of node.elements) e && (yield* patternNames(e));
  else if (node.type === "ObjectPattern")
    for (const p of node.properties) yield* patternNames((p.type === "Property" ? p.value : p) as AnyNode);
}

function containsReturn(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  const { type } = node as { type?: string };
  if (type === "ReturnStatement") return true;
  if (type?.includes("Function")) return false;
  return Object.values(node).some((v) => (Array.isArray(v) ? v.some(containsReturn) : containsReturn(v)));
}

/** Declares what a block declares, so that functions are there from its start and variables are not read too early. */
function hoist(c: Context, nodes: readonly AnyNode[], scope: Scope): void {
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
  WhileStatement: (c, node, scope) => {
    const flags = loopFlags(c);
    const inner = scope.block(flags);
    loop(c, {
      staging: "always",
      node,
      scope: inner,
      flags,
      test: () => c.test(node.test, inner),
      body: () => executeAll(c, [node.body], inner.block()),
    });
  },
  DoWhileStatement: (c, node, scope) => {
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
        executeAll(c, [node.body], inner.block());
        if (first.value !== false) c.machine.heap.write(first, "value", false);
      },
    });
  },
  ForOfStatement: (c, node, scope) => forOf(c, node, scope),
};

function declare(c: Context, node: VariableDeclaration, scope: Scope): void {
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

function jump(c: Context, node: AnyNode & { label?: unknown }, flag: Binding | undefined): void {
  if (node.label || !flag) c.machine.fail("UnsupportedSyntax", unsupported({ ...node, type: "LabeledStatement" } as AnyNode), node);
  c.machine.heap.write(flag, "value", true);
}

/** A switch has no continue of its own. */
function skipOf(scope: Scope): Binding | undefined {
  return scope.flags?.skip;
}

function loopFlags(c: Context): LoopFlags & { readonly skip: Binding } {
  const flag = () => c.machine.heap.fresh(new Binding("left", false));
  return { leave: flag(), skip: flag() };
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

// ---- loops --------------------------------------------------------------------------------------------------------

interface Loop {
  /** Whether it becomes a Loop of the graph when its end depends on data: it has to, it may, or it is unrolled. */
  readonly staging: "always" | "tried" | "never";
  readonly node: AnyNode;
  readonly scope: Scope;
  readonly flags: LoopFlags & { readonly skip: Binding };
  readonly test: () => boolean | Sym;
  /** The body, without the update. */
  readonly body: () => void;
  readonly update?: () => void;
}

/**
 * Runs turns at compile time while the condition is static. A loop that data may leave is looked at first: where a jump depends on data, it
 * becomes a Loop of the graph; one that cannot, but has a static number of turns, is unrolled, with what follows a jump under guards.
 */
function loop(c: Context, l: Loop, done = 0, guards = 0): void {
  const { machine } = c;
  for (let turns = done; ; turns++) {
    if (turns > unrollLimit) machine.fail("UnrollLimit", { count: turns, limit: unrollLimit }, l.node);
    const going = machine.resolve(l.test()) as boolean | Sym;
    if (going === false) return;
    if (going instanceof Sym) return staged(c, l, going);
    if (turns === 0 && l.staging !== "never" && mayLeave(l) && turnsSymbolic(c, l)) {
      if (l.staging === "always") return staged(c, l, true);
      if (stagedIfPossible(c, l)) return;
    }
    runBody(c, l);
    const left = hasLeft(c, l);
    if (left === true) return;
    if (left === false) {
      l.update?.();
      continue;
    }
    if (guards > guardedLimit) machine.fail("UnrollLimit", { count: guards, limit: guardedLimit }, l.node);
    branch(
      machine,
      left,
      () => {},
      () => {
        // Behind the guard, so that a counter stays a number that is known.
        l.update?.();
        loop(c, l, turns + 1, guards + 1);
      },
    );
    return;
  }
}

/** Whether the loop has a jump out of it, or a condition that a turn may change. */
function mayLeave(l: Loop): boolean {
  return l.staging === "always" || jumps(l.node);
}

function jumps(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  const { type } = node as { type?: string };
  if (type === "ReturnStatement" || type === "BreakStatement") return true;
  if (type?.includes("Function")) return false;
  return Object.values(node).some((v) => (Array.isArray(v) ? v.some(jumps) : jumps(v)));
}

/** One turn: the body, then the update unless the loop was left. */
function turn(c: Context, l: Loop): void {
  runBody(c, l);
  if (!l.update) return;
  const left = hasLeft(c, l);
  if (left === false) l.update();
  else if (left instanceof Sym) {
    branch(
      c.machine,
      left,
      () => {},
      () => l.update?.(),
    );
  }
}

/** The body of a turn, with clean flags before; `continue` ends with it. */
function runBody(c: Context, l: Loop): void {
  const { heap } = c.machine;
  const { returned } = l.scope.activation;
  for (const flag of [l.flags.leave, l.flags.skip, returned]) if (flag.value !== false) heap.write(flag, "value", false);
  l.body();
  // The next turn starts with a clean flag.
  if (l.flags.skip.value !== false) heap.write(l.flags.skip, "value", false);
}

function hasLeft(c: Context, l: Loop): boolean | Sym {
  const { machine } = c;
  const [a, b] = [l.flags.leave.value, l.scope.activation.returned.value].map((v) => machine.resolve(v) as Scalar);
  return machine.resolve(orScalar(machine.stage, a as Scalar, b as Scalar)) as boolean | Sym;
}

/** Runs a turn and the next test on trial: whether a jump, or the condition after it, depends on data. */
function turnsSymbolic(c: Context, l: Loop): boolean {
  const { machine } = c;
  return machine.trial(() => {
    turn(c, l);
    if (hasLeft(c, l) instanceof Sym) return true;
    return hasLeft(c, l) === false && machine.resolve(l.test()) instanceof Sym;
  });
}

function staged(c: Context, l: Loop, first: boolean | Sym): void {
  stampProvenance(c);
  const { frame } = c.machine;
  frame.node = l.node;
  stageLoop(c.machine, { first, test: l.test, turn: () => turn(c, l), left: () => hasLeft(c, l) });
  // A loop without an end of its own, and without a break, ends with a return (or by throwing).
  if (isEndless(l.node) && l.flags.leave.value === false) c.machine.heap.write(l.scope.activation.returned, "value", true);
}

/** `while (true)`, `for (;;)` */
function isEndless(node: AnyNode): boolean {
  if (node.type !== "WhileStatement" && node.type !== "DoWhileStatement" && node.type !== "ForStatement") return false;
  return !node.test || (node.test.type === "Literal" && Boolean(node.test.value));
}

/** Stages the loop; false when that is an error of the model, with everything as it was. */
function stagedIfPossible(c: Context, l: Loop): boolean {
  const { machine } = c;
  const outer = machine.speculating;
  const depth = machine.calls.length;
  machine.speculating = true;
  try {
    // What a loop writes it writes at its end: an error before leaves only nodes that nobody reads.
    staged(c, l, true);
    return true;
  } catch (error) {
    if (!(error instanceof IngotError || error instanceof Reported)) throw error;
    machine.calls.length = depth;
    return false;
  } finally {
    machine.speculating = outer;
  }
}

function forStatement(c: Context, node: ForStatement, scope: Scope): void {
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
    body: () => perTurn((inner) => executeAll(c, [node.body], inner.block())),
    ...(update && { update: () => perTurn((inner) => effect(c, update, inner)) }),
  });
}

function forOf(c: Context, node: ForOfStatement, scope: Scope): void {
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
      executeAll(c, [node.body], inner.block());
    },
    update: () => {
      const at = counter.value as Scalar;
      machine.heap.write(counter, "value", at instanceof Sym ? binaryScalar(machine.stage, "+", at, 1) : (at as number) + 1);
    },
  });
}
