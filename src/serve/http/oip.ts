// The Open Inference Protocol v2 over HTTP, with KServe's and Triton's extensions, and KServe's protocol v1. Always on.
import { refuse } from "../fault.ts";
import { findModel } from "../oip/find-model.ts";
import { isModelReady, isServerReady, modelConfig, modelMetadata, serverMetadata } from "../oip/metadata.ts";
import { loadModel, repositoryIndex, unloadModel } from "../oip/repository.ts";
import { logSettings, requireSame, traceSettings } from "../oip/settings.ts";
import { modelStatistics } from "../oip/statistics.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Exchange } from "./exchange.ts";
import { replyOipError } from "./oip-errors.ts";
import { predict } from "./predict.ts";
import { readBody, wholeBody } from "./read-body.ts";
import type { Params, Route } from "./router.ts";

type Handle = Route["handle"];

const open = { port: "inference", errors: replyOipError } as const;
const inference = { ...open, token: "inference" } as const;
const get = (path: string, handle: Handle): Route => ({ ...inference, path, methods: ["GET", "HEAD"], handle });
const post = (path: string, handle: Handle): Route => ({ ...inference, path, methods: ["POST"], handle });
/** Changes which models are served. Triton's clients ask for it where they infer; the token is the management API's. */
const manage = (path: string, handle: Handle): Route => ({ ...post(path, handle), token: "management" });
/** A route of a model, and the same with a version. */
const ofModel = (make: typeof get, rest: string, handle: Handle): Route[] =>
  ["", "/versions/{version}"].map((version) => make(`/v2/models/{model}${version}${rest}`, handle));

export const oipRoutes: readonly Route[] = [
  get("/v2", (x, _, parts) => json(x, 200, serverMetadata(parts))),
  // Probes show no token.
  { ...open, path: "/v2/health/live", methods: ["GET", "HEAD"], handle: (x) => json(x, 200, { live: true }) },
  { ...open, path: "/v2/health/ready", methods: ["GET", "HEAD"], handle: ready },
  get("/v2/models", (x, _, { registry }) => json(x, 200, { models: registry.names })),
  get("/v2/models/stats", (x, _, { registry }) => json(x, 200, modelStatistics(registry, undefined, undefined))),
  ...ofModel(get, "/ready", modelReady),
  ...ofModel(get, "/stats", (x, p, { registry }) => json(x, 200, modelStatistics(registry, p.model, p.version))),
  ...ofModel(get, "/config", (x, p, { registry }) => json(x, 200, modelConfig(findModel(registry, p.model ?? "", p.version)))),
  ...ofModel(get, "", (x, p, { registry }) => json(x, 200, modelMetadata(findModel(registry, p.model ?? "", p.version), registry))),
  ...ofModel(post, "/infer", (x, p, parts) => infer(x, p, parts, "v2-http")),
  ...ofModel(post, "/explain", () => unsupported("Explanations are")),
  ...ofModel(post, "/generate", () => unsupported("Generation of text is")),
  post("/v2/repository/index", index),
  manage("/v2/repository/models/{model}/load", load),
  manage("/v2/repository/models/{model}/unload", unload),
  { ...inference, path: "/v2/logging", methods: ["GET", "POST"], handle: logging },
  { ...inference, path: "/v2/trace/setting", methods: ["GET", "POST"], handle: tracing },
  { ...inference, path: "/v2/models/{model}/trace/setting", methods: ["GET", "POST"], handle: tracing },
  { ...inference, path: "/v2/{kind}sharedmemory/{rest*}", handle: () => unsupported("Shared memory is") },
  get("/v1/models", (x, _, { registry }) => json(x, 200, { models: registry.names })),
  get("/v1/models/{model}", modelReadyV1),
  post("/v1/models/{model}:predict", (x, p, parts) => infer(x, p, parts, "v1")),
  post("/v1/models/{model}:explain", (x, p, parts) => infer(x, p, parts, "v1", true)),
];

function json(exchange: Exchange, status: number, value: unknown): void {
  exchange.reply(status, { "content-type": "application/json" }, JSON.stringify(value));
}

function ready(exchange: Exchange, _: Params, parts: ServerParts): void {
  if (!isServerReady(parts)) throw refuse("ServiceUnavailableException", "The server is not ready.");
  json(exchange, 200, { ready: true });
}

function modelReady(exchange: Exchange, { model = "", version }: Params, parts: ServerParts): void {
  const served = findModel(parts.registry, model, version);
  if (!isModelReady(served, parts)) throw refuse("ServiceUnavailableException", `Model with name ${model} is not ready.`);
  json(exchange, 200, { name: model, ready: true });
}

/** In v1, a model that is not ready is told in the body too. */
function modelReadyV1(exchange: Exchange, { model = "" }: Params, parts: ServerParts): void {
  const isReady = isModelReady(findModel(parts.registry, model, undefined), parts);
  json(exchange, isReady ? 200 : 503, { name: model, ready: isReady });
}

/** Envoy, which stands before KServe's pods, says how long it waits. */
const timeoutHeader = "x-envoy-expected-rq-timeout-ms";

async function infer(
  exchange: Exchange,
  { model = "", version }: Params,
  parts: ServerParts,
  protocol: "v1" | "v2-http",
  explain = false,
): Promise<void> {
  const served = findModel(parts.registry, model, version);
  const timeout = Number(exchange.headers[timeoutHeader] ?? 0);
  await predict(exchange, { protocol, served, named: version !== undefined, explain, ...(timeout > 0 && { timeout }) }, parts);
}

async function index(exchange: Exchange, _: Params, parts: ServerParts): Promise<void> {
  const { ready: onlyReady } = await smallBody(exchange, parts);
  json(exchange, 200, await repositoryIndex(parts, onlyReady === true));
}

async function load(exchange: Exchange, { model = "" }: Params, parts: ServerParts): Promise<void> {
  const { parameters } = await smallBody(exchange, parts);
  await loadModel(parts, model, Object.keys(recordOf(parameters)));
  json(exchange, 200, { name: model, load: true });
}

async function unload(exchange: Exchange, { model = "" }: Params, parts: ServerParts): Promise<void> {
  await unloadModel(parts, model);
  json(exchange, 200, { name: model, unload: true });
}

async function logging(exchange: Exchange, _: Params, parts: ServerParts): Promise<void> {
  const settings = logSettings(parts);
  if (exchange.method === "POST")
    requireSame(await smallBody(exchange, parts), settings, "set log_level and log_format in config.properties");
  json(exchange, 200, settings);
}

async function tracing(exchange: Exchange, { model }: Params, parts: ServerParts): Promise<void> {
  if (model !== undefined) findModel(parts.registry, model, undefined);
  if (exchange.method === "POST") requireSame(await smallBody(exchange, parts), traceSettings, "requests are not traced");
  json(exchange, 200, traceSettings);
}

/** Bytes of a body that says what to do: no such body is longer. */
const mostBytes = 64 * 1024;

/** An empty body is an empty object. Throws ServeFault 400 and 413. */
async function smallBody(exchange: Exchange, parts: ServerParts): Promise<Readonly<Record<string, unknown>>> {
  const bytes = wholeBody(await readBody(exchange, mostBytes, parts.inFlight));
  const text = Buffer.from(bytes).toString("utf8").trim();
  if (text === "") return {};
  try {
    return recordOf(JSON.parse(text));
  } catch (cause) {
    throw refuse("BadRequestException", "The body must be a JSON object.", { cause });
  }
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};

function unsupported(what: string): never {
  throw refuse("NotImplementedException", `${what} not supported.`);
}
