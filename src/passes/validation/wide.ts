// Runs a small graph in float64, and carries along how far the rounding of constants may move each element. What `ulp` rewrites are
// measured with: between two graphs that are equal but for rounded constants, nothing else is left.
import { IngotError } from "../../errors/error.ts";
import { Graph, type Node, type Value } from "../../ir/graph.ts";
import type { Attributes } from "../../ir/schema.ts";
import { applyOp } from "../../ops/apply-op.ts";
import type { OpDefinition } from "../../ops/define.ts";
import { evaluateOp } from "../../ops/evaluate.ts";
import type { RuntimeValue } from "../../ops/runtime-value.ts";
import { dtypeInfo, isFloat } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import { toFloat64 } from "../channel-arithmetic.ts";
import { attributesKey } from "./attributes-key.ts";
import { heavyOps } from "./heavy-ops.ts";
import { propagateNoise } from "./noise.ts";
import { roundingUnit, varianceOf, type Wide, widen } from "./wide-value.ts";

/** Results of operators that both sides share: with the same inputs and attributes they are computed once. */
export type Shared = { readonly node: Node; readonly args: readonly (Wide | undefined)[]; readonly results: readonly Wide[] }[];

export interface WideOptions {
  /** Whether a constant was rounded when the graph was made, so that its elements carry noise. */
  readonly rounded: (value: Value) => boolean;
  /** Whether a float attribute of a node was rounded so (the factor of a fused product): its results carry one rounding each. */
  readonly roundedAttributes: (node: Node) => boolean;
  readonly constants: Map<Storage, Wide>;
  readonly shared: Shared;
}

/** One value per input; gives one per output. Throws what operators throw. */
export function runWide(graph: Graph, inputs: readonly Wide[], options: WideOptions): Wide[] {
  const values = new Map<Value, Wide>();
  graph.inputs.forEach((v, i) => {
    values.set(v, inputs[i] as Wide);
  });
  const lookup = (v: Value): Wide => values.get(v) ?? constant(v, options);
  for (const node of graph.nodes()) {
    const args = node.inputs.map((v) => v && lookup(v));
    const results = reuse(node, args, options.shared) ?? evaluate(node, args, options);
    node.outputs.forEach((v, i) => {
      values.set(v, results[i] as Wide);
    });
  }
  return graph.outputs.map(lookup);
}

function constant(v: Value, { rounded, constants }: WideOptions): Wide {
  const storage = v.storage as Storage;
  const known = constants.get(storage);
  if (known) return known;
  const unit = isFloat(storage.dtype) && rounded(v) ? roundingUnit[storage.dtype] : undefined;
  const wide = { value: storage, noise: unit === undefined ? undefined : { unit } };
  constants.set(storage, wide);
  return wide;
}

function reuse(node: Node, args: readonly (Wide | undefined)[], shared: Shared): readonly Wide[] | undefined {
  const same = shared.find(
    (s) =>
      s.node.op === node.op &&
      s.args.length === args.length &&
      s.args.every((a, i) => a === args[i]) &&
      attributesKey(s.node) === attributesKey(node),
  );
  return same?.results;
}

function evaluate(node: Node, args: readonly (Wide | undefined)[], options: WideOptions): readonly Wide[] {
  const definition = node.graph.schemas.get(node.op) as OpDefinition;
  const heavy = heavyOps[node.op]?.(args, node.attributes);
  const results = heavy ? [heavy] : (decomposed(node, definition, args, options) ?? general(node, definition, args));
  if (options.roundedAttributes(node)) return results.map((wide, i) => withRounding(wide, node.outputs[i]));
  if (heavy) options.shared.push({ node, args, results });
  return results;
}

/** A rounding of each element to the dtype of `output` more. */
function withRounding(wide: Wide, output: Value | undefined): Wide {
  const unit = output?.type.kind === "tensor" ? roundingUnit[output.type.dtype] : undefined;
  if (unit === undefined || !(wide.value instanceof Storage)) return wide;
  const own = varianceOf({ value: wide.value, noise: { unit } }) as Storage;
  const before = varianceOf(wide);
  return { value: wide.value, noise: before ? applyOp("Add", [own, before]) : own };
}

/** Fused operators through their parts, so that a convolution inside shares the work of the one it replaces. */
function decomposed(node: Node, definition: OpDefinition, args: readonly (Wide | undefined)[], options: WideOptions): Wide[] | undefined {
  if (definition.domain === "" || !definition.decompose) return undefined;
  const inner = new Graph(node.graph.schemas, node.op);
  const given: Wide[] = [];
  const inputs = node.inputs.map((v, i) => {
    if (!v) return undefined;
    given.push(args[i] as Wide);
    return inner.addInput("", v.type);
  });
  inner.setOutputs(definition.decompose(inner, inputs, node.attributes, node.outputs));
  return runWide(inner, given, options);
}

function general(node: Node, definition: OpDefinition, args: readonly (Wide | undefined)[]): readonly Wide[] {
  const run = (inputs: readonly (RuntimeValue | undefined)[]) =>
    evaluateOp(definition, inputs, wideAttributes(node), { outputCount: node.outputs.length }).map(widen);
  const inputs = args.map((a) => a && widen(a.value));
  let values: RuntimeValue[];
  try {
    values = run(inputs);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    return narrow(node, definition, inputs);
  }
  const noise = args.some((a) => a?.noise) ? propagateNoise(node.op, args, values, run) : undefined;
  return values.map((value, i) => ({ value, noise: noise?.[i] }));
}

/** An operator that does not take float64: in its own dtype, with a few roundings of its result as noise. */
function narrow(node: Node, definition: OpDefinition, inputs: readonly (RuntimeValue | undefined)[]): readonly Wide[] {
  const own = inputs.map((v, i) => {
    const type = node.inputs[i]?.type;
    return v instanceof Storage && type?.kind === "tensor" && type.dtype !== v.dtype ? Storage.from(type.dtype, toFloat64(v), v.shape) : v;
  });
  return evaluateOp(definition, own, node.attributes, { outputCount: node.outputs.length }).map((v): Wide => {
    if (!(v instanceof Storage) || !isFloat(v.dtype)) return { value: v, noise: undefined };
    const unit = 4 * (roundingUnit[v.dtype] ?? 0);
    const value = widen(v) as Storage;
    return { value, noise: varianceOf({ value, noise: { unit } }) };
  });
}

/** Casts between float dtypes round nothing here. */
function wideAttributes(node: Node): Attributes {
  const to = node.output.type;
  if (node.op !== "Cast" || to.kind !== "tensor" || !isFloat(to.dtype)) return node.attributes;
  return { ...node.attributes, to: dtypeInfo("float64").onnx };
}
