// JSON of strangers: nested no deeper than a cap, whole numbers beyond 2^53 exact, and no number that silently becomes infinite. JSON.parse
// does the work unless a look at the bytes finds a number that it would change.
import { refuse, ServeFault } from "../fault.ts";
import { deepest, JsonReader } from "./json-reader.ts";

/**
 * The value of a JSON text in UTF-8; whole numbers that a double cannot hold are bigints. Throws ServeFault 400 that names `what`: for a text
 * that is no JSON (`NaN` and `Infinity` are none), for one that nests too deep, and for a number that is too large for a double.
 */
export function parseJson(what: string, bytes: Uint8Array): unknown {
  const bad = (why: string, cause?: unknown) => refuse("BadRequestException", `${what} is not valid JSON: ${why}`, { cause });
  const found = look(bytes);
  if (found === "deep") throw refuse("BadRequestException", `${what} nests deeper than ${deepest} lists and objects.`);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const plain: unknown = JSON.parse(text);
    return found === "plain" ? plain : new JsonReader(bytes, what).value();
  } catch (error) {
    if (error instanceof ServeFault) throw error;
    throw bad(error instanceof Error ? error.message : String(error), error);
  }
}

const code = (c: string) => c.charCodeAt(0);
const [quote, backslash, list, object, endList, endObject] = ['"', "\\", "[", "{", "]", "}"].map(code) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const [zero, nine, point, minus, plus] = ["0", "9", ".", "-", "+"].map(code) as [number, number, number, number, number];
const isDigit = (c: number | undefined) => c !== undefined && c >= zero && c <= nine;

/** Whether a text nests too deep, has numbers that need care, or neither. One way through the bytes; what is no JSON is found later. */
function look(bytes: Uint8Array): "plain" | "deep" | "exact" {
  let depth = 0;
  let exact = false;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i] as number;
    if (c === quote) {
      for (i++; i < bytes.length && bytes[i] !== quote; i++) if (bytes[i] === backslash) i++;
    } else if (c === list || c === object) {
      if (++depth > deepest) return "deep";
    } else if (c === endList || c === endObject) depth--;
    else if (isDigit(c)) {
      const begin = i;
      while (isDigit(bytes[i + 1])) i++;
      let isWhole = true;
      if (bytes[i + 1] === point) {
        isWhole = false;
        i++;
        while (isDigit(bytes[i + 1])) i++;
      }
      // Doubles end at 1.8e308, and whole numbers of up to 15 digits are below 2^53.
      if (((bytes[i + 1] ?? 0) | 0x20) === code("e")) {
        const digits = i + 2 + (bytes[i + 2] === plus || bytes[i + 2] === minus ? 1 : 0);
        i = digits - 1;
        while (isDigit(bytes[i + 1])) i++;
        if (i - digits >= 1) exact = true;
      } else if (i - begin >= (isWhole ? 15 : 300)) exact = true;
    }
  }
  return exact ? "exact" : "plain";
}
