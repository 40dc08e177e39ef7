// The management API of TorchServe, on port 8081: routes, parameters, messages and statuses are its own.
import { namePattern } from "../../archive/manifest.ts";
import { refuse } from "../fault.ts";
import { answers, longestPage, pageOfModels, requireWorkers } from "../models/management-rules.ts";
import type { RegisterRequest } from "../models/model-manager.ts";
import type { ServerParts } from "../server-parts.ts";
import { describeModel } from "./describe-model.ts";
import type { Exchange } from "./exchange.ts";
import { requireToken } from "./guards.ts";
import { type Parameters, queryParameters, requestParameters } from "./request-parameters.ts";
import type { Params, Route } from "./router.ts";
import { methodNotAllowed, resourceNotFound } from "./torchserve-errors.ts";

const ofPort = { port: "management", token: "management" } as const;

export const managementRoutes: readonly Route[] = [
  { ...ofPort, path: "/models", methods: ["GET"], handle: list },
  { ...ofPort, path: "/models", methods: ["POST"], handle: register },
  { ...ofPort, path: "/models/{model}/{version?}", methods: ["GET"], handle: describe },
  { ...ofPort, path: "/models/{model}/{version?}", methods: ["PUT"], handle: scale },
  { ...ofPort, path: "/models/{model}/{version?}", methods: ["DELETE"], handle: unregister },
  { ...ofPort, path: "/models/{model}/{version}/set-default", methods: ["PUT"], handle: setDefault },
  { ...ofPort, path: "/v1/models/{model}", methods: ["GET"], handle: kserveReady },
  { port: "management", path: "/token", methods: ["GET"], handle: renewToken },
  { ...ofPort, path: "/workflows/{rest*}", handle: noWorkflows },
];

const runtimes = ["python", "python3", "LSP"];

function list(exchange: Exchange, _: Params, parts: ServerParts): void {
  const parameters = queryParameters(exchange, parts);
  const asked = parameters.integer("limit") ?? longestPage;
  const limit = asked > longestPage || asked < 0 ? longestPage : asked;
  const begin = Math.max(0, parameters.integer("next_page_token") ?? 0);
  exchange.replyJson(200, pageOfModels(parts.registry, begin, limit));
}

async function register(exchange: Exchange, _: Params, parts: ServerParts): Promise<void> {
  if (!parts.config.enableModelApi) throw methodNotAllowed();
  const parameters = await requestParameters(exchange, parts);
  const { served, workers, started } = await parts.manager.begin(registerRequest(parameters));
  if (workers > 0 && !parameters.flag("synchronous", true)) return replyStatus(exchange, 202, answers.processing);
  await started;
  replyStatus(exchange, 200, answers.registered(served, workers));
}

function registerRequest(parameters: Parameters): RegisterRequest {
  const url = parameters.text("url");
  if (url === undefined) throw refuse("BadRequestException", "Parameter url is required.");
  const runtime = parameters.text("runtime");
  if (runtime !== undefined && !runtimes.includes(runtime)) throw refuse("BadRequestException", `Invalid RuntimeType value: ${runtime}`);
  const modelName = parameters.text("model_name");
  if (modelName && !namePattern.test(modelName))
    throw refuse(
      "BadRequestException",
      `Invalid model_name: ${modelName}. It begins with a letter or digit, and goes on with those, _, - and dots.`,
    );
  const inMs = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000);
  const maxBatchDelay = parameters.integer("max_batch_delay");
  const initialWorkers = parameters.integer("initial_workers");
  return present<RegisterRequest>({
    url,
    modelName,
    handler: parameters.text("handler") || undefined,
    runtime,
    batchSize: parameters.positive("batch_size"),
    maxBatchDelay: maxBatchDelay !== undefined && maxBatchDelay >= 0 ? maxBatchDelay : undefined,
    responseTimeout: inMs(parameters.positive("response_timeout")),
    startupTimeout: inMs(parameters.positive("startup_timeout")),
    initialWorkers: initialWorkers === undefined ? undefined : Math.max(0, initialWorkers),
  });
}

/** Without the keys that have no value. */
const present = <T extends object>(record: { readonly [K in keyof Required<T>]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;

async function describe(exchange: Exchange, { model = "", version }: Params, parts: ServerParts): Promise<void> {
  if (version === "all") {
    const all = parts.registry.versions(model);
    return exchange.replyJson(200, await Promise.all(all.map((v) => describeModel(v))));
  }
  const served = parts.registry.find(model, version);
  if (!queryParameters(exchange, parts).flag("customized", false)) return exchange.replyJson(200, [await describeModel(served)]);
  const metadata = await served.describe();
  if (metadata !== undefined) return exchange.replyJson(200, [await describeModel(served, metadata)]);
  throw refuse(
    "ServiceUnavailableException",
    `Model "${model}" has no worker to serve describe request. Please use scale workers API to add workers.`,
  );
}

async function scale(exchange: Exchange, { model = "", version: inPath }: Params, parts: ServerParts): Promise<void> {
  const parameters = await requestParameters(exchange, parts);
  const minWorkers = parameters.integer("min_worker") ?? 1;
  const maxWorkers = parameters.integer("max_worker") ?? minWorkers;
  const version = inPath ?? (parameters.text("model_version") || undefined);
  requireWorkers(minWorkers, maxWorkers);
  // Whether it is there is said at once.
  parts.registry.find(model, version);
  const scaled = parts.manager.scale(model, version, minWorkers, maxWorkers);
  if (!parameters.flag("synchronous", false)) {
    scaled.catch((error: unknown) => parts.log.error("scaling failed", { model, version, why: String(error) }));
    return replyStatus(exchange, 202, answers.processing);
  }
  if ((await scaled) === "partly") return replyStatus(exchange, 206, answers.scaling);
  replyStatus(exchange, 200, answers.scaled(minWorkers, model, version));
}

async function unregister(exchange: Exchange, { model = "", version }: Params, parts: ServerParts): Promise<void> {
  if (!parts.config.enableModelApi) throw methodNotAllowed();
  await parts.manager.unregister(model, version);
  replyStatus(exchange, 200, answers.unregistered(model));
}

async function setDefault(exchange: Exchange, { model = "", version = "" }: Params, parts: ServerParts): Promise<void> {
  await parts.manager.setDefault(model, version);
  replyStatus(exchange, 200, answers.isDefault(model, version));
}

/** KServe's v1 protocol asks here whether a model is ready. */
function kserveReady(exchange: Exchange, { model = "" }: Params, { registry }: ServerParts): void {
  const name = model.split(":")[0] ?? model;
  exchange.replyJson(200, { name, ready: registry.find(name).isReady });
}

/** Makes a new token of one kind; the API key of the key file opens it, and no other. */
function renewToken(exchange: Exchange, _: Params, { tokens }: ServerParts): void {
  if (tokens.file === undefined) throw resourceNotFound();
  requireToken(tokens.check(exchange.headers.authorization, "API"));
  const kind = exchange.query.get("type");
  if (kind !== "management" && kind !== "inference")
    throw refuse("InvalidKeyException", "Token Authentication failed. Parameter type must be management or inference.");
  tokens.renew(kind);
  exchange.replyJson(200, "");
}

function noWorkflows(): void {
  throw refuse("NotImplementedException", "Workflows are not supported.");
}

const replyStatus = (exchange: Exchange, code: number, status: string) => exchange.replyJson(code, { status });
