// Checks every rewrite before it is applied (translation validation): the nodes it replaces and the patch are run on the same small random
// inputs. A check of whole outputs cannot see a mistake that is as small as its limit; here the limit is what rounding explains, and no more.
import { IngotError, ingotError } from "../../errors/error.ts";
import type { Graph, Node } from "../../ir/graph.ts";
import type { Patch } from "../../ir/patch.ts";
import { formatProvenance } from "../../ir/provenance.ts";
import { formatType, type TensorType } from "../../ir/type.ts";
import { runGraph } from "../../ops/run-graph.ts";
import type { RuntimeValue } from "../../ops/runtime-value.ts";
import { sameShape } from "../../tensor/shape.ts";
import { Storage } from "../../tensor/storage.ts";
import type { Accuracy, RewriteClaim } from "../pass.ts";
import { attributesKey } from "./attributes-key.ts";
import { inputFor, integerRanges } from "./inputs.ts";
import { compareApproximate, compareExact, compareUlp, type Finding } from "./judge.ts";
import { deepen, type Region, replacedRegion } from "./region.ts";
import { attempt, costOf, declaredSizes, type SizePlan, smallSizes } from "./sizes.ts";
import { NotComparable, type Trial } from "./trial.ts";
import { runWide, type Shared, type WideOptions } from "./wide.ts";
import type { Wide } from "./wide-value.ts";

/** How many rewrites were compared, and why the others were not. */
export interface ValidationTally {
  readonly validated: number;
  readonly skipped: Readonly<Record<string, number>>;
}

/** A comparison may cost so many FLOP; a larger one is counted as skipped. */
const flopBudget = 2 ** 28;
/** Small results are compared on several inputs, until about so many elements were seen. */
const enoughElements = 64;
const maxRounds = 8;
/** FLOP (or elements) of all rounds of a comparison together; the first is made whatever it takes. */
const repeatBudget = 2 ** 24;
/** How far back a frontier is moved when two sides differ on any values, but may agree on those that occur. */
const maxDepth = 4;
/** Default for `approximate` rules that state no limit: the limit of whole outputs in float32. */
const defaultTolerance = 1e-4;

/** Compares patches with what they replace, and counts. */
export class RewriteValidator {
  #validated = 0;
  readonly #skipped = new Map<string, number>();
  readonly #plans = new Map<string, SizePlan>();

  get tally(): ValidationTally {
    return { validated: this.#validated, skipped: Object.fromEntries(this.#skipped) };
  }

  /** Counts a rewrite whose result is right by the way it was made: the kernel itself computed it. */
  accept(): void {
    this.#validated++;
  }

  /**
   * `exact` rewrites must give the same bits in the graph's own dtype; `ulp` ones are run in float64 and may differ by what the rounding of
   * new constants explains (see `compareUlp`); `approximate` ones by their own limit. Throws `RewriteNotEquivalent`.
   */
  check(patch: Patch, claim: RewriteClaim, node: Node): void {
    try {
      const finding = this.#compare(patch, claim);
      if (!finding) this.#validated++;
      else throw notEquivalent(claim, node, finding);
    } catch (error) {
      if (!(error instanceof NotComparable)) throw error;
      this.#skipped.set(error.reason, (this.#skipped.get(error.reason) ?? 0) + 1);
    }
  }

  /** The difference that counts; undefined when there is none. Throws `NotComparable`. */
  #compare(patch: Patch, claim: RewriteClaim): Finding | undefined {
    let region: Region | undefined = replacedRegion(patch);
    let found: Finding | undefined;
    for (let depth = 0; region && depth <= maxDepth; depth++) {
      try {
        found = this.#compareRegion(patch, region, claim);
      } catch (error) {
        // Further back nothing can be learned; what was found stands.
        if (found && error instanceof NotComparable) return found;
        throw error;
      }
      if (!found) return undefined;
      region = deepen(region, patch.outer);
    }
    return found;
  }

  /** At small sizes first; a constant made from the declared sizes is right at those only. */
  #compareRegion(patch: Patch, region: Region, claim: RewriteClaim): Finding | undefined {
    const key = planKey(patch, region, claim);
    const known = this.#plans.get(key);
    const first = known && attempt(patch, region, known);
    if (first && compareTrial(first, patch, region, claim, false) === "equal") return undefined;
    const declared = declaredSizes(patch, region);
    if (!declared) throw new NotComparable("sizes that inference refuses");
    const small = smallSizes(patch, region, declared);
    this.#plans.set(key, small.plan);
    let found: Finding | undefined;
    let refusal = "values that operators refuse";
    for (const sized of small === declared ? [declared] : [small, declared]) {
      const { trial } = sized;
      if (costOf(trial) > flopBudget) {
        refusal = "too much to compute";
        continue;
      }
      const verdict = compareTrial(trial, patch, region, claim, sized === declared);
      if (verdict === "equal") return undefined;
      if (verdict !== "refused") found = verdict;
      // At the graph's own sizes nothing fits: then it was no fair input at small ones either.
      else if (sized === declared) found = undefined;
    }
    if (!found) throw new NotComparable(refusal);
    return found;
  }
}

/**
 * Runs both sides until enough elements were seen. `refused` when operators do not take any of the inputs, or, at the declared sizes, give
 * shapes that the graph does not declare (its declarations are promises about its inputs).
 */
