// ModelProto → Graph. Names become identities, old operator forms the newest, Constant nodes initializers, functions their bodies.
// Everything a file can have wrong is found here and named: nothing of a file is trusted.
import { IngotError, ingotError } from "../errors/error.ts";
import { decodeSync } from "../image/codec.ts";
import type { Annotations } from "../ir/annotations.ts";
import { Graph, type Value } from "../ir/graph.ts";
import type { Provenance } from "../ir/provenance.ts";
import type { OpSchemas } from "../ir/schema.ts";
import { mapContents, meetTypes, tensorType, typeFits, type ValueType } from "../ir/type.ts";
import { installImageCodec } from "../ops/image-decoder.ts";
import type { Storage } from "../tensor/storage.ts";
import { annotationsOf, constantAnnotations, modelAnnotations } from "./annotations.ts";
import { constantOf, finalAttributes, rawAttributes } from "./attributes.ts";
import { provenanceFromProps, provenanceToProps } from "./export.ts";
import { convertToNewest } from "./opset/convert.ts";
import { NodeDraft, type RawAttribute } from "./opset/draft.ts";
import { orderNodes } from "./order-nodes.ts";
import { readQuantization } from "./quantization-annotations.ts";
import { raisedMessage, raiseOp } from "./raise-nodes.ts";
import type { FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, TypeProto } from "./schema.ts";
import { sparseName, sparseToStorage } from "./sparse-tensor.ts";
import { dtypeOf, tensorToStorage } from "./tensor-proto.ts";
import { typeFromProto } from "./type-proto.ts";

export interface ImportOptions {
  /** The operators. */
  readonly schemas: OpSchemas;
  /** The file's name, for errors. */
  readonly file: string;
  /** The bytes of tensors in other files: see `readExternalData`. */
  readonly external?: ReadonlyMap<TensorProto, Uint8Array>;
}

// Models that decode pictures come from files: their operator finds the codec installed.
installImageCodec(decodeSync);

/** The names that a graph, or the body of a function, can see. */
class Scope {
  readonly values = new Map<string, Value>();
  readonly declared = new Map<string, ValueType>();
  /** What the file says of values beyond their types. */
  readonly annotations = new Map<string, Annotations>();
  readonly graph: Graph;
  readonly outer: Scope | undefined;
  /** Opset versions by domain. */
  readonly versions: ReadonlyMap<string, number>;
  /** Attributes of the function call that is being inlined. */
  readonly parameters: ReadonlyMap<string, RawAttribute>;
  /** The functions that are being inlined, innermost last. */
  readonly calls: readonly string[];
  /** Inputs of the function that its call leaves out: who reads them inside has no such input either. */
  readonly absent = new Set<string>();

  constructor(graph: Graph, fields: Pick<Scope, "versions" | "parameters" | "calls">, outer?: Scope) {
    this.graph = graph;
    this.outer = outer;
    this.versions = fields.versions;
    this.parameters = fields.parameters;
    this.calls = fields.calls;
  }

  find(name: string): Value | undefined {
    return this.values.get(name) ?? this.outer?.find(name);
  }

  /** True for the empty name, and for inputs that were left out. */
  isAbsent(name: string): boolean {
    return name === "" || (!this.values.has(name) && (this.absent.has(name) || this.outer?.isAbsent(name) === true));
  }
}

/**
 * The graph of a model, with its newest operators. Initializers are constants, also those that the file lists as inputs (which old
 * versions of the format asked for). Throws `OnnxInvalid`, `OnnxTensor`, `OnnxOpset`, `OnnxUnsupported`, `UnknownOperator`, and the
 * errors of operators whose inputs do not fit.
 *
 * @example
 * const graph = importModel(decodeModel(bytes, "m.onnx"), { schemas: registry, file: "m.onnx" });
 */
export function importModel(model: ModelProto, options: ImportOptions): Graph {
  return new Importer(model, options).import();
}

/** The nodes that functions may put in place of their calls: so many, and so many for each node that the file writes down. */
const mostUnfolded = { least: 50_000, perNode: 20 };

/** `ai.onnx` is the default domain's other name. */
const domainOf = (domain: string | undefined) => (domain === "ai.onnx" ? "" : (domain ?? ""));
const functionKey = (domain: string | undefined, name: string | undefined, overload: string | undefined) =>
  JSON.stringify([domainOf(domain), name ?? "", overload ?? ""]);

class Importer {
  readonly #model: ModelProto;
  readonly #file: string;
  readonly #options: ImportOptions;
  readonly #functions = new Map<string, FunctionProto>();
  /** How many nodes of functions may be put in place of calls, and how many were so far. */
  readonly #mostUnfolded: number;
  #unfolded = 0;

