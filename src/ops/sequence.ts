// Sequences of tensors: making, reading and changing them. A sequence is an array; operators give new ones and share the tensors.
import { ingotError } from "../errors/error.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import type { Storage } from "../tensor/storage.ts";
import { dtypeOfAttribute } from "./create.ts";
import { anyDType, defineOp, int } from "./define.ts";
import { placeOf } from "./gather.ts";
import { inputType, sequenceElement } from "./infer.ts";
import { int64List } from "./shape.ts";
import { joinTypes } from "./subgraph-types.ts";

const positions = ["int32", "int64"] as const;
const listOf = (element: ValueType): ValueType => ({ kind: "sequence", element });

/** The inputs as a sequence. They have one dtype and any shapes. */
export const sequenceConstruct = defineOp("SequenceConstruct", {
  since: [11],
  inputs: ["inputs...: T"],
  outputs: ["output_sequence: any"],
  types: { T: anyDType },
  accuracy: "exact",
  infer(c) {
    const types = c.inputs.map((_, i): ValueType => inputType(c, i));
    return [listOf(types.reduce((a, b, i) => joinTypes(c.op, `input ${i}`, a, b), inputType(c, 0)))];
  },
  eval: ({ inputs }) => [inputs],
});

/** A sequence of nothing, of float32 unless `dtype` says otherwise. */
export const sequenceEmpty = defineOp("SequenceEmpty", {
  since: [11],
  inputs: [],
  outputs: ["output: any"],
  attributes: { dtype: int() },
  accuracy: "exact",
  infer: (c) => [listOf(tensorType(dtypeOfAttribute(c.op, (c.attributes.dtype as number | undefined) ?? 1)))],
  eval: () => [[]],
});

/** The tensor at `position`; negative positions count from the end. */
export const sequenceAt = defineOp("SequenceAt", {
  since: [11],
  inputs: ["input_sequence: seq(T)", "position: I"],
  outputs: ["tensor: T"],
  types: { T: anyDType, I: positions },
  accuracy: "exact",
  infer: (c) => [sequenceElement(c, 0)],
  eval: ({ input_sequence: list, position }) => list[placeOf("SequenceAt", oneInteger("SequenceAt", position), list.length, 0)] as Storage,
});

/** The sequence without the tensor at `position`, by default the last. */
export const sequenceErase = defineOp("SequenceErase", {
  since: [11],
  inputs: ["input_sequence: seq(T)", "position?: I"],
  outputs: ["output_sequence: any"],
  types: { T: anyDType, I: positions },
  accuracy: "exact",
  infer: (c) => [listOf(sequenceElement(c, 0))],
  eval({ input_sequence: list, position }) {
    const place = placeOf("SequenceErase", position ? oneInteger("SequenceErase", position) : -1, list.length, 0);
    return [list.filter((_, i) => i !== place)];
  },
});

/** The sequence with `tensor` before `position`, by default at the end. */
export const sequenceInsert = defineOp("SequenceInsert", {
  since: [11],
  inputs: ["input_sequence: seq(T)", "tensor: T", "position?: I"],
  outputs: ["output_sequence: any"],
  types: { T: anyDType, I: positions },
  accuracy: "exact",
  infer: (c) => [listOf(joinTypes(c.op, "its tensor", sequenceElement(c, 0), inputType(c, 1)))],
  eval({ input_sequence: list, tensor, position }) {
    const n = list.length;
    const raw = position ? oneInteger("SequenceInsert", position) : n;
    // One place more than there are tensors; negative positions count from the last of those that exist.
    const place = raw < 0 ? raw + n : raw;
    if (place < 0 || place > n) throw ingotError("IndexOutOfRange", { op: "SequenceInsert", index: raw, axis: 0, size: n });
    return [[...list.slice(0, place), tensor, ...list.slice(place)]];
  },
});

/** How many tensors the sequence has, `[]` of int64. */
export const sequenceLength = defineOp("SequenceLength", {
  since: [11],
  inputs: ["input_sequence: seq(T)"],
  outputs: ["length: I"],
  types: { T: anyDType, I: ["int64"] },
  accuracy: "exact",
  infer: () => [tensorType("int64", [])],
  eval: ({ input_sequence: list }) => int64List([list.length]).reshape([]),
});

/** The single element of an integer tensor. Throws `ShapeMismatch`. */
function oneInteger(op: string, x: Storage): number {
  if (x.size === 1) return x.toNumbers()[0] as number;
  throw ingotError("ShapeMismatch", {
    op,
    what: "position",
    actual: `[${x.shape.join(", ")}]`,
    expected: "one element",
    hint: "Give a scalar.",
  });
}
