// Requests to a server in tests: status, headers and parsed body in one go. Built on node:http, as fetch() sets neither Host nor any method.
import { type IncomingHttpHeaders, request } from "node:http";

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; undefined where it is no JSON. */
  readonly json: unknown;
}

export interface ApiRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends one request on a connection of its own, which the server is not asked to close. */
export function callApi(method: string, url: string, { headers = {}, body }: ApiRequest = {}): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { connection: "keep-alive", ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
