// Graphs as text, in ONNX's text syntax (onnx/docs/Syntax.md): what String(graph) gives. Types and origins of each node stand in a
// trailing comment, which other readers of the syntax skip and `parseGraph` reads back.
import { decoder, dtypeInfo } from "../tensor/dtype.ts";
import type { Storage } from "../tensor/storage.ts";
import { type Dim, isUnknownDim } from "./dim.ts";
import type { Graph, Node, Value } from "./graph.ts";
import { assignNames, type GraphNames, type OutputAlias } from "./names.ts";
import { formatProvenance } from "./provenance.ts";
import type { AttributeKind, AttributeValue } from "./schema.ts";
import type { ValueType } from "./type.ts";
import { requiredVersions } from "./versions.ts";

export interface PrintOptions {
  /** Print the elements of all initializers and the metadata, so that the text holds the whole graph. Default false: up to 16 elements. */
  readonly weights?: boolean;
  /** Leave out the header with versions. */
  readonly header?: boolean;
}

/** Initializers up to this many elements are printed in full. */
const SHORT = 16;

interface Context {
  readonly names: GraphNames;
  readonly aliases: ReadonlyMap<Graph, readonly OutputAlias[]>;
  readonly options: PrintOptions;
}

/**
 * The graph in ONNX's text syntax. The same graph gives the same text.
 * Throws `InvalidGraph` when it cannot be named (see `assignNames`).
 *
 * @example
 * printGraph(graph);
 * // <ir_version: 7, opset_import: ["" : 14]>
 * // main (float[batch,4] x) => (float[batch,4] y)
 * // {
 * //   y = Relu (x)  # float[batch,4] | layer1 (model.ts:12:8)
 * // }
 */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  const names = assignNames(graph);
  const aliases = new Map<Graph, OutputAlias[]>();
  for (const alias of names.aliases) aliases.set(alias.graph, [...(aliases.get(alias.graph) ?? []), alias]);
  const header = options.header === false ? "" : `${formatHeader(graph, options)}\n`;
  return `${header}${formatGraph(graph, "", { names, aliases, options })}\n`;
}

function formatHeader(graph: Graph, options: PrintOptions): string {
  const { irVersion, opsets } = requiredVersions(graph);
  const imports = [...opsets].map(([domain, version]) => `${quote(domain)} : ${version}`).join(", ");
  const metadata = [...graph.metadata].map(([key, value]) => `${quote(key)} : ${quote(value)}`).join(", ");
  return `<ir_version: ${irVersion}, opset_import: [${imports}]${options.weights && metadata ? `, metadata_props: [${metadata}]` : ""}>`;
}

function formatGraph(graph: Graph, indent: string, context: Context): string {
  const { names, aliases } = context;
  const outputNames = graph.outputs.map((v) => names.of(v));
  const own = aliases.get(graph) ?? [];
  for (const alias of own) outputNames[alias.index] = alias.name;
  const inputs = graph.inputs.map(
    (v) => `${textOfType(v.type)} ${id(names.of(v))}${v.storage ? ` = ${textOfData(v.storage, context.options)}` : ""}`,
  );
  const outputs = graph.outputs.map((v, i) => `${textOfType(v.type)} ${id(outputNames[i] as string)}`);
  const deeper = `${indent}  `;
  const constants = [...graph.initializers].filter((v) => !graph.inputs.includes(v)).map((v) => formatInitializer(v, context));
  const lines = [`${id(graph.name)} (${inputs.join(", ")}) => (${outputs.join(", ")})`];
  if (constants.length > 0) lines.push(`${indent}<`, `${deeper}${constants.join(`,\n${deeper}`)}`, `${indent}>`);
  lines.push(`${indent}{`);
  for (const node of graph.nodes()) lines.push(deeper + formatNode(node, deeper, context));
  for (const { name, value } of own) lines.push(`${deeper}${id(name)} = Identity (${id(names.of(value))})${comment([value], "")}`);
  lines.push(`${indent}}`);
  return lines.join("\n");
}

function formatInitializer(value: Value, { names, options }: Context): string {
  return `${textOfType(value.type)} ${id(names.of(value))} = ${value.storage ? textOfData(value.storage, options) : "{}"}`;
}

