// Java's .properties format, read as java.util.Properties reads it and with the line of each key. Own code: the packages that read it either
// keep the carriage return of a continued line, or take a broken \u escape for text. The tests hold results of Java itself.
import { ingotError } from "../../errors/error.ts";

/** One `key = value`; of a key that is there twice the later counts. */
export interface Property {
  readonly key: string;
  readonly value: string;
  /** Where it begins; from 1. */
  readonly line: number;
}

interface LogicalLine {
  readonly text: string;
  readonly line: number;
}

const separator = /^((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)$/s;

/**
 * Reads a .properties file: comments (`#`, `!`), continued lines, `=`, `:` or space between key and value, `\uXXXX`. Throws
 * `ServeConfigSyntax` for an escape that is cut short; all else has a meaning.
 *
 * @example readProperties("job_queue_size = 10\n", "config.properties"); // [{ key: "job_queue_size", value: "10", line: 1 }]
 */
export function readProperties(text: string, file: string): Property[] {
  return [...logicalLines(text)].map(({ text: joined, line }) => {
    const [, key = "", value = ""] = separator.exec(joined) ?? [];
    return { key: unescape(key, file, line), value: unescape(value, file, line), line };
  });
}

/** Lines without blank ones and comments, the continued ones joined. A comment cannot be continued, and none begins inside of a line. */
function* logicalLines(text: string): Generator<LogicalLine> {
  let joined = "";
  let begin = 0;
  for (const [i, whole] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|[\r\n]/)
    .entries()) {
    const part = whole.replace(/^[ \t\f]+/, "");
    if (joined === "") {
      if (part === "" || part.startsWith("#") || part.startsWith("!")) continue;
      begin = i + 1;
    }
    // An even number of backslashes is so many halves of themselves; an odd one has one over, which continues the line.
    const continued = (/\\+$/.exec(part)?.[0].length ?? 0) % 2 === 1;
    joined += continued ? part.slice(0, -1) : part;
    if (continued) continue;
    yield { text: joined, line: begin };
    joined = "";
  }
  if (joined !== "") yield { text: joined, line: begin };
}

const named: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

function unescape(text: string, file: string, line: number): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (escape, code: string | undefined, other: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    if (other === "u")
      throw ingotError("ServeConfigSyntax", { place: `${file}:${line}`, escape: text.slice(text.indexOf(escape)).slice(0, 6) });
    return named[other] ?? other;
  });
}

/**
 * One `key=value` line that `readProperties` and Java read back as it was. Everything but printable ASCII becomes an escape, since Java reads
 * Latin-1.
 */
export function propertyLine(key: string, value: string): string {
  // Spaces separate: all of a key's are escaped, and those that a value begins with.
  return `${escapeText(key).replaceAll(" ", "\\ ")}=${escapeText(value).replace(/^ /, "\\ ")}`;
}

const short: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f" };

function escapeText(text: string): string {
  return text.replace(/[\\=:#!]|[^ -~]/g, (c) => {
    if (/[\\=:#!]/.test(c)) return `\\${c}`;
    return short[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
