// Attributes of nodes: from their messages to raw values (which opset conversion works on), and from these to what the schema asks for.
import { ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import type { AttributeKind, Attributes, AttributeValue, OpSchemas } from "../ir/schema.ts";
import { Storage } from "../tensor/storage.ts";
import type { NodeDraft, RawAttribute } from "./opset/draft.ts";
import { type AttributeProto, attributeTypes, type GraphProto } from "./schema.ts";
import { sparseToStorage } from "./sparse-tensor.ts";
import { type TensorContext, tensorToStorage } from "./tensor-proto.ts";
import { typeFromProto } from "./type-proto.ts";

/** The sub-graphs in an attribute: none, one, or a list. */
export const graphsOf = ({ g, graphs }: AttributeProto): readonly GraphProto[] => [...(g ? [g] : []), ...(graphs ?? [])];

export interface AttributeContext extends TensorContext {
  /** Attributes of the function call around the node. */
  readonly parameters: ReadonlyMap<string, RawAttribute>;
  /** The node, for errors. */
  readonly owner: string;
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");

/** The attributes of a node by name; `body` makes a sub-graph. Throws `OnnxInvalid` and `OnnxUnsupported`. */
export function rawAttributes(
  protos: readonly AttributeProto[],
  context: AttributeContext,
  body: (proto: GraphProto) => Graph,
): Map<string, RawAttribute> {
  const attributes = new Map<string, RawAttribute>();
  for (const proto of protos) {
    const name = proto.name ?? "";
    if (attributes.has(name)) throw invalid(context, `the attribute \`${name}\` is given twice`);
    if (proto.refAttrName) {
      // Where the call does not give it, the node does not have it.
      const value = context.parameters.get(proto.refAttrName);
      if (value !== undefined) attributes.set(name, value);
    } else attributes.set(name, rawValue(proto, context, body));
  }
  return attributes;
}

function invalid({ file, owner }: AttributeContext, problem: string): Error {
  return ingotError("OnnxInvalid", { file, problem: `${owner}: ${problem}` });
}

function rawValue(proto: AttributeProto, context: AttributeContext, body: (proto: GraphProto) => Graph): RawAttribute {
  const { name = "" } = proto;
  const type = proto.type || typeByContent(proto);
  const missing = () => invalid(context, `the attribute \`${name}\` has no value`);
  switch (type) {
    case attributeTypes.float:
      return proto.f ?? 0;
    case attributeTypes.int:
      return proto.i ?? 0n;
    case attributeTypes.string:
      return text(proto.s ?? new Uint8Array(0));
    case attributeTypes.tensor:
      if (!proto.t) throw missing();
      return tensorToStorage(proto.t, context);
    case attributeTypes.sparseTensor:
      if (!proto.sparseTensor) throw missing();
      return sparseToStorage(proto.sparseTensor, context);
    case attributeTypes.graph:
      if (!proto.g) throw missing();
      return body(proto.g);
    case attributeTypes.floats:
      return proto.floats ?? [];
    case attributeTypes.ints:
      return proto.ints ?? [];
    case attributeTypes.strings:
      return (proto.strings ?? []).map(text);
    case attributeTypes.type:
      return typeFromProto(proto.tp, `the attribute \`${name}\``, context.file);
    case attributeTypes.undefined:
      throw missing();
    default:
      throw ingotError("OnnxUnsupported", {
        file: context.file,
        what: `the attribute \`${name}\` of ${context.owner} (of attribute type ${type})`,
        hint: "Lists of tensors, graphs and types are not read.",
      });
  }
}

/** The first version of the format did not say which field holds the value. */
function typeByContent(proto: AttributeProto): number {
  if (proto.f !== undefined) return attributeTypes.float;
  if (proto.i !== undefined) return attributeTypes.int;
  if (proto.s !== undefined) return attributeTypes.string;
  if (proto.t !== undefined) return attributeTypes.tensor;
  if (proto.sparseTensor !== undefined) return attributeTypes.sparseTensor;
  if (proto.g !== undefined) return attributeTypes.graph;
  if (proto.floats !== undefined) return attributeTypes.floats;
  if (proto.ints !== undefined) return attributeTypes.ints;
  if (proto.strings !== undefined) return attributeTypes.strings;
  return attributeTypes.undefined;
}

/** The tensor of a Constant node, whichever of its attributes holds it. Throws `OnnxInvalid` or `OnnxUnsupported`. */
export function constantOf(attributes: ReadonlyMap<string, RawAttribute>, context: AttributeContext): Storage {
  const [entry, second] = [...attributes];
  if (!entry || second) throw invalid(context, "a Constant has exactly one value");
  const [name, value] = entry;
  if (value instanceof Storage) return value;
  const list = Array.isArray(value) ? (value as readonly (bigint | number | string)[]) : [value as bigint | number | string];
  const shape = Array.isArray(value) ? [list.length] : [];
  if (name === "value_float" || name === "value_floats") return Storage.from("float32", list, shape);
  if (name === "value_int" || name === "value_ints") return Storage.from("int64", list, shape);
  if (name === "value_string" || name === "value_strings") return Storage.from("string", list, shape);
  throw ingotError("OnnxUnsupported", {
    file: context.file,
    what: `the value \`${name}\` of ${context.owner}`,
    hint: "Use a dense tensor.",
  });
}

/** The converted node's attributes as its schema types them. Throws `OnnxInvalid` for integers that are no safe numbers. */
export function finalAttributes(node: NodeDraft, schemas: OpSchemas, context: AttributeContext): Attributes {
  const specs = schemas.get(node.op)?.attributes ?? {};
  const kindOf = (name: string) => (Object.hasOwn(specs, name) ? specs[name]?.kind : undefined);
  // From entries, so that an attribute called `__proto__` is one like any other, and refused as unknown.
  return Object.fromEntries([...node.attributes].map(([name, value]) => [name, finalValue(value, kindOf(name), name, context)]));
}

function finalValue(value: RawAttribute, kind: AttributeKind | undefined, name: string, context: AttributeContext): AttributeValue {
  if (typeof value === "bigint") return safe(value, name, context);
  if (Array.isArray(value)) {
    const list = value as readonly (bigint | number | string)[];
    // An empty list stands on the wire without its type: any kind of list fits.
    if (list.length === 0) return kind === "strings" ? ([] as readonly string[]) : ([] as readonly number[]);
    if (typeof list[0] === "bigint") return (list as readonly bigint[]).map((v) => safe(v, name, context));
  }
  return value as Exclude<RawAttribute, bigint | readonly bigint[]>;
}

function safe(value: bigint, name: string, context: AttributeContext): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw invalid(context, `the attribute \`${name}\` is ${value}, beyond what is exact here (2^53)`);
}
