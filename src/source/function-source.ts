// A live function read whole: its tree, its text, where each character of it was written, and what it captured. What the lint, the names
// of inputs and the compiler of source all start from.
import { types } from "node:util";
import type { CodeFrame } from "../errors/error.ts";
import { ingotError } from "../errors/error.ts";
import { parseFunctionText } from "./fallback.ts";
import { type Callable, type FunctionFacts, inspectorAvailable, type ScopeLookup, withInspector } from "./inspector.ts";
import { type ClassNode, classOfConstructor, type FunctionNode, findFunction, type ParsedText, parseScript } from "./parse.ts";
import {
  codeFrame,
  lineEnd,
  originalName,
  originalPosition,
  originOfScript,
  type ScriptOrigin,
  type SourcePosition,
  writtenExcerpt,
} from "./position.ts";

/** A text that was parsed, with the way from its offsets to the files a person wrote. */
export interface SourceText extends ParsedText {
  /** The executed script's URL; undefined where only the function's own text could be had. */
  readonly url: string | undefined;
  /** Where the character at `offset` was written; undefined where only the function's own text could be had. */
  position(offset: number): SourcePosition | undefined;
  /** That place with the lines around it, `length` characters marked. */
  frame(offset: number, length?: number): CodeFrame | undefined;
  /** The text from `start` to `end` as it was written, where that is known, else as it was executed. */
  excerpt(start: number, end: number): string;
  /** The name that the identifier at `offset` was written with, where a minifier renamed it and the map tells. */
  writtenName(offset: number): string | undefined;
}

/** A function with its source. For a bound function: the function behind it, and what was bound. */
export interface FunctionSource {
  readonly fn: Callable;
  readonly node: FunctionNode | ClassNode;
  readonly source: SourceText;
  readonly bound: { readonly thisValue: unknown; readonly args: readonly unknown[] } | undefined;
  /** Reads the captured variables as they are now. Without an inspector nothing is found. */
  scopes(): ScopeLookup;
}

/**
 * Reads a function's source. Throws `NoSource` for native functions and proxies, and where V8 no longer has the text.
 *
 * @example
 * const { node, source } = readFunction(model.forward);
 * console.log(source.position(node.start));   // { file: "/…/model.ts", line: 12, column: 10 }
 */
export function readFunction(fn: Callable): FunctionSource {
  if (types.isProxy(fn)) throw unreadable(fn, "it is a Proxy");
  if (!inspectorAvailable()) return readText(fn);
  return withInspector((inspector) => {
    const bound = inspector.boundFacts(fn);
    if (bound) {
      const { boundThis, boundArgs, target } = bound;
      const inner = readFunction(target);
      // Binding twice keeps the first `this` and puts the first arguments first.
      const args = [...(inner.bound?.args ?? []), ...boundArgs];
      return { ...inner, bound: { thisValue: inner.bound ? inner.bound.thisValue : boundThis, args } };
    }
    const facts = inspector.functionFacts(fn);
    if (!facts) throw unreadable(fn, "it is native");
    return readScript(fn, facts, () => inspector.scriptText(facts.script.id));
  });
}

function readScript(fn: Callable, facts: FunctionFacts, readWhole: () => string): FunctionSource {
  const { script } = facts;
  let parsed: ParsedText;
  try {
    parsed = parseScript(script.id, script.isModule, readWhole);
  } catch (cause) {
    throw unreadable(fn, `its script ${script.url} cannot be read (${cause instanceof Error ? cause.message : String(cause)})`, cause);
  }
  const lines = lineStarts(parsed.text);
  const line = facts.line - script.startLine;
  const offset = (lines[line] ?? 0) + facts.column - (line === 0 ? script.startColumn : 0);
  const found = findFunction(parsed.program, offset);
  if (!found) throw unreadable(fn, `no function stands at ${script.url}:${facts.line + 1}:${facts.column + 1}`);
  const isConstructor = Function.prototype.toString.call(fn).startsWith("class");
  const node = (isConstructor && "params" in found && classOfConstructor(parsed.program, found)) || found;
  const place = (at: number) => {
    const row = rowOf(lines, at);
    return { line: row + script.startLine + 1, column: at - (lines[row] ?? 0) + (row === 0 ? script.startColumn : 0) + 1 };
  };
  const origin = originOfScript(script);
  return { fn, node, source: mapped(parsed, origin, place), bound: undefined, scopes: facts.scopes };
}

function mapped(parsed: ParsedText, origin: ScriptOrigin, place: (offset: number) => { line: number; column: number }): SourceText {
  const position = (offset: number) => {
    // Loaders call an imported name as `(0, module.name)`; only the name itself was written and is in the map.
    const interop = /^\(0,\s*(?=\w)/.exec(parsed.text.slice(offset, offset + 8))?.[0].length ?? 0;
    const { line, column } = place(offset + interop);
    return originalPosition(origin, line, column);
  };
  return {
    ...parsed,
    url: origin.href,
    position,
    frame: (offset, length) => codeFrame(origin, position(offset), length),
    excerpt(start, end) {
      const executed = parsed.text.slice(start, end);
      return writtenExcerpt(origin, position(start), executed) ?? executed;
    },
    writtenName(offset) {
      const { line, column } = place(offset);
      return originalName(origin, line, column);
    },
  };
}

function readText(fn: Callable): FunctionSource {
  const parsed = parseFunctionText(fn);
  if (!parsed) throw unreadable(fn, "it is native or bound");
  const { text, program, node } = parsed;
  const nowhere = () => undefined;
  const excerpt = (start: number, end: number) => text.slice(start, end);
  const source: SourceText = { text, program, url: undefined, position: nowhere, frame: nowhere, excerpt, writtenName: nowhere };
  return { fn, node, source, bound: undefined, scopes: () => nowhere };
}

function unreadable(fn: Callable, reason: string, cause?: unknown): Error {
  const name = types.isProxy(fn) ? "a function" : fn.name || "an anonymous function";
  return ingotError("NoSource", { fn: name, reason }, { cause });
}

/** Offsets of line starts, with the line ends that V8 counts. */
function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const end of text.matchAll(lineEnd)) starts.push(end.index + end[0].length);
  return starts;
}

function rowOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
