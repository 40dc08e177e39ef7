// Checks a node against its operator's schema and infers its output types. Used by Graph.add and by eager dispatch alike.
import { ingotError } from "../errors/error.ts";
import { allDTypes, type DType } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import type { Dim } from "./dim.ts";
import type { Value } from "./graph.ts";
import { formatProvenance, type Provenance } from "./provenance.ts";
import type { AttributeSchema, Attributes, AttributeValue, FormalParameter, InferContext, OpSchema, OpSchemas } from "./schema.ts";
import { formatType, type ValueType } from "./type.ts";

export interface InferredNode {
  /** Without those equal to their defaults. */
  readonly attributes: Attributes;
  readonly types: readonly ValueType[];
  readonly dims: readonly (readonly Dim[] | undefined)[] | undefined;
}

export function inferNode(
  schemas: OpSchemas,
  op: string,
  inputs: readonly (Value | undefined)[],
  attributes: Attributes,
  options: { readonly outputCount?: number; readonly provenance?: Provenance },
): InferredNode {
  const schema = schemas.get(op);
  if (!schema) {
    const dot = op.lastIndexOf(".");
    const where = options.provenance?.length ? `, at ${formatProvenance(options.provenance)}` : "";
    throw ingotError("UnknownOperator", { op: op.slice(dot + 1), domain: dot < 0 ? "" : op.slice(0, dot), where });
  }
  const types = inputs.map((v) => v?.type);
  checkInputs(schema, types);
  const resolved = resolveAttributes(schema, attributes);
  const context: InferContext = {
    op,
    inputs: types,
    attributes: resolved,
    outputCount: options.outputCount ?? requiredCount(schema.outputs),
    constant: (i) => inputs[i]?.constant,
    dims: (i) => inputs[i]?.dims,
  };
  const all = schema.infer(context);
  return {
    attributes: withoutDefaults(schema, attributes),
    types: all.slice(0, context.outputCount),
    dims: schema.inferDims?.(context),
  };
}

/** How many outputs (or inputs) a call has at least. */
export function requiredCount(formals: readonly FormalParameter[]): number {
  return formals.filter((f) => f.option !== "optional").length;
}

/** The formal parameter that actual input `i` belongs to; the last one repeats when it is variadic. */
export function formalAt(formals: readonly FormalParameter[], i: number): FormalParameter | undefined {
  if (i < formals.length) return formals[i];
  const last = formals[formals.length - 1];
  return last?.option === "variadic" ? last : undefined;
}

/** Arity and dtypes against the schema; type variables must agree. Throws `OperatorArity` or `DTypeMismatch`. */
export function checkInputs(schema: OpSchema, types: readonly (ValueType | undefined)[]): void {
  const formals = schema.inputs;
  const arity = (expected: string) =>
    ingotError("OperatorArity", { op: schema.name, count: types.length, expected, inputs: formals.map((f) => f.name).join(", ") });
  const required = formals.filter((f) => f.option === "single").length;
  const variadic = formals[formals.length - 1]?.option === "variadic";
  if (!variadic && types.length > formals.length) throw arity(`at most ${formals.length}`);
  for (let i = 0; i < required; i++) if (formals[i]?.option === "single" && types[i] === undefined) throw arity(`at least ${required}`);
  const bound = new Map<string, { dtype: DType; name: string }>();
  types.forEach((type, i) => {
    const formal = formalAt(formals, i);
    if (type === undefined && formal?.option === "variadic") throw arity(`every one of ${formal.name}, with no gap at number ${i},`);
    if (type === undefined || formal === undefined || formal.type === "any") return;
    const [, ofSequence] = /^seq\((\w+)\)$/.exec(formal.type) ?? [];
    const variable = ofSequence ?? formal.type;
    const tensor = ofSequence === undefined ? type : type.kind === "sequence" ? type.element : undefined;
    if (tensor?.kind !== "tensor") throw wrongKind(schema, formal, type);
    const { dtype } = tensor;
    const allowed = schema.types[variable] ?? (allDTypes.includes(variable as DType) ? [variable as DType] : undefined);
    if (allowed && !allowed.includes(dtype))
      throw ingotError("DTypeMismatch", {
        op: schema.opType,
        what: formal.name,
        actual: dtype,
        expected: allowed.length === 1 ? String(allowed[0]) : `one of ${allowed.join(", ")}`,
        convert: String(allowed.includes("float32") ? "float32" : allowed[0]),
      });
    const before = bound.get(variable);
    if (before === undefined) bound.set(variable, { dtype, name: formal.name });
    else if (before.dtype !== dtype && !schema.inputs.find((f) => f === formal && f.option === "variadic" && formal.type.endsWith("*")))
      throw ingotError("DTypeMismatch", {
        op: schema.opType,
        what: formal.name,
        actual: dtype,
        expected: `${before.dtype}, as ${before.name} is`,
        convert: before.dtype,
      });
  });
}

