// What a request must have before a route sees it: the right token, and for management a Host that is this server's.
import { isIP } from "node:net";
import { type Address, isLoopbackHost } from "../config/address.ts";
import type { ServerConfig } from "../config/server-config.ts";
import type { TokenCheck } from "../config/tokens.ts";
import { refuse } from "../fault.ts";
import type { Exchange } from "./exchange.ts";
import type { Guard } from "./listener.ts";

/** Throws ServeFault 400 InvalidKeyException where the token of a route is missing, wrong or over. */
export const tokenGuard: Guard = (exchange, { token }, { tokens }) => {
  if (token !== undefined) requireToken(tokens.check(exchange.headers.authorization, token));
};

/** Throws ServeFault where a check says no. */
export function requireToken(check: TokenCheck): void {
  if (!check.ok) throw refuse("InvalidKeyException", check.message);
}

/**
 * Management and pages answer to names of this machine only. A page of another site that has its own name lead here (DNS rebinding) sends that name
 * as Host; one that calls without asking (a form, an image) says where it comes from. Throws ServeFault 403.
 */
export const hostGuard: Guard = (exchange, { port, token }, { config }) => {
  if (port !== "management" && token !== "management") return;
  const { headers } = exchange;
  const host = hostOf(headers.host);
  // Inference is asked for under the names of a cluster, and so is what manages models there.
  if (port === "management" && !isOwnHost(host, config))
    throw refuse(
      "ForbiddenHostException",
      `The Host header names ${host || "nobody"}, which is no name of this server. If it is one, put it into allowed_hosts.`,
    );
  if (!isSafe(exchange) && isForeign(headers.origin, headers.host, config))
    throw refuse("ForbiddenHostException", `A page of ${headers.origin} may not do this: only cors_allowed_origin allows it to.`);
};

const isSafe = ({ method }: Exchange) => method === "GET" || method === "OPTIONS";

/** Without the port and the brackets of IPv6; empty where there is none. */
function hostOf(header: string | undefined): string {
  const [, bracketed, name] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d*)?$/.exec(header ?? "") ?? [];
  return (bracketed ?? name ?? "").toLowerCase().replace(/\.$/, "");
}

/** An address is a name that no foreign site can give itself. */
function isOwnHost(host: string, { managementAddress, inferenceAddress, allowedHosts }: ServerConfig): boolean {
  const own = (address: Address) => address.kind === "tcp" && address.host.toLowerCase() === host;
  return (
    isIP(host) !== 0 ||
    isLoopbackHost(host) ||
    own(managementAddress) ||
    own(inferenceAddress) ||
    allowedHosts.some((allowed) => allowed.toLowerCase() === host) ||
    // Whoever reaches a file of this machine is on it, whatever Host its client makes up.
    managementAddress.kind === "unix"
  );
}

/** Whether a browser sent the request for a page of another site. */
function isForeign(origin: string | undefined, host: string | undefined, { corsAllowedOrigin }: ServerConfig): boolean {
  if (origin === undefined || corsAllowedOrigin === "*" || corsAllowedOrigin === origin) return false;
  return !URL.canParse(origin) || new URL(origin).host !== (host ?? "").toLowerCase();
}
