// BitCast: the same bits seen as another dtype of the same width. Nothing is computed, and memory is shared where elements are whole bytes.
import { ingotError } from "../errors/error.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { type DType, dtypeFromOnnx, dtypeInfo } from "../tensor/dtype.ts";
import { packBits, unpackBits } from "../tensor/pack-bits.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, everyDType, int } from "./define.ts";
import { inputShape, inputType } from "./infer.ts";

const widthOf = (dtype: DType): number => dtypeInfo(dtype).bits ?? 8 * dtypeInfo(dtype).bytes;
const bitTypes: readonly DType[] = everyDType.filter((d) => d !== "string");

/** Elements of the dtype with the ONNX number `to`, whose bits are those of the input's elements. A byte becomes true unless it is 0. */
export const bitCast = defineOp("BitCast", {
  since: [26],
  inputs: ["input: T1"],
  outputs: ["output: T2"],
  types: { T1: bitTypes, T2: bitTypes },
  attributes: { to: int.required },
  accuracy: "exact",
  infer: (c) => [tensorType(targetOf(c), inputShape(c, 0))],
  eval({ input }, _, c) {
    const dtype = c.dtype(0);
    const from = input.numbers();
    if (dtype === "bool")
      return Storage.of(
        dtype,
        Uint8Array.from(from, (byte) => (byte === 0 ? 0 : 1)),
        input.shape,
      );
    const { bits, view } = dtypeInfo(dtype);
    if (bits !== undefined) return Storage.of(dtype, unpackBits(dtype, packBits(input.dtype, from), from.length), input.shape);
    return view ? Storage.of(dtype, view(from.buffer, from.byteOffset, from.length), input.shape) : input;
  },
});

function targetOf(c: InferContext): DType {
  const from = inputType(c, 0).dtype;
  const to = dtypeFromOnnx(c.attributes.to as number);
  if (to && bitTypes.includes(to) && widthOf(to) === widthOf(from)) return to;
  const fitting = bitTypes.filter((d) => widthOf(d) === widthOf(from));
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "to",
    expected: `the ONNX number of a dtype of ${widthOf(from)} bits, as ${from} is (${fitting.map((d) => `${dtypeInfo(d).onnx} ${d}`).join(", ")})`,
    actual: c.attributes.to as number,
    hint: "BitCast keeps the bits; Cast keeps the values.",
  });
}
