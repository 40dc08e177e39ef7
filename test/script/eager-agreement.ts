// What a scripted model must do: compute what eager computes, on both engines, whichever way its inputs send it.
import assert from "node:assert/strict";
import { declaredInputs } from "../../src/compile/example.ts";
import { findEngine } from "../../src/engines/engines.ts";
import { outputLimits } from "../../src/equivalence/graph-limits.ts";
import { type CompiledModule, compare, script, type Tensor, tensor } from "../../src/index.ts";
import { allNodes } from "../../src/ir/traverse.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { callModel, isModuleLike, type Model, type ModelObject } from "../../src/trace/model.ts";
import { flattenOutputs } from "../../src/trace/structure.ts";
import { Dice } from "../support/check-rule.ts";
import { assertError, errorOf } from "../support/trace-errors.ts";

export type Specs = Readonly<Record<string, string>>;

export interface Agreement {
  /** How an argument is drawn; default: normal floats, integers from 0 to 6, random booleans. */
  readonly draw?: Readonly<Record<string, (dice: Dice) => Tensor>>;
  /** How many inputs; default 24. */
  readonly rounds?: number;
  /** Different ways through the graph that these inputs must have taken; default 2. */
  readonly paths?: number;
}

type Compiled = CompiledModule<unknown>;

/** The model keeps control flow in its graph, equals eager on random inputs on both engines, and those inputs took several ways. */
export async function staged(model: Model, specs?: Specs, options: Agreement = {}): Promise<Compiled> {
  const { compiled, ways } = await agreement(model, specs, options);
  assert.ok(controlNodes(compiled).length > 0, `neither If nor Loop in\n${compiled.graph}`);
  assert.ok(ways >= (options.paths ?? 2), `the inputs took ${ways} ways through\n${compiled.graph}`);
  return compiled;
}

/** The model equals eager on random inputs on both engines, with control flow or without. */
export async function faithful(model: Model, specs?: Specs, options: Agreement = {}): Promise<Compiled> {
  return (await agreement(model, specs, options)).compiled;
}

/** The model was executed while it was compiled, so that its graph has no control flow, and it equals eager on both engines. */
export async function executed(model: Model, specs?: Specs, options: Agreement = {}): Promise<Compiled> {
  const { compiled } = await agreement(model, specs, { rounds: 4, ...options });
  assert.deepEqual(controlNodes(compiled), [], String(compiled.graph));
  return compiled;
}

/** `If` and `Loop` of a graph and its sub-graphs. */
export const controlNodes = ({ graph }: Compiled): string[] =>
  [...allNodes(graph)].map((n) => n.op).filter((op) => op === "If" || op === "Loop");

async function agreement(model: Model, specs: Specs | undefined, options: Agreement) {
  const declared = specs ?? (declaredInputs(model) as Specs);
  const compiled: Compiled = await script(model, { ...(specs && { inputs: specs }), engine: "interpreter" });
  const engines = [compiled, ...(await onOnnxruntime(compiled))];
  const ways = new Set<string>();
  try {
    for (let round = 0; round < (options.rounds ?? 24); round++) {
      const args = drawArguments(declared, options.draw ?? {}, new Dice(round + 1));
      const expected = runEager(model, args);
      for (const each of engines) await agrees(each, args, expected);
      if (expected instanceof Error) ways.add(`throws ${expected.message}`);
      else ways.add(wayThrough(compiled, args));
    }
  } finally {
    for (const each of engines) await each.close();
  }
  return { compiled, ways: ways.size };
}

async function onOnnxruntime(compiled: Compiled): Promise<Compiled[]> {
  try {
    findEngine("onnxruntime");
  } catch (error) {
    console.error(`    checked on the interpreter only: ${(error as Error).message}`);
    return [];
  }
  return [await compiled.withEngine("onnxruntime")];
}

/** What eager gives: outputs, and the buffers afterwards, which are put back; or the error that it throws. */
interface Eager {
  readonly outputs: readonly Storage[];
  readonly state: ReadonlyMap<string, Storage>;
}

