// What a run is given, compared with what the model declares, before native code sees it: the same messages however the session is driven.
import { ingotError } from "../../errors/error.ts";
import { elementCount, formatShape } from "../../tensor/shape.ts";
import type { OrtData, OrtTensor } from "./element-types.ts";
import { elementType, stringType } from "./element-types.ts";

/** The names that a model declares. */
export interface DeclaredNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Throws `EngineInput` or `EngineOutput` for names that the model lacks, and inputs that were left out. */
export function checkNames(declared: DeclaredNames, feeds: ReadonlyMap<string, OrtData>, outputNames: readonly string[]): void {
  const { inputs, outputs } = declared;
  for (const name of outputNames) if (!outputs.includes(name)) throw outputError(name, outputs)("the model has no output of this name");
  for (const name of inputs) if (!feeds.has(name)) throw inputError(name, inputs)("it was not given");
  for (const name of feeds.keys()) if (!inputs.includes(name)) throw inputError(name, inputs)("the model has no input of this name");
}

/** Checks that a tensor's data is what its type and shape say: native code would read past the end. Throws through `fail`. */
export function checkTensor({ dtype, shape, data }: OrtTensor, fail: (problem: string) => Error): void {
  const type = elementType(dtype);
  if (!type) throw fail(`element type ${dtype} cannot be handed to ONNX Runtime`);
  const count = elementCount(shape);
  if (!shape.every((d) => Number.isInteger(d) && d >= 0) || !Number.isSafeInteger(count))
    throw fail(`${formatShape(shape)} is not a shape`);
  if (ArrayBuffer.isView(data) === (dtype === stringType)) throw fail(`the data is not of element type ${dtype}`);
  const { bytes = 1 } = type;
  const given = ArrayBuffer.isView(data) ? data.byteLength / bytes : data.length;
  const [needed, unit] = type.bytes === undefined ? [type.size(count), "packed bytes"] : [count, "elements"];
  if (given !== needed) throw fail(`shape ${formatShape(shape)} needs ${needed} ${unit}, the data has ${given}`);
}

/** The error for an input of a run. */
export function inputError(name: string, inputs: readonly string[]): (problem: string) => Error {
  return (problem) => ingotError("EngineInput", { name, problem, inputs: inputs.join(", ") || "none" });
}

/** The error for an output of a run. */
export function outputError(name: string, outputs: readonly string[]): (problem: string) => Error {
  return (problem) => ingotError("EngineOutput", { name, problem, outputs: outputs.join(", ") || "none" });
}
