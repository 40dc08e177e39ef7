// From ONNX's text syntax to a graph: the inverse of `printGraph`. Kinds of attributes are known from the operators' schemas.
import { IngotError, ingotError } from "../errors/error.ts";
import { type DType, dtypeInfo, dtypes, integerRange, isFloat } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { type Dim, unknownDim } from "./dim.ts";
import { Graph, type Value } from "./graph.ts";
import { parseDim } from "./parse-dim.ts";
import { parseProvenance } from "./provenance.ts";
import type { AttributeKind, AttributeValue, OpSchemas } from "./schema.ts";
import { TextReader, type Token } from "./text-reader.ts";
import { meetTypes, typeFits, type ValueType } from "./type.ts";

/**
 * Reads a graph. Operators are taken in their newest form, as everywhere in the IR; an unknown operator or attribute is its usual error.
 * Throws `GraphSyntax`, `GraphTextName` and `GraphTextElided` with line and column.
 *
 * @example
 * parseGraph('main (float[batch,4] x) => (float[batch,4] y) { y = Relu (x) }', registry);
 */
export function parseGraph(text: string, schemas: OpSchemas): Graph {
  const reader = new TextReader(text);
  const metadata = reader.is("<") ? readHeader(reader) : [];
  const graph = new GraphReader(reader, schemas).graph(undefined, undefined);
  if (reader.token.kind !== "end") throw reader.syntax("the end of the text");
  for (const [key, value] of metadata) graph.metadata.set(key, value);
  return graph;
}

/** `<ir_version: 10, opset_import: ["" : 20], …>`: gives the metadata; versions do not change how a graph is read. */
function readHeader(reader: TextReader): [string, string][] {
  const metadata: [string, string][] = [];
  reader.list("<", ">", () => {
    const key = reader.name().text;
    reader.expect(":");
    if (!reader.is("[")) return void reader.next();
    reader.list("[", "]", () => {
      const entry = reader.name().text;
      reader.expect(":");
      const value = reader.next().text;
      if (key === "metadata_props") metadata.push([entry, value]);
    });
  });
  return metadata;
}

/** Names of one graph, over those of the graphs around it. */
interface Scope {
  readonly values: Map<string, Value>;
  readonly declared: Map<string, ValueType>;
  readonly outer: Scope | undefined;
}

/** How deep sub-graphs and types may be nested: texts come from strangers, and the reader calls itself. */
const maxDepth = 100;
/** The words that begin the type of a container. */
const containers = new Set(["seq", "optional", "map"]);

const dtypeByText = new Map<string, DType>((Object.keys(dtypes) as DType[]).map((d) => [dtypes[d].text, d]));

class GraphReader {
  readonly #r: TextReader;
  readonly #schemas: OpSchemas;
  #depth = 0;

  constructor(reader: TextReader, schemas: OpSchemas) {
    this.#r = reader;
    this.#schemas = schemas;
  }

