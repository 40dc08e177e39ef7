// Reads model-config.yaml, a stranger's file: only plain data comes out, and a value of the wrong type is left out with a warning, as
// TorchServe does.
import { type Document, isScalar, parseDocument, visit } from "yaml";
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { type ConfigKey, configKeys, type KeyRule, type ModelConfig } from "./model-config-keys.ts";

/** As many aliases as a file that a person wrote may have; each may stand for others, so that a few make billions of values. */
const maxAliases = 100;

export interface ReadConfig {
  readonly config: ModelConfig;
  readonly warnings: readonly string[];
}

/**
 * The configuration in a text. `file` is its name in the archive at `path`, for errors. Throws `ArchiveConfig`.
 *
 * @example
 * readModelConfig("batchSize: 8\nhandler:\n  topk: 3\n", "model-config.yaml", "m.mar").config;
 * // { batchSize: 8, backend: { handler: { topk: 3 } } }
 */
export function readModelConfig(text: string, file: string, path: string): ReadConfig {
  const data = parseYaml(text, (problem, cause) => ingotError("ArchiveConfig", { path, file, problem }, { cause }));
  const known: Record<string, unknown> = {};
  const backend: [string, unknown][] = [];
  const warnings: string[] = [];
  for (const [key, value] of data) {
    if (!isConfigKey(key)) {
      backend.push([key, value]);
      continue;
    }
    const rule: KeyRule = configKeys[key];
    const read = readers[rule.kind](value, rule);
    if (read === undefined) warnings.push(`${file}: ${key} must be ${expected(rule)}, got ${describeYaml(value)}; it is ignored`);
    else known[key] = read;
  }
  return { config: { ...(known as Omit<ModelConfig, "backend">), backend: Object.fromEntries(backend) }, warnings };
}

/** Lists and records in brackets, in all of a file. The parser works through nested ones by calling itself. */
const mostBrackets = 500;
/** Blanks in front of a line; each may begin a record in a record. */
const widestIndent = 200;
/** Of marks such as `-` in a row, which begin lists in lists, and of `?`, for which the parser's work doubles with each. */
const mostMarks = 16;

/**
 * Why a text would lead the parser too deep: the stack's end cannot be caught safely, because V8 ends the process where it compiles a regular expression
 * there. Told from the characters alone, quotes or not: no file that a person wrote comes near.
 */
function tooDeep(text: string): string | undefined {
  let brackets = 0;
  let explicitKeys = 0;
  for (const line of text.split(/[\r\n]/)) {
    for (const character of line) if (character === "[" || character === "{") brackets++;
    if (brackets > mostBrackets) return `it has more than ${mostBrackets} opening brackets`;
    if (line.length - line.trimStart().length > widestIndent) return `a line begins with more than ${widestIndent} blanks`;
    let marks = 0;
    for (const word of line.split(/[\s,[\]{}]+/)) {
      if (word === "?") explicitKeys++;
      marks = /^[-?:]$|^[!&]/.test(word) ? marks + 1 : word === "" ? marks : 0;
      if (marks > mostMarks || explicitKeys > mostMarks) return `it has more than ${mostMarks} marks like \`-\` in a row, or of \`?\``;
    }
  }
  return undefined;
}

const isConfigKey = (key: string): key is ConfigKey => Object.hasOwn(configKeys, key);

/** The top of the file as pairs. */
function parseYaml(text: string, fail: (problem: string, cause?: unknown) => Error): [string, unknown][] {
  const deep = tooDeep(text);
  if (deep !== undefined) throw fail(deep);
  let data: unknown;
  try {
    const document = parseDocument(text, { schema: "core", merge: true, uniqueKeys: false, strict: true, logLevel: "silent" });
    // A tag that is not known is only a warning to the parser, which then takes the bare value.
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw fail((problem.message.split("\n")[0] ?? "").replace(/:$/, ""), problem);
    const twice = repeatedKey(document);
    if (twice !== undefined) throw fail(`keys must be unique, and ${JSON.stringify(twice.slice(0, 80))} stands twice`);
    data = document.toJS({ maxAliasCount: maxAliases });
  } catch (cause) {
    if (cause instanceof RangeError) throw fail("its values nest too deep", cause);
    if (cause instanceof ReferenceError) throw fail(`${cause.message}`, cause);
    throw cause;
  }
  if (data === null || data === undefined) return [];
  if (typeof data !== "object" || Array.isArray(data)) throw fail(`it must hold keys and values, and is ${describeYaml(data)}`);
  return Object.entries(data);
}

/** A key that a record has twice. The parser's own check compares every key with every other, which takes seconds for thousands. */
function repeatedKey(document: Document): string | undefined {
  let found: string | undefined;
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name !== undefined && seen.has(name)) found = name;
        if (name !== undefined) seen.add(name);
      }
      return found === undefined ? undefined : visit.BREAK;
    },
  });
  return found;
}

/** A value of a kind; undefined where it is another one. */
const readers: { readonly [K in KeyRule["kind"]]: (value: unknown, rule: KeyRule) => unknown } = {
  integer: (value, { from = Number.MIN_SAFE_INTEGER }) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= from ? value : undefined,
  // YAML 1.1, which TorchServe reads, has more words for these than YAML 1.2.
  boolean: (value) => (typeof value === "boolean" ? value : typeof value === "string" ? words.get(value.toLowerCase()) : undefined),
  text: (value, { among }) => (typeof value === "string" && (!among || among.includes(value)) ? value : undefined),
  integers: (value, { from = Number.MIN_SAFE_INTEGER }) =>
    Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= from) ? value : undefined,
  record: (value) => (typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined),
};

const words: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["on", true],
  ["no", false],
  ["off", false],
]);

function expected({ kind, from, among }: KeyRule): string {
  const least = from === undefined ? "" : ` from ${from}`;
  const kinds: { readonly [K in KeyRule["kind"]]: string } = {
    integer: `an integer${least}`,
    boolean: "true or false",
    text: among ? `one of ${among.join(", ")}` : "a text",
    integers: `a list of integers${least}`,
    record: "keys and values",
  };
  return kinds[kind];
}

/** Records by their kind only: their keys are the stranger's. */
const describeYaml = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? "keys and values" : describeValue(value);
