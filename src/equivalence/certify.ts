// Runs graphs beside eager, and writes down what was seen. Nothing is returned to a user that did not pass here.
import type { Executable, RunOptions } from "../engines/engine.ts";
import { type ErrorContext, ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { asStorage, runGraph } from "../ops/run-graph.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import type { Storage } from "../tensor/storage.ts";
import { type CertificateCase, type CertificateRow, evidenceOf } from "./certificate.ts";
import { type InputRecipe, makeInput } from "./check-inputs.ts";
import { type Comparison, compare, compareBitwise, type OutputComparison } from "./compare.ts";
import { type Leaf, leavesOf } from "./leaves.ts";
import { hashValue, type ValueRecipe } from "./recipes.ts";
import { explainedByRounding } from "./rounding-noise.ts";

/** One run that graphs are compared on: inputs, and what eager gave. */
export interface CheckCase {
  readonly label: string;
  /** Absent for inputs that a user gave, which cannot be made again. */
  readonly recipes: readonly ValueRecipe[] | undefined;
  readonly inputs: readonly RuntimeValue[];
  readonly expected: readonly RuntimeValue[];
}

export interface Tolerances {
  /** Per output. */
  readonly limits: readonly number[];
  readonly atol: number;
  readonly topk: number;
  /** The most steps that loops may take in one run; default: no limit. */
  readonly maxSteps?: number | undefined;
  /** How far rounding alone moves each output, absolutely; asked for only when an error is over its limit. Absent where the limit is final. */
  readonly rounding?: (check: CheckCase) => readonly number[];
}

/** Makes inputs by recipe and runs eager on them. */
export function makeCase(label: string, recipes: readonly InputRecipe[], eager: (inputs: readonly Storage[]) => Storage[]): CheckCase {
  const inputs = recipes.map(makeInput);
  return { label, recipes, inputs, expected: eager(inputs) };
}

/** The graph of a front end (`origin`), unoptimised, must equal eager bit for bit. Throws `TraceNotFaithful`. */
export function checkBitwise(
  graph: Graph,
  check: CheckCase,
  context: ErrorContext = {},
  origin: "traced" | "scripted" = "traced",
): CertificateRow {
  const actual = runGraph(graph, check.inputs, { reuseMemory: true });
  check.expected.forEach((e, i) => {
    const problem = compareBitwise(asStorage(e), asStorage(actual[i]));
    if (problem) throw ingotError("TraceNotFaithful", { problem: `output ${graph.outputNames[i]}: ${problem} (${check.label})` }, context);
  });
  return {
    graph: origin,
    engine: "interpreter",
    case: check.label,
    bitwise: true,
    outputs: check.expected.map(() => ({ maxAbsolute: 0, maxRelative: 0 })),
  };
}

/**
 * Outputs against eager's, per output with its own limit. An error over the limit counts as none where rounding the weights alone moves the
 * output as far: at that input no two implementations agree any better.
 */
export function compareCase(
  check: CheckCase,
  actual: readonly RuntimeValue[],
  names: readonly string[],
  tolerances: Tolerances,
): Comparison {
  const outputs = check.expected.flatMap((expected, i) => {
    const name = names[i] ?? `output ${i}`;
    const found = leavesOf(name, actual[i] as RuntimeValue);
    return leavesOf(name, expected).map((leaf, k) => compareLeaf(check, i, leaf, found[k], tolerances));
  });
  return { ok: outputs.every((o) => o.ok), outputs };
}

function compareLeaf(check: CheckCase, output: number, expected: Leaf, actual: Leaf | undefined, tolerances: Tolerances): OutputComparison {
  const { name } = expected;
  // Behind the first difference in how many values a container holds, tensors have no partner.
  if (actual?.name !== name) return notThere(expected);
  const one = (atol: number) =>
    compare([expected.storage], [actual.storage], {
      rtol: tolerances.limits[output] ?? 0,
      atol,
      topk: tolerances.topk,
      names: [name],
    }).outputs[0] as OutputComparison;
  const plain = one(tolerances.atol);
  if (plain.ok || !tolerances.rounding || !Number.isFinite(plain.maxAbsolute) || plain.maxRelative <= plain.limit) return plain;
  const noise = tolerances.rounding(check)[output] ?? 0;
  const again = one(Math.max(tolerances.atol, explainedByRounding * noise));
  if (Number.isFinite(plain.maxRelative)) return { ...again, rounding: (noise * plain.maxRelative) / plain.maxAbsolute };
  // Beside an output of zeros there is no relative error: both are told as they are.
  return { ...again, maxRelative: again.maxAbsolute, rounding: noise };
}

function notThere({ name, storage: { dtype, shape } }: Leaf): OutputComparison {
  const none = { maxAbsolute: 0, maxRelative: 0, maxUlp: undefined, limit: 0, topk: undefined };
  return { name, dtype, shape, ok: false, problem: "it is not there", ...none };
}

/** Runs one executable on one case. `graph` names what is checked: `portable`, `lowered`. */
export async function checkExecutable(
  graph: string,
  executable: Executable,
  check: CheckCase,
  tolerances: Tolerances,
  { signal }: Pick<RunOptions, "signal"> = {},
): Promise<{ readonly row: CertificateRow; readonly comparison: Comparison }> {
  const actual = await executable.run(check.inputs, { maxSteps: tolerances.maxSteps, signal });
  const comparison = compareCase(check, actual, executable.graph.outputNames, tolerances);
  return { row: rowOf(graph, executable.engine, check.label, comparison), comparison };
}

function rowOf(graph: string, engine: string, label: string, comparison: Comparison): CertificateRow {
  const bitwise = comparison.outputs.every((o) => o.maxAbsolute === 0 && o.ok);
  const outputs = comparison.outputs.map((o) => ({
    maxAbsolute: o.maxAbsolute,
    maxRelative: o.maxRelative,
    ...(o.maxUlp !== undefined && { maxUlp: o.maxUlp }),
    ...(o.rounding !== undefined && { rounding: o.rounding }),
    ...(o.topk && { topk: `${o.topk.identical} of ${o.topk.rows} identical${o.topk.tied ? `, ${o.topk.tied} tied` : ""}` }),
  }));
  return { graph, engine, case: label, bitwise, outputs };
}

/** What of a case goes into the certificate; user-given inputs cannot be replayed and stay out. */
export function certificateCase(check: CheckCase, names: readonly string[], topk: number): CertificateCase | undefined {
  if (!check.recipes) return undefined;
  return {
    label: check.label,
    inputs: check.recipes.map((recipe, i) => ({ ...recipe, sha256: hashValue(check.inputs[i] as RuntimeValue) })),
    outputs: check.expected
      .flatMap((e, i) => leavesOf(names[i] ?? `output_${i}`, e))
      .map(({ name, storage }) => evidenceOf(name, storage, topk)),
  };
}

/** The first problem of a comparison, in words. */
export function firstProblem(comparison: Comparison): string {
  const bad = comparison.outputs.find((o) => !o.ok);
  return bad ? `${bad.name}: ${bad.problem}` : "";
}
