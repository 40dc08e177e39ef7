// IngotError and its subclasses, and the one function that makes an error from a catalogue row.
import { catalogue, type ErrorCode } from "./catalogue.ts";
import type { ErrorEntry, ErrorKind, ErrorParams } from "./entry.ts";

/** Where in a source text an error stands; lines and columns count from 1. */
export interface CodeFrame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The rendered lines of source with a caret, if the source could be read. */
  readonly text?: string;
}

export interface ErrorContext {
  readonly frame?: CodeFrame | undefined;
  readonly cause?: unknown;
  /** Further lines, such as "called from …" or the other errors that were collected. */
  readonly notes?: readonly string[];
  /** The class, where it is not the row's: `script()` raises rows that `trace()` raises too (`also`). */
  readonly kind?: ErrorKind;
}

interface ErrorFields {
  readonly code: ErrorCode;
  readonly summary: string;
  readonly hint: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly context: ErrorContext;
}

/** Files that show one wrong rewrite alone. */
export interface Reproduction {
  /** ONNX: the nodes that were replaced, with the values around them as inputs. */
  readonly model: string;
  /** ONNX: what replaces them, with inputs of the same names. */
  readonly replacement: string;
  /** safetensors: the inputs of both, and as `expected.NAME` and `actual.NAME` what they gave. */
  readonly tensors: string;
}

/**
 * Base of every error that a user can cause. `message` is complete (summary, code frame, hint, page);
 * `summary` is its first line.
 *
 * @example
 * try { a.add(b) } catch (e) { if (e instanceof IngotError && e.code === "BroadcastMismatch") … }
 */
export class IngotError extends Error {
  readonly code: ErrorCode;
  readonly summary: string;
  readonly hint: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly frame: CodeFrame | undefined;
  readonly notes: readonly string[];

  constructor(fields: ErrorFields) {
    super(render(fields), fields.context.cause === undefined ? undefined : { cause: fields.context.cause });
    this.name = new.target.name;
    this.code = fields.code;
    this.summary = fields.summary;
    this.hint = fields.hint;
    this.params = fields.params;
    this.frame = fields.context.frame;
    this.notes = fields.context.notes ?? [];
  }
}

export class ShapeError extends IngotError {}
export class DTypeError extends IngotError {}
export class TraceError extends IngotError {}
export class ScriptError extends IngotError {}
export class GraphError extends IngotError {}
export class OnnxFormatError extends IngotError {}
export class UnsupportedOpError extends IngotError {}
export class EquivalenceError extends IngotError {
  /** The files that show the first wrong rewrite alone, where they were asked for (`check: { reproduction: path }`) and could be made. */
  reproduction?: Reproduction;
}
export class EngineError extends IngotError {}
export class WeightsError extends IngotError {}
export class ImageError extends IngotError {}
export class ArchiveError extends IngotError {}
export class ServeError extends IngotError {}
export class ArgumentError extends IngotError {}
export class FileError extends IngotError {}

const classes: { readonly [K in ErrorKind]: new (fields: ErrorFields) => IngotError } = {
  ShapeError,
  DTypeError,
  TraceError,
  ScriptError,
  GraphError,
  OnnxFormatError,
  UnsupportedOpError,
  EquivalenceError,
  EngineError,
  WeightsError,
  ImageError,
  ArchiveError,
  ServeError,
  ArgumentError,
  FileError,
};

/**
 * Makes (does not throw) the error of a catalogue row.
 *
 * @example
 * throw ingotError("RankMismatch", { op: "Conv", what: "X", actual: 3, shape: "[3, 8, 8]", expected: "4" });
 */
export function ingotError<C extends ErrorCode>(
  code: C,
  params: ErrorParams<(typeof catalogue)[C]>,
  context: ErrorContext = {},
): IngotError {
  const entry: ErrorEntry = catalogue[code];
  const fill = (template: string) => template.replace(/\{(\w+)\}/g, (_, name: string) => String((params as Record<string, unknown>)[name]));
  return new classes[context.kind ?? entry.kind]({ code, summary: fill(entry.message), hint: fill(entry.hint), params, context });
}

function render({ code, summary, hint, context }: ErrorFields): string {
  const lines = [summary];
  if (context.frame) {
    lines.push(`  at ${context.frame.file}:${context.frame.line}:${context.frame.column}`);
    if (context.frame.text) lines.push(context.frame.text);
  }
  for (const note of context.notes ?? []) lines.push(`  ${note}`);
  if (hint) lines.push(`  hint: ${hint}`);
  lines.push(`  see docs/errors/${code}.md`);
  return lines.join("\n");
}
