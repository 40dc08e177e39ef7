// Lays two recordings of one model side by side, node by node. Equal structure with other numbers can be explained; another structure
// cannot.
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { sameAttribute } from "../ir/infer-node.ts";
import { formatProvenance } from "../ir/provenance.ts";
import type { AttributeValue } from "../ir/schema.ts";
import { sameShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";

/** What differs between two graphs of one structure. */
export interface Alignment {
  /** Initializers of the first graph whose elements differ, with the elements of the second. */
  readonly constants: ReadonlyMap<Value, Storage>;
  readonly attributes: readonly { readonly node: Node; readonly name: string; readonly other: AttributeValue | undefined }[];
  /** Values of the first graph → of the second. */
  readonly values: ReadonlyMap<Value, Value>;
}

/** The first place where the structures part. */
export interface Divergence {
  readonly difference: string;
  readonly node: Node | undefined;
}

/** What is found while the graphs, and those inside of their nodes, are gone through. */
interface Found {
  readonly values: Map<Value, Value>;
  readonly constants: Map<Value, Storage>;
  readonly attributes: { node: Node; name: string; other: AttributeValue | undefined }[];
}

/** Compares two graphs recorded from the same model. */
export function align(a: Graph, b: Graph): Alignment | Divergence {
  const found: Found = { values: new Map(), constants: new Map(), attributes: [] };
  return alignInto(a, b, found) ?? found;
}

function alignInto(a: Graph, b: Graph, found: Found): Divergence | undefined {
  const { values, constants } = found;
  if (a.inputs.length !== b.inputs.length)
    return { difference: `${a.inputs.length} inputs in one run, ${b.inputs.length} in another`, node: undefined };
  a.inputs.forEach((v, i) => values.set(v, b.inputs[i] as Value));
  const right = b.nodes();
  for (const node of a.nodes()) {
    const step = right.next();
    const other = step.done ? undefined : step.value;
    if (!other) return { difference: `one run stops before ${describeNode(node)}`, node };
    const problem = alignNode(node, other, found);
    if (problem) return problem;
  }
  const extra = right.next();
  if (!extra.done) return { difference: `one run goes on with ${describeNode(extra.value)}`, node: extra.value };
  if (a.outputs.length !== b.outputs.length)
    return { difference: `${a.outputs.length} outputs in one run, ${b.outputs.length} in another`, node: undefined };
  for (let i = 0; i < a.outputs.length; i++) {
    const problem = matchInput(a.outputs[i], b.outputs[i], values, constants);
    if (problem) return { difference: `output ${a.outputNames[i] ?? i}: ${problem}`, node: undefined };
  }
  return undefined;
}

function alignNode(node: Node, other: Node, found: Found): Divergence | undefined {
  if (node.op !== other.op || node.inputs.length !== other.inputs.length || node.outputs.length !== other.outputs.length)
    return { difference: `${describeNode(node)} in one run, ${describeNode(other)} in another`, node };
  for (let i = 0; i < node.inputs.length; i++) {
    const problem = matchInput(node.inputs[i], other.inputs[i], found.values, found.constants);
    if (problem) return { difference: `${describeNode(node)}: ${problem}`, node };
  }
  for (const name of new Set([...Object.keys(node.attributes), ...Object.keys(other.attributes)])) {
    const x = node.attributes[name];
    const y = other.attributes[name];
    // The branches and bodies of a compiled module that the model calls.
    const problem = x instanceof Graph && y instanceof Graph ? alignInto(x, y, found) : undefined;
    if (problem) return problem;
    if (!(x instanceof Graph && y instanceof Graph) && !sameValue(x, y)) found.attributes.push({ node, name, other: y });
  }
  node.outputs.forEach((v, i) => found.values.set(v, other.outputs[i] as Value));
  return undefined;
}

export function isDivergence(x: Alignment | Divergence): x is Divergence {
  return "difference" in x;
}

function matchInput(
  x: Value | undefined,
  y: Value | undefined,
  values: Map<Value, Value>,
  constants: Map<Value, Storage>,
): string | undefined {
  if (x === undefined || y === undefined) return x === y ? undefined : "an optional input is given in one run only";
  const known = values.get(x);
  if (known) return known === y ? undefined : "it reads another value";
  if (!x.storage || !y.storage) return "it reads another value";
  values.set(x, y);
  if (!sameStorage(x.storage, y.storage)) constants.set(x, y.storage);
  return undefined;
}

/** Bitwise equality of constants; the same memory is equal without looking. */
export function sameStorage(a: Storage, b: Storage): boolean {
  if (a === b) return true;
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  if (a.data === b.data && a.offset === b.offset && sameShape(a.strides, b.strides)) return true;
  const x = a.dense();
  const y = b.dense();
  for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) return false;
  return true;
}

function sameValue(x: AttributeValue | undefined, y: AttributeValue | undefined): boolean {
  return x instanceof Storage && y instanceof Storage ? sameStorage(x, y) : sameAttribute(x, y);
}

/** `Reshape (layer.ts:12:8)` */
export function describeNode(node: Node): string {
  const place = formatProvenance(node.provenance);
  return place ? `${node.op} (${place})` : node.op;
}