  constructor(model: ModelProto, options: ImportOptions) {
    this.#model = model;
    this.#file = options.file;
    this.#options = options;
    for (const f of model.functions ?? []) {
      const key = functionKey(f.domain, f.name, f.overload);
      if (this.#functions.has(key)) throw this.#invalid(`the function ${f.domain ?? ""}.${f.name ?? ""} is defined twice`);
      this.#functions.set(key, f);
    }
    const written = [model.graph, ...this.#functions.values()].reduce((n, part) => n + (part?.node?.length ?? 0), 0);
    this.#mostUnfolded = mostUnfolded.least + mostUnfolded.perNode * written;
  }

  import(): Graph {
    const { graph: proto, opsetImport, metadataProps } = this.#model;
    if (!proto) throw ingotError("NotOnnx", { file: this.#file, problem: "it holds no graph" });
    const graph = new Graph(this.#options.schemas, proto.name || "main");
    for (const { key, value } of metadataProps ?? []) graph.metadata.set(key ?? "", value ?? "");
    const versions = this.#versions(opsetImport ?? []);
    const model = modelAnnotations(this.#model);
    this.#fill(new Scope(graph, { versions, parameters: new Map(), calls: [] }), proto);
    if (model) graph.annotations = { ...graph.annotations, model };
    return graph;
  }

  #invalid(problem: string): IngotError {
    return ingotError("OnnxInvalid", { file: this.#file, problem });
  }

  #versions(imports: NonNullable<ModelProto["opsetImport"]>): Map<string, number> {
    const versions = new Map<string, number>();
    for (const { domain, version } of imports) versions.set(domainOf(domain), version ?? 1);
    // Before IR version 3 there was only one operator set.
    if (imports.length === 0 && (this.#model.irVersion ?? 0) < 3) versions.set("", 1);
    return versions;
  }

  /** `inputTypes` stand in for the types of a body's inputs that the file leaves out. */
  #fill(scope: Scope, proto: GraphProto, inputTypes: readonly (ValueType | undefined)[] = []): void {
    const { graph } = scope;
    if (!graph.parent) this.#checkInterface(proto);
    graph.annotations = annotationsOf(proto);
    for (const info of [...(proto.input ?? []), ...(proto.valueInfo ?? []), ...(proto.output ?? [])]) {
      const annotations = annotationsOf(info);
      if (annotations) scope.annotations.set(info.name ?? "", annotations);
    }
    const sparse = proto.sparseInitializer ?? [];
    const constants = new Set([...(proto.initializer ?? []).map((t) => t.name ?? ""), ...sparse.map(sparseName)]);
    for (const [i, { name = "", type }] of (proto.input ?? []).entries()) {
      if (constants.has(name) && !graph.parent) continue;
      const known = saysType(type) || !inputTypes[i] ? typeFromProto(type, `input \`${name}\``, this.#file) : inputTypes[i];
      this.#define(scope, name, graph.addInput(name, known));
    }
    const context = { file: this.#file, external: this.#options.external };
    for (const tensor of proto.initializer ?? []) {
      const annotations = annotationsOf(tensor);
      if (annotations) scope.annotations.set(tensor.name ?? "", annotations);
      this.#initializer(scope, tensor.name ?? "", tensorToStorage(tensor, context));
    }
    for (const tensor of sparse) this.#initializer(scope, sparseName(tensor), sparseToStorage(tensor, context));
    for (const { name = "", type } of [...(proto.valueInfo ?? []), ...(proto.output ?? [])])
      if (type && !scope.values.has(name)) this.#declare(scope, name, type);
    this.#nodes(scope, proto.node ?? []);
    readQuantization(proto.quantizationAnnotation ?? [], scope.values, (name) => scope.find(name));
    const outputs = (proto.output ?? []).map(({ name = "" }) =>
      this.#lookup(scope, name, `the graph "${graph.name}" gives it as an output`),
    );
    graph.setOutputs(
      outputs,
      (proto.output ?? []).map(({ name = "" }) => name),
    );
  }

  /** Who runs the model calls its inputs and outputs by name. */
  #checkInterface({ input = [], output = [] }: GraphProto): void {
    const seen = new Set<string>();
    for (const { name = "" } of output) {
      if (seen.has(name)) throw this.#invalid(`the graph lists the output \`${name}\` twice`);
      seen.add(name);
    }
    if (seen.has("") || input.some(({ name = "" }) => name === "")) throw this.#invalid("an input or output of the graph has no name");
  }

  #declare(scope: Scope, name: string, type: NonNullable<Parameters<typeof typeFromProto>[0]>): void {
    try {
      scope.declared.set(name, typeFromProto(type, `\`${name}\``, this.#file));
    } catch (error) {
      // What a file says about inner values is a hint; types come from inference.
      if (!(error instanceof IngotError)) throw error;
    }
  }

  #define(scope: Scope, name: string, value: Value): void {
    if (name === "") return;
    if (scope.values.has(name)) throw this.#invalid(`the name \`${name}\` is defined twice`);
    scope.values.set(name, value);
    value.annotations ??= scope.annotations.get(name);
  }

  #lookup(scope: Scope, name: string, reader: string): Value {
    const value = scope.find(name);
    if (value) return value;
    throw this.#invalid(`the value \`${name}\` is not defined, but ${reader}`);
  }

  #initializer(scope: Scope, name: string, storage: Storage): void {
    const existing = scope.values.get(name);
    if (existing && scope.graph.inputs.includes(existing) && !existing.storage) {
      // A body's input with a default value.
      existing.storage = storage;
      scope.graph.initializers.add(existing);
    } else this.#define(scope, name, scope.graph.addInitializer(storage, name));
  }

  #nodes(scope: Scope, nodes: readonly NodeProto[]): void {
    const ordered = orderNodes(nodes, (problem) => this.#invalid(problem));
    for (const node of ordered) this.#node(scope, node);
  }

  #node(scope: Scope, node: NodeProto): void {
    if (scope.calls.length > 0) this.#countUnfolded(scope.calls);
    const { input = [], output = [], opType = "" } = node;
    const title = node.name ? `${opType} "${node.name}"` : `${opType} (which gives \`${output[0] ?? ""}\`)`;
    if (opType === "") throw this.#invalid(`the node ${node.name ?? output[0] ?? ""} has no operator`);
    const inputs = input.map((name) => (scope.isAbsent(name) ? undefined : this.#lookup(scope, name, `${title} reads it`)));
    const names = trimmed(output);
    const context = { file: this.#file, external: this.#options.external, parameters: scope.parameters, owner: title };
    const attributes = rawAttributes(node.attribute ?? [], context, (body) => this.#body(scope, body, bodyInputTypes(opType, inputs)));
    const domain = domainOf(node.domain);
    if (domain === "" && opType === "Constant") {
      const constant = scope.graph.addInitializer(constantOf(attributes, context), names[0]);
      this.#define(scope, names[0] ?? "", constant);
      constant.annotations = constantAnnotations(node, constant.annotations);
      return;
    }
    const called = this.#functions.get(functionKey(domain, opType, node.overload));
    if (called) {
      this.#call(scope, called, inputs, attributes, names, title);
      return;
    }
    const message = domain === "" && opType === "Gather" && isPastTheEnd(inputs) ? raisedMessage(node.name) : undefined;
    if (message !== undefined) {
      const raised = scope.graph.add(raiseOp, [], { message }, { provenance: provenanceFromProps(node.metadataProps ?? []) });
      this.#define(scope, names[0] ?? "", scope.graph.add("Cast", [raised.output], { to: 7 }, { names: [names[0]] }).output);
      return;
    }
    const version = scope.versions.get(domain);
    if (version === undefined) throw this.#invalid(`${title} is of the domain "${domain}", which the model does not import`);
    const provenance = provenanceOf(node);
    const draft = new NodeDraft({
      op: opType,
      inputs,
      attributes,
      outputCount: names.length,
      version,
      graph: scope.graph,
      file: this.#file,
      provenance,
    });
    if (domain !== "") draft.op = `${domain}.${opType}`;
    convertToNewest(draft);
    if (domain === "") checkNamedTypes(draft, title, this.#file);
    const made = scope.graph.add(draft.op, draft.inputs, finalAttributes(draft, this.#options.schemas, context), {
      outputCount: draft.outputCount,
      provenance,
      names: names.map((name) => name || undefined),
    });
    made.annotations = annotationsOf(node, provenanceToProps(provenance));
    const outputs = draft.finish ? draft.finish(made.outputs) : made.outputs;
    names.forEach((name, i) => {
      const value = outputs[i];
      if (!value) throw this.#invalid(`${title} has no output ${i}, but the model names it \`${name}\``);
      refine(value, scope.declared.get(name));
      this.#define(scope, name, value);
    });
  }

  /** A function that calls another twice, which calls a third twice, makes a graph beyond every memory of a small file. */
  #countUnfolded(calls: readonly string[]): void {
    if (++this.#unfolded <= this.#mostUnfolded) return;
    const [domain, name] = JSON.parse(calls[0] as string) as string[];
    throw ingotError("OnnxUnsupported", {
      file: this.#file,
      what: `the call of the function ${domain}.${name}, with which functions unfold to more than ${this.#mostUnfolded} nodes,`,
      hint: "Functions are put in place of their calls. If the model is meant to be so large, export it without functions that call each other.",
    });
  }

  #body(scope: Scope, proto: GraphProto, inputTypes: readonly (ValueType | undefined)[] = []): Graph {
    const graph = new Graph(this.#options.schemas, proto.name ?? "", scope.graph);
    this.#fill(new Scope(graph, scope, scope), proto, inputTypes);
    return graph;
  }

  /** Puts a function's nodes where it is called. */
  #call(
    scope: Scope,
    f: FunctionProto,
    inputs: readonly (Value | undefined)[],
    given: ReadonlyMap<string, RawAttribute>,
    names: readonly string[],
    title: string,
  ): void {
    const key = functionKey(f.domain, f.name, f.overload);
    if (scope.calls.includes(key)) throw this.#invalid(`the function ${f.domain ?? ""}.${f.name ?? ""} calls itself`);
    const context = { file: this.#file, external: this.#options.external, parameters: new Map<string, RawAttribute>(), owner: title };
    const defaults = rawAttributes(f.attributeProto ?? [], context, (body) => this.#body(scope, body));
    const own = this.#versions(f.opsetImport ?? []);
    const inner = new Scope(scope.graph, {
      versions: own.size > 0 ? own : scope.versions,
      parameters: new Map([...defaults, ...given]),
      calls: [...scope.calls, key],
    });
    (f.input ?? []).forEach((name, i) => {
      const value = inputs[i];
      if (value) inner.values.set(name, value);
      else inner.absent.add(name);
    });
    this.#nodes(inner, f.node ?? []);
    names.forEach((name, i) => {
      const formal = f.output?.[i] ?? "";
      const value = this.#lookup(inner, formal, `the function ${f.name ?? ""} gives it as an output`);
      refine(value, scope.declared.get(name));
      this.#define(scope, name, value);
    });
  }
}

/** True where the first of the inputs is the table of one element that a Gather reads outside of to raise. */
const isPastTheEnd = ([table]: readonly (Value | undefined)[]): boolean => table?.constant?.dtype === "int64" && table.constant.size === 1;

/** Files may leave out the types of a body's inputs, or say no more than that they are tensors. */
function saysType(type: TypeProto | undefined): boolean {
  return Boolean(type && (type.tensorType ? type.tensorType.elemType : (type.sequenceType ?? type.optionalType ?? type.mapType)));
}

/** Attributes that hold the number of an element type. */
const typeAttributes = ["to", "dtype", "output_dtype"];

/** Throws `OnnxUnsupported` for element types that we do not have. */
function checkNamedTypes({ attributes }: NodeDraft, title: string, file: string): void {
  for (const name of typeAttributes) {
    const number = attributes.get(name);
    if (typeof number === "bigint" && number !== 0n) dtypeOf(Number(number), `the attribute \`${name}\` of ${title}`, file);
  }
}

/** What a body's inputs are, from what its node reads; the shapes of values that go round may change. */
function bodyInputTypes(op: string, inputs: readonly (Value | undefined)[]): (ValueType | undefined)[] {
  const anyShape = (type: ValueType | undefined): ValueType | undefined =>
    type?.kind === "tensor" ? tensorType(type.dtype) : type && mapContents(type, (t) => anyShape(t) ?? t);
  const types = inputs.map((v) => v?.type);
  if (op === "Loop") return [tensorType("int64", []), tensorType("bool", []), ...types.slice(2).map(anyShape)];
  if (op === "SequenceMap") return types.map((type) => anyShape(type?.kind === "sequence" ? type.element : type));
  return op === "Scan" ? types.map(anyShape) : [];
}

/** Names without the optional outputs at the end that are left out. */
function trimmed(names: readonly string[]): readonly string[] {
  let length = names.length;
  while (length > 0 && names[length - 1] === "") length--;
  return names.slice(0, length);
}

/** Adds what the file knows about a value to what was inferred, unless the two contradict each other. */
function refine(value: Value, declared: ValueType | undefined): void {
  if (declared && typeFits(value.type, declared)) value.type = meetTypes(value.type, declared);
}

/** A node of ours says where it comes from; of others, the name is the best there is: `layer1/conv1/Conv_3` is in `layer1/conv1`. */
function provenanceOf({ metadataProps, name = "", opType = "" }: NodeProto): Provenance {
  const provenance = provenanceFromProps(metadataProps ?? []);
  if (provenance.length > 0) return provenance;
  const last = name.slice(name.lastIndexOf("/") + 1);
  const generic = last.replace(/_\d+$/, "") === opType;
  const scope = generic ? name.slice(0, Math.max(0, name.length - last.length - 1)) : name;
  return scope ? [{ scope }] : [];
}
