// Small sizes at which a patch is compared: every weight takes part, and an element costs about one multiplication per weight.
import { IngotError } from "../../errors/error.ts";
import { symbolsOf } from "../../ir/dim.ts";
import type { Graph } from "../../ir/graph.ts";
import type { Patch } from "../../ir/patch.ts";
import type { TensorType } from "../../ir/type.ts";
import type { OpDefinition } from "../../ops/define.ts";
import { windowOf, windowPads } from "../../ops/window.ts";
import { elementCount } from "../../tensor/shape.ts";
import type { Region } from "./region.ts";
import { makeTrial, SizesDoNotFit, type Sizing, sizeOf, type Trial } from "./trial.ts";

/** Sizes that are tried, smallest first; beyond the last one an axis keeps its own. */
const candidates = [2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 24, 32, 64] as const;
/** Sizes for all symbols at once, until inference takes one. */
const symbolSizes = [2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 224, 512, 1024] as const;
/** A patch that costs no more than this is compared at its own sizes. FLOP, or elements. */
const smallEnough = 2 ** 14;

/**
 * Operators that treat all positions of an axis alike and move none. Where there are no others, an axis of one element tells as much as a
 * longer one, and a weight of a 1×1 convolution costs one multiplication.
 */
const positionwise: ReadonlySet<string> = new Set([
  "Add",
  "BatchNormalization",
  "Clip",
  "com.microsoft.FusedConv",
  "Conv",
  "Div",
  "HardSigmoid",
  "HardSwish",
  "LeakyRelu",
  "Mul",
  "Relu",
  "Sigmoid",
  "Sub",
  "Tanh",
]);

/** An assignment of sizes: symbols by name; numbers by value, or by value and axis. */
export type SizePlan = ReadonlyMap<string, number>;

/** A plan that inference took, and the trial at its sizes. */
export interface Sized {
  readonly plan: SizePlan;
  readonly trial: Trial;
}

/** The sizing of a plan. Without an entry a number stays what it is. */
function sizingOf(plan: SizePlan): Sizing {
  return (dim, axis) => (typeof dim === "number" ? (plan.get(`${dim}@${axis}`) ?? plan.get(`${dim}`) ?? dim) : sizeOf(dim, plan, 2));
}

/** FLOP (or elements, whichever is known) of running both sides. */
export function costOf(trial: Trial): number {
  const cost = (graph: Graph) => {
    let sum = 0;
    for (const node of graph.nodes()) {
      const definition = graph.schemas.get(node.op) as OpDefinition | undefined;
      const types = node.outputs.map((v) => v.type);
      if (!types.every(isConcrete)) continue;
      const inputs = node.inputs.map((v) => (v && isConcrete(v.type) ? v.type : undefined));
      sum += types.reduce((n, t) => n + elementCount(t.shape as number[]), 0) + (definition?.flops?.(inputs, types) ?? 0);
    }
    for (const v of graph.inputs) if (isConcrete(v.type)) sum += elementCount(v.type.shape as number[]);
    return sum;
  };
  return cost(trial.before) + cost(trial.after);
}

/** The declared sizes, with symbols at the smallest size that inference takes. Undefined when none fits. */
export function declaredSizes(patch: Patch, region: Region): Sized | undefined {
  const names = new Set<string>();
  for (const v of region.frontier)
    for (const dim of [...((v.type.kind === "tensor" && v.type.shape) || []), ...(v.dims ?? [])]) symbolsOf(dim, names);
  for (const size of names.size === 0 ? [2] : symbolSizes) {
    const plan = new Map([...names].map((name) => [name, size]));
    const trial = attempt(patch, region, plan);
    if (trial) return { plan, trial };
  }
  return undefined;
}

/**
 * Shrinks the declared sizes greedily: all axes of one size together, and where inference refuses that, axis by axis. Sizes that constants fix
 * stay, because inference refuses others.
 */
export function smallSizes(patch: Patch, region: Region, declared: Sized): Sized {
  if (costOf(declared.trial) <= smallEnough) return declared;
  let sized = declared;
  const sizes = [declared.trial.before, declared.trial.after].every((g) => [...g.nodes()].every((n) => positionwise.has(n.op)))
    ? [1, ...candidates]
    : candidates;
  const axes = new Map<number, Set<number>>();
  for (const v of region.frontier)
    if (v.type.kind === "tensor")
      v.type.shape?.forEach((d, axis) => {
        if (typeof d === "number" && d > 2) axes.set(d, (axes.get(d) ?? new Set()).add(axis));
      });
  const shrink = (key: string, from: number): boolean => {
    for (const size of sizes) {
      if (size >= from) return false;
      const plan = new Map(sized.plan).set(key, size);
      const trial = attempt(patch, region, plan);
      if (!trial || isEmpty(trial) || !weightsTakePart(trial.before) || !weightsTakePart(trial.after)) continue;
      sized = { plan, trial };
      return true;
    }
    return false;
  };
  for (const [size, where] of axes)
    if (!shrink(String(size), size) && where.size > 1) for (const axis of where) shrink(`${size}@${axis}`, size);
  return sized;
}

/** The trial at the sizes of a plan; undefined when they do not fit. Throws `NotComparable`. */
export function attempt(patch: Patch, region: Region, plan: SizePlan): Trial | undefined {
  try {
    return makeTrial(patch, region, sizingOf(plan));
  } catch (error) {
    if (error instanceof IngotError || error instanceof SizesDoNotFit) return undefined;
    throw error;
  }
}

/** True when nothing is left to compare. */
const isEmpty = ({ before, shunts }: Trial) =>
  before.outputs.slice(0, shunts).some((v) => v.type.kind === "tensor" && v.type.shape?.includes(0));

/** True when every position of every convolution's kernel meets at least one element of its input (and not only padding). */
function weightsTakePart(graph: Graph): boolean {
  for (const node of graph.nodes()) {
    if (node.op !== "Conv" && node.op !== "com.microsoft.FusedConv") continue;
    const [x, w] = node.inputs.map((v) => v?.type);
    if (!x || !w || !isConcrete(x) || !isConcrete(w)) return false;
    const window = windowOf(node.op, w.shape.slice(2) as number[], node.attributes as Parameters<typeof windowOf>[2]);
    const spatial = x.shape.slice(2) as number[];
    const pads = windowPads(window, spatial);
    const outputs = (node.output.type as TensorType).shape?.slice(2) as number[];
    for (let d = 0; d < spatial.length; d++) {
      const [stride, dilation, begin] = [window.strides[d], window.dilations[d], pads[d]] as [number, number, number];
      for (let k = 0; k < (window.kernel[d] as number); k++) {
        let met = false;
        for (let o = 0; o < (outputs[d] as number) && !met; o++) {
          const at = o * stride - begin + k * dilation;
          met = at >= 0 && at < (spatial[d] as number);
        }
        if (!met) return false;
      }
    }
  }
  return true;
}

function isConcrete(type: { readonly kind: string }): type is TensorType & { readonly shape: readonly number[] } {
  return type.kind === "tensor" && ((type as TensorType).shape?.every((d) => typeof d === "number") ?? false);
}
