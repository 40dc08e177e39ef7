// Parameters of the management API: of the query, or the same keys of a JSON body. A number that is none is not there, as in TorchServe; here the
// log says so.
import { refuse } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Exchange } from "./exchange.ts";
import { readBody, wholeBody } from "./read-body.ts";

/** Bytes of a body of the management API. */
const longestBody = 64 * 1024;

type Warn = (name: string, value: string) => void;

/** Java's range of int. */
const least = -(2 ** 31);
const most = 2 ** 31 - 1;

/** Names and values as text. */
export class Parameters {
  readonly #values: ReadonlyMap<string, string>;
  readonly #warn: Warn;

  constructor(values: ReadonlyMap<string, string>, warn: Warn) {
    this.#values = values;
    this.#warn = warn;
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** An integer; undefined where there is none. */
  integer(name: string): number | undefined {
    const text = this.#values.get(name);
    if (text === undefined || text === "") return undefined;
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    this.#warn(name, text);
    return undefined;
  }

  /** An integer from 1; undefined where there is none: TorchServe's -1 stands for that. */
  positive(name: string): number | undefined {
    const value = this.integer(name);
    if (value === undefined || value >= 1) return value;
    if (value !== -1) this.#warn(name, String(value));
    return undefined;
  }

  /** `true` in any case is true, and all else is false, as Java has it. */
  flag(name: string, fallback: boolean): boolean {
    return this.#values.get(name)?.toLowerCase() === "true" || (!this.#values.has(name) && fallback);
  }
}

/** Those of the query; the first of a name counts. */
export function queryParameters(exchange: Exchange, { log }: Pick<ServerParts, "log">): Parameters {
  return new Parameters(fromQuery(exchange), warnTo(exchange, log));
}

/** Those of a JSON body where there is one, and of the query for what it leaves out. Throws ServeFault 400 and 413. */
export async function requestParameters(exchange: Exchange, parts: ServerParts): Promise<Parameters> {
  const body = await readBody(exchange, Math.min(longestBody, parts.config.maxRequestSize), parts.inFlight);
  const type = exchange.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json" || body.bytes === 0) return queryParameters(exchange, parts);
  const values = fromQuery(exchange);
  for (const [name, value] of Object.entries(jsonObject(wholeBody(body)))) {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") values.set(name, String(value));
    else if (value !== null) throw refuse("BadRequestException", `Parameter ${name} must be a text, a number, true or false.`);
  }
  return new Parameters(values, warnTo(exchange, parts.log));
}

function fromQuery({ query }: Exchange): Map<string, string> {
  return new Map([...query].reverse());
}

function jsonObject(bytes: Uint8Array): object {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refuse("BadRequestException", `The body is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw refuse("BadRequestException", "The body must be a JSON object with the parameters.");
}

const warnTo =
  (exchange: Exchange, log: ServerParts["log"]): Warn =>
  (name, value) =>
    log.warn("parameter ignored", { request: exchange.requestId, parameter: name, value: value.slice(0, 100) });
