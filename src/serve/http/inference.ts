// The inference API of TorchServe, on port 8080.
import { refuse } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Protocol } from "../wire/messages.ts";
import type { Exchange } from "./exchange.ts";
import { predict } from "./predict.ts";
import type { Params, Route } from "./router.ts";

/** How `service_envelope` says that requests and answers are wrapped. */
const envelopes = { body: "torchserve", json: "v1", kserve: "v1", kservev2: "v2-http" } as const satisfies Record<string, Protocol>;

const ofPort = { port: "inference", token: "inference" } as const;

export const inferenceRoutes: readonly Route[] = [
  { ...ofPort, path: "/ping", handle: ping },
  { ...ofPort, path: "/predictions/{model}/{version?}/{rest*}", handle: (x, p, parts) => answer(x, p, parts, false) },
  { ...ofPort, path: "/explanations/{model}/{version?}", handle: (x, p, parts) => answer(x, p, parts, true) },
  { ...ofPort, path: "/invocations", methods: ["POST"], handle: invoke },
  { ...ofPort, path: "/models/{model}/invoke", methods: ["POST"], handle: (x, p, parts) => answer(x, p, parts, false) },
  { ...ofPort, path: "/wfpredict/{workflow}", handle: noWorkflows },
  { ...ofPort, path: "/{model}/predict", handle: (x, p, parts) => answer(x, p, parts, false) },
  { ...ofPort, path: "/{model}/{version}/predict", handle: (x, p, parts) => answer(x, p, parts, false) },
];

/** Healthy while each model's default version has the workers it should have, those that are being started again included. */
function ping(exchange: Exchange, _: Params, { registry, isDraining }: ServerParts): void {
  const healthy = !isDraining() && registry.defaults.every((m) => m.isHealthy);
  exchange.replyJson(healthy ? 200 : 500, { status: healthy ? "Healthy" : "Unhealthy" });
}

async function answer(exchange: Exchange, { model = "", version, rest }: Params, parts: ServerParts, explain: boolean): Promise<void> {
  const served = parts.registry.find(model, version);
  const urlPath = rest === undefined ? {} : { urlPath: rest };
  const protocol = envelopes[parts.config.serviceEnvelope ?? "body"];
  await predict(exchange, { protocol, served, named: version !== undefined, explain, ...urlPath }, parts);
}

/** SageMaker's route: the model by query, or the only one there is. */
async function invoke(exchange: Exchange, _: Params, parts: ServerParts): Promise<void> {
  const { names } = parts.registry;
  const model = exchange.query.get("model_name") ?? (names.length === 1 ? names[0] : undefined);
  if (model === undefined) throw refuse("BadRequestException", "Parameter model_name is required.");
  await answer(exchange, { model }, parts, false);
}

function noWorkflows(): void {
  throw refuse("NotImplementedException", "Workflows are not supported.");
}
