// Runs many cases, one after the other, in a process that is replaced when a case breaks it.
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import type { EngineName } from "../engines/engines.ts";
import { childProgram } from "../kernels/worker-program.ts";
import type { CaseRequest, Ready } from "./case-process.ts";
import type { CaseFiles, FoundCase } from "./cases.ts";
import { type CaseResult, firstLine, type Outcome } from "./outcome.ts";
import { defaultMemoryLimit, residentMemory } from "./resident-memory.ts";

export interface RunCasesOptions {
  readonly engine: EngineName;
  /** A case that takes longer, in seconds, has failed. Default 120. */
  readonly timeout?: number;
  /** A case whose process holds more memory, in MiB, has failed; where the system tells (Linux). Default: four fifths of the machine's. */
  readonly memory?: number;
}

type Limits = Required<Pick<RunCasesOptions, "timeout" | "memory">>;

function start(): ChildProcess {
  const { file, execArgv } = childProgram(new URL("./case-process.js", import.meta.url));
  const options: ForkOptions = { serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [...execArgv] };
  return fork(file, [], options);
}

/** What the process wrote last, for a case that ends it. */
const tailLength = 2000;
/** The process starts within this time, in seconds, or not at all. */
const startTimeout = 120;
/** How often the memory of the process is looked at, in ms. */
const watchInterval = 100;

/** The process that runs cases; it starts with the first case, and again after one that broke it. */
class CaseProcess {
  #child: ChildProcess | undefined;
  #tail = "";

  /** Runs one case. Never rejects. */
  async run(request: CaseRequest, limits: Limits): Promise<Outcome> {
    // It says that it is ready before the first case: starting is not part of what a case may take.
    const started = this.#child ? undefined : await this.#answer(this.#start(), { ...limits, timeout: startTimeout });
    if (started && !("ready" in started)) return started;
    const child = this.#child as ChildProcess;
    const answer = this.#answer(child, limits);
    child.send(request, (error) => error && child.emit("error", error));
    return (await answer) as Outcome;
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #start(): ChildProcess {
    const child = start();
    this.#tail = "";
    child.stderr?.on("data", (bytes: Buffer) => {
      this.#tail = (this.#tail + bytes.toString("utf8")).slice(-tailLength);
    });
    // It may end between cases too; then the next one starts another.
    child.once("close", () => {
      if (this.#child === child) this.#child = undefined;
    });
    this.#child = child;
    return child;
  }

  /** The next message of the process; a failure, and the end of the process, when none comes. */
  #answer(child: ChildProcess, { timeout, memory }: Limits): Promise<Outcome | Ready> {
    return new Promise((resolve) => {
      const settle = (answer: Outcome | Ready) => {
        clearTimeout(timer);
        clearInterval(watch);
        child.removeListener("message", settle).removeListener("close", onClose).removeListener("error", onError);
        resolve(answer);
      };
      const fail = (reason: string) => {
        this.stop();
        settle({ status: "failed", reason });
      };
      const onClose = (code: number | null, signal: string | null) =>
        fail(`its process ended: ${signal ?? `exit code ${code}`}${this.#lastWords()}`);
      const onError = (error: Error) => fail(`its process failed: ${firstLine(error)}`);
      const timer = setTimeout(() => fail(`it was not done after ${timeout} s`), timeout * 1000);
      const watch = setInterval(() => {
        if ((residentMemory(child.pid ?? 0) ?? 0) > memory * 2 ** 20) fail(`its process took more than ${memory} MiB of memory`);
      }, watchInterval);
      child.on("message", settle).on("close", onClose).on("error", onError);
    });
  }

  /** The line of its error output that says most: an error, or the last one. */
  #lastWords(): string {
    const lines = this.#tail.split("\n").filter((line) => line.trim() !== "");
    const line = lines.find((text) => /\berror\b/i.test(text)) ?? lines.at(-1);
    return line === undefined ? "" : ` (${line.trim()})`;
  }
}

/**
 * The results of cases, as they come. An error in one never stops the run: it is the outcome of its case.
 *
 * @example
 * for await (const { name, outcome } of runCases(findCases("node.tar.gz"), { engine: "interpreter" })) console.log(name, outcome.status);
 */
export async function* runCases(cases: Iterable<FoundCase>, options: RunCasesOptions): AsyncGenerator<CaseResult, void> {
  const { engine, timeout = 120, memory = defaultMemoryLimit() } = options;
  const worker = new CaseProcess();
  try {
    for (const found of cases) {
      const since = performance.now();
      const files = filesOf(found);
      const outcome = "status" in files ? files : await worker.run({ files, engine }, { timeout, memory });
      yield { name: found.name, place: found.place, outcome, ms: performance.now() - since };
    }
  } finally {
    worker.stop();
  }
}

function filesOf(found: FoundCase): CaseFiles | Outcome {
  try {
    return found.read();
  } catch (error) {
    return { status: "failed", reason: firstLine(error) };
  }
}
