// The second half of trace() and load(): optimise, prepare an engine, and check every graph against eager before anyone gets it.
import type { Executable } from "../engines/engine.ts";
import { type EngineName, findEngine } from "../engines/engines.ts";
import { interpreterEngine } from "../engines/interpreter/interpreter-engine.ts";
import { bisectPasses } from "../equivalence/bisect.ts";
import { type Certificate, type CertificateRow, certificateKey, certificateVersion } from "../equivalence/certificate.ts";
import { type CheckCase, certificateCase, checkBitwise, checkExecutable, type Tolerances } from "../equivalence/certify.ts";
import type { Comparison } from "../equivalence/compare.ts";
import { outputLimits } from "../equivalence/graph-limits.ts";
import { withReproduction, writeReproduction } from "../equivalence/reproduction.ts";
import { EquivalenceError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { cloneGraph } from "../ir/traverse.ts";
import { kernelVariant } from "../kernels/scratch.ts";
import { producerVersion } from "../onnx/producer.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import { type PipelineOptions, runPasses } from "../passes/manager.ts";
import { builtinNames } from "../passes/names.ts";
import type { Pass } from "../passes/pass.ts";
import { onnxruntimePasses, portablePasses } from "../passes/pipelines.ts";
import type { PassReport } from "../passes/report.ts";
import { CompiledModule } from "./compiled-module.ts";
import { checkCase, type Evidence, makeEvidence, notCheckedOn, tolerancesOf } from "./evidence.ts";
import type { OnProgress, StageClock } from "./progress.ts";
import { CompileReport } from "./report.ts";
import { type Signature, signatureKey, signatureToJson } from "./signature.ts";

export interface CheckOptions {
  /** Raises (or lowers) the error limit of float outputs; the certificate records it. */
  readonly rtol?: number;
  /** An absolute error that is accepted whatever the relative one. Default 0. */
  readonly atol?: number;
  /** How many of the largest scores must agree; default 5. */
  readonly topk?: number;
  /** Seed of the random inputs; default 1. */
  readonly seed?: number;
  /** Further inputs to check on, each as `run` takes them. */
  readonly inputs?: readonly unknown[];
  /** Compare every rewrite with the nodes it replaces, before it is applied. Default true; costs about one multiplication per weight. */
  readonly rewrites?: boolean;
  /**
   * The most steps that loops may take in one run of a check (nodes inside of them, and beginnings of bodies). Default for `load`: 1e6, as a
   * file may hold a Loop without an end; for `trace`: no limit.
   */
  readonly maxSteps?: number;
  /** Where to write the nodes around the first wrong rewrite when a check fails: `<path>` as ONNX, the inputs as `<path>.inputs.safetensors`. */
  readonly reproduction?: string;
}

export interface CompileOptions {
  /** What runs the graph: default ONNX Runtime where it is installed, else the interpreter. */
  readonly engine?: EngineName;
  /** Threads inside one operator; default one less than the machine's cores, at least 1. */
  readonly threads?: number;
  /** Passes and rules to switch off, by name. */
  readonly disable?: readonly string[];
  readonly check?: CheckOptions;
  readonly onProgress?: OnProgress;
  /**
   * Ends a check that takes too long: the promise rejects with `RunAborted`. Looked at between stages and inside of runs (loops included); one
   * stage of passes, and code of a model's own, ends first.
   */
  readonly signal?: AbortSignal;
  /**
   * Gives the module although the equivalence check failed. The certificate says so. For debugging only: its results are WRONG by more
   * than the limit.
   */
  readonly ignoreFailedEquivalenceCheck?: boolean;
  /** The passes; default `portablePasses`. */
  readonly passes?: readonly Pass[];
  /** Further passes, such as rules of your own (`defineRule`); they run together with the others until nothing changes. */
  readonly rules?: readonly Pass[];
  /** Stop the passes early: after so many rewrites, or once the pass or rule of this name has run. */
  readonly stopAt?: string | number;
  /** Called after each pass that changed the graph: `onPass: (pass, graph) => console.log(pass.name, String(graph))` prints it. */
  readonly onPass?: PipelineOptions["onPass"];
}

export interface FinishInput {
  /** Faithful, not optimised. */
  readonly graph: Graph;
  readonly signature: Signature;
  /** Makes the cases when they are first needed: the first one is the random one. */
  readonly cases: () => readonly CheckCase[] | Promise<readonly CheckCase[]>;
  /**
   * On which cases `graph` must be shown to equal eager bit for bit: the first, or all where they take different paths; on none for a
   * loaded file, where the graph itself is the reference.
   */
  readonly bitwise: "first" | "all" | "none";
  /** Which front end made the graph. */
  readonly origin?: "traced" | "scripted";
  /** What the front end has to say in the report, known once the cases are made. */
  readonly notes?: () => readonly string[];
  /** What eager gave on the example. */
  readonly example: CheckCase | undefined;
  readonly clock: StageClock;
}

/** Throws `TraceNotFaithful`, `NotEquivalent`, `RunAborted`, and what the engine throws. */
export async function finish<Out>(input: FinishInput, options: CompileOptions): Promise<CompiledModule<Out>> {
  const { graph: source, clock } = input;
  const engine = findEngine(options.engine);
  clock.enter(`loading ${engine.name}`);
  await engine.load();
  clock.enter("optimising");
  const graph = cloneGraph(source).graph;
  const passes = [...(options.passes ?? portablePasses), ...(options.rules ?? [])];
  const { disable = [], stopAt, onPass, check, ignoreFailedEquivalenceCheck = false } = options;
  const validate = (check?.rewrites ?? true) && !ignoreFailedEquivalenceCheck;
  const pipeline = { disable, validate, ...(stopAt !== undefined && { stopAt }), ...(onPass && { onPass }) };
  const report = await optimizeChecked(input, graph, passes, pipeline, check?.reproduction);
  // The engine prepares beside the checks that do not need it: its native work runs on threads of its own.
  clock.enter(`lowering for ${engine.name}`);
  const preparing = engine.prepare(graph, {
    ...(options.threads !== undefined && { threads: options.threads }),
    disable: builtinNames(disable),
    validate,
  });
  preparing.catch(() => {});
  await new Promise((resolve) => setImmediate(resolve));
  try {
    const tolerances = tolerancesOf(source, check);
    const { certificate, notes, executable } = await new Checker(input, graph, report, preparing, options, passes, tolerances).run();
    clock.leave();
    graph.metadata.set(signatureKey, signatureToJson(input.signature));
    graph.metadata.set(certificateKey, JSON.stringify(certificate));
    const compileReport = new CompileReport({
      name: graph.name,
      passes: report,
      lowering: executable.lowering,
      certificate,
      stages: clock.stages,
      notes,
    });
    const evidence = makeEvidence(tolerances, input.example, await input.cases(), options);
    return new CompiledModule<Out>({ graph, executable, signature: input.signature, report: compileReport, evidence });
  } catch (error) {
    await preparing.then(
      (executable) => executable.close(),
      () => {},
    );
    throw error;
  }
}

/** A rewrite that does not hold what its rule claims stops here; on request it is written down first. */
async function optimizeChecked(
  { graph: source, cases }: FinishInput,
  graph: Graph,
  passes: readonly Pass[],
  options: PipelineOptions,
  reproduction: string | undefined,
): Promise<PassReport> {
  try {
    return runPasses(graph, passes, options);
  } catch (error) {
    if (reproduction === undefined || !(error instanceof EquivalenceError)) throw error;
    const inputs = (await cases())[0]?.inputs;
    if (!inputs) throw error;
    throw withReproduction(error, await writeReproduction(source, { path: reproduction, passes, options, inputs }));
  }
}

class Checker {
  readonly #input: FinishInput;
  readonly #graph: Graph;
  readonly #preparing: Promise<Executable>;
  readonly #options: CompileOptions;
  readonly #passes: readonly Pass[];
  readonly #limits: Pick<Evidence, "tolerances" | "ignoreFailed">;
  readonly #rows: CertificateRow[] = [];
  readonly #notes: string[] = [];
  #failedIgnored = false;

  constructor(
    input: FinishInput,
    graph: Graph,
    report: PassReport,
    preparing: Promise<Executable>,
    options: CompileOptions,
    passes: readonly Pass[],
    tolerances: Tolerances,
  ) {
    this.#input = input;
    this.#graph = graph;
    this.#preparing = preparing;
    this.#options = options;
    this.#passes = passes;
    this.#limits = { tolerances, ignoreFailed: options.ignoreFailedEquivalenceCheck ?? false };
    if (report.journal.length === 0) this.#notes.push("the passes found nothing to do");
  }

  async run(): Promise<{ certificate: Certificate; notes: readonly string[]; executable: Executable }> {
    const { clock, graph: source, example } = this.#input;
    clock.enter("running eager on other inputs");
    const cases = await this.#input.cases();
    const { bitwise, notes } = this.#input;
    if (bitwise !== "none") clock.enter("checking the graph bit for bit");
    for (const c of cases.slice(0, bitwise === "first" ? 1 : bitwise === "all" ? cases.length : 0))
      this.#rows.push(checkBitwise(source, c, {}, this.#input.origin));
    this.#notes.push(...(notes?.() ?? []));
    clock.enter("checking the optimised graph");
    const portable = await interpreterEngine.prepare(this.#graph);
    for (const c of cases) await this.#check("portable", portable, c);
    clock.enter("waiting for the engine");
    const executable = await this.#preparing;
    if (executable.engine !== "interpreter") {
      clock.enter(`checking on ${executable.engine}`);
      for (const c of example ? [example, ...cases] : cases) {
        const refusal = executable.refusal?.(c.inputs);
        if (refusal === undefined) await this.#check("lowered", executable, c);
        else this.#notes.push(notCheckedOn(executable, c, refusal));
      }
    }
    return { certificate: this.#certificate(cases, executable.engine), notes: this.#notes, executable };
  }

  async #check(label: "portable" | "lowered", executable: Executable, check: CheckCase): Promise<void> {
    const { row, note } = await checkCase(label, executable, check, this.#limits, () => this.#bisect(label, check), this.#options);
    this.#rows.push(row);
    if (note === undefined) return;
    this.#failedIgnored = true;
    this.#notes.push(note);
  }

  async #bisect(label: "portable" | "lowered", check: CheckCase) {
    this.#input.clock.enter("looking for the step that broke it");
    const disable = this.#options.disable ? { disable: this.#options.disable } : {};
    const onInterpreter = async (graph: Graph): Promise<Comparison> =>
      (await checkExecutable(label, await interpreterEngine.prepare(graph), check, this.#limits.tolerances, this.#options)).comparison;
    const reproduction = this.#options.check?.reproduction === undefined ? {} : { reproduction: this.#options.check.reproduction };
    const common = { ...disable, ...reproduction, inputs: check.inputs };
    if (label === "portable") return bisectPasses(this.#input.graph, this.#passes, onInterpreter, common);
    return bisectPasses(this.#graph, onnxruntimePasses, onInterpreter, { ...common, target: "onnxruntime" });
  }

  #certificate(cases: readonly CheckCase[], engine: string): Certificate {
    const names = this.#graph.outputNames;
    const { atol, topk, limits } = this.#limits.tolerances;
    const standard = outputLimits(this.#input.graph);
    return {
      version: certificateVersion,
      model: this.#graph.name,
      mode: this.#input.signature.mode,
      limits,
      limitsRaised: limits.some((l, i) => l > (standard[i] as number)) || atol > 0,
      failedCheckIgnored: this.#failedIgnored,
      topk,
      cases: cases.map((c) => certificateCase(c, names, topk)).filter((c) => c !== undefined),
      rows: this.#rows,
      versions: { ingot: producerVersion, kernels: kernelVariant, engine },
    };
  }
}

/** A case from values that a user gave. */
export function givenCase(label: string, inputs: readonly RuntimeValue[], expected: readonly RuntimeValue[]): CheckCase {
  return { label, recipes: undefined, inputs, expected };
}