function formatNode(node: Node, indent: string, context: Context): string {
  const { names } = context;
  const outputs = node.outputs.map((v) => id(names.of(v))).join(", ");
  const inputs = node.inputs.map((v) => (v ? id(names.of(v)) : '""')).join(", ");
  const kinds = node.graph.schemas.get(node.op)?.attributes ?? {};
  const attributes = Object.entries(node.attributes).map(([name, value]) =>
    formatAttribute(name, kinds[name]?.kind ?? "string", value, indent, context),
  );
  const op = node.op.split(".").map(id).join(".");
  const call = `${outputs} = ${op}${attributes.length > 0 ? ` <${attributes.join(", ")}>` : ""} (${inputs})`;
  return call + comment(node.outputs, formatProvenance(node.provenance));
}

/** `  # float[2] y-type, … | origins`. Control characters in a path cannot end the comment, and blanks at its ends are not lost. */
function comment(outputs: readonly Value[], origins: string): string {
  const types = outputs.map((v) => textOfType(v.type)).join(", ");
  const text = JSON.stringify(origins)
    .slice(1, -1)
    .replace(/^\s|\s$/g, (blank) => `\\u${blank.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `  # ${types}${text ? ` | ${text}` : ""}`;
}

function formatAttribute(name: string, kind: AttributeKind, value: AttributeValue, indent: string, context: Context): string {
  const list = Array.isArray(value) && value.length === 0 ? `: ${kind}` : "";
  return `${id(name)}${list} = ${attributeText[kind](value as never, indent, context)}`;
}

/** How each kind of attribute is written; the value's kind was checked when the node was made. */
const attributeText: { readonly [K in AttributeKind]: (value: never, indent: string, context: Context) => string } = {
  int: (v: number) => String(v),
  float: (v: number) => textOfFloat(v),
  string: (v: string) => quote(v),
  ints: (v: readonly number[]) => `[${v.join(", ")}]`,
  floats: (v: readonly number[]) => `[${v.map(textOfFloat).join(", ")}]`,
  strings: (v: readonly string[]) => `[${v.map(quote).join(", ")}]`,
  tensor: (v: Storage) => `${textOfType({ kind: "tensor", dtype: v.dtype, shape: v.shape })} ${textOfData(v, { weights: true })}`,
  graph: (v: Graph, indent, context) => formatGraph(v, indent, context),
  type: (v: ValueType) => textOfType(v),
};

/** `float[batch,"2*seq + 1",?]`: `formatType` with dims that are no identifiers in quotes. */
export function textOfType(type: ValueType): string {
  if (type.kind === "sequence") return `seq(${textOfType(type.element)})`;
  if (type.kind === "optional") return `optional(${textOfType(type.element)})`;
  if (type.kind === "map") return `map(${dtypeInfo(type.key).text},${textOfType(type.value)})`;
  const name = dtypeInfo(type.dtype).text;
  if (type.shape === undefined) return `${name}[]`;
  return type.shape.length === 0 ? name : `${name}[${type.shape.map(textOfDim).join(",")}]`;
}

const textOfDim = (d: Dim) => (typeof d === "number" ? String(d) : isUnknownDim(d) ? "?" : id(String(d)));

function textOfData(storage: Storage, options: PrintOptions): string {
  if (!options.weights && storage.size > SHORT) return "{...}";
  const dense = storage.dense();
  const { kind } = dtypeInfo(storage.dtype);
  const decode = decoder(storage.dtype);
  const items = Array.from(dense as ArrayLike<number | bigint | string>, (v) =>
    typeof v === "string" ? quote(v) : kind === "float" ? textOfFloat(decode(v as number)) : String(v),
  );
  return `{${items.join(", ")}}`;
}

/** A number that is always read back as a float. */
function textOfFloat(v: number): string {
  if (Number.isNaN(v)) return "nan";
  if (!Number.isFinite(v)) return v > 0 ? "inf" : "-inf";
  if (Object.is(v, -0)) return "-0.0";
  const text = String(v);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

const quote = (text: string) => JSON.stringify(text);

/** An identifier as it stands, anything else in quotes. */
export function id(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) && !/^(?:inf|nan)$/i.test(name) ? name : quote(name);
}
