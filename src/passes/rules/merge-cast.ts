// Chains of conversions.
import { type DType, dtypeInfo, isFloat } from "../../tensor/dtype.ts";
import type { Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { dtypeOf } from "../value-facts.ts";

/** For each dtype, those that hold each of its values exactly. */
const wider: Readonly<Partial<Record<DType, readonly DType[]>>> = {
  bool: ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "bfloat16", "float32", "float64"],
  int8: ["int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"],
  uint8: ["int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "bfloat16", "float32", "float64"],
  int16: ["int32", "int64", "float32", "float64"],
  uint16: ["int32", "uint32", "int64", "uint64", "float32", "float64"],
  int32: ["int64", "float64"],
  uint32: ["int64", "uint64", "float64"],
  float16: ["float32", "float64"],
  bfloat16: ["float32", "float64"],
  float32: ["float64"],
};

/** True when every value of `from` is also one of `to`. */
const holds = (from: DType, to: DType) => from === to || (wider[from]?.includes(to) ?? false);

function verdict(m: Match): true | string {
  const [from, middle, to] = [m.value("x"), m.value("middle"), m.root.output].map(dtypeOf) as [DType, DType, DType];
  if (to === "string" || from === "string") return "text depends on the dtype that is written";
  if (!holds(from, middle)) return `${middle} does not hold every ${from}`;
  // Floats saturate where integers wrap around, so an integer may only take the detour over floats when nothing is out of range.
  if (!isFloat(from) && isFloat(middle) && !isFloat(to) && to !== "bool" && !holds(from, to))
    return `${from} wraps around in ${to}, ${middle} saturates`;
  return true;
}

/**
 * Converts directly in place of over a dtype that loses nothing.
 *
 *     x: float16 ─ Cast(float32) ─ Cast(float64) ─ y
 *     x: float16 ─ Cast(float64) ─ y
 *
 * Cases: 1. widening twice  2. widening, then narrowing (back to the first dtype too, which no-op then removes)  3. bool to anything.
 * Legal when the dtype in the middle holds every value of the first: never over a rounding or truncating one. Accuracy: exact.
 */
export const mergeCast = defineRule({
  name: "merge-cast",
  about: "converts directly in place of over a wider dtype, which loses nothing",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Cast(op.Cast(v("x")).as("middle")),
  check: verdict,
  replacement: (op, m) => op.Cast(m.value("x"), { to: dtypeInfo(dtypeOf(m.root.output) as DType).onnx }),
});
