// From the tensors of a request to the inputs of the model: each one once, of the model's type and shape, with as many elements as it says.
import type { Elements } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import { refuse, type ServeFault } from "../fault.ts";
import type { ModelIo, TensorSpec } from "../wire/messages.ts";
import { type Datatype, datatypeName, datatypes, isDatatype } from "./v2-datatypes.ts";

/** A tensor as a request describes it, before its elements are read. */
export interface GivenTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly (number | bigint)[];
  /**
   * Reads exactly `count` elements; throws ServeFault 400 where there are others. Called once all else is known to be right: what is
   * allocated is in proportion to the bytes that came, never to what the shape says.
   */
  elements(datatype: Datatype, shape: readonly number[], count: number): Elements;
}

/** The model's inputs in its order. Throws ServeFault 400 that names the input and what was expected. */
export function modelInputs(given: readonly GivenTensor[], { inputs }: ModelIo): Storage[] {
  const byName = new Map<string, GivenTensor>();
  for (const tensor of given) {
    if (byName.has(tensor.name)) throw bad(`Input ${tensor.name} is there twice.`);
    if (!inputs.some((spec) => spec.name === tensor.name))
      throw bad(`The model has no input ${tensor.name}: it takes ${inputs.map(describe).join(", ")}.`);
    byName.set(tensor.name, tensor);
  }
  const sizes = new Map<string, number>();
  const checked = inputs.map((spec) => {
    const tensor = byName.get(spec.name);
    if (!tensor) throw bad(`Input ${describe(spec)} is missing.`);
    return { tensor, datatype: checkedDatatype(spec, tensor), shape: checkedShape(spec, tensor, sizes) };
  });
  return checked.map(({ tensor, datatype, shape }) => {
    const count = shape.reduce((a, b) => a * b, 1);
    if (!Number.isSafeInteger(count)) throw bad(`Input ${tensor.name}: the product of its shape [${shape}] is too large.`);
    const elements = tensor.elements(datatype, shape, count);
    if (elements.length !== count) throw wrongCount(tensor.name, elements.length, shape);
    return Storage.of(datatypes[datatype], elements, shape);
  });
}

/** `Input x has 2 elements, and its shape [1, 3] has 3.` */
export const wrongCount = (name: string, count: number, shape: readonly number[]): ServeFault =>
  bad(`Input ${name} has ${count} elements, and its shape [${shape.join(", ")}] has ${shape.reduce((a, b) => a * b, 1)}.`);

function checkedDatatype(spec: TensorSpec, { name, datatype }: GivenTensor): Datatype {
  if (!isDatatype(datatype)) throw bad(`Input ${name} has the unknown datatype ${datatype}; the model takes ${datatypeName(spec.dtype)}.`);
  if (datatypes[datatype] !== spec.dtype)
    throw bad(`Input ${name} has datatype ${datatype}; the model takes ${datatypeName(spec.dtype)} ${shapeText(spec)}.`);
  return datatype;
}

/** `sizes` are those that free dimensions have had so far: one name is one size. */
function checkedShape(spec: TensorSpec, { name, shape }: GivenTensor, sizes: Map<string, number>): number[] {
  const dims = shape.map((d) => {
    if (d < 0) throw bad(`Input ${name} has a negative dimension in its shape [${shape.join(", ")}].`);
    if (d > Number.MAX_SAFE_INTEGER) throw bad(`Input ${name} has a dimension that is too large in its shape [${shape.join(", ")}].`);
    return Number(d);
  });
  const wanted = spec.shape;
  if (!wanted) return dims;
  const differs = () => bad(`Input ${name} has shape [${dims.join(", ")}]; the model takes ${shapeText(spec)}.`);
  if (dims.length !== wanted.length) throw differs();
  for (const [i, want] of wanted.entries()) {
    const size = dims[i] as number;
    if (typeof want === "number") {
      if (want !== size) throw differs();
      continue;
    }
    const before = sizes.get(want);
    if (before !== undefined && before !== size)
      throw bad(
        `Input ${name} has shape [${dims.join(", ")}], and ${want} is ${before} in an input before it: it must be the same in all.`,
      );
    sizes.set(want, size);
  }
  return dims;
}

const describe = (spec: TensorSpec) => `${spec.name} (${datatypeName(spec.dtype)} ${shapeText(spec)})`;
const shapeText = (spec: TensorSpec) => (spec.shape ? `[${spec.shape.join(", ")}]` : "of any shape");
const bad = (message: string) => refuse("BadRequestException", message);
