// Comparison, logical and bitwise operators.
import { ingotError } from "../errors/error.ts";
import type { InferContext } from "../ir/schema.ts";
import type { ValueType } from "../ir/type.ts";
import { allDTypes, type DType, integers, numeric } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { defineOp, string } from "./define.ts";
import { broadcast, sameAsInput } from "./infer.ts";
import { mapBinary, mapNumbers, mapNumeric, mapPairs } from "./map-elements.ts";

const comparison = {
  breaking: [7],
  inputs: ["A: T", "B: T"],
  outputs: ["C: bool"],
  types: { T: numeric },
  accuracy: "exact",
  infer: broadcast("bool"),
} as const;

type Comparable = number | bigint | string;
const compare = (a: Storage, b: Storage, shape: Shape, test: (a: Comparable, b: Comparable) => boolean) =>
  mapPairs<Comparable, boolean>(a, b, shape, test, "bool");

/** NaN equals nothing, itself included. */
export const equal = defineOp("Equal", {
  ...comparison,
  since: [7, 11, 13, 19],
  types: { T: allDTypes },
  eval: ({ A, B }, _, c) => compare(A, B, c.shape(0), (a, b) => a === b),
});

export const greater = defineOp("Greater", {
  ...comparison,
  since: [7, 9, 13],
  eval: ({ A, B }, _, c) => compare(A, B, c.shape(0), (a, b) => a > b),
});
export const less = defineOp("Less", {
  ...comparison,
  since: [7, 9, 13],
  eval: ({ A, B }, _, c) => compare(A, B, c.shape(0), (a, b) => a < b),
});

export const greaterOrEqual = defineOp("GreaterOrEqual", {
  ...comparison,
  since: [12, 16],
  breaking: [12],
  eval: ({ A, B }, _, c) => compare(A, B, c.shape(0), (a, b) => a >= b),
});

export const lessOrEqual = defineOp("LessOrEqual", {
  ...comparison,
  since: [12, 16],
  breaking: [12],
  eval: ({ A, B }, _, c) => compare(A, B, c.shape(0), (a, b) => a <= b),
});

const logical = { ...comparison, since: [7], types: { T: ["bool"] } } as const;

export const and = defineOp("And", {
  ...logical,
  eval: ({ A, B }, _, c) => mapPairs<number, number>(A, B, c.shape(0), (a, b) => a & b, "bool"),
});
export const or = defineOp("Or", {
  ...logical,
  eval: ({ A, B }, _, c) => mapPairs<number, number>(A, B, c.shape(0), (a, b) => a | b, "bool"),
});
export const xor = defineOp("Xor", {
  ...logical,
  eval: ({ A, B }, _, c) => mapPairs<number, number>(A, B, c.shape(0), (a, b) => a ^ b, "bool"),
});

export const not = defineOp("Not", {
  since: [1],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: ["bool"] },
  accuracy: "exact",
  infer: sameAsInput,
  eval: ({ X }) => mapNumbers(X, (x) => 1 - x),
});

const bitwise = {
  since: [18],
  inputs: ["A: T", "B: T"],
  outputs: ["C: T"],
  types: { T: integers },
  accuracy: "exact",
  infer: broadcast(),
} as const;

/** A rule for integers, which has no form for floats: the schema keeps them out. */
const bits = (int: (a: number, b: number) => number, big: (a: bigint, b: bigint) => bigint) => ({ float: int, int, big });
const andBits = bits(
  (a, b) => a & b,
  (a, b) => a & b,
);
const orBits = bits(
  (a, b) => a | b,
  (a, b) => a | b,
);
const xorBits = bits(
  (a, b) => a ^ b,
  (a, b) => a ^ b,
);

export const bitwiseAnd = defineOp("BitwiseAnd", { ...bitwise, eval: ({ A, B }, _, c) => mapBinary(A, B, c.shape(0), andBits) });
export const bitwiseOr = defineOp("BitwiseOr", { ...bitwise, eval: ({ A, B }, _, c) => mapBinary(A, B, c.shape(0), orBits) });
export const bitwiseXor = defineOp("BitwiseXor", { ...bitwise, eval: ({ A, B }, _, c) => mapBinary(A, B, c.shape(0), xorBits) });

export const bitwiseNot = defineOp("BitwiseNot", {
  ...bitwise,
  inputs: ["X: T"],
  outputs: ["Y: T"],
  infer: sameAsInput,
  eval: ({ X }) => mapNumeric(X, { number: (x) => ~x, big: (x) => ~x }),
});

const unsigned: readonly DType[] = ["uint8", "uint16", "uint32", "uint64"];

/** Shifts that move every bit out give 0. */
export const bitShift = defineOp("BitShift", {
  since: [11],
  inputs: ["X: T", "Y: T"],
  outputs: ["Z: T"],
  types: { T: unsigned },
  attributes: { direction: string.required },
  accuracy: "exact",
  infer: inferShift,
  eval({ X, Y }, { direction }, c) {
    const left = direction === "LEFT";
    return mapBinary(
      X,
      Y,
      c.shape(0),
      bits(
        (x, by) => (by > 31 ? 0 : left ? x << by : x >>> by),
        (x, by) => (by > 63n ? 0n : left ? x << by : x >> by),
      ),
    );
  },
});

function inferShift(c: InferContext): ValueType[] {
  const { direction } = c.attributes;
  if (direction === "LEFT" || direction === "RIGHT") return broadcast()(c);
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "direction",
    expected: '"LEFT" or "RIGHT"',
    actual: JSON.stringify(direction),
    hint: "LEFT multiplies by powers of two, RIGHT divides by them.",
  });
}
