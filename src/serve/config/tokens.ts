// Tokens of requests, and the file that tells the operator what they are: TorchServe's key_file.json with longer keys.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import process from "node:process";
import { removeKeyFile, writeKeyFile } from "./key-file.ts";

/** `management` and `inference` for requests; `API` for new tokens of the other two (`GET /token`). */
export type TokenKind = "management" | "inference" | "API";

/** Whether a request may go on; if not, the message of TorchServe's answer (400 InvalidKeyException). */
export type TokenCheck = { readonly ok: true } | { readonly ok: false; readonly message: string };

export interface Tokens {
  /** The file with the keys; undefined where no request needs any. */
  readonly file: string | undefined;
  /** Judges the `Authorization` header of a request. Takes the same time whatever a wrong token has in common with the right one. */
  check(authorization: string | undefined, kind: TokenKind): TokenCheck;
  /** Makes a new token for one kind and writes the file; the old one does not hold any more. Throws `ServeKeyFile`. */
  renew(kind: "management" | "inference"): void;
  /** Removes the file. May be called twice; the end of the process does it too. */
  close(): void;
}

export interface TokenOptions {
  /** Where the keys are written. */
  readonly file: string;
  /** What needs a token. */
  readonly needed: { readonly management: boolean; readonly inference: boolean };
  /** Minutes that tokens hold. */
  readonly expirationMin: number;
  /** A clock that never goes back, in ms. */
  readonly monotonic?: () => number;
  /** ms since 1970, for the times in the file. */
  readonly now?: () => number;
}

const refused = (what: string): TokenCheck => ({
  ok: false,
  message: `Token ${what} failed. Token either incorrect, expired, or not provided correctly`,
});

const messages: { readonly [K in TokenKind]: TokenCheck } = {
  management: refused("Authorization"),
  inference: refused("Authorization"),
  API: refused("Authentication"),
};

/** Bits of a key; TorchServe's have 48. */
const keyBits = 192;

interface Issued {
  readonly key: string;
  /** On the monotonic clock: setting the machine's time neither ends a token nor lengthens it. */
  readonly deadline: number;
  /** As the file says it. */
  readonly expires: string | undefined;
}

const allowed: TokenCheck = { ok: true };

/**
 * Makes tokens and writes them to the file, or gives a guard that lets all pass where nothing needs one. Throws `ServeKeyFile` where the file
 * cannot be written: a server that nobody can get a token for must not start, and least of all without asking for one.
 *
 * @example
 * const tokens = openTokens({ file: "key_file.json", needed: tokenRule(config), expirationMin: config.tokenExpirationMin });
 * tokens.check("Bearer …", "management"); // { ok: false, message: "Token Authorization failed. …" }
 */
export function openTokens(options: TokenOptions): Tokens {
  const { management, inference } = options.needed;
  if (!management && !inference) return { file: undefined, check: () => allowed, renew: () => {}, close: () => {} };
  return new IssuedTokens(options);
}

class IssuedTokens implements Tokens {
  readonly file: string;
  readonly #options: TokenOptions;
  readonly #monotonic: () => number;
  readonly #now: () => number;
  readonly #issued: Record<TokenKind, Issued>;
  readonly #atExit = () => this.close();

  constructor(options: TokenOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#now = options.now ?? Date.now;
    this.file = options.file;
    this.#issued = {
      management: this.#issue(),
      inference: this.#issue(),
      API: { key: newKey(), deadline: Number.POSITIVE_INFINITY, expires: undefined },
    };
    this.#write(this.#issued);
    process.on("exit", this.#atExit);
  }

  check(authorization: string | undefined, kind: TokenKind): TokenCheck {
    if (kind !== "API" && !this.#options.needed[kind]) return allowed;
    const given = /^Bearer\s+(\S+)$/.exec(authorization ?? "")?.[1] ?? "";
    const { key, deadline } = this.#issued[kind];
    return sameText(given, key) && this.#monotonic() < deadline ? allowed : messages[kind];
  }

  renew(kind: "management" | "inference"): void {
    const issued = this.#issue();
    // Nobody could read a token that is not in the file: it holds only when it is there.
    this.#write({ ...this.#issued, [kind]: issued });
    this.#issued[kind] = issued;
  }

  close(): void {
    process.removeListener("exit", this.#atExit);
    removeKeyFile(this.file, this.#issued.API.key);
  }

  #issue(): Issued {
    const life = this.#options.expirationMin * 60_000;
    // JavaScript's dates end in the year 275760.
    const expires = new Date(Math.min(this.#now() + life, 8.64e15)).toISOString();
    return { key: newKey(), deadline: this.#monotonic() + life, expires };
  }

  #write(issued: Readonly<Record<TokenKind, Issued>>): void {
    const entry = ({ key, expires }: Issued) => ({ key, ...(expires !== undefined && { "expiration time": expires }) });
    const { management, inference, API } = issued;
    writeKeyFile(this.file, { management: entry(management), inference: entry(inference), API: entry(API) });
  }
}

const newKey = () => randomBytes(keyBits / 8).toString("base64url");

/** Compares in constant time; the hashes have one length, whatever is given. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
