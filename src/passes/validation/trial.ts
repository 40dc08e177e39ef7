// A patch at chosen sizes: the replaced nodes and the patch's own, as two graphs that can be run on the same inputs.
import { type Dim, substituteDim } from "../../ir/dim.ts";
import { dimsOfStorage, Graph, type Node, type Value } from "../../ir/graph.ts";
import type { Patch } from "../../ir/patch.ts";
import { type TensorType, tensorType } from "../../ir/type.ts";
import type { OpDefinition } from "../../ops/define.ts";
import { sameShape } from "../../tensor/shape.ts";
import type { Region } from "./region.ts";

/** Gives an axis its size. */
export type Sizing = (dim: Dim, axis: number) => number;

export interface Trial {
  /** Inputs: the frontier. Outputs: what is shunted, then what the replacement needs (taps that are not constant, outer values). */
  readonly before: Graph;
  /** Inputs: its taps that are not constant. Outputs: what replaces the shunted values. */
  readonly after: Graph;
  /** For each input of `after`, the output of `before` that it is. */
  readonly feeds: readonly number[];
  /** For each shunt: the output of `after`, or the output of `before`, that replaces it. */
  readonly replacements: readonly { readonly graph: "before" | "after"; readonly output: number }[];
  readonly shunts: number;
  /** The types that the graph declares for what is shunted, at these sizes: other shapes come from inputs that it does not allow. */
  readonly declared: readonly TensorType[];
}

/** Why a patch is not compared. */
export class NotComparable {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * Builds both sides at the sizes that `size` gives. Throws what inference throws when these sizes do not fit, and `NotComparable`.
 */
export function makeTrial(patch: Patch, region: Region, size: Sizing): Trial {
  const before = new Graph(patch.outer.schemas, "before");
  const inside = new Map<Value, Value>();
  const concrete = (v: Value): TensorType => {
    if (v.type.kind !== "tensor") throw new NotComparable("values that are not tensors");
    if (!v.type.shape) throw new NotComparable("an unknown rank");
    const shape = v.type.shape.map((d, axis) => size(d, axis));
    // A size such as n − 256 says that n is no smaller.
    if (shape.some((d) => d < 0)) throw new SizesDoNotFit();
    return tensorType(v.type.dtype, shape);
  };
  for (const v of region.frontier) {
    const input = before.addInput(v.name ?? "", concrete(v));
    const known = v.dims?.map((d) => size(d, -1));
    if (known) input.dims = known;
    inside.set(v, input);
  }
  const outside = (v: Value | undefined): Value | undefined => {
    if (!v) return undefined;
    const mapped = inside.get(v);
    if (mapped) return mapped;
    if (!v.storage) throw new NotComparable("a value from outside");
    const constant = before.addInitializer(v.storage, v.name);
    inside.set(v, constant);
    return constant;
  };
  for (const node of region.nodes) {
    requireComparable(node);
    const copy = before.add(node.op, node.inputs.map(outside), node.attributes, { outputCount: node.outputs.length });
    node.outputs.forEach((v, i) => {
      inside.set(v, copy.outputs[i] as Value);
    });
  }
  const outputs = [...patch.shunts.keys()].map((v) => inside.get(v) as Value);
  const need = (v: Value) => outputs.push(outside(v) as Value) - 1;

  const after = new Graph(patch.outer.schemas, "after");
  const copies = new Map<Value, Value>();
  const feeds: number[] = [];
  for (const [outer, tap] of patch.taps) {
    const source = outside(outer) as Value;
    if (outer.constant) {
      copies.set(tap, after.addInitializer(outer.constant, outer.name));
      continue;
    }
    const input = after.addInput(tap.name ?? "", source.type);
    input.dims = source.dims;
    feeds.push(need(outer));
    copies.set(tap, input);
  }
  const fresh = new Set<Value>();
  for (const v of patch.graph.initializers) {
    const copy = after.addInitializer(v.storage as NonNullable<Value["storage"]>, v.name);
    copy.dims = dimsOfStorage(copy.storage as NonNullable<Value["storage"]>);
    fresh.add(copy);
    copies.set(v, copy);
  }
  for (const node of patch.graph.nodes()) {
    requireComparable(node);
    const inputs = node.inputs.map((v) => v && copies.get(v));
    const copy = after.add(node.op, inputs, node.attributes, { outputCount: node.outputs.length });
    node.outputs.forEach((v, i) => {
      copies.set(v, copy.outputs[i] as Value);
    });
  }
  const results: Value[] = [];
  const replacements = [...patch.shunts.values()].map((to): Trial["replacements"][number] => {
    const own = copies.get(to);
    return own ? { graph: "after", output: results.push(own) - 1 } : { graph: "before", output: need(to) };
  });
  before.setOutputs(outputs);
  after.setOutputs(results);
  const declared = [...patch.shunts.keys()].map((v) => (v.type.kind === "tensor" && v.type.shape ? concrete(v) : tensorType("float32")));
  const trial = { before, after, feeds, replacements, shunts: patch.shunts.size, declared };
  requireSameShapes(trial);
  return trial;
}

/** Sizes for a dim under an assignment of its symbols; what is not assigned counts `otherwise`. */
export function sizeOf(dim: Dim, sizes: ReadonlyMap<string, number>, otherwise: number): number {
  if (typeof dim === "number") return dim;
  const value = substituteDim(dim, (name) => sizes.get(name) ?? otherwise);
  return typeof value === "number" ? value : otherwise;
}

export class SizesDoNotFit extends Error {}

function requireSameShapes(trial: Trial): void {
  // Inference may give less than nothing where padding cuts off more than there is.
  for (const graph of [trial.before, trial.after])
    for (const node of graph.nodes())
      for (const { type } of node.outputs)
        if (type.kind === "tensor" && type.shape?.some((d) => typeof d === "number" && d < 0)) throw new SizesDoNotFit();
  for (let i = 0; i < trial.shunts; i++) {
    const { graph, output } = trial.replacements[i] as Trial["replacements"][number];
    const [e, a] = [trial.before.outputs[i], trial[graph].outputs[output]].map((v) => v?.type);
    if (e?.kind !== "tensor" || a?.kind !== "tensor") throw new NotComparable("values that are not tensors");
    const [x, y] = [e.shape, a.shape];
    if (x?.every(isNumber) && y?.every(isNumber) && !sameShape(x, y)) throw new SizesDoNotFit();
  }
}

const isNumber = (d: Dim): d is number => typeof d === "number";

function requireComparable(node: Node): void {
  if (node.subgraphs.length > 0) throw new NotComparable("sub-graphs");
  const definition = node.graph.schemas.get(node.op) as OpDefinition | undefined;
  if (!definition?.evaluate) throw new NotComparable("operators without a kernel");
  if (!definition.pure && !isInference(node)) throw new NotComparable("operators that raise or draw random numbers");
}

/** Dropout draws numbers in training only. */
function isInference(node: Node): boolean {
  const mode = node.inputs[2];
  return node.op === "Dropout" && (!mode || mode.constant?.toNumbers()[0] === 0);
}
