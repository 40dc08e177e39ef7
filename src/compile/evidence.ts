// What a compiled module is compared with, kept so that it can be compared again: when it goes to another engine, or to a file for one.
import type { Executable, RunOptions } from "../engines/engine.ts";
import { type EngineName, findEngine } from "../engines/engines.ts";
import { interpreterEngine } from "../engines/interpreter/interpreter-engine.ts";
import { type BisectResult, bisectPasses, notEquivalent } from "../equivalence/bisect.ts";
import type { CertificateRow } from "../equivalence/certificate.ts";
import { type CheckCase, checkExecutable, firstProblem, type Tolerances } from "../equivalence/certify.ts";
import { outputLimits } from "../equivalence/graph-limits.ts";
import { roundingNoise } from "../equivalence/rounding-noise.ts";
import type { Graph } from "../ir/graph.ts";
import { onnxruntimePasses } from "../passes/pipelines.ts";
import type { CheckOptions, CompileOptions } from "./finish.ts";

export interface Evidence {
  /** Inputs, and what eager gave for them. */
  readonly cases: readonly CheckCase[];
  readonly tolerances: Tolerances;
  readonly disable: readonly string[] | undefined;
  /** As the user asked for when the module was compiled. */
  readonly ignoreFailed: boolean;
}

export interface EngineChoice {
  /** Threads inside one operator; default one less than the machine's cores, at least 1. */
  readonly threads?: number;
}

export interface Prepared {
  readonly executable: Executable;
  readonly rows: readonly CertificateRow[];
  /** What differed, where the user asked to go on all the same; what could not be checked there. */
  readonly notes: readonly string[];
  /** Whether something differed. */
  readonly failedIgnored: boolean;
}

/** The limits of a check, from what the user asked for and from what the faithful graph computes. */
export function tolerancesOf(graph: Graph, { rtol, atol = 0, topk = 5, maxSteps }: CheckOptions = {}): Tolerances {
  const limits = outputLimits(graph).map((limit) => (limit === 0 ? 0 : (rtol ?? limit)));
  // A limit that the user gave is meant.
  if (rtol !== undefined) return { limits, atol, topk, maxSteps };
  const measured = new Map<CheckCase, readonly number[]>();
  const rounding = (check: CheckCase) => {
    const known = measured.get(check) ?? roundingNoise(graph, check.inputs, check.expected, maxSteps);
    measured.set(check, known);
    return known;
  };
  return { limits, atol, topk, maxSteps, rounding };
}

/** `cases` come first the random one, then those that the user gave. */
export function makeEvidence(
  tolerances: Tolerances,
  example: CheckCase | undefined,
  cases: readonly CheckCase[],
  options: CompileOptions,
): Evidence {
  return {
    cases: example ? [example, ...cases] : cases,
    tolerances,
    disable: options.disable,
    ignoreFailed: options.ignoreFailedEquivalenceCheck ?? false,
  };
}

/**
 * Compares one case. A difference throws `NotEquivalent` with the rule that `bisect` finds, or, where the user asked to go on all the same,
 * becomes the note.
 */
export async function checkCase(
  label: "portable" | "lowered",
  executable: Executable,
  check: CheckCase,
  { tolerances, ignoreFailed }: Pick<Evidence, "tolerances" | "ignoreFailed">,
  bisect: () => Promise<BisectResult | undefined>,
  { signal }: Pick<RunOptions, "signal"> = {},
): Promise<{ readonly row: CertificateRow; readonly note: string | undefined }> {
  const { row, comparison } = await checkExecutable(label, executable, check, tolerances, { signal });
  if (comparison.ok) return { row, note: undefined };
  const what = `the ${label} graph on ${executable.engine}`;
  const problem = `${firstProblem(comparison)} (${check.label})`;
  if (!ignoreFailed) throw notEquivalent(what, problem, await bisect());
  return { row, note: `${what} DIFFERS from eager: ${problem}` };
}

/** What the report says of inputs that an engine cannot be given. */
export function notCheckedOn({ engine }: Executable, { label }: CheckCase, refusal: string): string {
  return `the case "${label}" was not checked on ${engine}: ${refusal}`;
}

/** Makes the graph ready on an engine and checks it there. Throws `NotEquivalent`, with the rule that broke it, and EngineError. */
export async function prepareChecked(graph: Graph, engine: EngineName, choice: EngineChoice, evidence: Evidence): Promise<Prepared> {
  const disable = evidence.disable ? { disable: evidence.disable } : {};
  const executable = await findEngine(engine).prepare(graph, { ...choice, ...disable });
  const label = executable.engine === "interpreter" ? "portable" : "lowered";
  const rows: CertificateRow[] = [];
  const notes: string[] = [];
  let failedIgnored = false;
  try {
    for (const check of evidence.cases) {
      const refusal = executable.refusal?.(check.inputs);
      if (refusal !== undefined) {
        notes.push(notCheckedOn(executable, check, refusal));
        continue;
      }
      const { row, note } = await checkCase(label, executable, check, evidence, () => bisect(graph, check, evidence, label === "lowered"));
      rows.push(row);
      if (note === undefined) continue;
      notes.push(note);
      failedIgnored = true;
    }
    return { executable, rows, notes, failedIgnored };
  } catch (error) {
    await executable.close();
    throw error;
  }
}

async function bisect(graph: Graph, check: CheckCase, { tolerances, disable }: Evidence, lowered: boolean) {
  if (!lowered) return undefined;
  const onInterpreter = async (g: Graph) =>
    (await checkExecutable("lowered", await interpreterEngine.prepare(g), check, tolerances)).comparison;
  return bisectPasses(graph, onnxruntimePasses, onInterpreter, { ...(disable && { disable }), target: "onnxruntime" });
}
