// allclose: NumPy's and PyTorch's closeness test on whole tensors.
import { ingotError } from "../errors/error.ts";
import { isBig } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { currentInterpreter } from "./interpreter.ts";
import { requireTensor } from "./operand.ts";
import type { Tensor } from "./tensor.ts";

export interface AllcloseOptions {
  /** 1e-5 by default. */
  readonly rtol?: number;
  /** 1e-8 by default. */
  readonly atol?: number;
  readonly equalNan?: boolean;
}

/**
 * True when |a − b| ≤ atol + rtol·|b| everywhere. NaNs are close to nothing unless `equalNan`; infinities must be equal.
 * Throws `ShapeMismatch` for different shapes.
 *
 * @example allclose(await traced.run(x), model.forward(x))
 */
export function allclose(a: Tensor, b: Tensor, options: AllcloseOptions = {}): boolean {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  requireTensor("allclose", "the first tensor", a);
  requireTensor("allclose", "the second tensor", b);
  if (!sameShape(a.shape, b.shape))
    throw ingotError("ShapeMismatch", {
      op: "allclose",
      what: "the second tensor",
      actual: formatShape(b.shape),
      expected: formatShape(a.shape),
      hint: "Compare tensors of the same shape.",
    });
  const [x, y] = [currentInterpreter().read(a, "allclose"), currentInterpreter().read(b, "allclose")];
  const [u, v] = [values(x), values(y)];
  return u.every((p, i) => {
    const q = v[i] as number | bigint | string;
    if (p === q) return true;
    if (typeof p === "string" || typeof q === "string") return false;
    const [s, t] = [Number(p), Number(q)];
    return (equalNan && Number.isNaN(s) && Number.isNaN(t)) || (Number.isFinite(t) && Math.abs(s - t) <= atol + rtol * Math.abs(t));
  });
}

/**
 * True when both have the same shape, dtype and elements (PyTorch's `torch.equal`). NaN equals nothing.
 */
export function equal(a: Tensor, b: Tensor): boolean {
  requireTensor("equal", "the first tensor", a);
  requireTensor("equal", "the second tensor", b);
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  const v = values(currentInterpreter().read(b, "equal"));
  return values(currentInterpreter().read(a, "equal")).every((p, i) => p === v[i]);
}

/** The elements as they compare: 64-bit integers and strings as they are, all others as numbers. */
function values(storage: Storage): readonly (number | bigint | string)[] {
  return isBig(storage.dtype) || storage.dtype === "string" ? Array.from<number | bigint | string>(storage.dense()) : storage.toNumbers();
}
