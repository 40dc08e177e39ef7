// script: from a model's source to a graph. The model's forward is interpreted over live objects; the graph is faithful but not optimised.
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { type IngotError, ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { Graph } from "../ir/graph.ts";
import { type Callable, inspectorAvailable, withInspector } from "../source/inspector.ts";
import { isLibraryScript } from "../source/library.ts";
import { type DynamicShapes, spreadSizes } from "../trace/dynamic.ts";
import { checkModel, forwardFunction, type Model, modelName, tensorNames } from "../trace/model.ts";
import { type ModelCode, readModelCode } from "../trace/model-code.ts";
import { type Arguments, flattenOutputs, freeNames, isPlainRecord, type Layout, unflatten } from "../trace/structure.ts";
import { test } from "./choices.ts";
import { classValue } from "./class-values.ts";
import { construct } from "./classes.ts";
import { closure } from "./closures.ts";
import type { AnyFunction, Context } from "./context.ts";
import { elements } from "./elements.ts";
import { evaluate } from "./expressions.ts";
import { FunctionCache } from "./function-cache.ts";
import { call, callModelFunction } from "./functions.ts";
import { isLibraryFunction } from "./library.ts";
import { heldParts, reachable } from "./live-this.ts";
import { Machine } from "./machine.ts";
import { bind, describeTarget, get, isBuffer, set } from "./members.ts";
import { isNativeCode } from "./native-code.ts";
import { binaryScalar } from "./operators.ts";
import { Stage } from "./stage.ts";
import { executeAll } from "./statements.ts";
import { describe, Reported, Sym } from "./values.ts";

export interface ScriptedGraph {
  readonly graph: Graph;
  readonly outputLayout: Layout;
  /** How many of the graph's outputs forward returned; the rest are new values of buffers. */
  readonly returnedCount: number;
  readonly stateNames: readonly string[];
}

/** How many assignments of sizes library code is run at. */
const assignments = 5;

/**
 * Compiles `model` on arguments of the given shapes. Throws ScriptError; several errors are told together, up to 20. The model and all
 * it reaches are left as they were. `scope` holds captured values, for where functions cannot be inspected.
 */
export function scriptGraph(
  model: Model,
  args: Arguments,
  dynamic: DynamicShapes,
  code: ModelCode = readModelCode(model, { anyWrites: true }),
  scope: Readonly<Record<string, unknown>> = {},
): ScriptedGraph {
  checkModel(model);
  const { names } = tensorNames(model, code.captured);
  const example = new Map(dynamic.symbols.map((s) => [s.name, Math.max(2, s.size)]));
  const stage = new Stage([example, ...spreadSizes(dynamic.symbols, assignments - 1)], names);
  const inputs = args.tensors.map((t, i) => stage.input(args.names[i] as string, t.dtype, dynamic.shapes[i] as readonly Dim[]));
  const list = unflatten(args.layout, inputs) as readonly unknown[];
  // One session for all of it: opening one takes longer than asking.
  return (inspectorAvailable() ? withInspector : (use: () => ScriptedGraph) => use())(() => {
    const machine = new Machine(stage);
    const paths = new Map(code.modules.map(([path, module]) => [module as object, path]));
    const c = makeContext(machine, paths, [model, ...paths.keys()], scope);
    try {
      const result = callModelFunction(
        c.context,
        c.cache,
        forwardFunction(model) as AnyFunction,
        typeof model === "function" ? undefined : model,
        list,
      );
      throwReported(machine);
      return finishGraph(machine, model, result, args, names);
    } catch (error) {
      // What was reported before tells more than what ended the run.
      if (error instanceof Reported || (machine.errors.length > 0 && !machine.errors.includes(error as IngotError)))
        throwReported(machine, error);
      throw withOthers(error as Error, machine.errors);
    } finally {
      machine.heap.restore();
    }
  });
}

function makeContext(
  machine: Machine,
  modulePaths: ReadonlyMap<object, string>,
  roots: readonly object[],
  scope: Readonly<Record<string, unknown>>,
): { readonly context: Context; readonly cache: FunctionCache } {
  const cache = new FunctionCache(scope);
  let live: readonly object[] | undefined;
  const context: Context = {
    machine,
    modulePaths,
    evaluate: (node, scope) => evaluate(context, node, scope),
    executeAll: (nodes, scope) => executeAll(context, nodes, scope),
    call: (callee, thisValue, args, node) => call(context, cache, callee, thisValue, args, node),
    construct: (callee, args, node, newTarget) => construct(context, cache, callee, args, node, newTarget),
    get: (object, key, node) => get(context, object, key, node),
    set: (object, key, value, node) => set(context, object, key, value, node),
    condition: (value, node) => condition(machine, value, node),
    test: (node, scope) => test(context, node, scope),
    elements: (value, node) => elements(context, value, node),
    bind: (pattern, value, scope, how) => bind(context, pattern, value, scope, how),
    closure: (node, scope, options) => closure(context, node, scope, options),
    classValue: (node, scope) => classValue(context, node, scope),
    livePrivates: (object) => cache.privates(object),
    liveObjects: () => {
      live ??= reachable(roots, context.partsOf);
      return live;
    },
    partsOf: (object) => heldParts(object, (owner) => [...cache.privates(owner).values()].map(({ value }) => value)),
    runsAsIs: (fn) => isLibraryFunction(fn) || isNativeCode(fn) || isLibraryCode(fn),
  };
  return { context, cache };
}

function isLibraryCode(fn: AnyFunction): boolean {
  const url = inspectorAvailable() ? withInspector((inspector) => inspector.functionFacts(fn as Callable)?.script.url) : undefined;
  return url !== undefined && isLibraryScript(url);
}

/** A value as a condition: JavaScript's rules for ordinary ones; of those that depend on data booleans as they are, and whole numbers unless they are 0. */
function condition(machine: Machine, value: unknown, node: Parameters<Context["condition"]>[1]): boolean | Sym {
  const known = machine.read(value);
  // A layer of the library asks whether a tensor is there.
  if (isTensor(known) && !machine.frame.library) machine.fail("TensorTruthiness", { what: machine.text(node) }, node);
  if (!(known instanceof Sym)) return Boolean(known);
  if (known.kind === "float") machine.fail("Truthiness", { what: machine.text(node), type: describe(known) }, node);
  return known.kind === "int" ? (binaryScalar(machine.stage, "!==", known, 0) as boolean | Sym) : known;
}

function throwReported(machine: Machine, otherwise?: unknown): void {
  const [first] = machine.errors;
  if (first) throw withOthers(first, machine.errors);
  if (otherwise !== undefined) throw otherwise;
}

/** The first error, with the places of the others. */
function withOthers(first: Error, all: readonly IngotError[]): Error {
  const others = all.filter((e) => e !== first);
  if (others.length === 0 || !("params" in first)) return first;
  const error = first as IngotError;
  const notes = others.map((e) => `also ${e.code}${e.frame ? ` at ${e.frame.file}:${e.frame.line}:${e.frame.column}` : ""}: ${e.summary}`);
  return ingotError(error.code, error.params as never, {
    kind: "ScriptError",
    frame: error.frame,
    cause: error.cause,
    notes: [...error.notes, ...notes],
  });
}

function finishGraph(machine: Machine, model: Model, result: unknown, args: Arguments, names: ReadonlyMap<Tensor, string>): ScriptedGraph {
  const { stage } = machine;
  const outputs = flattenOutputs(asTensors(machine, result));
  const written = stateOutputs(machine, names);
  const tensors = [...outputs.tensors, ...written.map((w) => w.tensor)];
  const values = tensors.map((t) => stage.valueOf(t));
  stage.graph.setOutputs(values, freeNames([...outputs.names, ...written.map((w) => w.name)], args.names));
  stage.graph.name = modelName(model);
  tidy(stage.graph);
  return {
    graph: stage.graph,
    outputLayout: outputs.layout,
    returnedCount: outputs.tensors.length,
    stateNames: written.map((w) => w.name),
  };
}

/** Numbers that a model returns are no tensors: eager would give a number, and the compiled module cannot. */
function asTensors(machine: Machine, value: unknown): unknown {
  if (value instanceof Sym) {
    throw ingotError("OutputNotTensor", { path: "out", actual: describe(value) });
  }
  if (Array.isArray(value)) {
    if (machine.heap.listOf(value))
      throw ingotError("OutputNotTensor", { path: "out", actual: "a list of symbolic length: stack or concatenate it" });
    return value.map((item) => asTensors(machine, machine.read(item)));
  }
  if (isPlainRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asTensors(machine, machine.read(item))]));
  return value;
}

/** Buffers that forward wrote become outputs. */
function stateOutputs(machine: Machine, names: ReadonlyMap<Tensor, string>): { name: string; tensor: Tensor }[] {
  const written: { name: string; tensor: Tensor }[] = [];
  for (const { owner, key, before, after } of machine.heap.rootEffects()) {
    if (!isBuffer(owner, key)) continue;
    const name = isTensor(before) ? names.get(before) : undefined;
    const value = machine.read(after);
    if (name === undefined || !isTensor(value)) throw ingotError("ScriptStateMutation", { target: describeTarget(owner, key) });
    written.push({ name, tensor: value });
  }
  return written;
}

/** Removes what was staged on trial and is read by nobody: constants, and nodes without effect. */
function tidy(graph: Graph): void {
  for (const node of graph.nodesReversed()) {
    for (const body of node.subgraphs) tidy(body);
    if (node.op === "ingot.Raise" || node.subgraphs.length > 0) continue;
    if (node.outputs.every((v) => v.users.size === 0)) graph.remove(node);
  }
  for (const v of [...graph.initializers]) if (v.users.size === 0) graph.removeInitializer(v);
}
