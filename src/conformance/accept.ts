// When an output counts as right. The rules are those of ONNX's own runner: equal number, shape and dtype; numbers within rtol 1e-3 and
// atol 1e-7; strings equal; containers hold as many values, each of them accepted.
import { contentsOf, describeKind, type RuntimeValue } from "../ops/runtime-value.ts";
import { decoder, isFloat } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";

const rtol = 1e-3;
const atol = 1e-7;

/**
 * Why `actual` is not accepted for `expected`, in a few words; undefined when it is. With `typesOnly` (outputs that depend on a random number
 * generator) elements are not compared.
 *
 * @example
 * rejection(Storage.from("float32", [1], [1]), Storage.from("float32", [2], [1]));   // "element [0] is 1, expected 2"
 */
export function rejection(actual: RuntimeValue | undefined, expected: RuntimeValue, typesOnly = false): string | undefined {
  if (actual instanceof Storage && expected instanceof Storage) return tensorRejection(actual, expected, typesOnly);
  if (actual === undefined || actual instanceof Storage || expected instanceof Storage || describeKind(actual) !== describeKind(expected))
    return `it is ${describeKind(actual)}, expected ${describeKind(expected)}`;
  const [a, e] = [contentsOf(actual), contentsOf(expected)];
  if (a.length !== e.length) return `it holds ${a.length} values, expected ${e.length}`;
  for (const [i, value] of e.entries()) {
    const problem = rejection(a[i], value, typesOnly);
    if (problem !== undefined) return `value ${i} of ${describeKind(expected).replace(/^an? /, "the ")}: ${problem}`;
  }
  return undefined;
}

function tensorRejection(actual: Storage, expected: Storage, typesOnly: boolean): string | undefined {
  if (actual.dtype !== expected.dtype) return `its dtype is ${actual.dtype}, expected ${expected.dtype}`;
  const [shape, wanted] = [formatShape(actual.shape), formatShape(expected.shape)];
  if (shape !== wanted) return `its shape is ${shape}, expected ${wanted}`;
  if (typesOnly) return undefined;
  const [a, e] = [elements(actual), elements(expected)];
  let first: number | undefined;
  let count = 0;
  for (let i = 0; i < e.length; i++) {
    if (isClose(a[i] as Element, e[i] as Element)) continue;
    first ??= i;
    count++;
  }
  if (first === undefined) return undefined;
  const others = count > 1 ? ` (${count} of ${e.length} differ)` : "";
  return `element ${position(first, expected.shape)} is ${show(a[first] as Element)}, expected ${show(e[first] as Element)}${others}`;
}

type Element = number | bigint | string;

function elements(storage: Storage): ArrayLike<Element> {
  const stored = storage.dense() as ArrayLike<Element>;
  // The narrow floats are held as bits.
  return isFloat(storage.dtype) ? Array.from(stored as ArrayLike<number>, decoder(storage.dtype)) : stored;
}

function isClose(a: Element, e: Element): boolean {
  if (a === e || (Number.isNaN(a) && Number.isNaN(e))) return true;
  if (typeof a === "string" || typeof e === "string") return false;
  const distance = typeof a === "bigint" && typeof e === "bigint" ? Number(a - e) : Number(a) - Number(e);
  // An infinite number is close to itself only.
  return Number.isFinite(Number(e)) && Math.abs(distance) <= atol + rtol * Math.abs(Number(e));
}

const show = (element: Element) => (typeof element === "string" ? JSON.stringify(element) : String(element));

/** The indices of the i-th element in row-major order. */
function position(index: number, shape: readonly number[]): string {
  const indices: number[] = [];
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    const size = shape[axis] as number;
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${indices.join(", ")}]`;
}