function wrongKind(schema: OpSchema, formal: FormalParameter, actual: ValueType): Error {
  const sequence = formal.type.startsWith("seq(");
  return ingotError("KindMismatch", {
    op: schema.opType,
    what: formal.name,
    actual: formatType(actual),
    expected: sequence ? "a sequence of tensors" : "a tensor",
  });
}

/** Attributes with defaults filled in. Throws `UnknownAttribute`, `MissingAttribute` or `AttributeType`. */
export function resolveAttributes(schema: OpSchema, given: Attributes): Attributes {
  const out: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(given)) {
    // A name from a file may be that of something every object has: `constructor`.
    const spec = Object.hasOwn(schema.attributes, name) ? schema.attributes[name] : undefined;
    if (!spec)
      throw ingotError("UnknownAttribute", {
        op: schema.name,
        attribute: name,
        attributes: Object.keys(schema.attributes).join(", ") || "none",
      });
    checkAttribute(schema, name, spec, value);
    out[name] = value;
  }
  for (const [name, spec] of Object.entries(schema.attributes)) {
    if (out[name] !== undefined) continue;
    if (spec.required) throw ingotError("MissingAttribute", { op: schema.name, attribute: name, type: spec.kind });
    if (spec.default !== undefined) out[name] = spec.default;
  }
  return out;
}

function checkAttribute(schema: OpSchema, name: string, spec: AttributeSchema, value: AttributeValue): void {
  if (attributeFits[spec.kind](value)) return;
  const actual = typeof value === "object" ? value.constructor.name : `${typeof value} ${value}`;
  throw ingotError("AttributeType", { op: schema.name, attribute: name, actual, expected: spec.kind });
}

const every = (type: "number" | "string", value: AttributeValue) => Array.isArray(value) && value.every((v) => typeof v === type);
const attributeFits: { readonly [K in AttributeSchema["kind"]]: (value: AttributeValue) => boolean } = {
  int: (v) => typeof v === "number" && Number.isInteger(v),
  float: (v) => typeof v === "number",
  string: (v) => typeof v === "string",
  ints: (v) => Array.isArray(v) && v.every((x) => Number.isInteger(x)),
  floats: (v) => every("number", v),
  strings: (v) => every("string", v),
  tensor: (v) => v instanceof Storage,
  graph: (v) => typeof v === "object" && "initializers" in v,
  type: (v) => typeof v === "object" && "kind" in v,
};

function withoutDefaults(schema: OpSchema, given: Attributes): Attributes {
  const out: Record<string, AttributeValue> = {};
  // In the schema's order, so that equal nodes print and compare alike.
  for (const [name, spec] of Object.entries(schema.attributes)) {
    const value = given[name];
    if (value !== undefined && !sameAttribute(value, spec.default)) out[name] = value;
  }
  return out;
}

/** Equality of attribute values: numbers, strings and lists by value, tensors and graphs by identity. */
export function sameAttribute(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => Object.is(v, b[i]));
  return Object.is(a, b);
}
