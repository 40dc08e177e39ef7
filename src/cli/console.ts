// What the command line prints: results on standard output, progress and errors on standard error; JSON where asked for.
import process from "node:process";
import type { WriteStream } from "node:tty";
import { IngotError } from "../errors/error.ts";
import { placeOf } from "./error-place.ts";

/** Options of every command. */
export interface CommonOptions {
  /** Print JSON; the name of a file with commands that write theirs into one. */
  readonly json?: boolean | string;
  readonly debug?: boolean;
  readonly quiet?: boolean;
}

/** Where the command line writes. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
  /** Whether a line on standard error can be rewritten. */
  readonly terminal: boolean;
  /** Whether results may be coloured, and errors. NO_COLOR and FORCE_COLOR are heeded. */
  readonly colors: { readonly out: boolean; readonly err: boolean };
}

/** The streams of this process. */
export function processStreams(): Streams {
  const colored = (stream: WriteStream) => stream.isTTY === true && stream.hasColors();
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminal: process.stderr.isTTY === true && process.env.TERM !== "dumb",
    colors: { out: colored(process.stdout), err: colored(process.stderr) },
  };
}

const codes = { red: 31, green: 32, bold: 1 } as const;

export function paint(color: keyof typeof codes, text: string, enabled: boolean): string {
  return enabled ? `\x1b[${codes[color]}m${text}\x1b[0m` : text;
}

/** A command that takes less than so many ms tells a log nothing of its stages. */
const patience = 1000;

/** Shows stages that take more than a moment: one line that is rewritten on a terminal, plain lines otherwise. */
export class ProgressLine {
  readonly #streams: Streams;
  readonly #enabled: boolean;
  #timer: NodeJS.Timeout | undefined;
  #stage = "";
  #shown = false;
  #since = performance.now();

  constructor(options: CommonOptions, streams: Streams = processStreams()) {
    this.#streams = streams;
    this.#enabled = !options.quiet;
  }

  /** `detail` (a count, a percentage) is for terminals: a log gets one line per stage. */
  readonly show = (stage: string, detail = ""): void => {
    if (!this.#enabled) return;
    if (this.#streams.terminal) {
      this.#streams.err(`\r\x1b[K${stage} …${detail && ` ${detail}`}`);
      this.#shown = true;
      return;
    }
    if (stage === this.#stage && !this.#timer) return;
    clearTimeout(this.#timer);
    this.#stage = stage;
    const print = () => {
      this.#timer = undefined;
      this.#streams.err(`${stage} …\n`);
    };
    // In a log only what takes a while is worth a line. A timer does not fire while a model computes, so a late stage is told at once.
    const early = this.#since + patience - performance.now();
    if (early > 0) this.#timer = setTimeout(print, early);
    else print();
  };

  done(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#shown) this.#streams.err("\r\x1b[K");
    this.#shown = false;
    this.#stage = "";
  }
}

/** Prints a result: as text, or as JSON with `--json`. */
export function printResult(streams: Streams, options: CommonOptions, data: unknown, text: () => string): void {
  streams.out(`${options.json ? JSON.stringify(data, jsonSafe, 2) : text()}\n`);
}

/** Says on standard error what is no reason to stop. */
export function printWarnings(streams: Streams, warnings: readonly string[]): void {
  for (const warning of warnings) streams.err(`${paint("bold", "ingot: warning:", streams.colors.err)} ${warning}\n`);
}

export function jsonSafe(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) return Object.fromEntries(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** Exit status for a user's mistake or a failed check. */
export const failure = 1;

/** Prints an error without a stack; with `--debug` with one. JSON goes to standard output, so that a program reads it. */
export function printError(streams: Streams, error: unknown, options: CommonOptions): void {
  if (options.json) streams.out(`${JSON.stringify({ error: errorData(error, options) }, null, 2)}\n`);
  else streams.err(`${paint("red", "ingot:", streams.colors.err)} ${errorText(error, options)}\n`);
}

function errorText(error: unknown, { debug }: CommonOptions): string {
  if (!(error instanceof Error)) return String(error);
  if (debug) return causes(error).map(stackOf).join("\ncaused by ");
  if (error instanceof IngotError) return `${error.name} ${error.code}: ${error.message}`;
  const place = placeOf(error);
  const where = place ? [`  at ${place.file}:${place.line}:${place.column}`, ...(place.text ? [place.text] : [])] : [];
  return [`${error.name}: ${error.message}`, ...where, "  (--debug shows the stack)"].join("\n");
}

function errorData(error: unknown, { debug }: CommonOptions): object {
  const stack = debug && error instanceof Error ? { stack: causes(error).map(stackOf) } : {};
  if (error instanceof IngotError) {
    const { name, code, summary, hint, frame, notes } = error;
    return { name, code, message: summary, hint, frame, notes, ...stack };
  }
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  return { name: error.name, message: error.message, frame: placeOf(error), ...stack };
}

function causes(error: Error): Error[] {
  return error.cause instanceof Error ? [error, ...causes(error.cause)] : [error];
}

const stackOf = (error: Error) => error.stack ?? String(error);
