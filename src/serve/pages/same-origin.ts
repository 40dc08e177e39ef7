// Requests that change or run something must come from the pages themselves: a browser would send them for any other site as well.
import type { IncomingHttpHeaders } from "node:http";
import { refuse } from "../fault.ts";

/**
 * Throws ServeFault 403 for a request that a page of another origin sent. Browsers say who asks, in `Sec-Fetch-Site` or `Origin`; what says
 * neither is no browser, and has no user whose rights could be borrowed.
 */
export function requireSameOrigin(headers: IncomingHttpHeaders): void {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) {
    if (site !== "same-origin") throw foreign();
    return;
  }
  const { origin, host } = headers;
  if (origin === undefined) return;
  if (host === undefined || !URL.canParse(origin) || new URL(origin).host !== host.toLowerCase()) throw foreign();
}

const foreign = () =>
  refuse(
    "ForbiddenHostException",
    "The request comes from a page of another site. Send it from the pages of this server, or without a browser.",
  );
