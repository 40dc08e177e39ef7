// Where the server describes itself. No token is asked for, as in TorchServe, but for what is said of a single model.
import { sameAddress } from "../../config/address.ts";
import type { ServerConfig } from "../../config/server-config.ts";
import type { Port, Route } from "../router.ts";
import { apiDocument, modelDocument, modelManagementDocument } from "./document.ts";

/** The routes that describe `routes`, and themselves. They come before them: OPTIONS of a prediction is not a prediction. */
export function descriptionRoutes(routes: readonly Route[]): readonly Route[] {
  const described: Route[] = [];
  const describe =
    (port: Port): Route["handle"] =>
    (exchange, _, { config }) =>
      exchange.replyJson(200, apiDocument(described, portsOf(port, config)));
  const own = (["inference", "management"] as const).flatMap((port): Route[] => [
    { port, path: "/", methods: ["OPTIONS"], handle: describe(port) },
    { port, path: "/api-description", methods: ["GET"], handle: describe(port) },
  ]);
  const ofModels: readonly Route[] = [
    {
      port: "inference",
      token: "inference",
      path: "/predictions/{model}/{version?}",
      methods: ["OPTIONS"],
      handle: (exchange, { model = "", version }, { registry }) => exchange.replyJson(200, modelDocument(registry.find(model, version))),
    },
    {
      port: "management",
      token: "management",
      path: "/models/{model}/{version?}",
      methods: ["OPTIONS"],
      handle: (exchange, { model = "", version }, { registry }) =>
        exchange.replyJson(200, modelManagementDocument(described, registry.find(model, version))),
    },
  ];
  described.push(...own, ...ofModels, ...routes);
  return [...own, ...ofModels];
}

/** A listener that serves all APIs describes all; metrics is described everywhere, as in TorchServe. */
function portsOf(port: Port, { inferenceAddress, managementAddress }: ServerConfig): Port[] {
  return sameAddress(inferenceAddress, managementAddress) ? ["inference", "management", "metrics"] : [port, "metrics"];
}
