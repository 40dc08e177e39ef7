// Dropout as a function.
import { full, randint } from "../../eager/create.ts";
import { mul } from "../../eager/functions/math.ts";
import { currentInterpreter, dispatch } from "../../eager/interpreter.ts";
import { rankMismatch, scalar } from "../../eager/operand.ts";
import type { Tensor } from "../../eager/tensor.ts";
import { numberIn } from "../options.ts";

export interface DropoutCall {
  /** True by default; false gives the input back. */
  readonly training?: boolean;
  /** The same seed drops the same places at every call. Needed while a model is recorded in train mode. */
  readonly seed?: number;
}

/**
 * Sets each element to 0 with probability p and scales the others by 1 / (1 − p); nothing when not `training`.
 * Throws `UnseededRandom` while a model is recorded in train mode without a seed.
 */
export function dropout(x: Tensor, p = 0.5, options: DropoutCall = {}): Tensor {
  numberIn("dropout", "p", p, 0, 1);
  if (!(options.training ?? true)) return dispatch("Dropout", [x]);
  if (options.seed === undefined) currentInterpreter().drawUnseeded("dropout");
  const seed = options.seed ?? randint(0, 2 ** 31, [1]).item();
  return dispatch("Dropout", [x, scalar(p, x.dtype), scalar(true, "bool")], { seed });
}

/** As `dropout`, for whole channels of [N, C, ...]. */
export function dropoutChannels(x: Tensor, p = 0.5, options: DropoutCall = {}): Tensor {
  if (!(options.training ?? true)) return dropout(x, p, options);
  if (x.rank < 3) throw rankMismatch("dropoutChannels", "the input", x.shape, "at least 3: [N, C, ...]");
  const channels = full([...x.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)], 1, { dtype: x.dtype });
  return mul(x, dropout(channels, p, options));
}
