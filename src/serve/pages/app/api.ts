// Talking to the server that sent the page, and to no other. A token that the user types is kept in memory only.
let token = "";
const listeners = new Set<(needed: boolean) => void>();

/** What the server refused, in its own words. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.type = type;
  }
}

/** Called with true when the server wants a token, with false when there is one. */
export function onTokenNeeded(listener: (needed: boolean) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function setToken(text: string): void {
  token = text.trim();
  for (const listener of listeners) listener(false);
}

/** The path of a route with names in it, each of them encoded. */
export const pathOf = (...segments: readonly string[]): string => `/${segments.map(encodeURIComponent).join("/")}`;

/** Sends a request; an answer of any status is an answer. Throws ApiError where a token is wanted, or where the server cannot be reached. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== "") headers.set("authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: "omit", cache: "no-store" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "Unreachable", "The server does not answer.");
  }
  if (response.status === 400) {
    const error = await errorOf(response.clone());
    if (error.type === "InvalidKeyException") {
      for (const listener of listeners) listener(true);
      throw error;
    }
  }
  return response;
}

/** The JSON of an answer. Throws ApiError for a status from 400 on. */
export async function json<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await send(path, init);
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as T;
}

/** The error that an answer tells, in TorchServe's form or another. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { type, message } = JSON.parse(text) as { readonly type?: unknown; readonly message?: unknown };
    if (typeof message === "string") return new ApiError(response.status, typeof type === "string" ? type : "", message);
  } catch {
    // Not JSON: told as it is.
  }
  return new ApiError(response.status, "", text.slice(0, 500) || response.statusText || `Status ${response.status}`);
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
