// The public entry `ingot/serve`: the server as a function, and what a handler module is written with.
export { type ConfigSources, resolveConfig } from "./config/resolve.ts";
export type { ServerConfig } from "./config/server-config.ts";
export type { Log, LogFields } from "./log.ts";
export { type RunningServer, startServer } from "./server.ts";
export type { ModelIo, TensorSpec } from "./wire/messages.ts";
export type { Handler, HandlerContext, HandlerFactory, HandlerRequest, RequestValue } from "./worker/handler.ts";
export { badRequest, type HandlerReply, predictionError, type ReplyOptions, reply } from "./worker/handler-answers.ts";
