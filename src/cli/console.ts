// What the command line prints: results on standard output, progress and errors on standard error; JSON where asked for.
import process from "node:process";
import { IngotError } from "../errors/error.ts";

/** Options of every command. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly quiet?: boolean;
}

/** Shows stages that take more than a moment: one line that is rewritten on a terminal, plain lines otherwise. */
export class ProgressLine {
  readonly #enabled: boolean;
  readonly #terminal = process.stderr.isTTY === true;
  #timer: NodeJS.Timeout | undefined;
  #shown = false;

  constructor(options: CommonOptions) {
    this.#enabled = !options.quiet;
  }

  readonly show = (stage: string): void => {
    clearTimeout(this.#timer);
    if (!this.#enabled) return;
    const print = () => {
      process.stderr.write(this.#terminal ? `\r\x1b[K${stage} …` : `${stage} …\n`);
      this.#shown = true;
    };
    // On a terminal the line costs nothing; in a log only what takes a while is worth one.
    if (this.#terminal) print();
    else this.#timer = setTimeout(print, 1000);
  };

  done(): void {
    clearTimeout(this.#timer);
    if (this.#shown && this.#terminal) process.stderr.write("\r\x1b[K");
    this.#shown = false;
  }
}

/** Prints a result: as text, or as JSON with `--json`. */
export function printResult(options: CommonOptions, data: unknown, text: () => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(data, jsonSafe, 2) : text()}\n`);
}

function jsonSafe(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) return Object.fromEntries(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** Exit status for a user's mistake or a failed check. */
export const failure = 1;

/** Prints an error without a stack; with `--debug` with one. JSON goes to standard output, so that a program reads it. */
export function printError(error: unknown, options: CommonOptions): void {
  if (options.json) {
    const known = error instanceof IngotError;
    const data = known
      ? { error: error.name, code: error.code, message: error.summary, hint: error.hint, frame: error.frame, notes: error.notes }
      : { error: "Error", message: String(error) };
    process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
    return;
  }
  if (error instanceof IngotError && !options.debug) process.stderr.write(`ingot: ${error.name} ${error.code}: ${error.message}\n`);
  else if (error instanceof Error)
    process.stderr.write(`ingot: ${options.debug ? error.stack : `${error.message}\n  (--debug shows where)`}\n`);
  else process.stderr.write(`ingot: ${String(error)}\n`);
}
