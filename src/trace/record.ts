// One recording: runs the model once under the recorder, with scopes known and state watched, and leaves the model as it was.
import { withInterpreter } from "../eager/interpreter.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { CapturedState, isTensorChange } from "./captured-state.ts";
import { type Model, type ModelObject, callModel, isModuleLike } from "./model.ts";
import { type Read, Recorder, type RecorderOptions } from "./recorder.ts";
import { type Arguments, type Layout, flattenOutputs, unflatten } from "./structure.ts";

/** What is the same for all recordings of one model. */
export interface Subject {
  readonly model: Model;
  readonly args: Arguments;
  readonly modules: readonly (readonly [string, ModelObject])[];
  readonly names: ReadonlyMap<Tensor, string>;
  /** Objects whose state the model can reach, besides its modules. */
  readonly roots: readonly unknown[];
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
}

export interface RecordOptions extends Pick<RecorderOptions, "kernels" | "replay"> {
  /** Shapes of the tensors among the arguments; by default those of the example. */
  readonly shapes?: readonly (readonly number[])[];
  /** Tensors to use instead of the example's (with kernels). */
  readonly tensors?: readonly Tensor[];
}

/** Records one run. The model's state and methods are restored, also when it throws. */
export function record(subject: Subject, options: RecordOptions): Recording {
  const recorder = new Recorder({ kernels: options.kernels, names: subject.names, ...(options.replay && { replay: options.replay }) });
  const given = options.tensors ?? subject.args.tensors;
  const inputs = given.map((t, i) => recorder.input(subject.args.names[i] as string, t, options.shapes?.[i] ?? t.shape));
  const list = unflatten(subject.args.layout, inputs) as readonly unknown[];
  const state = new CapturedState([subject.model, ...subject.roots]);
  const unwrap = trackScopes(subject.modules, recorder);
  try {
    const output = flattenOutputs(withInterpreter(recorder, () => callModel(subject.model, list)));
    unwrap();
    const written = stateOutputs(subject, state);
    const outputs = [...output.tensors, ...written.map((w) => w.tensor)];
    const outputNames = [...output.names, ...written.map((w) => w.name)];
    const values: Value[] = outputs.map((t) => recorder.valueOf(t));
    recorder.graph.setOutputs(values, outputNames);
    return { graph: recorder.graph, outputLayout: output.layout, outputs, outputNames, stateNames: written.map((w) => w.name), reads: recorder.reads };
  } finally {
    unwrap();
    state.restore();
  }
}

/** Buffers that were written become outputs; any other change is an error. */
export function stateOutputs(subject: Subject, state: CapturedState): { name: string; tensor: Tensor }[] {
  const written: { name: string; tensor: Tensor }[] = [];
  for (const change of state.changes()) {
    const name = isTensorChange(change) ? subject.names.get(change.before) : undefined;
    if (name === undefined || !isTensorChange(change) || !isBuffer(change.owner, String(change.key))) throw ingotError("StateMutation", { target: change.target });
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
function trackScopes(modules: readonly (readonly [string, ModelObject])[], recorder: Recorder): () => void {
  const wrapped: [ModelObject, PropertyDescriptor | undefined][] = [];
  for (const [path, module] of modules) {
    if (wrapped.some(([m]) => m === module)) continue;
    const own = Object.getOwnPropertyDescriptor(module, "forward");
    const forward = module.forward;
    const scoped = function (this: ModelObject, ...args: never[]): unknown {
      const outer = recorder.scope;
      recorder.scope = path;
      try {
        return forward.apply(this, args);
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

