// Replays certificates and compares files: what `ingot verify` does.
import type { Executable } from "../engines/engine.ts";
import { type EngineName, findEngine } from "../engines/engines.ts";
import { throwIfAborted } from "../engines/run-aborted.ts";
import { type Certificate, certificateKey, checkEvidence, parseCertificate } from "../equivalence/certificate.ts";
import { compareCase } from "../equivalence/certify.ts";
import { leavesOf } from "../equivalence/leaves.ts";
import { hashValue, recipeFits, reseeded } from "../equivalence/recipes.ts";
import { explainedByRounding } from "../equivalence/rounding-noise.ts";
import { ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { formatType } from "../ir/type.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import { inMode } from "../trace/mode.ts";
import type { Model } from "../trace/model.ts";
import { callModel } from "../trace/model.ts";
import { readModelCode } from "../trace/model-code.ts";
import { flattenOutputs, unflatten } from "../trace/structure.ts";
import { verifyOptions } from "./compile-options.ts";
import { fromRuntimeValue } from "./container-values.ts";
import { tolerancesOf } from "./evidence.ts";
import { declaredRecipes, defaultMaxSteps, makeInputs } from "./load.ts";
import { checkOptions } from "./options.ts";
import { readSignature } from "./parse-signature.ts";

export interface VerifyOptions {
  /** Engines to run on; default: the interpreter, and ONNX Runtime where it is installed. */
  readonly engines?: readonly EngineName[];
  /** Relative error limit; default: that of the certificate, or of the graph. */
  readonly rtol?: number;
  readonly topk?: number;
  /** Further runs on fresh random inputs when two files, or a file and a model, are compared; default 3. */
  readonly runs?: number;
  /** The most steps that loops may take in one run, as the files may hold a Loop without an end; default 1e6. */
  readonly maxSteps?: number;
  readonly onProgress?: (what: string) => void;
  /** Ends the check: its promise rejects with `RunAborted`. */
  readonly signal?: AbortSignal;
}

export interface VerifyRow {
  readonly engine: string;
  readonly case: string;
  readonly ok: boolean;
  readonly problem: string | undefined;
  /** Largest relative error, where whole outputs were compared. */
  readonly maxRelative: number | undefined;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly against: string;
  readonly rows: readonly VerifyRow[];
}

/**
 * Replays a file's certificate: makes its inputs again, runs the file as it is on each engine, compares with what eager gave. Does not need
 * the model's code. Throws `NoCertificate`, and `RunAborted` where `signal` fires; a mismatch is in the report.
 */
export async function verifyCertificate(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  checkOptions("verifyCertificate", options, verifyOptions);
  const graph = await readGraph(path, registry);
  const text = graph.metadata.get(certificateKey);
  if (text === undefined) throw ingotError("NoCertificate", { file: path });
  const certificate = parseCertificate(text, path);
  const rows: VerifyRow[] = [];
  for (const engine of enginesOf(options)) {
    begin(engine, options);
    await withExecutable(graph, engine, async (executable) => {
      for (const c of certificate.cases) {
        const row = await replay(certificate, c, executable, options);
        if (row) rows.push(row);
      }
    });
  }
  return report("the certificate", rows);
}

/** Undefined where the engine cannot be given the inputs of the case. */
async function replay(
  certificate: Certificate,
  c: Certificate["cases"][number],
  executable: Executable,
  options: VerifyOptions,
): Promise<VerifyRow | undefined> {
  const row = { engine: executable.engine, case: c.label, maxRelative: undefined };
  const { graph } = executable;
  const misfit = graph.inputs.find((v, i) => !c.inputs[i] || !recipeFits(c.inputs[i], v.type));
  if (misfit) return { ...row, ok: false, problem: `the certificate's input ${misfit.name} is not of type ${formatType(misfit.type)}` };
  const inputs = makeInputs(graph, c.inputs);
  if (executable.refusal?.(inputs) !== undefined) return undefined;
  const changed = c.inputs.find((recipe, i) => hashValue(inputs[i] as RuntimeValue) !== recipe.sha256);
  if (changed) return { ...row, ok: false, problem: `input ${changed.name} cannot be made again from its seed` };
  const problem = misfitOf(certificate, c, graph.outputNames, await executable.run(inputs, bounds(options)), options.rtol);
  return { ...row, ok: problem === undefined, problem };
}

/** The first tensor of the outputs that is not as the certificate has it. */
function misfitOf(
  certificate: Certificate,
  c: Certificate["cases"][number],
  names: readonly string[],
  outputs: readonly RuntimeValue[],
  rtol: number | undefined,
): string | undefined {
  const leaves = outputs.flatMap((value, output) => leavesOf(names[output] ?? "", value).map((leaf) => ({ ...leaf, output })));
  for (const [i, evidence] of c.outputs.entries()) {
    const leaf = leaves[i];
    if (!leaf) return `${evidence.name} is not there`;
    const problem = checkEvidence(evidence, leaf.storage, rtol ?? limitOf(certificate, c.label, i, leaf.output));
    if (problem !== undefined) return problem;
  }
  const surplus = leaves[c.outputs.length];
  return surplus && `${surplus.name} is not in the certificate`;
}

/** The limit of a tensor of an output; where rounding alone moved it further when it was certified, what that explains. */
function limitOf({ limits, rows }: Certificate, label: string, leaf: number, output: number): number {
  const noise = rows.filter((r) => r.case === label).map((r) => r.outputs[leaf]?.rounding ?? 0);
  return Math.max(limits[output] ?? 0, explainedByRounding * Math.max(0, ...noise));
}

/** Compares two files on the same random inputs, each on its engine. */
export async function verifyFiles(a: string, b: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  checkOptions("verifyFiles", options, verifyOptions);
  const first = await readGraph(a, registry);
  const second = await readGraph(b, registry);
  const rows: VerifyRow[] = [];
  for (const engine of enginesOf(options)) {
    begin(engine, options);
    await withExecutable(first, engine, (x) =>
      withExecutable(second, engine, async (y) => {
        for (const { label, inputs } of randomRuns(first, options)) {
          const expected = await x.run(inputs, bounds(options));
          rows.push(compared({ engine, label, graph: first, inputs, expected }, await y.run(inputs, bounds(options)), options));
        }
      }),
    );
  }
  return report(b, rows);
}

/** Compares a file with the eager model it should compute. */
export async function verifyModel(path: string, model: Model, options: VerifyOptions = {}): Promise<VerifyReport> {
  checkOptions("verifyModel", options, verifyOptions);
  const graph = await readGraph(path, registry);
  const signature = readSignature(graph, path);
  const mode = signature.mode === "train" ? "train" : "eval";
  const code = readModelCode(model);
  const rows: VerifyRow[] = [];
  for (const engine of enginesOf(options)) {
    begin(engine, options);
    await withExecutable(graph, engine, async (executable) => {
      for (const { label, inputs } of randomRuns(graph, options)) {
        const args = unflatten(signature.argumentLayout, inputs.map(fromRuntimeValue)) as readonly unknown[];
        const expected = inMode(model, code, mode, () => flattenOutputs(callModel(model, args)).tensors.map((t) => t.storage));
        const actual = (await executable.run(inputs, bounds(options))).slice(0, expected.length);
        rows.push(compared({ engine, label, graph, inputs, expected }, actual, options));
      }
    });
  }
  return report("the eager model", rows);
}

interface Run {
  readonly engine: string;
  readonly label: string;
  readonly graph: Graph;
  readonly inputs: readonly RuntimeValue[];
  readonly expected: readonly RuntimeValue[];
}

function compared({ engine, label, graph, inputs, expected }: Run, actual: readonly RuntimeValue[], options: VerifyOptions): VerifyRow {
  if (expected.length !== actual.length)
    return { engine, case: label, ok: false, problem: `${actual.length} outputs instead of ${expected.length}`, maxRelative: undefined };
  const { rtol, topk } = options;
  const tolerances = tolerancesOf(graph, {
    maxSteps: bounds(options).maxSteps,
    ...(rtol !== undefined && { rtol }),
    ...(topk !== undefined && { topk }),
  });
  const { outputs } = compareCase({ label, recipes: undefined, inputs, expected }, actual, graph.outputNames, tolerances);
  const bad = outputs.find((o) => !o.ok);
  return {
    engine,
    case: label,
    ok: !bad,
    problem: bad && `${bad.name}: ${bad.problem}`,
    maxRelative: Math.max(0, ...outputs.map((o) => o.maxRelative)),
  };
}

/** The certificate's inputs first, where there is one: they are known to be accepted. */
function randomRuns(graph: Graph, options: VerifyOptions): { label: string; inputs: RuntimeValue[] }[] {
  const text = graph.metadata.get(certificateKey);
  const known = text === undefined ? undefined : parseCertificate(text, graph.name).cases[0]?.inputs;
  const recipes = known ?? declaredRecipes(graph, 1);
  return Array.from({ length: options.runs ?? 3 }, (_, i) => ({
    label: `random ${i + 1}`,
    inputs: makeInputs(
      graph,
      recipes.map((recipe) => reseeded(recipe, i * 1000)),
    ),
  }));
}

function begin(engine: EngineName, { onProgress, signal }: VerifyOptions): void {
  throwIfAborted(signal);
  onProgress?.(`running on ${engine}`);
}

const bounds = ({ maxSteps = defaultMaxSteps, signal }: VerifyOptions) => ({ maxSteps, signal });

function enginesOf(options: VerifyOptions): readonly EngineName[] {
  if (options.engines) return options.engines;
  return findEngine(undefined).name === "onnxruntime" ? ["interpreter", "onnxruntime"] : ["interpreter"];
}

/** Runs the graph as it is, without any pass. */
async function withExecutable<T>(graph: Graph, engine: EngineName, use: (executable: Executable) => Promise<T>): Promise<T> {
  const executable = await findEngine(engine).prepare(graph, { disable: "all" });
  try {
    return await use(executable);
  } finally {
    await executable.close();
  }
}

function report(against: string, rows: readonly VerifyRow[]): VerifyReport {
  return { ok: rows.length > 0 && rows.every((r) => r.ok), against, rows };
}
