// Processes for workers. One is started ahead of its need: starting Node and importing what a worker is made of takes longer than opening a
// model that was compiled before, and a model that is scaled up, or whose worker died, need not wait for it.
import { type ChildProcess, spawn } from "node:child_process";
import { setPriority } from "node:os";
import process from "node:process";
import { childProgram } from "../../kernels/worker-program.ts";

/** ms without a new worker after which the next spare one is started: those that start are not to share their cores with it. */
const calm = 1000;

/** Niceness: beside the acceptor a worker gets a third of a core that both want. */
const workerPriority = 5;

/** The program of a worker without a model: it waits for frames on file descriptor 3. */
export class WorkerSpawner {
  readonly #hidden: RegExp | undefined;
  #spare: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Workers do not get the environment variables whose whole names `hidden` matches. */
  constructor(hidden?: RegExp) {
    this.#hidden = hidden;
    this.#prepare();
  }

  /** The process that has no model yet; undefined while there is none. */
  get spare(): ChildProcess | undefined {
    return this.#spare;
  }

  /** The spare process, or a new one. */
  take(): ChildProcess {
    const child = this.#spare ?? this.#spawn();
    child.off("error", this.#lost).off("exit", this.#lost);
    this.#spare = undefined;
    this.#prepare();
    return child;
  }

  /** Ends the spare process. What was taken lives on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#spare?.kill("SIGKILL");
  }

  #prepare(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#spare = this.#spawn();
      this.#spare.once("error", this.#lost).once("exit", this.#lost);
    }, calm);
    this.#timer.unref();
  }

  /** A spare that is gone is not made again before the next worker: what ends it may end the next one too. */
  readonly #lost = () => {
    this.#spare = undefined;
  };

  #spawn(): ChildProcess {
    const { file, execArgv } = childProgram(new URL("../worker/main.js", import.meta.url));
    const child = spawn(process.execPath, [...execArgv, file], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      // The workers of a server share out its cores: what runs on the side of an engine keeps to one.
      env: { ...visible(process.env, this.#hidden), INGOT_THREADS: "1" },
    });
    yieldCores(child);
    return child;
  }
}

/** Workers keep every core busy for as long as they have requests; whoever asks the acceptor meanwhile must not wait for their turn to end. */
function yieldCores({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, workerPriority);
  } catch {
    // It has ended already, or the system does not let priorities be changed: then they share the cores evenly.
  }
}

function visible(env: NodeJS.ProcessEnv, hidden: RegExp | undefined): NodeJS.ProcessEnv {
  return hidden ? Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.test(name))) : env;
}
