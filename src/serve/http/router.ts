// From a path to the route that answers it. Routes are a table; what is between braces is a parameter.
import { refuse } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Exchange } from "./exchange.ts";

export type Port = "inference" | "management" | "metrics";

/** Which of the tokens opens a route. */
export type TokenKind = "inference" | "management";

export type Params = Readonly<Record<string, string>>;

export interface Route {
  readonly port: Port;
  /**
   * Segments: text, `{name}` for one of any text, `{name?}` for one that may be missing, `{name*}` for all that are left. A text after a
   * parameter belongs to it: `{model}:predict`.
   */
  readonly path: string;
  /** Methods that it takes; any, where it says nothing. Others are 405. */
  readonly methods?: readonly string[];
  /** Which token the client must show; none where it says nothing. */
  readonly token?: TokenKind;
  /** How what goes wrong is written; TorchServe's way where it says nothing. */
  readonly errors?: (exchange: Exchange, error: unknown, parts: ServerParts) => void;
  handle(exchange: Exchange, params: Params, parts: ServerParts): Promise<void> | void;
}

interface Compiled {
  readonly route: Route;
  readonly segments: readonly Segment[];
}

type Segment = { readonly text: string } | { readonly name: string; readonly suffix: string; readonly count: "one" | "optional" | "rest" };

export class Router {
  readonly #routes: readonly Compiled[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, segments: route.path.split("/").slice(1).map(parseSegment) }));
  }

  /**
   * The routes whose path fits, with their parameters decoded; the first is the one meant. Throws 400 for a path that is none: a broken
   * percent-encoding, or a NUL.
   */
  *matches(path: string): Generator<{ readonly route: Route; readonly params: Params }> {
    const given = path.split("/").slice(1).map(decodeSegment);
    for (const { route, segments } of this.#routes) {
      const params = match(segments, given);
      if (params) yield { route, params };
    }
  }
}

function parseSegment(text: string): Segment {
  const found = /^\{(\w+)([?*]?)\}(.*)$/.exec(text);
  if (!found) return { text };
  const [, name = "", mark, suffix = ""] = found;
  return { name, suffix, count: mark === "?" ? "optional" : mark === "*" ? "rest" : "one" };
}

function decodeSegment(text: string): string {
  let decoded: string;
  try {
    decoded = text.includes("%") ? decodeURIComponent(text) : text;
  } catch {
    throw refuse("BadRequestException", `The path is not valid: ${text} is no percent-encoding of UTF-8.`);
  }
  if (decoded.includes("\0")) throw refuse("BadRequestException", "The path is not valid: it holds a NUL.");
  return decoded;
}

function match(segments: readonly Segment[], given: readonly string[]): Params | undefined {
  const params: Record<string, string> = Object.create(null) as Record<string, string>;
  let i = 0;
  for (const segment of segments) {
    const value = given[i];
    if ("text" in segment) {
      if (value !== segment.text) return undefined;
    } else if (segment.count === "rest") {
      if (i < given.length) params[segment.name] = given.slice(i).join("/");
      return params;
    } else if (value === undefined || (value === "" && i === given.length - 1)) {
      if (segment.count === "one") return undefined;
      continue;
    } else {
      if (!value.endsWith(segment.suffix) || value.length === segment.suffix.length) return undefined;
      params[segment.name] = value.slice(0, value.length - segment.suffix.length);
    }
    i++;
  }
  // `/models/` is `/models`.
  return i === given.length || (i === given.length - 1 && given[i] === "") ? params : undefined;
}
