// Element types that an operator has and ONNX Runtime's kernel for it has not: computed in a wider type that both have.
import type { Node, Value } from "../../ir/graph.ts";
import { Patch } from "../../ir/patch.ts";
import { allGraphs } from "../../ir/traverse.ts";
import { typeFits } from "../../ir/type.ts";
import { inlinedOperators, kernelTypes } from "../../onnx/onnxruntime-kernels.ts";
import { convert } from "../../ops/cast.ts";
import { registry } from "../../ops/registry.ts";
import { type DType, dtypeInfo, dtypes } from "../../tensor/dtype.ts";
import type { Pass } from "../pass.ts";

/**
 * The type that holds every value of a narrower one. float16 is not here: ONNX Runtime puts its own casts around it. Nothing is wider than
 * float64, int64 and uint64.
 */
const wider: Partial<Readonly<Record<DType, DType>>> = {
  bfloat16: "float32",
  int8: "int32",
  int16: "int32",
  uint8: "int32",
  uint16: "int32",
  uint32: "int64",
  bool: "uint8",
};

/** Whose integer results, computed wider and cut off, are the bits of the narrow ones: they choose, move or compare, or are sums and products. */
const sameBits = new Set(
  (
    "Abs Add And ArgMax ArgMin Clip Compress CumSum DepthToSpace Equal Expand Gather GatherElements GatherND Greater GreaterOrEqual " +
    "Less LessOrEqual Max Min Mul Neg NonZero OneHot Pad Relu ReverseSequence ScatterElements ScatterND Sign SpaceToDepth Sub Sum Tile " +
    "TopK Trilu Where"
  ).split(" "),
);

/** True where a kernel takes the type at a position: `i0`, `o1`. Positions that no row names take what the operator takes. */
function takes(op: string, place: string, dtype: DType): boolean {
  const row = Object.entries(kernelTypes[op] ?? {}).find(([positions]) => positions.split(" ").includes(place));
  return !row || row[1].split(" ").includes(dtype);
}

/**
 * How ONNX Runtime computes an operator on a type at a position (`i0`, `o1`): by a kernel, by the operators that define it, in a wider type (by
 * its own casts for float16, by those of this pass for others), or not at all.
 */
export function kernelSupport(op: string, place: string, dtype: DType): "kernel" | "inlined" | "wider" | "none" {
  const inlined = inlinedOperators.includes(op);
  if (!inlined && !Object.hasOwn(kernelTypes, op)) return "none";
  if (inlined && dtype !== "bfloat16") return "inlined";
  if (!inlined && takes(op, place, dtype)) return "kernel";
  if (!computesTensors(op)) return "none";
  if (inlined) return "wider";
  const wide = dtype === "float16" ? "float32" : wider[dtype];
  const helps = wide !== undefined && takes(op, place, wide) && (dtypeInfo(dtype).kind === "float" || sameBits.has(op));
  return helps ? "wider" : "none";
}

/** Whether tensors are all that an operator gives, computed from its inputs alone: no sequences, no sub-graphs. */
function computesTensors(op: string): boolean {
  const { outputs = [], attributes = {}, types = {} } = registry.get(op) ?? {};
  const tensors = outputs.every(({ type }) => types[type] !== undefined || Object.hasOwn(dtypes, type));
  return tensors && !Object.values(attributes).some(({ kind }) => kind === "graph");
}

interface Place {
  /** `i0`; all values of a variadic parameter stand at its first. */
  readonly at: string;
  readonly dtype: DType;
  /** The types that the operator takes there; undefined where it takes one only. */
  readonly allowed: readonly DType[] | undefined;
}

/** Where a tensor stands in a node; undefined for what is none. */
function placeOf(node: Node, kind: "i" | "o", v: Value | undefined, i: number): Place | undefined {
  const definition = registry.get(node.op);
  const formals = definition?.[kind === "i" ? "inputs" : "outputs"] ?? [];
  const at = Math.min(i, formals.length - 1);
  const formal = formals[at];
  if (v?.type.kind !== "tensor" || !formal) return undefined;
  return { at: `${kind}${at}`, dtype: v.type.dtype, allowed: definition?.types[formal.type] };
}

