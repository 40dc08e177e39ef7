// allclose: NumPy's and PyTorch's closeness test on whole tensors.
import { ingotError } from "../errors/error.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { currentInterpreter } from "./interpreter.ts";
import type { Tensor } from "./tensor.ts";

/**
 * True when |a − b| ≤ atol + rtol·|b| everywhere. NaNs are close to nothing unless `equalNan`; infinities must be equal.
 * Throws `ShapeMismatch` for different shapes.
 *
 * @example allclose(await traced.run(x), model.forward(x))
 */
export function allclose(
  a: Tensor,
  b: Tensor,
  options: { readonly rtol?: number; readonly atol?: number; readonly equalNan?: boolean } = {},
): boolean {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  if (!sameShape(a.shape, b.shape))
    throw ingotError("ShapeMismatch", {
      op: "allclose",
      what: "the second tensor",
      actual: formatShape(b.shape),
      expected: formatShape(a.shape),
      hint: "Compare tensors of the same shape.",
    });
  const x = currentInterpreter().read(a, "allclose").dense();
  const y = currentInterpreter().read(b, "allclose").dense();
  if (a.dtype === "string" || b.dtype === "string") return (x as string[]).every((v, i) => v === y[i]);
  const u = a.storage.toNumbers();
  const v = b.storage.toNumbers();
  return u.every((p, i) => {
    const q = v[i] as number;
    return p === q || (equalNan && Number.isNaN(p) && Number.isNaN(q)) || Math.abs(p - q) <= atol + rtol * Math.abs(q);
  });
}