function runEager(model: Model, args: readonly Tensor[]): Eager | Error {
  const before = buffersOf(model).map(
    ([owner, name, value]) =>
      () =>
        Object.assign(owner, { [name]: value }),
  );
  try {
    const outputs = flattenOutputs(callModel(model, args)).tensors.map((t) => t.storage);
    return { outputs, state: new Map(buffersOf(model).map(([, , value, path]) => [path, value.storage])) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error;
  } finally {
    for (const putBack of before) putBack();
  }
}

function buffersOf(model: Model): (readonly [owner: ModelObject, name: string, value: Tensor, path: string])[] {
  if (!isModuleLike(model)) return [];
  return [...model.namedBuffers()].map(([path, value]) => {
    const parts = path.split(".");
    const name = parts.pop() as string;
    const owner = parts.reduce<object>((module, key) => Reflect.get(module, key), model);
    return [owner as ModelObject, name, value, path];
  });
}

async function agrees(compiled: Compiled, args: readonly Tensor[], expected: Eager | Error): Promise<void> {
  const where = () => `on ${compiled.engine}, for ${args.map((a) => JSON.stringify(a.toArray())).join(" and ")}\n${compiled.graph}`;
  if (expected instanceof Error) {
    const error = await errorOf(() => compiled.run({ args }));
    assertError(error, "RaisedError");
    assert.equal(error.summary, expected.message, where());
    return;
  }
  const { output, state } = await compiled.runWithState({ args });
  const limits = outputLimits(compiled.graph);
  const outputs = flattenOutputs(output as Tensor).tensors.map((t) => t.storage);
  assert.equal(outputs.length, expected.outputs.length, where());
  const written = [...state].map(([name, value]) => [expected.state.get(name), value.storage] as const);
  [...expected.outputs.map((e, i) => [e, outputs[i]] as const), ...written].forEach(([want, got], i) => {
    const { problem } = compare([want as Storage], [got as Storage], { rtol: limits[i] ?? 0 }).outputs[0] ?? {};
    if (problem !== undefined) assert.fail(`output ${i}: ${problem}, expected ${JSON.stringify(want?.toNumbers())} ${where()}`);
  });
}

/** The nodes that ran, in order, with what the conditions were: two inputs that took the same way give the same text. */
function wayThrough({ graph }: Compiled, args: readonly Tensor[]): string {
  const way: string[] = [];
  runGraph(
    graph,
    args.map((a) => a.storage),
    {
      onNode: ({ op, id }, outputs) => {
        const [first] = outputs;
        const decision = first instanceof Storage && first.dtype === "bool" && first.size === 1 ? first.toNumbers() : "";
        way.push(`${op} ${id} ${decision}`);
      },
    },
  );
  return way.join("\n");
}

/** Eighths from −3 to 3: sums and halves of them are exact. */
export function drawEighths(dice: Dice, shape: readonly number[]): Tensor {
  const length = shape.reduce((a, b) => a * b, 1);
  return tensor(Array.from({ length }, () => dice.int(-24, 24) / 8)).reshape([...shape]);
}

function drawArguments(specs: Specs, draw: NonNullable<Agreement["draw"]>, dice: Dice): Tensor[] {
  const sizes = new Map<string, number>();
  return Object.entries(specs).map(([name, spec]) => draw[name]?.(dice) ?? drawFrom(spec, sizes, dice));
}

/** A tensor of a specification; each symbolic size is drawn once. */
function drawFrom(spec: string, sizes: Map<string, number>, dice: Dice): Tensor {
  const [, dtype, list = ""] = /^(\w+)\[(.*)\]$/.exec(spec) ?? [];
  const shape = list.split(",").flatMap((part) => {
    const [name = "", fixed] = part.trim().split("=");
    if (name === "") return [];
    if (fixed === undefined && /^\d+$/.test(name)) return Number(name);
    if (!sizes.has(name)) sizes.set(name, dice.int(1, 5));
    return sizes.get(name) as number;
  });
  const length = shape.reduce((a, b) => a * b, 1);
  const draws = { int64: () => dice.int(0, 6), bool: () => dice.flip(), float32: () => dice.number() };
  const next = draws[dtype as keyof typeof draws];
  const values = Array.from({ length }, next as () => number);
  return tensor(values, { dtype: dtype as keyof typeof draws }).reshape(shape);
}