  /** One level further in. */
  nested<T>(body: () => T): T {
    if (++this.#depth > maxDepth) throw this.#r.syntax(`no more than ${maxDepth} levels of nesting`);
    const result = body();
    this.#depth--;
    return result;
  }

  graph(parent: Graph | undefined, outer: Scope | undefined): Graph {
    const r = this.#r;
    const graph = new Graph(this.#schemas, r.name("the name of a graph").text, parent);
    const scope: Scope = { values: new Map(), declared: new Map(), outer };
    r.list("(", ")", () => {
      const type = this.type();
      const name = r.name();
      const value = graph.addInput(name.text, type);
      if (r.accept("=")) value.storage = this.data(type, name);
      this.define(scope, name, value);
    });
    r.expect("=>");
    const outputs = r.list("(", ")", () => {
      const type = r.token.kind === "id" && (dtypeByText.has(r.token.text) || containers.has(r.token.text)) ? this.type() : undefined;
      return { type, name: r.name() };
    });
    if (r.is("<")) this.initializers(graph, scope);
    r.expect("{");
    while (!r.is("}")) this.node(graph, scope);
    // Its comment, if any, is nobody's.
    r.expect("}");
    const values = outputs.map(({ type, name }) => {
      const value = this.lookup(scope, name);
      if (type && value.producer) value.type = meetTypes(value.type, type);
      return value;
    });
    graph.setOutputs(
      values,
      outputs.map((o) => o.name.text),
    );
    return graph;
  }

  initializers(graph: Graph, scope: Scope): void {
    const r = this.#r;
    r.list("<", ">", () => {
      const type = this.type();
      const name = r.name();
      if (r.accept("=")) this.define(scope, name, graph.addInitializer(this.data(type, name), name.text));
      else scope.declared.set(name.text, type);
    });
  }

  node(graph: Graph, scope: Scope): void {
    const r = this.#r;
    if (r.is("[")) r.list("[", "]", () => r.name());
    const start = r.token;
    const names: Token[] = [];
    while (!r.is("=")) {
      names.push(r.name("the name of an output"));
      if (!r.accept(",")) break;
    }
    r.expect("=");
    let op = r.name("an operator").text;
    while (r.accept(".")) op += `.${r.name("an operator").text}`;
    let attributes = r.is("<") ? this.attributes(op, graph, scope) : {};
    const inputs = r.list("(", ")", () => {
      const name = r.name("the name of an input");
      return name.text === "" ? undefined : this.lookup(scope, name);
    });
    if (r.is("<")) attributes = this.attributes(op, graph, scope);
    const { types, origins } = readComment(r.trailingComment() ?? "");
    const node = this.#at(names[0] ?? start, () =>
      graph.add(op, inputs, attributes, {
        outputCount: names.length,
        names: names.map((n) => n.text),
        provenance: parseProvenance(origins),
      }),
    );
    node.outputs.forEach((value, i) => {
      const name = names[i] as Token;
      const declared = scope.declared.get(name.text);
      const stated = types[i];
      // A comment can say more than inference does, but not the contrary.
      if (stated && typeFits(stated, value.type)) value.type = stated;
      else if (declared) value.type = meetTypes(value.type, declared);
      this.define(scope, name, value);
    });
  }

  /** Adds the place in the text to what the operator's schema says of a node. */
  #at<T>(token: Token, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (error instanceof IngotError) {
        const { line, column } = this.#r.place(token);
        error.message += `\n  in line ${line}, column ${column} of the text`;
      }
      throw error;
    }
  }

  attributes(op: string, graph: Graph, scope: Scope): Record<string, AttributeValue> {
    const r = this.#r;
    const out: Record<string, AttributeValue> = {};
    r.list("<", ">", () => {
      const name = r.name("the name of an attribute").text;
      const stated = r.accept(":") ? (r.name("a kind of attribute").text as AttributeKind) : undefined;
      r.expect("=");
      out[name] = this.attribute(stated ?? this.#schemas.get(op)?.attributes[name]?.kind, graph, scope);
    });
    return out;
  }

  attribute(kind: AttributeKind | undefined, graph: Graph, scope: Scope): AttributeValue {
    const r = this.#r;
    if (kind === "graph") return this.nested(() => this.graph(graph, scope));
    if (kind === "type") return this.type();
    if (kind === "tensor") {
      const type = this.type();
      const name = r.token.kind === "id" || r.token.kind === "string" ? r.name() : r.token;
      r.accept("=");
      return this.data(type, name);
    }
    if (r.is("[")) {
      const strings = kind === "strings";
      const items = r.list("[", "]", () => (r.token.kind === "string" ? r.next().text : this.number()));
      return strings ? items.map(String) : (items as readonly number[]);
    }
    return r.token.kind === "string" ? r.next().text : this.number();
  }

  number(): number {
    return Number(this.numeral());
  }

  /** The text of a number; `Infinity` and `NaN` as JavaScript writes them. */
  numeral(): string {
    const r = this.#r;
    const negative = r.accept("-");
    const token = r.token;
    const word = token.kind === "id" ? token.text.toLowerCase() : "";
    if (word === "inf" || word === "infinity" || word === "nan") {
      r.next();
      return word === "nan" ? "NaN" : negative ? "-Infinity" : "Infinity";
    }
    if (token.kind !== "number" || negative) throw r.syntax("a number");
    return r.next().text;
  }

  type(): ValueType {
    const r = this.#r;
    const token = r.token;
    if (token.text === "seq" || token.text === "optional") {
      r.next();
      r.expect("(");
      const element = this.nested(() => this.type());
      r.expect(")");
      return { kind: token.text === "seq" ? "sequence" : "optional", element };
    }
    if (token.text === "map") {
      r.next();
      r.expect("(");
      const key = this.dtype();
      r.expect(",");
      const value = this.nested(() => this.type());
      r.expect(")");
      return { kind: "map", key, value };
    }
    const dtype = this.dtype();
    if (!r.is("[")) return { kind: "tensor", dtype, shape: [] };
    const dims = r.list("[", "]", (): Dim => {
      if (r.accept("?")) return unknownDim();
      if (r.token.kind === "number") return this.size();
      return parseDim(r.name("a dimension").text);
    });
    return { kind: "tensor", dtype, shape: dims.length > 0 ? dims : undefined };
  }

  size(): number {
    const size = Number(this.#r.token.text);
    if (!/^\d+$/.test(this.#r.token.text) || !Number.isSafeInteger(size)) throw this.#r.syntax("a size: an integer from 0");
    this.#r.next();
    return size;
  }

  dtype(): DType {
    const r = this.#r;
    const dtype = r.token.kind === "id" ? dtypeByText.get(r.token.text) : undefined;
    if (dtype === undefined) throw r.syntax("a type such as float[batch,3]");
    r.next();
    return dtype;
  }

  data(type: ValueType, name: Token): Storage {
    const r = this.#r;
    if (type.kind !== "tensor" || !type.shape?.every((d) => typeof d === "number"))
      throw r.syntax("a tensor type with sizes before its elements", name);
    const { dtype } = type;
    const shape = type.shape as number[];
    const items = r.list("{", "}", () => {
      if (r.is("...")) throw ingotError("GraphTextElided", { ...r.place(name), name: name.text });
      if (dtype === "string") return r.token.kind === "string" ? r.next().text : fail(r.syntax("a string"));
      const token = r.token;
      const numeral = this.numeral();
      if (isFloat(dtype)) return Number(numeral);
      const [least, most] = integerRange(dtype);
      const value = /^[-+]?\d+$/.test(numeral) ? BigInt(numeral) : undefined;
      if (value === undefined || value < least || value > most) throw r.syntax(`an integer from ${least} to ${most}`, token);
      return value;
    });
    if (items.length !== elementCount(shape))
      throw r.syntax(`${elementCount(shape)} elements for ${dtypeInfo(dtype).text}[${shape.join(",")}], not ${items.length}`, name);
    return Storage.from(dtype, items, shape);
  }

  define(scope: Scope, name: Token, value: Value): void {
    for (let s: Scope | undefined = scope; s; s = s.outer)
      if (s.values.has(name.text))
        throw ingotError("GraphTextName", { ...this.#r.place(name), problem: `\`${name.text}\` is defined a second time` });
    scope.values.set(name.text, value);
  }

  lookup(scope: Scope, name: Token): Value {
    for (let s: Scope | undefined = scope; s; s = s.outer) {
      const value = s.values.get(name.text);
      if (value) return value;
    }
    throw ingotError("GraphTextName", { ...this.#r.place(name), problem: `\`${name.text}\` is read but not defined above` });
  }
}

function fail(error: Error): never {
  throw error;
}

/** Types and origins in the comment behind a node, as `printGraph` writes them. A comment that somebody else wrote is only a comment. */
function readComment(text: string): { readonly types: readonly ValueType[]; readonly origins: string } {
  if (text === "") return { types: [], origins: "" };
  try {
    const reader = new TextReader(text);
    const parser = new GraphReader(reader, { get: () => undefined, opsetOf: () => 1 });
    const types = [parser.type()];
    while (reader.accept(",")) types.push(parser.type());
    if (reader.token.kind === "end") return { types, origins: "" };
    return reader.is("|") ? { types, origins: unescape(text.slice(reader.token.at + 1).trim()) } : { types: [], origins: "" };
  } catch {
    return { types: [], origins: "" };
  }
}

function unescape(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
