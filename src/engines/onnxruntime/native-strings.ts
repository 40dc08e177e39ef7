// Strings as native code reads them, and what keeps memory in place while it does.
import type { OrtEnvironment } from "./environment.ts";

/** Ends a C string. */
export const nul = "\0";

/** An array of pointers to C strings, and the memory that these lie in, which the caller keeps referenced. */
export function cStrings(env: OrtEnvironment, strings: readonly string[]): { pointers: BigUint64Array; memory: Uint8Array } {
  const encoded = strings.map((s) => Buffer.from(s + nul, "utf8"));
  const memory = Buffer.concat(encoded);
  let at = env.address(memory);
  const pointers = BigUint64Array.from(encoded, (bytes) => {
    const start = at;
    at += BigInt(bytes.length);
    return start;
  });
  return { pointers, memory };
}

/** Does nothing but read its arguments: what is passed after a native call cannot be collected before that call has returned. */
export function keepAlive(...values: readonly unknown[]): void {
  for (const value of values) if (value === keepAlive) throw new TypeError("a function has no memory to keep");
}
