// Computes the same thing once.
import { Graph, type Node, type Value } from "../../ir/graph.ts";
import { Patch } from "../../ir/patch.ts";
import type { AttributeValue } from "../../ir/schema.ts";
import { allGraphs } from "../../ir/traverse.ts";
import { Storage } from "../../tensor/storage.ts";
import type { Pass, PassContext } from "../pass.ts";

/** Constants up to this many elements are compared by value; larger ones by identity of their memory. */
const smallConstant = 1024;

/**
 * Lets readers of a repeated computation read the first one.
 *
 *     x ─ Relu ─ a        x ─ Relu ─ b
 *     x ─ Relu ─ a, b
 *
 * Each branch and body of a loop for itself. Legal because pure operators with equal inputs and attributes give equal results. Constants with equal elements become one first.
 * Accuracy: exact.
 */
export const commonSubexpression: Pass = {
  name: "common-subexpression",
  about: "computes the same thing once; equal operators on equal inputs give equal results",
  accuracy: "exact",
  run(graph, context) {
    const ids = new Map<Value, string>();
    for (const region of allGraphs(graph)) {
      mergeConstants(region, ids);
      if (!shareRepeats(region, ids, context)) return;
    }
  },
};

/** Within one graph; bodies have rounds of their own. False when the context asked to stop. */
function shareRepeats(graph: Graph, ids: ReadonlyMap<Value, string>, context: PassContext): boolean {
  const seen = new Map<string, Node>();
  for (const node of graph.nodes()) {
    if (node.subgraphs.length > 0 || graph.schemas.get(node.op)?.pure === false) continue;
    const key = keyOf(node, ids);
    const first = seen.get(key);
    if (!first || first.removed) {
      seen.set(key, node);
      continue;
    }
    if (!context.step("common-subexpression", node)) return false;
    const patch = new Patch(graph, "common-subexpression");
    node.outputs.forEach((v, i) => {
      patch.shunt(v, first.outputs[i] as Value);
    });
    context.check(patch, { rule: "common-subexpression", accuracy: "exact" }, node);
    patch.apply();
  }
  return true;
}

/** Small constants with the same dtype, shape and elements get one identity; named ones (parameters) keep theirs. */
function mergeConstants(graph: Graph, ids: Map<Value, string>): void {
  for (const v of graph.initializers) if (v.constant && v.constant.size <= smallConstant) ids.set(v, storageKey(v.constant));
}

function storageKey(storage: Storage): string {
  const elements = Array.from(storage.dense() as ArrayLike<unknown>, (e) => (Object.is(e, -0) ? "-0" : String(e)));
  return `${storage.dtype}[${storage.shape.join()}]${storage.dtype === "string" ? JSON.stringify(elements) : elements.join()}`;
}

function keyOf(node: Node, ids: ReadonlyMap<Value, string>): string {
  const inputs = node.inputs.map((v) => (v ? (ids.get(v) ?? `#${v.id}`) : "_"));
  const attributes = Object.entries(node.attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${attributeKey(value)}`);
  return `${node.op}/${node.outputs.length}(${inputs.join(";")}){${attributes.join(";")}}`;
}

function attributeKey(value: AttributeValue): string {
  if (value instanceof Storage) return storageKey(value);
  if (value instanceof Graph) return `graph#${value.name}`;
  // JSON writes NaN and the infinities alike.
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return Array.isArray(value) && typeof value[0] === "number"
    ? `[${value.map((v) => (Object.is(v, -0) ? "-0" : String(v))).join()}]`
    : JSON.stringify(value);
}
