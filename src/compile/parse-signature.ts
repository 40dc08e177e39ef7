// Reads the signature that a file carries. A file is data from anywhere: every field is checked against the graph before it is used.
import { ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import type { Layout, StaticValue } from "../trace/structure.ts";
import { oddNumbers, type Signature, type SymbolRange, signatureKey, signatureOfGraph } from "./signature.ts";

/** Structures nested deeper than this are no model's. */
const maxDepth = 64;

/** The stored signature, or one made from the graph where the file has none. Throws `InvalidCertificate` for one that does not fit. */
export function readSignature(graph: Graph, file: string): Signature {
  const text = graph.metadata.get(signatureKey);
  if (text === undefined) return signatureOfGraph(graph);
  try {
    return checked(JSON.parse(text), graph);
  } catch (error) {
    const problem = `the signature is damaged (${error instanceof Error ? error.message : String(error)})`;
    throw ingotError("InvalidCertificate", { file, problem });
  }
}

type Fields = Readonly<Record<string, unknown>>;

class Misfit extends Error {}

function checked(value: unknown, graph: Graph): Signature {
  const fields = recordAt(value, "it");
  const returnedCount = integerAt(fields.returnedCount, "returnedCount", 1, graph.outputs.length);
  const argumentNames = listAt(fields.argumentNames, "argumentNames").map((v) => textAt(v, "argumentNames"));
  const argumentLayout = layoutAt(fields.argumentLayout, "argumentLayout", 0);
  const outputLayout = layoutAt(fields.outputLayout, "outputLayout", 0);
  const stateNames = listAt(fields.stateNames, "stateNames").map((v) => textAt(v, "stateNames"));
  if (argumentLayout.kind !== "list" || argumentLayout.items.length !== argumentNames.length)
    throw new Misfit("argumentLayout is not a list with one entry per name");
  coversOnce(argumentLayout, graph.inputs.length, "argumentLayout");
  coversOnce(outputLayout, returnedCount, "outputLayout");
  if (stateNames.length !== graph.outputs.length - returnedCount) throw new Misfit("stateNames does not name the outputs that are left");
  const symbols = listAt(fields.symbols, "symbols").map(symbolAt);
  return {
    argumentNames,
    argumentLayout,
    outputLayout,
    returnedCount,
    stateNames,
    symbols,
    mode: textAt(fields.mode, "mode"),
  };
}

function recordAt(value: unknown, where: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Misfit(`${where} is not a record`);
}

function listAt(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Misfit(`${where} is not a list`);
}

function textAt(value: unknown, where: string): string {
  if (typeof value === "string") return value;
  throw new Misfit(`${where} is not a text`);
}

function integerAt(value: unknown, where: string, least: number, most: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw new Misfit(`${where} is not an integer from ${least} to ${most}`);
}

function symbolAt(value: unknown): SymbolRange {
  const { name, min, max, multiple } = recordAt(value, "a symbol");
  const integer = (v: unknown, least: number) => integerAt(v, "a symbol's range", least, Number.MAX_SAFE_INTEGER);
  return { name: textAt(name, "a symbol's name"), min: integer(min, 0), max: integer(max, 0), multiple: integer(multiple, 1) };
}

function layoutAt(value: unknown, where: string, depth: number): Layout {
  if (depth > maxDepth) throw new Misfit(`${where} is nested too deep`);
  const fields = recordAt(value, where);
  switch (fields.kind) {
    case "tensor":
      return { kind: "tensor", index: integerAt(fields.index, `${where}'s index`, 0, Number.MAX_SAFE_INTEGER) };
    case "list":
      return { kind: "list", items: listAt(fields.items, where).map((item) => layoutAt(item, where, depth + 1)) };
    case "record":
      return {
        kind: "record",
        entries: listAt(fields.entries, where).map((entry) => {
          const [key, item] = listAt(entry, where);
          return [textAt(key, where), layoutAt(item, where, depth + 1)] as const;
        }),
      };
    case "static": {
      const odd = oddNumberOf(fields.value);
      if (odd !== undefined) return { kind: "static", value: odd };
      if (fields.value !== undefined && fields.value !== null && !["number", "string", "boolean"].includes(typeof fields.value))
        throw new Misfit(`${where} holds something other than a plain value`);
      return { kind: "static", value: fields.value as StaticValue };
    }
    default:
      throw new Misfit(`${where} has an entry of an unknown kind`);
  }
}

/** A number that JSON has no word for, written `{ number: "NaN" }`. */
function oddNumberOf(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || !("number" in value) || typeof value.number !== "string") return undefined;
  return Object.hasOwn(oddNumbers, value.number) ? oddNumbers[value.number] : undefined;
}

/** The tensors of a layout must be the numbers from 0, each once. */
function coversOnce(layout: Layout, count: number, where: string): void {
  const seen = new Set<number>();
  let tensors = 0;
  const visit = (l: Layout): void => {
    if (l.kind === "list") for (const item of l.items) visit(item);
    else if (l.kind === "record") for (const [, item] of l.entries) visit(item);
    else if (l.kind === "tensor") {
      tensors++;
      seen.add(l.index);
    }
  };
  visit(layout);
  if (tensors !== count || seen.size !== count || [...seen].some((i) => i >= count))
    throw new Misfit(`${where} does not name each of the ${count} tensors once`);
}
