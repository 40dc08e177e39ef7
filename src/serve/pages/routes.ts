// The pages at /ui on the management port: files out of memory, and what they ask for below /ui/api. A prediction goes through the very code
// that the inference port has; it is a route of its own because a page may only talk to its own origin.
import { refuse } from "../fault.ts";
import type { Exchange } from "../http/exchange.ts";
import { predict } from "../http/predict.ts";
import type { Params, Route } from "../http/router.ts";
import type { ServerParts } from "../server-parts.ts";
import { icon } from "./icon.ts";
import { readServedGraph } from "./read-served-graph.ts";
import { requireSameOrigin } from "./same-origin.ts";
import { securityHeaders } from "./security-headers.ts";
import { serverView } from "./server-view.ts";

const page = { port: "management" } as const;
const api = { port: "management", token: "management" } as const;

export const pageRoutes: readonly Route[] = [
  { ...api, path: "/ui/api/server", methods: ["GET"], handle: secured(async (x, _, parts) => x.replyJson(200, await serverView(parts))) },
  { ...api, path: "/ui/api/live", methods: ["GET"], handle: secured((x, _, parts) => x.replyJson(200, parts.live.view())) },
  { ...api, path: "/ui/api/graph/{model}/{version}", methods: ["GET"], handle: secured(graph) },
  { ...api, path: "/ui/api/predict/{model}/{version}", methods: ["POST"], handle: secured(tryIt) },
  { ...page, path: "/ui/{file*}", methods: ["GET", "HEAD"], handle: secured(file) },
];

/** A route whose answers, errors included, carry the headers of the pages. */
function secured(handle: Route["handle"]): Route["handle"] {
  return (exchange, params, parts) => {
    Object.assign(exchange.extraHeaders, securityHeaders);
    return handle(exchange, params, parts);
  };
}

async function tryIt(exchange: Exchange, { model = "", version = "" }: Params, parts: ServerParts): Promise<void> {
  requireSameOrigin(exchange.headers);
  await predict(exchange, { protocol: "torchserve", served: parts.registry.find(model, version), named: true }, parts);
}

async function graph(exchange: Exchange, { model = "", version = "" }: Params, { registry }: ServerParts): Promise<void> {
  exchange.reply(200, { "content-type": "application/json" }, await readServedGraph(registry.find(model, version)));
}

const types = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Read when the first page is asked for: most servers never show one. */
async function file(exchange: Exchange, { file: name = "" }: Params): Promise<void> {
  const { html, assets } = await import("./generated/bundle.ts");
  if (name === "") return exchange.reply(200, { "content-type": types.html }, html);
  if (name === "icon.svg") return exchange.reply(200, { "content-type": types.svg }, icon);
  const text = Object.hasOwn(assets, name) ? assets[name] : undefined;
  if (text === undefined) throw refuse("ResourceNotFoundException", `There is no page ${name}. The pages begin at /ui.`);
  // The name is a hash of the content: it never changes.
  Object.assign(exchange.extraHeaders, { "cache-control": "public, max-age=31536000, immutable", pragma: "" });
  exchange.reply(200, { "content-type": name.endsWith(".css") ? types.css : types.js }, text);
}
