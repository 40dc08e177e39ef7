// Checks rewrite rules by running: the graph before and after on the interpreter, on the same seeded inputs, within the rule's accuracy class.
import assert from "node:assert/strict";
import { evaluateDim } from "../../src/ir/dim.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { allNodes, cloneGraph } from "../../src/ir/traverse.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { contentsOf, type RuntimeValue } from "../../src/ops/runtime-value.ts";
import { runPasses } from "../../src/passes/manager.ts";
import type { Accuracy, Pass, Target } from "../../src/passes/pass.ts";
import { explainRule, type Rule } from "../../src/passes/rewriter.ts";
import { type DType, isFloat } from "../../src/tensor/dtype.ts";
import { Generator } from "../../src/tensor/random.ts";
import { elementCount } from "../../src/tensor/shape.ts";
import { Storage } from "../../src/tensor/storage.ts";

export interface CheckOptions {
  /** How often the passes must fire. */
  readonly fires?: number;
  readonly seed?: number;
  /** Sizes of symbols; one that is not named is 2, 3, 4, 2, 3, … in order of appearance. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** The inputs, in order; those left out are drawn. */
  readonly feeds?: readonly (Storage | undefined)[];
  readonly target?: Target;
  /** Default: the loosest of the passes. */
  readonly accuracy?: Accuracy;
}

/** A graph from its text, or as it is. */
export const graphFrom = (graph: Graph | string): Graph => (typeof graph === "string" ? parseGraph(graph, registry) : graph);

/** The operators of a graph and its sub-graphs, in order. */
export const operators = (graph: Graph): string[] => [...allNodes(graph)].map((n) => n.op);

/**
 * Runs passes over a copy of `graph`, verifies it, checks that a second run changes nothing, and that the results are the same: bit for bit
 * for exact rules (whose inputs hold NaN, infinities and both zeros), else within rounding. Gives the graph after.
 */
export function checkPasses(source: Graph | string, passes: Pass | readonly Pass[], options: CheckOptions = {}): Graph {
  const list = Array.isArray(passes) ? (passes as readonly Pass[]) : [passes as Pass];
  const before = graphFrom(source);
  verifyGraph(before);
  const { graph: after } = cloneGraph(before);
  const target = options.target ?? "portable";
  const report = runPasses(after, list, { target, verify: true });
  verifyGraph(after);
  if (options.fires !== undefined) assert.equal(report.journal.length, options.fires, `rewrites of\n${before}\nto\n${after}`);
  assert.equal(runPasses(after, list, { target, verify: true }).journal.length, 0, `a second run changes\n${after}`);
  sameResults(before, after, options.accuracy ?? loosest(list), options);
  return after;
}

/** The rule must leave the graph alone, and say why: `reason` matches one of its explanations. */
export function refuses(source: Graph | string, rule: Rule, reason: RegExp): void {
  const graph = graphFrom(source);
  verifyGraph(graph);
  const said = explainRule(graph, rule);
  assert.ok(said.length > 0, `no node of the graph can be the root of ${rule.name}`);
  assert.ok(!said.some((e) => e.fires), `${rule.name} fires on\n${graph}`);
  assert.ok(
    said.some((e) => reason.test(e.reason)),
    `${rule.name} says: ${said.map((e) => e.reason).join("; ")}`,
  );
  assert.equal(runPasses(graph, [rule], { verify: true }).journal.length, 0);
}

/** Both graphs on the same inputs. */
export function sameResults(before: Graph, after: Graph, accuracy: Accuracy, options: CheckOptions = {}): void {
  const feeds = drawFeeds(before, options, accuracy === "exact");
  let largest = 0;
  const expected = runGraph(before, feeds, {
    onNode: (_, outputs) => {
      for (const v of outputs) if (v instanceof Storage && isFloat(v.dtype)) largest = Math.max(largest, magnitude(v));
    },
  });
  const actual = runGraph(after, feeds);
  const texts = () => `before:\n${before}\nafter:\n${after}`;
  assert.equal(actual.length, expected.length);
  expected.forEach((want, i) => {
    compare(want, actual[i] as RuntimeValue, accuracy, largest, () => `output ${i} differs\n${texts()}`);
  });
}

/** The largest finite absolute value. */
const magnitude = (s: Storage): number => s.toNumbers().reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);

