// Graph → ModelProto. Names come from the name authority and exist only here; versions are the lowest that the graph needs.
import { ingotError } from "../errors/error.ts";
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { assignNames, type GraphNames, type OutputAlias } from "../ir/names.ts";
import { formatOrigin, type Provenance } from "../ir/provenance.ts";
import type { AttributeKind, AttributeValue, OpSchema } from "../ir/schema.ts";
import { graphOpsets, irVersionForOpset, lowestOpset } from "../ir/versions.ts";
import { opsetOfIdentity } from "../ops/dtype-versions.ts";
import { dtypeInfo } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { annotated, annotatedModel } from "./annotations.ts";
import { fitOpset } from "./fit-opset.ts";
import { anyFormOpset } from "./node-opset.ts";
import { type OlderForm, olderForm } from "./opset/older-forms.ts";
import { producerName, producerVersion } from "./producer.ts";
import { withParameters, writtenQuantization } from "./quantization-annotations.ts";
import { lowerRaises, raisedMessage } from "./raise-nodes.ts";
import { separateScanOutputs } from "./scan-outputs.ts";
import type { AttributeProto, GraphProto, Message, ModelProto, NodeProto, TensorProto, ValueInfoProto } from "./schema.ts";
import { attributeTypes } from "./schema.ts";
import { externalLocation, storageToTensor } from "./tensor-proto.ts";
import { typeToProto } from "./type-proto.ts";

export interface ExportOptions {
  /** At least this opset of the default domain, for a runtime that wants one. Default: the lowest that the graph needs. */
  readonly opset?: number | undefined;
  /**
   * At most this opset of the default domain: newer operators are taken apart, or written as that opset wrote them. With it, `opset` is
   * raised no further than this.
   */
  readonly maxOpset?: number | undefined;
  /** At most this version of the format, which says the same of the opset: each opset came with one. */
  readonly maxIrVersion?: number | undefined;
  /**
   * Called for each initializer of the main graph; true means that its elements are handed over apart from the model, under its
   * name. The model then marks it as external data.
   */
  readonly lend?: (storage: Storage) => boolean;
  /** Write the inferred types of inner values (default true): other tools show and use them. */
  readonly valueInfo?: boolean;
}

export interface ExportedModel {
  readonly model: ModelProto;
  /** Initializers that are not part of the model's bytes, by name. */
  readonly lent: ReadonlyMap<string, Storage>;
  /** The names of the nodes whose failure is an exception of the model, with its message. */
  readonly raises: ReadonlyMap<string, string>;
}

/** The location that stands for memory handed over by address. */
const lentLocation = "lent";

/**
 * The model for a graph. Memory of initializers is shared, not copied. Throws `InvalidGraph`, and `OpsetTooLow` when the graph needs more
 * than `maxOpset` or `maxIrVersion`.
 *
 * @example
 * const { model } = exportModel(graph);
 * await writeFileAtomically("model.onnx", encodeMessage("ModelProto", model).parts);
 */
export function exportModel(graph: Graph, options: ExportOptions = {}): ExportedModel {
  const { opset = 1, maxOpset = Number.POSITIVE_INFINITY, maxIrVersion } = options;
  const limit = Math.min(maxOpset, maxIrVersion === undefined ? maxOpset : newestOpsetOfIr(maxIrVersion));
  if (limit < lowestOpset || (maxIrVersion !== undefined && maxIrVersion < irVersionForOpset(lowestOpset)))
    throw ingotError("InvalidArgument", {
      op: "save",
      name: maxOpset < lowestOpset ? "maxOpset" : "maxIrVersion",
      expected: `opset ${lowestOpset} or later, which has IR version ${irVersionForOpset(lowestOpset)}`,
      actual: `${maxOpset < lowestOpset ? maxOpset : maxIrVersion}`,
      hint: "ONNX Runtime and others no longer take older files.",
    });
  const limited = Number.isFinite(limit);
  const annotated = options.valueInfo === false ? graph : withParameters(graph);
  const { graph: fitted, names: raising } = lowerRaises(separateScanOutputs(limited ? fitOpset(annotated, limit) : annotated));
  const versions = graphOpsets(fitted);
  if (limited && (versions.get("") ?? 1) > limit) versions.set("", graphOpsets(fitted, anyFormOpset).get("") ?? limit);
  const names = assignNames(fitted, raising);
  const aliases = names.aliases.map(({ value }) => opsetOfIdentity(value.type));
  versions.set("", Math.max(versions.get("") ?? 1, Math.min(opset, limit), ...aliases));
  const defaultOpset = versions.get("") ?? 1;
  const writer = new GraphWriter(names, options, defaultOpset);
  const proto = writer.write(fitted);
  const model: ModelProto = {
    irVersion: irVersionForOpset(defaultOpset),
    producerName,
    producerVersion,
    graph: proto,
    opsetImport: [...versions].map(([domain, version]) => ({ domain, version })),
    metadataProps: [...fitted.metadata].map(([key, value]) => ({ key, value })),
    ...annotatedModel(fitted.annotations?.model),
  };
  const raises = new Map([...raising.values()].map((name) => [name, raisedMessage(name) ?? ""]));
  return { model, lent: writer.lent, raises };
}

