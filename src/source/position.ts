// From a place in executed JavaScript to the place in the file that a person wrote, through the script's own source map.
import { existsSync, readFileSync } from "node:fs";
import { findSourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import {
  AnyMap,
  GREATEST_LOWER_BOUND,
  LEAST_UPPER_BOUND,
  originalPositionFor,
  type TraceMap,
  traceSegment,
} from "@jridgewell/trace-mapping";
import type { CodeFrame } from "../errors/error.ts";
import { renderFrame } from "../errors/frame.ts";
import { inspectorAvailable, type ScriptInfo, withInspector } from "./inspector.ts";
import { scriptHref } from "./library.ts";

/** A place in a source file; lines and columns count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What is known of a script's origin: its map if it has one, else its own text. */
export interface ScriptOrigin {
  readonly href: string;
  readonly map: TraceMap | undefined;
  /** The executed text, and where in its file it starts (from 0): a wrapper or a page may hold it. */
  readonly text: () => string | undefined;
  readonly startLine: number;
  readonly startColumn: number;
}

/** Line ends as V8 and source maps count them. */
export const lineEnd = /\r\n|[\n\r\u2028\u2029]/g;

const originsById = new Map<string, ScriptOrigin>();
const originsByUrl = new Map<string, ScriptOrigin>();
const fileTexts = new Map<string, string | undefined>();

/** The origin of a script that the inspector described. */
export function originOfScript(script: ScriptInfo): ScriptOrigin {
  const known = originsById.get(script.id);
  if (known) return known;
  const text = () => withInspector((inspector) => inspector.scriptText(script.id));
  // Code made by eval or new Function has no URL.
  const { startLine, startColumn } = script;
  const origin = { href: script.url || "<anonymous>", map: readMap(script.sourceMapUrl, script.url), text, startLine, startColumn };
  originsById.set(script.id, origin);
  return origin;
}

/** The origin of the latest script of that name, as stack frames give it (a URL or a path). */
export function originOfUrl(url: string): ScriptOrigin {
  const known = originsByUrl.get(url);
  if (known) return known;
  const script = inspectorAvailable() ? withInspector((inspector) => inspector.scriptByUrl(url)) : undefined;
  const origin = script ? originOfScript(script) : originFromDisk(scriptHref(url));
  originsByUrl.set(url, origin);
  return origin;
}

/**
 * The written place of an executed one. `line` and `column` count from 1, as in stack frames. Where the map says nothing, the executed
 * place itself is the answer.
 */
export function originalPosition(origin: ScriptOrigin, line: number, column: number): SourcePosition {
  if (origin.map) {
    const needle = { line, column: column - 1 };
    let place = originalPositionFor(origin.map, { ...needle, bias: GREATEST_LOWER_BOUND });
    if (place.source === null) place = originalPositionFor(origin.map, { ...needle, bias: LEAST_UPPER_BOUND });
    if (place.source !== null) return { file: pathOf(place.source), line: place.line, column: place.column + 1 };
  }
  return { file: pathOf(origin.href), line, column };
}

/** The name that the identifier at an executed place had before a minifier renamed it, where the map tells. */
export function originalName(origin: ScriptOrigin, line: number, column: number): string | undefined {
  const segment = origin.map && traceSegment(origin.map, line - 1, column - 1);
  if (segment?.length !== 5 || segment[0] !== column - 1) return undefined;
  return origin.map?.names[segment[4]];
}

/**
 * An expression as it was written, given as it was executed: the same characters but for white space and the `(0, module.name)` that
 * loaders make of imported names. Undefined where tools have changed more than that.
 */
export function writtenExcerpt(origin: ScriptOrigin, position: SourcePosition, executed: string): string | undefined {
  const written = writtenText(origin, position.file);
  if (written === undefined) return undefined;
  const from = offsetOf(written, position.line, position.column);
  const wanted = executed.replace(/\(0,\s*[\w$]+\.([\w$]+)\)/g, "$1").replace(/\s/g, "");
  let at = from;
  for (const character of wanted) {
    while (/\s/.test(written.charAt(at))) at++;
    if (!written.startsWith(character, at)) return undefined;
    at += character.length;
  }
  return written.slice(from, at);
}

/** A position with the lines around it, drawn. */
export function codeFrame(origin: ScriptOrigin, position: SourcePosition, length = 1): CodeFrame {
  const { file, line, column } = position;
  const written = writtenText(origin, file);
  if (written !== undefined) return { file, line, column, text: renderFrame(written, line, column, length) };
  const executed = pathOf(origin.href) === file ? unstripped(origin.text(), file) : readText(file);
  if (executed === undefined) return { file, line, column };
  const { startLine, startColumn } = origin;
  const firstLine = startLine + 1;
  const inText = line === firstLine ? column - startColumn : column;
  return { file, line, column, text: renderFrame(executed, line, inText, length, firstLine) };
}

/** Node.js blanks types out, so that all else keeps its place: the file itself is what was written. */
function unstripped(executed: string | undefined, file: string): string | undefined {
  const written = executed !== undefined && /\.[cm]?ts$/.test(file) ? readText(file) : undefined;
  if (executed === undefined || written === undefined) return executed;
  // Characters of types became white space, and `;` where a statement would run on.
  for (let i = 0; i < written.length; i++) if (executed[i] !== written[i] && !/[\s;]/.test(executed[i] ?? "x")) return executed;
  return written;
}

/** The text of a written file that the map carries, or that its map names and the disk has. */
function writtenText({ map }: ScriptOrigin, file: string): string | undefined {
  const index = map ? map.resolvedSources.findIndex((source) => pathOf(source) === file) : -1;
  return index < 0 ? undefined : (map?.sourcesContent?.[index] ?? readText(file));
}

function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  let row = 1;
  for (const end of text.matchAll(lineEnd)) {
    if (row++ === line) break;
    start = end.index + end[0].length;
  }
  return start + column - 1;
}