function compare(want: RuntimeValue, got: RuntimeValue, accuracy: Accuracy, largest: number, message: () => string): void {
  if (!(want instanceof Storage) || !(got instanceof Storage)) {
    if (want instanceof Storage || got instanceof Storage) assert.fail(message());
    const [wanted, given] = [contentsOf(want), contentsOf(got)];
    assert.equal(given.length, wanted.length, message());
    wanted.forEach((w, i) => {
      compare(w, given[i] as RuntimeValue, accuracy, largest, message);
    });
    return;
  }
  assert.deepEqual([got.dtype, ...got.shape], [want.dtype, ...want.shape]);
  if (want.dtype === "string" || want.dtype === "int64" || want.dtype === "uint64") {
    assert.deepEqual(got.dense(), want.dense());
    return;
  }
  const [expected, actual] = [want.toNumbers(), got.toNumbers()];
  const exact = accuracy === "exact" || !isFloat(want.dtype);
  const unit = { float64: 2 ** -53, float32: 2 ** -24, float16: 2 ** -11, bfloat16: 2 ** -8 }[want.dtype as string] ?? 0;
  // Rounding of the sums on the way counts too, but a wrong channel among large ones must still be seen.
  const limit = (accuracy === "ulp" ? 32 : 256) * unit * Math.max(magnitude(want), largest / 8, Number.MIN_VALUE);
  expected.forEach((e, k) => {
    const a = actual[k] as number;
    const same = Object.is(a, e) || (!exact && (a === e || Math.abs(a - e) <= limit));
    if (!same) assert.fail(`element ${k} is ${a}, should be ${e} (± ${exact ? 0 : limit}); ${message()}`);
  });
}

const order: readonly Accuracy[] = ["exact", "ulp", "approximate"];
const loosest = (passes: readonly Pass[]): Accuracy =>
  passes.reduce<Accuracy>((a, p) => (order.indexOf(p.accuracy) > order.indexOf(a) ? p.accuracy : a), "exact");

/** Seeded values for each input that `options.feeds` leaves out. */
export function drawFeeds(graph: Graph, options: CheckOptions = {}, specials = false): Storage[] {
  const generator = new Generator(options.seed ?? 1);
  const sizes = new Map(Object.entries(options.sizes ?? {}));
  return graph.inputs.map((v, i) => {
    const given = options.feeds?.[i];
    if (given) return given;
    const { dtype, shape = [] } = v.tensorType;
    for (const d of shape)
      if (typeof d !== "number")
        for (const t of d.terms)
          for (const atom of t.atoms) if (atom.kind === "size" && !sizes.has(atom.name)) sizes.set(atom.name, (sizes.size % 3) + 2);
    return drawn(
      dtype,
      shape.map((d) => evaluateDim(d, sizes) ?? 2),
      generator,
      specials,
    );
  });
}

const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, -1];

/** Normal floats, small integers, random booleans; with `specials`, a fifth of the floats are 0, −0, NaN, ±∞, ±1. */
export function drawn(dtype: DType, shape: readonly number[], generator: Generator, specials = false): Storage {
  const draw = () => {
    if (dtype === "bool") return generator.integer(0, 2);
    if (dtype === "string") return `s${generator.integer(0, 5)}`;
    if (!isFloat(dtype)) return generator.integer(dtype.startsWith("u") ? 0 : -9, 10);
    return specials && generator.uniform() < 0.2 ? (special[generator.integer(0, special.length)] as number) : generator.normal();
  };
  return Storage.from(dtype, Array.from({ length: elementCount(shape) }, draw) as (number | string)[] as number[], shape);
}

/** Draws from a generator: what property tests build random graphs with. */
export class Dice {
  readonly generator: Generator;

  constructor(seed: number) {
    this.generator = new Generator(seed);
  }

  /** A whole number in [low, high]. */
  int(low: number, high: number): number {
    return this.generator.integer(low, high + 1);
  }

  flip(): boolean {
    return this.generator.uniform() < 0.5;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** Normal numbers with two decimals and never 0. */
  number(): number {
    return Math.round(this.generator.normal() * 100) / 100 || 0.5;
  }

  storage(shape: readonly number[], dtype: DType = "float32"): Storage {
    return drawn(dtype, shape, this.generator);
  }

  /** Numbers in [0.5, 2]: scales and variances. */
  positive(shape: readonly number[], dtype: DType = "float32"): Storage {
    return Storage.from(
      dtype,
      Array.from({ length: elementCount(shape) }, () => 0.5 + 1.5 * this.generator.uniform()),
      shape,
    );
  }

  /** 0 … n−1 in random order. */
  permutation(n: number): number[] {
    return [...this.generator.permutation(n)];
  }
}
