// Einsum: sums of products over named axes. Diagonals are views, axes that only one operand has are summed first, and each pair of
// operands becomes one batched matrix product; the output's order of axes is a view again.
import { ingotError } from "../errors/error.ts";
import { type Dim, isUnknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { type DType, numeric } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { mulRule } from "./arithmetic.ts";
import { defineOp, string } from "./define.ts";
import { parseEinsum } from "./einsum-equation.ts";
import { broadcastDim, inputShape, inputType } from "./infer.ts";
import { encodeNumbers, isHalf, mapBinary, widened } from "./map-elements.ts";
import { productOf } from "./matmul.ts";
import { sumRule } from "./reduce.ts";
import { reduceAxes } from "./reduce-lanes.ts";

export const einsum = defineOp("Einsum", {
  since: [12],
  inputs: ["Inputs...: T"],
  outputs: ["Output: T"],
  types: { T: numeric.filter((d): d is DType => d !== "bfloat16") },
  attributes: { equation: string.required },
  accuracy: "approximate",
  infer,
  eval({ Inputs }, { equation }, c) {
    const { inputs, output } = parseEinsum(
      equation,
      Inputs.map((x) => x.rank),
    );
    const sizes = new Map<string, number>();
    Inputs.forEach((x, i) => {
      inputs[i]?.forEach((label, axis) => void sizes.set(label, Math.max(sizes.get(label) ?? 1, x.shape[axis] as number)));
      // A size of 0 wins over the 1 that it was started from.
      inputs[i]?.forEach((label, axis) => void (x.shape[axis] === 0 && sizes.set(label, 0)));
    });
    let terms = Inputs.map((x, i) => diagonal(widened(x), inputs[i] as readonly string[], sizes));
    while (terms.length > 1) {
      const [a, b, ...rest] = terms as [Term, Term, ...Term[]];
      const needed = new Set([...output, ...rest.flatMap((t) => t.labels)]);
      terms = [contract(a, b, needed, sizes), ...rest];
    }
    const all = sumOut(terms[0] as Term, new Set(output));
    const y = all.data.transpose(output.map((label) => all.labels.indexOf(label)));
    const { dtype } = Inputs[0] as Storage;
    return isHalf(dtype) ? encodeNumbers(dtype, y.dense() as Float32Array<ArrayBuffer>, c.shape(0)) : y;
  },
});

/** A tensor whose axes have labels, each once. */
interface Term {
  readonly labels: readonly string[];
  readonly data: Storage;
}

/** A label that stands twice walks both its axes at once; an axis of size 1 repeats to its label's size. */
function diagonal(x: Storage, labels: readonly string[], sizes: ReadonlyMap<string, number>): Term {
  const strides = new Map<string, number>();
  labels.forEach((label, axis) => {
    const stride = x.shape[axis] === 1 ? 0 : (x.strides[axis] as number);
    strides.set(label, (strides.get(label) ?? 0) + stride);
  });
  const kept = [...strides.keys()];
  const shape = kept.map((label) => sizes.get(label) as number);
  return { labels: kept, data: Storage.strided(x.dtype, x.data, shape, [...strides.values()], x.offset) };
}

/** Sums over the labels that nobody needs any more. */
function sumOut({ labels, data }: Term, needed: ReadonlySet<string>): Term {
  const axes = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  if (axes.length === 0) return { labels, data };
  const kept = labels.filter((label) => needed.has(label));
  const shape = kept.map((label) => data.shape[labels.indexOf(label)] as number);
  return { labels: kept, data: reduceAxes(data, axes, shape, sumRule) };
}

/** The product of two terms, summed over the labels that they share and nobody needs. */
function contract(first: Term, second: Term, needed: ReadonlySet<string>, sizes: ReadonlyMap<string, number>): Term {
  const a = sumOut(first, new Set([...needed, ...second.labels]));
  const b = sumOut(second, new Set([...needed, ...first.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const summed = shared.filter((label) => !needed.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const labels = [...batch, ...rows, ...columns];
  const shapeOf = (list: readonly string[]) => list.map((label) => sizes.get(label) as number);
  const count = (list: readonly string[]) => elementCount(shapeOf(list));
  const arranged = (t: Term, order: readonly string[]) => t.data.transpose(order.map((label) => t.labels.indexOf(label)));
  if (summed.length === 0) {
    // No sum: an elementwise product with the rows of one and the columns of the other spread out.
    const left = arranged(a, [...batch, ...rows]).reshape([...shapeOf(batch), ...shapeOf(rows), ...columns.map(() => 1)]);
    const right = arranged(b, [...batch, ...columns]).reshape([...shapeOf(batch), ...rows.map(() => 1), ...shapeOf(columns)]);
    return { labels, data: mapBinary(left, right, shapeOf(labels), mulRule) };
  }
  const left = merged(arranged(a, [...batch, ...rows, ...summed]), shapeOf(batch), count(rows), count(summed));
  const right = merged(arranged(b, [...batch, ...summed, ...columns]), shapeOf(batch), count(summed), count(columns));
  const product = productOf(left, right, [...shapeOf(batch), count(rows), count(columns)]);
  return { labels, data: product.reshape(shapeOf(labels)) };
}

/** `[...batch, m, k]`: a view where one axis on each side is all there is to merge, else a copy. */
const merged = (x: Storage, batch: readonly number[], m: number, k: number): Storage => x.reshape([...batch, m, k]);

function infer(c: InferContext): ValueType[] {
  const shapes = c.inputs.map((_, i) => inputShape(c, i));
  const { dtype } = inputType(c, 0);
  if (!shapes.every((s) => s !== undefined)) return [tensorType(dtype)];
  const { inputs, output } = parseEinsum(
    c.attributes.equation as string,
    shapes.map((s) => s.length),
  );
  const dims = new Map<string, Dim>();
  inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const dim = shapes[i]?.[axis] as Dim;
      const before = dims.get(label);
      dims.set(label, before === undefined ? dim : labelDim(c, label, before, dim, shapes));
    });
  });
  return [
    tensorType(
      dtype,
      output.map((label) => dims.get(label) as Dim),
    ),
  ];
}

/** One label is one size: two symbols are taken to be equal, the first one stays. */
function labelDim(c: InferContext, label: string, a: Dim, b: Dim, shapes: readonly (readonly Dim[] | undefined)[]): Dim {
  const fail = () =>
    ingotError("ShapeMismatch", {
      op: c.op,
      what: `axis "${label}"`,
      actual: `sizes ${a} and ${b}`,
      expected: "one size",
      hint: `The inputs have shapes ${shapes.map((s) => formatShape((s ?? []).map(String))).join(", ")}; equal letters mean equal sizes.`,
    });
  const dim = broadcastDim(a, b, fail);
  return isUnknownDim(dim) && !isUnknownDim(a) ? a : dim;
}