/** Without an inspector: Node's own maps where they are on, else the file as it lies on disk. */
function originFromDisk(href: string): ScriptOrigin {
  const text = () => readText(pathOf(href));
  const whole = { href, text, startLine: 0, startColumn: 0 };
  const loaded = href.startsWith("file:") ? (findSourceMap(href) ?? findSourceMap(pathOf(href))) : undefined;
  if (loaded) return { ...whole, map: new AnyMap({ ...loaded.payload, version: 3 }, href) };
  return { ...whole, map: readMap(sourceMappingUrl(text()), href) };
}

function sourceMappingUrl(text: string | undefined): string | undefined {
  const all = text?.match(/^\/\/[#@] sourceMappingURL=\S+/gm);
  return all?.at(-1)?.replace(/^.*?=/, "");
}

/** A map that cannot be read is as no map: positions are then those of the executed text, which are true as well. */
function readMap(mapUrl: string | undefined, scriptUrl: string): TraceMap | undefined {
  if (mapUrl === undefined) return undefined;
  try {
    if (mapUrl.startsWith("data:")) return new AnyMap(decodeDataUrl(mapUrl), scriptUrl);
    const url = new URL(mapUrl, scriptUrl || undefined);
    return url.protocol === "file:" ? new AnyMap(readFileSync(url, "utf8"), url.href) : undefined;
  } catch {
    return undefined;
  }
}

function decodeDataUrl(url: string): string {
  const comma = url.indexOf(",");
  const body = url.slice(comma + 1);
  return /;base64$/i.test(url.slice(0, comma)) ? Buffer.from(body, "base64").toString("utf8") : decodeURIComponent(body);
}

function pathOf(url: string | null): string {
  if (!url?.startsWith("file:")) return url ?? "";
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

function readText(file: string): string | undefined {
  if (fileTexts.has(file)) return fileTexts.get(file);
  const text = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  fileTexts.set(file, text);
  return text;
}
