// Which pages of other sites may call this server: none, unless the configuration says so. Then every answer says it to the browser, errors too.
import type { ServerConfig } from "../config/server-config.ts";
import type { Exchange } from "./exchange.ts";

type CorsConfig = Pick<ServerConfig, "corsAllowedOrigin" | "corsAllowedMethods" | "corsAllowedHeaders">;

/** The headers, as far as they are configured. */
export function corsHeaders({ corsAllowedOrigin, corsAllowedMethods, corsAllowedHeaders }: CorsConfig): Readonly<Record<string, string>> {
  return {
    ...(corsAllowedOrigin !== undefined && { "access-control-allow-origin": corsAllowedOrigin }),
    ...(corsAllowedMethods !== undefined && { "access-control-allow-methods": corsAllowedMethods }),
    ...(corsAllowedHeaders !== undefined && { "access-control-allow-headers": corsAllowedHeaders }),
  };
}

/**
 * Answers a browser's question whether a page may send a request (preflight). It carries no token, and it does nothing. False where it is none, or
 * where no origin is allowed: then the route answers, without the headers, and the browser takes that for a no.
 */
export function answerPreflight(exchange: Exchange, config: CorsConfig): boolean {
  const { method, headers } = exchange;
  const isPreflight = method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined;
  if (!isPreflight || config.corsAllowedOrigin === undefined) return false;
  exchange.reply(200, {}, "");
  return true;
}