function places(node: Node): readonly Place[] {
  const found = [...node.inputs.map((v, i) => placeOf(node, "i", v, i)), ...node.outputs.map((v, i) => placeOf(node, "o", v, i))];
  return found.filter((place) => place !== undefined);
}

const moves = (place: Place | undefined, { narrow, wide }: Change) => place?.dtype === narrow && place.allowed?.includes(wide) === true;

interface Change {
  readonly narrow: DType;
  readonly wide: DType;
}

/** The type that a node has to leave, and the one to compute in; undefined where its kernel takes what it has, or nothing wider helps. */
function changeOf(node: Node): Change | undefined {
  const inlined = inlinedOperators.includes(node.op);
  if (!computesTensors(node.op) || !(inlined || Object.hasOwn(kernelTypes, node.op))) return undefined;
  const all = places(node);
  // What takes an operator's place is made of operators that mostly lack bfloat16.
  const lacks = ({ at, dtype }: Place) => (inlined ? dtype === "bfloat16" : !takes(node.op, at, dtype));
  const narrow = all.find((place) => wider[place.dtype] !== undefined && lacks(place))?.dtype;
  if (narrow === undefined || (dtypeInfo(narrow).kind !== "float" && !sameBits.has(node.op))) return undefined;
  const change = { narrow, wide: wider[narrow] as DType };
  const helps = inlined || all.every((place) => takes(node.op, place.at, moves(place, change) ? change.wide : place.dtype));
  return helps ? change : undefined;
}

/**
 * Computes a node in a wider type where ONNX Runtime has no kernel for its own.
 *
 *     x: bfloat16 ─ Gemm ─ y: bfloat16
 *     x ─ Cast(float32) ─ Gemm ─ Cast(bfloat16) ─ y
 *
 * Cases: 1. bfloat16, in float32: what one operator computes is rounded once to bfloat16, as the interpreter rounds it  2. small integers, where
 * the low bits of the wide result are the narrow one  3. constants, which are converted here  4. the operators that ONNX Runtime defines by
 * others. The casts of neighbours stay: between two operators the value is rounded, as it is in eager code.
 * Accuracy: approximate, of one unit in the last place of bfloat16 (sums are made in another order); exact for integers.
 */
export const castForKernel: Pass = {
  name: "cast-for-kernel",
  about: "computes a node in a wider type where ONNX Runtime has no kernel for its own; each result is rounded back",
  accuracy: "approximate",
  run(graph, context) {
    for (const inner of [...allGraphs(graph)])
      for (const node of [...inner.nodes()]) {
        const change = changeOf(node);
        const patch = change && patchOf(node, change);
        if (!patch) continue;
        patch.validate();
        if (!context.step(castForKernel.name, node)) return;
        const exact = dtypeInfo(change.narrow).kind !== "float";
        const claim = exact ? ({ accuracy: "exact" } as const) : ({ accuracy: "approximate", tolerance: 2 ** -7 } as const);
        context.check(patch, { rule: castForKernel.name, ...claim }, node);
        patch.apply();
      }
  },
};

/** Undefined where the outputs do not follow the inputs: their type is an attribute's. */
function patchOf(node: Node, change: Change): Patch | undefined {
  const { narrow, wide } = change;
  const patch = new Patch(node.graph, castForKernel.name);
  const cast = (v: Value, to: DType) =>
    v.constant ? patch.constant(convert(v.constant, to), v.name) : patch.add("Cast", [v], { to: dtypeInfo(to).onnx }).output;
  const inputs = node.inputs.map((v, i) => (v && moves(placeOf(node, "i", v, i), change) ? cast(v, wide) : v));
  const { outputs } = patch.add(node.op, inputs, node.attributes, { outputCount: node.outputs.length });
  for (const [i, from] of node.outputs.entries()) {
    const to = outputs[i] as Value;
    const moved = moves(placeOf(node, "o", from, i), change);
    if (moved ? placeOf(node, "o", to, i)?.dtype !== wide : !typeFits(to.type, from.type)) return undefined;
    patch.shunt(from, moved ? cast(to, narrow) : to);
  }
  return patch;
}
