// Runs the model eagerly as the equivalence check needs it: flat inputs to flat outputs, state outputs included, state put back.
import { eagerInterpreter, withInterpreter } from "../eager/interpreter.ts";
import { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import type { Storage } from "../tensor/storage.ts";
import { CapturedState } from "./captured-state.ts";
import { callModel } from "./model.ts";
import { quietly } from "./quietly.ts";
import { type Subject, stateOutputs, stateRoots } from "./record.ts";
import { flattenOutputs, unflatten } from "./structure.ts";

/**
 * The graph's outputs as eager computes them: what forward returns, then the new values of the buffers named in `stateNames`. One that this
 * run did not write has the value that it had where `sometimes` says that data decide about writing, and is an error elsewhere.
 */
export function runEager(
  subject: Subject,
  inputs: readonly Storage[],
  stateNames: readonly string[],
  { sometimes = false } = {},
): Storage[] {
  const list = unflatten(subject.args.layout, inputs.map(Tensor.fromStorage)) as readonly unknown[];
  const state = new CapturedState(stateRoots(subject));
  try {
    const output = flattenOutputs(quietly(() => withInterpreter(eagerInterpreter(), () => callModel(subject.model, list))));
    const written = new Map(stateOutputs(subject, state).map((w) => [w.name, w.tensor]));
    const states = stateNames.map((name) => {
      const tensor = written.get(name) ?? (sometimes ? bufferOf(subject, name) : undefined);
      if (tensor) return tensor;
      throw ingotError("NondeterministicModel", { difference: `the buffer ${name} is written in one run only` });
    });
    return [...output.tensors, ...states].map((t) => Tensor.storageOf(t) as Storage);
  } finally {
    state.restore();
  }
}

function bufferOf({ names }: Subject, name: string): Tensor | undefined {
  return [...names].find(([, known]) => known === name)?.[0];
}
