// `ingot serve` as a process of its own, and what it writes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const programs = {
  ingot: fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url)),
  "serve only": fileURLToPath(new URL("serve-only.ts", import.meta.url)),
} as const;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface ServeProcessOptions {
  /** `ingot` is the command with all its commands. */
  readonly program?: keyof typeof programs;
  readonly environment?: Readonly<Record<string, string>>;
  /** Another user, which only root can ask for. */
  readonly uid?: number;
  readonly gid?: number;
}

/** One run of the command. */
export class ServeProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #out = "";
  #err = "";
  #waiting: (() => void)[] = [];
  #over = false;

  constructor(cwd: string, args: readonly string[], { program = "serve only", environment = {}, ...user }: ServeProcessOptions = {}) {
    this.child = spawn(process.execPath, ["--import", tsx, programs[program], "serve", ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      ...user,
    });
    this.child.stdout?.on("data", (bytes: Buffer) => {
      this.#out += bytes;
    });
    this.child.stderr?.on("data", (bytes: Buffer) => {
      this.#err += bytes;
      for (const look of this.#waiting.splice(0)) look();
    });
    this.ended = once(this.child, "close").then(([code]) => {
      this.#over = true;
      for (const look of this.#waiting.splice(0)) look();
      return { code: code as number | null, out: this.#out, err: this.#err };
    });
  }

  /** Waits until the standard error matches; fails where the process ends without. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#err);
      if (found) return found;
      if (this.#over) throw new Error(`the process ended without ${pattern}:\n${this.#err}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Where inference listens, once it does. */
  async inference(): Promise<string> {
    return (await this.said(/ listening {2}inference=(\S+)/))[1] ?? "";
  }
}
