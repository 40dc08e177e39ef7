// Which outputs a request wants, and the K best classes of one in place of its values (Triton's classification extension).
import type { RuntimeValue } from "../../ops/runtime-value.ts";
import { isBig } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import { refuse } from "../fault.ts";
import type { ModelIo } from "../wire/messages.ts";
import { type Datatype, datatypeOf } from "./v2-datatypes.ts";
import type { RequestedOutput } from "./v2-json-request.ts";
import { integerParameter, type Parameters, refuseSharedMemory } from "./v2-parameters.ts";

export interface WantedOutput {
  readonly name: string;
  /** Among the model's outputs. */
  readonly index: number;
  readonly datatype: Datatype;
  readonly parameters: Parameters;
  /** So many of the best classes instead of the values; 0: the values. */
  readonly classes: number;
}

/** In the order in which they were asked for; all of the model's where `asked` is empty. Throws ServeFault 400. */
export function wantedOutputs(asked: readonly RequestedOutput[], { outputs }: ModelIo): WantedOutput[] {
  const all = asked.length > 0 ? asked : outputs.map(({ name }) => ({ name, parameters: new Map<string, unknown>() }));
  const seen = new Set<string>();
  return all.map(({ name, parameters }) => {
    const index = outputs.findIndex((spec) => spec.name === name);
    const spec = outputs[index];
    if (!spec) throw bad(`The model has no output ${name}: it gives ${outputs.map((o) => o.name).join(", ")}.`);
    if (seen.has(name)) throw bad(`Output ${name} is asked for twice.`);
    seen.add(name);
    refuseSharedMemory(parameters, `Output ${name}`);
    const datatype = datatypeOf(spec.dtype);
    if (!datatype) throw bad(`Output ${name} is ${spec.dtype}, for which the protocol has no datatype.`);
    const asks = parameters.has("classification");
    const classes = integerParameter(parameters, "classification", `output ${name}`) ?? 0;
    if (asks && classes === 0) throw bad(`Parameter classification of output ${name} must be an integer from 1.`);
    if (asks && datatype === "BYTES") throw bad(`Output ${name} is text: there is no classification of it.`);
    return { name, index, datatype: classes > 0 ? "BYTES" : datatype, parameters, classes };
  });
}

/** The tensor that is sent for a wanted output. `nameOf` gives a class's label, or its index again where it has none. */
export function outputValue(
  wanted: WantedOutput,
  outputs: readonly RuntimeValue[],
  batches: boolean,
  nameOf: (index: number) => string,
): Storage {
  const value = outputs[wanted.index];
  if (!(value instanceof Storage)) throw new Error(`output ${wanted.name} is no tensor`);
  return wanted.classes > 0 ? bestClasses(value, wanted.classes, batches, nameOf) : value;
}

/** `value:index:label` of the largest values, of each row where the first axis is the batch. */
function bestClasses(storage: Storage, most: number, batches: boolean, nameOf: (index: number) => string): Storage {
  const rows = batches ? (storage.shape[0] ?? 1) : 1;
  const columns = rows === 0 ? 0 : storage.size / rows;
  const count = Math.min(most, columns);
  const values = isBig(storage.dtype) ? Array.from(storage.dense() as BigInt64Array) : storage.toNumbers();
  const texts: string[] = [];
  for (let row = 0; row < rows; row++) {
    const valueAt = (i: number) => values[row * columns + i] as number;
    const order = Array.from({ length: columns }, (_, i) => i).sort((a, b) => compareDown(valueAt(a), valueAt(b)) || a - b);
    for (const index of order.slice(0, count)) {
      const label = nameOf(index);
      texts.push(`${valueAt(index)}:${index}${label === String(index) ? "" : `:${label}`}`);
    }
  }
  return Storage.of("string", texts, batches ? [rows, count] : [count]);
}

/** Larger first, NaN last. */
function compareDown(a: number, b: number): number {
  if (a > b) return -1;
  if (a < b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

const bad = (message: string) => refuse("BadRequestException", message);
