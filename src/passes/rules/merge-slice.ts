// Slices of slices, of concatenations, and slices that are put together again.
import type { Node, Value } from "../../ir/graph.ts";
import { int64List } from "../../ops/shape.ts";
import { attributeOf, type Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { standIn } from "../stand-in.ts";
import { axisFromFront, constantInts, knownShape, sameTypes, shapeOf } from "../value-facts.ts";

/** One axis of a Slice, as written: bounds may be negative or far outside. */
interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Bounds that mean "to the end" are written as the ends of int64, which a number cannot say exactly. */
const near = (bound: number) => Math.min(Math.max(bound, -(2 ** 53)), 2 ** 53);

/** The cuts of a Slice, axes counted from the front; undefined when something is not constant. */
export function cutsOf(node: Node): readonly Cut[] | undefined {
  const rank = shapeOf(node.inputs[0])?.length;
  const [starts, ends] = [1, 2].map((i) => constantInts(node.inputs[i]));
  if (rank === undefined || !starts || !ends) return undefined;
  const axes = node.inputs[3] ? constantInts(node.inputs[3]) : starts.map((_, i) => i);
  const steps = node.inputs[4] ? constantInts(node.inputs[4]) : starts.map(() => 1);
  if (!axes || !steps) return undefined;
  const cuts = starts.map((start, i) => ({
    axis: axisFromFront(axes[i] as number, rank) ?? -1,
    start: near(start),
    end: near(ends[i] as number),
    step: steps[i] as number,
  }));
  return cuts.some((c) => c.axis < 0) ? undefined : cuts;
}

/** Where a cut of a forward axis of known size begins and ends. */
function rangeOf({ start, end }: Cut, size: number): readonly [number, number] {
  const place = (v: number) => Math.min(Math.max(v < 0 ? v + size : v, 0), size);
  const from = place(start);
  return [from, Math.max(from, place(end))];
}

/** Both slices in one; undefined when they cut the same axis in a way that depends on unknown sizes or on steps. */
function merged(m: Match): readonly Cut[] | undefined {
  const inner = cutsOf(m.node("inner"));
  const outer = cutsOf(m.root);
  const shape = shapeOf(m.value("x"));
  if (!inner || !outer || !shape) return undefined;
  const cuts: Cut[] = [];
  for (const first of inner) {
    const second = outer.find((c) => c.axis === first.axis);
    if (!second) {
      cuts.push(first);
      continue;
    }
    const size = shape[first.axis];
    if (typeof size !== "number" || first.step !== 1 || second.step !== 1) return undefined;
    const [from, to] = rangeOf(first, size);
    const [start, end] = rangeOf(second, to - from);
    cuts.push({ axis: first.axis, start: from + start, end: from + end, step: 1 });
  }
  return [...cuts, ...outer.filter((c) => !inner.some((f) => f.axis === c.axis))];
}

/**
 * Writes a Slice of a Slice as one.
 *
 *     x[10] ─ Slice(2:8) ─ Slice(1:3) ─ y
 *     x[10] ─ Slice(3:5) ─ y
 *
 * Cases: 1. different axes, whatever the bounds and steps  2. the same axis of known size, steps of 1, bounds of any sign.
 * Legal when all bounds are constant. The inner one stays where somebody else reads it. Accuracy: exact.
 */
export const mergeSlice = defineRule({
  name: "merge-slice",
  about: "writes a Slice of a Slice as one Slice; the ranges compose",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Slice(op.Slice(v("x")).open().as("inner")).open(),
  check: (m) => merged(m) !== undefined || "bounds are not constant, or both cut one axis of unknown size or with steps",
  replacement(op, m) {
    const cuts = merged(m) as readonly Cut[];
    const list = (of: (c: Cut) => number) => op.constant(int64List(cuts.map(of)));
    const steps = cuts.some((c) => c.step !== 1) ? list((c) => c.step) : undefined;
    return op.Slice(
      m.value("x"),
      list((c) => c.start),
      list((c) => c.end),
      list((c) => c.axis),
      steps,
    );
  },
});

/** The input of a Concat that a Slice cuts out; undefined when it cuts out something else. */
function partCut(m: Match): Value | undefined {
  const concat = m.node("concat");
  const rank = shapeOf(m.value("concat"))?.length;
  const axis = rank === undefined ? undefined : axisFromFront(Number(attributeOf(concat, "axis")), rank);
  const cuts = cutsOf(m.root);
  const cut = cuts?.[0];
  if (axis === undefined || cuts?.length !== 1 || cut?.axis !== axis || cut.step !== 1) return undefined;
  const sizes = concat.inputs.map((v) => shapeOf(v)?.[axis]);
  if (!sizes.every((n): n is number => typeof n === "number")) return undefined;
  const [start, end] = rangeOf(
    cut,
    sizes.reduce((a, b) => a + b, 0),
  );
  let from = 0;
  for (const [i, size] of sizes.entries()) {
    if (from === start && from + size === end) return concat.inputs[i];
    from += size;
  }
  return undefined;
}

/**
 * Takes an input of a Concat in place of the Slice that cuts it out again.
 *
 *     Concat(a[2], b[3]) ─ Slice(2:5) ─ y
 *     b ─ y
 *
 * Legal when the Slice cuts along the axis of the Concat only, and exactly one input, whose sizes along it are all known. Accuracy: exact.
 */
export const sliceOfConcat = defineRule({
  name: "slice-of-concat",
  about: "takes an input of a Concat in place of the Slice that cuts it out again",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Slice(op.Concat(v("first")).open().as("concat")).open(),
  check(m) {
    const part = partCut(m);
    if (!part) return "it does not cut out exactly one input, as far as is known";
    return sameTypes(part, m.root.output) || "the shape of the input is not known to be that of the slice";
  },
  replacement: (op, m) => standIn(op, m, partCut(m) as Value),
});

/** The tensor that a Concat puts together again from its parts; undefined when there is none. */
function whole(m: Match): Value | undefined {
  const { root } = m;
  const producers = root.inputs.map((v) => v?.producer);
  const first = producers[0];
  const x = first?.inputs[0];
  const rank = shapeOf(x)?.length;
  if (!first || !x || rank === undefined || !sameTypes(x, root.output)) return undefined;
  const axis = axisFromFront(Number(attributeOf(root, "axis")), rank);
  if (first.op === "Split") {
    const same = axisFromFront(Number(attributeOf(first, "axis")), rank) === axis;
    return same && first.outputs.length === root.inputs.length && first.outputs.every((v, i) => v === root.inputs[i]) ? x : undefined;
  }
  const size = axis === undefined ? undefined : knownShape(x)?.[axis];
  if (size === undefined) return undefined;
  let at = 0;
  for (const part of producers) {
    const cuts = part?.op === "Slice" && part.inputs[0] === x ? cutsOf(part) : undefined;
    const cut = cuts?.[0];
    if (cuts?.length !== 1 || cut?.axis !== axis || cut?.step !== 1) return undefined;
    const [from, to] = rangeOf(cut, size);
    if (from !== at) return undefined;
    at = to;
  }
  return at === size ? x : undefined;
}

/**
 * Takes the tensor itself in place of its parts, put together again.
 *
 *     x[5] ─ Slice(0:2), Slice(2:5) ─ Concat ─ y
 *     x ─ y
 *
 * Cases: 1. slices that follow each other  2. the outputs of a Split, all in order.
 * Legal when the parts are cut along the axis of the Concat only, without gap or overlap, from the first to the last element. Accuracy: exact.
 */
export const reassemble = defineRule({
  name: "reassemble",
  about: "takes the tensor itself in place of a Concat of all its parts in order",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Concat(v("part")).open(),
  check: (m) => whole(m) !== undefined || "its inputs are not all parts of one tensor, in order",
  replacement: (op, m) => standIn(op, m, whole(m) as Value),
});
