// The line of the user's program that called the library, caught fast enough to be asked for at every recorded operator. What is caught
// is the executed place; it goes through source maps only when somebody reads it.
import { isLibraryScript, libraryRoot } from "./library.ts";
import { originalPosition, originOfUrl, type SourcePosition } from "./position.ts";

/**
 * How many frames are looked at: an operator called from a layer that a model's forward calls is found in the first few, and V8's cost rises
 * with the number. Only nested containers, each of which adds a few frames of the library, need the second, deep look.
 */
const frameLimits = [16, 128] as const;

const sites = new Map<string, CallSite>();

/** A place in the user's program: `file`, `line` and `column` (from 1) as it was written, found on first use. */
export class CallSite implements SourcePosition {
  /** The script as V8 names it, and the place in the JavaScript that ran, from 1. */
  readonly executed: { readonly url: string; readonly line: number; readonly column: number };
  #position: SourcePosition | undefined;

  constructor(url: string, line: number, column: number) {
    this.executed = { url, line, column };
  }

  get file(): string {
    return this.#resolved().file;
  }

  get line(): number {
    return this.#resolved().line;
  }

  get column(): number {
    return this.#resolved().column;
  }

  #resolved(): SourcePosition {
    const { url, line, column } = this.executed;
    this.#position ??= originalPosition(originOfUrl(url), line, column);
    return this.#position;
  }
}

/**
 * The innermost stack frame outside this library, or undefined where there is none or where the library was bundled into the program, so
 * that the two cannot be told apart. Frames of the library's machinery (`isLibraryScript`),
 * of Node and of native functions are passed over; frames of the model zoo count as the user's. The same place always gives the same
 * object. Costs about 10 µs.
 *
 * @example
 * const site = captureCallSite();
 * console.log(`${site?.file}:${site?.line}`);   // model.ts:12
 */
export function captureCallSite(): CallSite | undefined {
  if (libraryRoot === undefined) return undefined;
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.prepareStackTrace = userFrame;
    for (const limit of frameLimits) {
      Error.stackTraceLimit = limit;
      const holder: { stack?: unknown } = {};
      Error.captureStackTrace(holder, captureCallSite);
      // V8 formats the stack, with our function, when it is first read.
      const site = holder.stack;
      if (site instanceof CallSite) return site;
    }
    return undefined;
  } finally {
    restore(prepareStackTrace, stackTraceLimit);
  }
}

function restore(prepareStackTrace: typeof Error.prepareStackTrace, stackTraceLimit: number): void {
  // An absent hook must not come back as a property that holds undefined: loaders look for its presence.
  if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
  else Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
}

function userFrame(_error: Error, frames: readonly NodeJS.CallSite[]): CallSite | undefined {
  for (const frame of frames) {
    const url = frame.getFileName();
    if (!url || url.startsWith("node:") || isLibraryScript(url)) continue;
    const line = frame.getLineNumber();
    const column = frame.getColumnNumber();
    return line === null || column === null ? undefined : intern(url, line, column);
  }
  return undefined;
}

function intern(url: string, line: number, column: number): CallSite {
  const key = `${url}:${line}:${column}`;
  let site = sites.get(key);
  if (!site) {
    site = new CallSite(url, line, column);
    sites.set(key, site);
  }
  return site;
}
