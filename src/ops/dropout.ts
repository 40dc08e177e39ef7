// Dropout: the identity when a model is used, and a seeded random mask when it is trained.
import { ingotError } from "../errors/error.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { decoder, encoder, float8s, floats } from "../tensor/dtype.ts";
import { Generator } from "../tensor/random.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int, type OpUse } from "./define.ts";
import { inputShape, inputType } from "./infer.ts";

/**
 * In training mode each element is kept with probability 1 − ratio and then divided by it, else set to 0; the mask says which were kept.
 * Without training mode the output is the input and the mask is all true. A node without `seed` draws another mask at each run.
 */
export const dropout = defineOp("Dropout", {
  since: [7, 10, 12, 13, 22],
  breaking: [12],
  // Before opset 12 the ratio was an attribute and there was no training mode: a bare node says the same in both.
  minVersion: ({ inputCount, outputCount, attributes }: OpUse) =>
    inputCount > 1 || outputCount > 1 || attributes.seed !== undefined ? 12 : 7,
  inputs: ["data: T", "ratio?: T1", "training_mode?: bool"],
  outputs: ["output: T", "mask?: bool"],
  types: { T: [...floats, ...float8s], T1: [...floats, ...float8s] },
  attributes: { seed: int() },
  accuracy: "exact",
  pure: false,
  infer,
  eval({ data, ratio, training_mode }, { seed }) {
    const p = ratio ? (ratio.toNumbers()[0] as number) : 0.5;
    if (!(p >= 0 && p <= 1))
      throw ingotError("InvalidArgument", {
        op: "Dropout",
        name: "ratio",
        expected: "a number from 0 to 1",
        actual: p,
        hint: "The ratio is the share of elements that are dropped.",
      });
    const mask = Storage.empty("bool", data.shape);
    const kept = mask.numbers();
    if (!training_mode?.dense()[0] || p === 0) {
      kept.fill(1);
      return [data, mask];
    }
    const random = new Generator(seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Math.abs(seed));
    const y = Storage.empty(data.dtype, data.shape);
    const from = data.numbers();
    const to = y.numbers();
    const decode = decoder(data.dtype);
    const encode = encoder(data.dtype);
    for (let i = 0; i < to.length; i++) {
      const keep = random.uniform() >= p;
      kept[i] = keep ? 1 : 0;
      to[i] = keep ? encode(decode(from[i] as number) / (1 - p)) : 0;
    }
    return [y, mask];
  },
});

function infer(c: InferContext): ValueType[] {
  return [inputType(c, 0), tensorType("bool", inputShape(c, 0))];
}
