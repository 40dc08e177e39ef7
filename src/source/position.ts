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
  readonly text: () => string | undefined;
}

const originsById = new Map<string, ScriptOrigin>();
const originsByHref = new Map<string, ScriptOrigin>();
const fileTexts = new Map<string, string | undefined>();

/** The origin of a script that the inspector described. */
export function originOfScript(script: ScriptInfo): ScriptOrigin {
  const known = originsById.get(script.id);
  if (known) return known;
  const text = () => withInspector((inspector) => inspector.scriptText(script.id));
  // Code made by eval or new Function has no URL.
  const origin = { href: script.url || "<anonymous>", map: readMap(script.sourceMapUrl, script.url), text };
  originsById.set(script.id, origin);
  return origin;
}

/** The origin of the latest script of that name, as stack frames give it (a URL or a path). */
export function originOfUrl(url: string): ScriptOrigin {
  const href = scriptHref(url);
  const known = originsByHref.get(href);
  if (known) return known;
  const script = inspectorAvailable() ? withInspector((inspector) => inspector.scriptByUrl(href)) : undefined;
  const origin = script ? originOfScript(script) : originFromDisk(href);
  originsByHref.set(href, origin);
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

/** A position with the lines around it, drawn. */
export function codeFrame(origin: ScriptOrigin, position: SourcePosition, length = 1): CodeFrame {
  const text = sourceText(origin, position.file);
  const { file, line, column } = position;
  return text === undefined ? { file, line, column } : { file, line, column, text: renderFrame(text, line, column, length) };
}

/** The text of a written file: from the map, from the executed script where it has none, or from disk. */
function sourceText(origin: ScriptOrigin, file: string): string | undefined {
  const map = origin.map;
  const index = map ? map.resolvedSources.findIndex((source) => pathOf(source) === file) : -1;
  const inMap = map?.sourcesContent?.[index];
  if (inMap !== undefined && inMap !== null) return inMap;
  return index < 0 && pathOf(origin.href) === file ? origin.text() : readText(file);
}

/** Without an inspector: Node's own maps where they are on, else the file as it lies on disk. */
function originFromDisk(href: string): ScriptOrigin {
  const text = () => readText(pathOf(href));
  const loaded = href.startsWith("file:") ? (findSourceMap(href) ?? findSourceMap(pathOf(href))) : undefined;
  if (loaded) return { href, map: new AnyMap({ ...loaded.payload, version: 3 }, href), text };
  return { href, map: readMap(sourceMappingUrl(text()), href), text };
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
