// One recording: runs the model once under the recorder, with scopes known and state watched, and leaves the model as it was.
import { withInterpreter } from "../eager/interpreter.ts";
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { FunctionSource } from "../source/function-source.ts";
import { forgetTensors, type SeenCall } from "../source/lint.ts";
import { CapturedState, isTensorChange } from "./captured-state.ts";
import { findWrite } from "./find-write.ts";
import { callModel, isModuleLike, type Model, type ModelObject, modelName } from "./model.ts";
import { type Read, Recorder, type RecorderOptions } from "./recorder.ts";
import { type Arguments, changedSince, flattenOutputs, type Layout, unflatten } from "./structure.ts";

/** What is the same for all recordings of one model. */
export interface Subject {
  readonly model: Model;
  readonly args: Arguments;
  readonly modules: readonly (readonly [string, ModelObject])[];
  readonly names: ReadonlyMap<Tensor, string>;
  /** Objects whose state the model can reach, besides its modules. */
  readonly roots: ReadonlyMap<string, unknown>;
  /** The source of the functions that run, where it can be read: for the line of an error. */
  readonly functions?: readonly FunctionSource[];
}

export interface Recording {
  readonly graph: Graph;
  readonly outputLayout: Layout;
  /** Tensors that forward returned, in layout order, then the new values of written buffers. */
  readonly outputs: readonly Tensor[];
  readonly outputNames: readonly string[];
  /** State-dict names of the buffers that forward wrote. */
  readonly stateNames: readonly string[];
  readonly reads: readonly Read[];
  /** The user's functions that ran, for the lint; only when asked for. */
  readonly calls: readonly SeenCall[];
}

export interface RecordOptions extends Pick<RecorderOptions, "kernels" | "replay"> {
  /** Shapes of the tensors among the arguments; by default those of the example. */
  readonly shapes?: readonly (readonly number[])[];
  /** Note the calls of forward methods, for the lint. */
  readonly noteCalls?: boolean;
  /** Tensors to use instead of the example's (with kernels). */
  readonly tensors?: readonly Tensor[];
}

/** Records one run. The model's state and methods are restored, also when it throws. */
export function record(subject: Subject, options: RecordOptions): Recording {
  const recorder = new Recorder({ kernels: options.kernels, names: subject.names, ...(options.replay && { replay: options.replay }) });
  const given = options.tensors ?? subject.args.tensors;
  const inputs = given.map((t, i) => recorder.input(subject.args.names[i] as string, t, options.shapes?.[i] ?? t.shape));
  const list = unflatten(subject.args.layout, inputs) as readonly unknown[];
  const state = new CapturedState(stateRoots(subject));
  const calls: SeenCall[] = [];
  const note = (fn: AnyForward, thisValue: unknown, args: readonly unknown[], result: unknown) => {
    if (options.noteCalls) calls.push({ fn, thisValue, args: args.map(forget), result: forget(result) });
  };
  const unwrap = trackScopes(subject.modules, recorder, note);
  try {
    const returned = withInterpreter(recorder, () => callModel(subject.model, list));
    const overwritten = recorder.lent.takeBack();
    if (overwritten) throw overwritten;
    const changed = changedSince(subject.args, list, inputs);
    if (changed !== undefined) throw ingotError("InputMutation", { path: changed }, { frame: findWrite(subject.functions ?? [], changed) });
    if (typeof subject.model === "function") note(subject.model, undefined, list, returned);
    const output = flattenOutputs(returned);
    unwrap();
    const written = stateOutputs(subject, state);
    const outputs = [...output.tensors, ...written.map((w) => w.tensor)];
    const outputNames = [...output.names, ...written.map((w) => w.name)];
    const values: Value[] = outputs.map((t) => recorder.valueOf(t));
    recorder.graph.setOutputs(values, outputNames);
    return {
      graph: recorder.graph,
      outputLayout: output.layout,
      outputs,
      outputNames,
      stateNames: written.map((w) => w.name),
      reads: recorder.reads,
      calls,
    };
  } finally {
    unwrap();
    state.restore();
    recorder.lent.takeBack();
  }
}

/** Where the watch over state begins. */
export function stateRoots(subject: Subject): (readonly [string, unknown])[] {
  return [[modelName(subject.model), subject.model], ...subject.roots];
}

const forget = (value: unknown) => forgetTensors(value, isTensor);
type AnyForward = (...args: never[]) => unknown;
type Note = (fn: AnyForward, thisValue: unknown, args: readonly unknown[], result: unknown) => void;

/** Buffers that were written become outputs; any other change is an error. */
export function stateOutputs(subject: Subject, state: CapturedState): { name: string; tensor: Tensor }[] {
  const written: { name: string; tensor: Tensor }[] = [];
  for (const change of state.changes()) {
    const name = isTensorChange(change) ? subject.names.get(change.before) : undefined;
    if (name === undefined || !isTensorChange(change) || !isBuffer(change.owner, String(change.key)))
      throw ingotError("StateMutation", { target: change.target }, { frame: findWrite(subject.functions ?? [], change.target) });
    written.push({ name, tensor: change.after });
  }
  return written;
}

function isBuffer(owner: object, key: string): boolean {
  if (!isModuleLike(owner)) return false;
  for (const [name] of owner.namedBuffers()) if (name === key) return true;
  return false;
}

/** Wraps each instance's forward so that the recorder knows whose code runs; gives the function that takes it back. */
function trackScopes(modules: readonly (readonly [string, ModelObject])[], recorder: Recorder, note: Note): () => void {
  const wrapped: [ModelObject, PropertyDescriptor | undefined][] = [];
  for (const [path, module] of modules) {
    if (wrapped.some(([m]) => m === module)) continue;
    const own = Object.getOwnPropertyDescriptor(module, "forward");
    const forward = module.forward;
    const scoped = function (this: ModelObject, ...args: never[]): unknown {
      const outer = recorder.scope;
      recorder.scope = path;
      try {
        const result = forward.apply(this, args);
        note(forward, this, args, result);
        return result;
      } finally {
        recorder.scope = outer;
      }
    };
    // Not enumerable: the picture of the model's state must not see it.
    Object.defineProperty(module, "forward", { value: scoped, configurable: true, enumerable: false, writable: true });
    wrapped.push([module, own]);
  }
  return () => {
    for (const [module, own] of wrapped.splice(0)) {
      if (own) Object.defineProperty(module, "forward", own);
      else Reflect.deleteProperty(module, "forward");
    }
  };
}