class GraphWriter {
  readonly lent = new Map<string, Storage>();
  readonly #names: GraphNames;
  readonly #options: ExportOptions;
  readonly #aliases = new Map<Graph, OutputAlias[]>();

  readonly #opset: number;
  /** Constants that an older form keeps in attributes, and all values that some node reads by name. */
  readonly #folded = new Set<Value>();
  readonly #read = new Set<Value>();

  constructor(names: GraphNames, options: ExportOptions, opset: number) {
    this.#opset = opset;
    this.#names = names;
    this.#options = options;
    for (const alias of names.aliases) this.#aliases.set(alias.graph, [...(this.#aliases.get(alias.graph) ?? []), alias]);
  }

  write(graph: Graph): GraphProto {
    const aliases = this.#aliases.get(graph) ?? [];
    const nodes = [...graph.nodes()].map((node) => this.#node(node));
    for (const { value, name, nodeName } of aliases)
      nodes.push({ opType: "Identity", name: nodeName, input: [this.#names.of(value)], output: [name] });
    return {
      node: nodes,
      name: graph.name || "main",
      initializer: [...graph.initializers]
        .filter((value) => !this.#folded.has(value) || this.#read.has(value) || value.isGraphOutput)
        .map((value) => this.#initializer(graph, value)),
      input: graph.inputs.map((value) => this.#info(value)),
      output: graph.outputs.map((value, i) => this.#info(value, aliases.find((a) => a.index === i)?.name)),
      ...(this.#options.valueInfo !== false && { valueInfo: this.#valueInfo(graph), ...this.#quantization(graph) }),
      ...annotated(graph.annotations, graph.parent ? [...graph.metadata].map(([key, value]) => ({ key, value })) : []),
    };
  }

  #info(value: Value, name = this.#names.of(value)): ValueInfoProto {
    return { name, type: typeToProto(value.type), ...annotated(value.annotations) };
  }

  #valueInfo(graph: Graph): ValueInfoProto[] {
    const outputs = new Set(graph.outputs);
    const infos: ValueInfoProto[] = [];
    for (const node of graph.nodes())
      for (const value of node.outputs)
        if (!outputs.has(value) && (value.annotations || (value.type.kind === "tensor" && value.type.shape))) infos.push(this.#info(value));
    return infos;
  }

  #quantization(graph: Graph): Pick<GraphProto, "quantizationAnnotation"> {
    const quantizationAnnotation = writtenQuantization(graph, (value) => this.#names.of(value));
    return quantizationAnnotation.length > 0 ? { quantizationAnnotation } : {};
  }

  #initializer(graph: Graph, value: Value): TensorProto {
    const name = this.#names.of(value);
    const { storage } = value;
    if (!storage)
      throw ingotError("InvalidGraph", {
        problem: `the initializer \`${name}\` has no elements`,
        where: "",
        hint: "Add it with addInitializer.",
      });
    // Only the main graph's initializers can be replaced from outside, and only where memory holds what a file would.
    const asInFile = storage.dtype !== "string" && dtypeInfo(storage.dtype).bits === undefined;
    if (graph.parent || !asInFile || !this.#options.lend?.(storage))
      return { ...storageToTensor(storage, name), ...annotated(value.annotations) };
    this.lent.set(name, storage);
    const dims = storage.shape.map(BigInt);
    const dataType = dtypeInfo(storage.dtype).onnx;
    return { name, dims, dataType, dataLocation: externalLocation, externalData: [{ key: "location", value: lentLocation }] };
  }

  #node(node: Node): NodeProto {
    const schema = node.graph.schemas.get(node.op);
    if (!schema) throw ingotError("UnknownOperator", { op: node.op, domain: "", where: "" });
    const form = node.graph.schemas.opsetOf(node) > this.#opset && schema.domain === "" ? olderForm(node) : undefined;
    const inputs = [...(form ?? node).inputs];
    while (inputs.length > 0 && inputs[inputs.length - 1] === undefined) inputs.pop();
    // ONNX Runtime counts what stands before a variadic input as given: a Loop without a condition and without states has both slots.
    if (schema.inputs.at(-1)?.option === "variadic") while (inputs.length < schema.inputs.length - 1) inputs.push(undefined);
    for (const value of inputs) if (value) this.#read.add(value);
    if (form) for (const value of node.inputs) if (value && !inputs.includes(value)) this.#folded.add(value);
    const attribute = Object.entries((form ?? node).attributes).map(([name, value]) => this.#attribute(schema, name, value));
    attribute.push(...foldedAttributes(form));
    return {
      input: inputs.map((value) => (value ? this.#names.of(value) : "")),
      output: node.outputs.map((value) => this.#names.of(value)),
      name: this.#names.ofNode(node),
      opType: schema.opType,
      ...(attribute.length > 0 && { attribute }),
      ...(schema.domain && { domain: schema.domain }),
      ...annotated(node.annotations, provenanceToProps(node.provenance)),
    };
  }

  #attribute(schema: OpSchema, name: string, value: AttributeValue): AttributeProto {
    const kind = schema.attributes[name]?.kind;
    if (!kind)
      throw ingotError("UnknownAttribute", { op: schema.name, attribute: name, attributes: Object.keys(schema.attributes).join(", ") });
    if (kind === "graph" && value instanceof Graph) return { name, type: attributeTypes.graph, g: this.write(value) };
    return { name, ...attributeContent[kind](value) };
  }
}

/** The newest opset that came with this version of the format or an older one. */
function newestOpsetOfIr(irVersion: number): number {
  let opset = lowestOpset;
  while (opset < 1000 && irVersionForOpset(opset + 1) <= irVersion) opset++;
  return opset;
}

const foldedAttributes = (form: OlderForm | undefined): AttributeProto[] =>
  (form?.folded ?? []).map(([name, values]) => ({ name, ...attributeContent.ints(values) }));

const utf8 = (text: string) => Buffer.from(text, "utf8");
const mismatch = (kind: AttributeKind) => {
  throw new TypeError(`an attribute of kind ${kind} has another value`); // the graph checked it: a bug, not a user's error
};

/** How the value of an attribute stands in its message, by the kind that the schema gives. */
const attributeContent: { readonly [K in AttributeKind]: (value: AttributeValue) => Omit<AttributeProto, "name"> } = {
  int: (v) => ({ type: attributeTypes.int, i: BigInt(v as number) }),
  float: (v) => ({ type: attributeTypes.float, f: v as number }),
  string: (v) => ({ type: attributeTypes.string, s: utf8(v as string) }),
  ints: (v) => ({ type: attributeTypes.ints, ints: (v as readonly number[]).map(BigInt) }),
  floats: (v) => ({ type: attributeTypes.floats, floats: v as readonly number[] }),
  strings: (v) => ({ type: attributeTypes.strings, strings: (v as readonly string[]).map(utf8) }),
  tensor: (v) => (v instanceof Storage ? { type: attributeTypes.tensor, t: storageToTensor(v) } : mismatch("tensor")),
  graph: () => mismatch("graph"),
  type: (v) => (typeof v === "object" && "kind" in v ? { type: attributeTypes.type, tp: typeToProto(v) } : mismatch("type")),
};

/** Keys of node metadata. Several origins stand one per line, in the same order under both keys. */
export const sourceKey = "source";
export const scopeKey = "scope";

/** Provenance as entries of a node's metadata. A line break in a name becomes a blank: each origin keeps to its line. */
export function provenanceToProps(provenance: Provenance): Message<"StringStringEntryProto">[] {
  const lines = (texts: readonly (string | undefined)[]) => texts.map((text = "") => text.replaceAll("\n", " ")).join("\n");
  const props = [
    { key: sourceKey, value: lines(provenance.map(({ source }) => source && formatOrigin({ source }))) },
    { key: scopeKey, value: lines(provenance.map(({ scope }) => scope)) },
  ];
  return props.filter(({ value }) => /[^\n]/.test(value));
}

/** The provenance that a node's metadata holds. */
export function provenanceFromProps(props: readonly Message<"StringStringEntryProto">[]): Provenance {
  const lines = (key: string) => props.find((p) => p.key === key)?.value?.split("\n") ?? [];
  const sources = lines(sourceKey);
  const scopes = lines(scopeKey);
  return Array.from({ length: Math.max(sources.length, scopes.length) }, (_, i) => {
    const [, file, line, column] = /^(.*):(\d+):(\d+)$/s.exec(sources[i] ?? "") ?? [];
    return {
      source: file !== undefined ? { file, line: Number(line), column: Number(column) } : undefined,
      scope: scopes[i] || undefined,
    };
  });
}