function compareTrial(trial: Trial, patch: Patch, region: Region, claim: RewriteClaim, atDeclared: boolean): Finding | "equal" | "refused" {
  const compare = comparisons[claim.accuracy];
  const newRun = claim.accuracy === "exact" ? () => runExactly : widely(patch, region);
  let elements = 0;
  let range = 0;
  // A result of few elements of a large input, such as its shape, is not worth making the input many times.
  const rounds = Math.max(1, Math.min(maxRounds, Math.floor(repeatBudget / costOf(trial))));
  for (let round = 0; round < rounds && elements < enoughElements; ) {
    const inputs = trial.before.inputs.map((v, i) => inputFor(v, 1 + i + 1000 * round, integerRanges[range] as readonly [number, number]));
    const pairs = tryBoth(trial, inputs, newRun());
    const allowed = pairs?.every(({ expected }, i) => !atDeclared || fits(expected, trial.declared[i] as TensorType));
    if (!pairs || !allowed) {
      range++;
      if (range === integerRanges.length) return "refused";
      continue;
    }
    for (const { expected, actual } of pairs) {
      const found = compare(expected, actual, claim.tolerance ?? defaultTolerance);
      if (found) return found;
      elements += (expected.value as Storage).size;
    }
    round++;
  }
  return "equal";
}

const fits = ({ value }: Wide, { shape }: TensorType) => !shape || (value instanceof Storage && sameShape(value.shape, shape as number[]));

function tryBoth(...args: Parameters<typeof runBoth>): ReturnType<typeof runBoth> | undefined {
  try {
    return runBoth(...args);
  } catch (error) {
    // What operators say of inputs that they do not take; anything else is a mistake of ours.
    if (error instanceof IngotError) return undefined;
    throw error;
  }
}

function runBoth(trial: Trial, inputs: readonly Storage[], run: Run) {
  const before = run(trial.before, inputs.map(plain));
  const after = run(
    trial.after,
    trial.feeds.map((i) => before[i] as Wide),
  );
  return Array.from({ length: trial.shunts }, (_, i) => {
    const { graph, output } = trial.replacements[i] as Trial["replacements"][number];
    return { expected: before[i] as Wide, actual: (graph === "before" ? before : after)[output] as Wide };
  });
}

const comparisons: Readonly<Record<Accuracy, typeof compareUlp>> = {
  exact: compareExact,
  ulp: compareUlp,
  approximate: compareApproximate,
};

type Run = (graph: Graph, inputs: readonly Wide[]) => Wide[];

const plain = (value: RuntimeValue): Wide => ({ value, noise: undefined });

const runExactly: Run = (graph, inputs) =>
  runGraph(
    graph,
    inputs.map((w) => w.value),
  ).map(plain);

/**
 * Makes a run for each round, whose two sides share their heavy work. Constants that a patch brings were rounded once; so were crooked scalars
 * that it leaves out (√2 in a composed Gelu).
 */
function widely(patch: Patch, region: Region): () => Run {
  const rounded = new Set<Storage>();
  for (const v of patch.graph.initializers) if (v.storage) rounded.add(v.storage);
  for (const node of region.nodes)
    for (const v of node.inputs)
      if (v?.storage) {
        if (v.storage.size === 1 && !patch.taps.has(v)) {
          if (v.storage.dtype !== "string" && !isRound(v.storage)) rounded.add(v.storage);
        } else rounded.delete(v.storage);
      }
  const constants = new Map<Storage, Wide>();
  const old = new Set(region.nodes.flatMap((n) => Object.values(n.attributes)));
  const options: Omit<WideOptions, "shared"> = {
    rounded: (v) => v.storage !== undefined && rounded.has(v.storage),
    // An attribute that no replaced node has was worked out by the rule; as a file holds it, it is a float32.
    roundedAttributes: (node) =>
      Object.entries(node.attributes).some(([name, value]) => {
        const isFloatAttribute = node.graph.schemas.get(node.op)?.attributes[name]?.kind === "float";
        return isFloatAttribute && !old.has(value) && !Number.isInteger(Number(value) * 1024);
      }),
    constants,
  };
  return () => {
    const shared: Shared = [];
    return (graph, inputs) => runWide(graph, inputs, { ...options, shared });
  };
}

const isRound = (scalar: Storage) => Number.isInteger(Number(scalar.dense()[0]) * 1024);

/** Equal keys have equal small sizes: the same operators on the same types. */
function planKey(patch: Patch, region: Region, { accuracy }: RewriteClaim): string {
  const parts: string[] = [accuracy];
  const add = (nodes: Iterable<Node>) => {
    for (const n of nodes)
      parts.push(n.op, attributesKey(n), n.inputs.map((v) => (v ? formatType(v.type) : "")).join(), String(n.outputs.length));
  };
  add(region.nodes);
  parts.push("→");
  add(patch.graph.nodes());
  return parts.join("|");
}

function notEquivalent(claim: RewriteClaim, node: Node, finding: Finding): Error {
  const place = formatProvenance(node.provenance);
  const where = place ? `, from ${place}` : "";
  return ingotError("RewriteNotEquivalent", { rule: claim.rule, node: node.op, where, accuracy: claim.accuracy, ...finding });
}
