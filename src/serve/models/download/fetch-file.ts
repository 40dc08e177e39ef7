// Fetches a file by http(s): streamed to the disk, capped in size and time. Each host on the way, also after a redirect, is looked up once,
// judged, and connected to at the address that was judged, so that a name that changes its mind in between (DNS rebinding) gains nothing.
import { lookup as lookupName } from "node:dns";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isPublicAddress } from "./public-address.ts";
import type { AllowedUrl } from "./url-policy.ts";

export interface FetchLimits {
  /** Of the file. */
  readonly bytes: number;
  /** ms for all of it. */
  readonly total: number;
  /** ms in which nothing comes. */
  readonly idle: number;
  readonly redirects: number;
}

export const fetchLimits: FetchLimits = { bytes: 64 * 2 ** 30, total: 60 * 60_000, idle: 30_000, redirects: 5 };

export interface FetchOptions {
  readonly limits?: FetchLimits;
  /** Judges where a redirect leads; undefined: not there. */
  readonly allow: (url: string) => AllowedUrl | undefined;
  /** Looks a name up, as `dns.lookup` does. */
  readonly lookup?: LookupFunction;
  /** Certificates to trust besides the system's, PEM. */
  readonly ca?: string;
}

/** Why a file was not fetched, for the operator's log: the client is told less. */
export class FetchProblem extends Error {
  override readonly name = "FetchProblem";
}

/** Writes what is at `from` to the new file `path`. Throws FetchProblem, and leaves no file then. */
export async function fetchFile(from: AllowedUrl, path: string, options: FetchOptions): Promise<void> {
  const limits = options.limits ?? fetchLimits;
  const over = AbortSignal.timeout(limits.total);
  try {
    const response = await follow(from, options, limits, over);
    let bytes = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.byteLength;
        done(bytes > limits.bytes ? new FetchProblem(tooLarge(limits.bytes)) : null, chunk);
      },
    });
    await pipeline(response, counted, createWriteStream(path, { flags: "wx", mode: 0o644 }), { signal: over });
    const declared = response.headers["content-length"];
    if (declared !== undefined && Number(declared) !== bytes) throw new FetchProblem(`it broke off after ${bytes} of ${declared} bytes`);
  } catch (error) {
    // A file that was there before is not ours.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) await rm(path, { force: true });
    if (error instanceof FetchProblem) throw error;
    if (over.aborted) throw new FetchProblem(`it took longer than ${limits.total} ms`, { cause: error });
    throw new FetchProblem(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The answer with the file, after at most so many redirects. */
async function follow(from: AllowedUrl, options: FetchOptions, limits: FetchLimits, over: AbortSignal): Promise<IncomingMessage> {
  let at = from;
  for (let redirects = 0; ; redirects++) {
    const response = await ask(at, options, limits, over);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) {
      const encoding = headers["content-encoding"] ?? "identity";
      const problem =
        encoding !== "identity"
          ? `it is sent compressed (${encoding}), which was not asked for`
          : Number(headers["content-length"] ?? 0) > limits.bytes
            ? tooLarge(limits.bytes)
            : undefined;
      if (problem === undefined) return response;
      response.destroy();
      throw new FetchProblem(problem);
    }
    response.destroy();
    if (![301, 302, 303, 307, 308].includes(statusCode)) throw new FetchProblem(`${at.url.host} answered with status ${statusCode}`);
    if (redirects === limits.redirects) throw new FetchProblem(`there are more than ${limits.redirects} redirects`);
    at = redirected(at, headers.location, options);
  }
}

function redirected(at: AllowedUrl, location: string | undefined, { allow }: FetchOptions): AllowedUrl {
  if (location === undefined || !URL.canParse(location, at.url.href)) throw new FetchProblem("a redirect leads nowhere");
  const to = new URL(location, at.url);
  if (at.url.protocol === "https:" && to.protocol !== "https:") throw new FetchProblem(`a redirect leads from https to ${to.protocol}`);
  const next = allow(to.href);
  if (!next) throw new FetchProblem(`a redirect leads to ${to.href.slice(0, 200)}, which matches no entry of allowed_urls`);
  return next;
}

/** Sends one request and resolves with the head of its answer. */
function ask({ url, publicOnly }: AllowedUrl, options: FetchOptions, limits: FetchLimits, signal: AbortSignal): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    if (publicOnly && isIP(host) && !isPublicAddress(host)) return reject(notPublic(host, host));
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    let answer: IncomingMessage | undefined;
    const request = send(
      url,
      {
        // A connection of its own: one that is kept open was judged for somebody else.
        agent: false,
        signal,
        timeout: limits.idle,
        maxHeaderSize: 32 * 1024,
        headers: { accept: "*/*", "accept-encoding": "identity", "user-agent": "ingot" },
        lookup: judged(options.lookup ?? lookupName, publicOnly),
        ...(options.ca !== undefined && { ca: options.ca }),
      },
      (response) => {
        answer = response;
        resolve(response);
      },
    );
    request.on("timeout", () => {
      const problem = new FetchProblem(`nothing came from ${url.host} for ${limits.idle} ms`);
      // Whoever reads the answer by then is told why it ends.
      (answer ?? request).destroy(problem);
    });
    request.on("error", reject);
    request.end();
  });
}

/** Looks names up and gives the addresses on only where all of them may be connected to. */
function judged(lookup: LookupFunction, publicOnly: boolean): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses = typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
      const bad = publicOnly ? addresses?.find(({ address }) => !isPublicAddress(address)) : undefined;
      const problem = error ?? (bad ? notPublic(host, bad.address) : null);
      const [first] = addresses ?? [];
      if (problem || !first) done(problem ?? new FetchProblem(`${host} has no address`), "", 0);
      else if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

const notPublic = (host: string, address: string) =>
  new FetchProblem(
    `${host === address ? address : `${host} is at ${address}, which`} is not a public address, and no entry of allowed_urls names it`,
  );

const tooLarge = (limit: number) => `it is larger than ${limit} bytes`;
