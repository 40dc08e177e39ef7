// Weights that follow a rule: anyone who builds a model with the same state-dict keys gets the same numbers, so outputs of other frameworks can
// be compared without shipping weights. u(key, i) is a hash of the key's FNV-1a and of i, mapped to [-1, 1).
import { Tensor } from "../../src/eager/tensor.ts";
import type { Module } from "../../src/nn/module.ts";
import { elementCount, type Shape } from "../../src/tensor/shape.ts";
import { Storage } from "../../src/tensor/storage.ts";

/** FNV-1a over the UTF-8 bytes of `text`, as an unsigned 32-bit integer. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Fills with base + scale·u(key, i), computed in float64. */
export function fillRule(out: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>, key: string, scale = 1, base = 0): typeof out {
  const start = fnv1a32(key);
  for (let i = 0; i < out.length; i++) {
    let z = (start + Math.imul(i, 0x9e3779b9)) | 0;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    z ^= z >>> 16;
    out[i] = base + scale * ((z >>> 0) * 2 ** -31 - 1);
  }
  return out;
}

const smallTables = /(^|\.)(relative_position_bias_table|class_token|pos_embedding)$/;

/** The scale and base that the rule gives to the tensor of this key. */
function scaleFor(key: string, shape: Shape): { scale: number; base: number } {
  const last = key.slice(key.lastIndexOf(".") + 1);
  if (shape.length >= 2 && !smallTables.test(key)) return { scale: Math.sqrt(6 / elementCount(shape.slice(1))), base: 0 };
  if (last === "running_var") return { scale: 0.5, base: 1 };
  if (last === "weight" && shape.length === 1) return { scale: 0.2, base: 1 };
  return { scale: 0.1, base: 0 };
}

/** The tensor of a state-dict key; `input` for the key "input" is u itself. */
export function ruleTensor(key: string, shape: Shape): Tensor {
  const { scale, base } = key === "input" ? { scale: 1, base: 0 } : scaleFor(key, shape);
  const data = new Float32Array(elementCount(shape));
  fillRule(data, key, scale, base);
  return Tensor.fromStorage(Storage.of("float32", data, shape));
}

/** The input of the reference outputs: u("input", i). */
export const ruleInput = (shape: Shape): Tensor => ruleTensor("input", shape);

/** Gives every parameter and buffer of a model its rule's values; integer counters become 0, position indices stay. */
export function applyRule<M extends Module>(model: M): M {
  const state = new Map<string, Tensor>();
  for (const [key, value] of model.stateDict()) {
    if (key.endsWith("relative_position_index")) state.set(key, value);
    else if (value.dtype === "int64")
      state.set(key, Tensor.fromStorage(Storage.from("int64", new Array<number>(value.numel()).fill(0), value.shape)));
    else state.set(key, ruleTensor(key, value.shape));
  }
  model.loadStateDict(state);
  return model;
}
