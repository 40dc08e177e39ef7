// The graph that workers run, as data for the pages.
import { Graph, type Node, type Value } from "../../ir/graph.ts";
import { assignNames, type GraphNames } from "../../ir/names.ts";
import type { AttributeValue } from "../../ir/schema.ts";
import { allGraphs, allNodes } from "../../ir/traverse.ts";
import { formatType } from "../../ir/type.ts";
import { decoder, dtypeInfo } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import type { GraphView, NodeView, ServedGraph, ValueView } from "../pages/graph-view.ts";

/** Elements of a constant or a list, and characters of a text, that are shown. */
const mostElements = 16;
const mostItems = 64;
const mostCharacters = 400;
/** Modules inside of modules that are told apart: what is deeper stands in the last of them. */
const deepest = 24;

/** Names, types, attributes and origins of all nodes; the weights themselves stay where they are. */
export function describeGraph(graph: Graph, engine: string): ServedGraph {
  const table = new ValueTable(assignNames(graph));
  const view = viewOf(graph, table);
  const counts = new Map<string, number>();
  for (const node of allNodes(graph)) counts.set(node.op, (counts.get(node.op) ?? 0) + 1);
  let [parameters, bytes] = [0, 0];
  for (const g of allGraphs(graph))
    for (const { storage } of g.initializers) {
      parameters += storage?.size ?? 0;
      bytes += (storage?.size ?? 0) * (storage ? dtypeInfo(storage.dtype).bytes : 0);
    }
  const operators = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return { engine, graph: view, values: table.views, operators, parameters, bytes };
}

/** Gives each value that is mentioned its place. */
class ValueTable {
  readonly views: ValueView[] = [];
  readonly #places = new Map<Value, number>();
  readonly names: GraphNames;

  constructor(names: GraphNames) {
    this.names = names;
  }

  placeOf(value: Value): number {
    const known = this.#places.get(value);
    if (known !== undefined) return known;
    const { constant } = value;
    const place = this.views.length;
    this.#places.set(value, place);
    this.views.push({
      name: this.names.of(value),
      type: formatType(value.type),
      ...(constant && { constant: constant.size <= mostElements ? elementsOf(constant) : "" }),
    });
    return place;
  }
}

function viewOf(graph: Graph, table: ValueTable): GraphView {
  const place = (v: Value | undefined) => (v ? table.placeOf(v) : -1);
  return {
    name: graph.name,
    inputs: graph.inputs.map(place),
    nodes: Array.from(graph.nodes(), (node) => nodeOf(node, table)),
    outputs: graph.outputs.map(place),
  };
}

function nodeOf(node: Node, table: ValueTable): NodeView {
  const bodies = Object.entries(node.attributes).filter((entry): entry is [string, Graph] => entry[1] instanceof Graph);
  // A fused node stands where the first of its parts stood.
  const scope = node.provenance.find((o) => o.scope !== undefined)?.scope;
  const sources = node.provenance.flatMap(({ source }) => (source ? [`${source.file}:${source.line}:${source.column}`] : []));
  return {
    op: node.op,
    name: table.names.ofNode(node),
    scope: scopePath(scope),
    sources: [...new Set(sources)],
    inputs: node.inputs.map((v) => (v ? table.placeOf(v) : -1)),
    outputs: node.outputs.map((v) => table.placeOf(v)),
    attributes: Object.entries(node.attributes).map(([name, value]) => [name, shorten(attributeText(value))] as const),
    ...(bodies.length > 0 && { bodies: bodies.map(([name, body]) => [name, viewOf(body, table)] as const) }),
  };
}

/** `layer1.0.conv1` → its modules. */
function scopePath(scope: string | undefined): string[] {
  if (scope === undefined || scope === "") return [];
  const parts = scope.split(".");
  return parts.length <= deepest ? parts : [...parts.slice(0, deepest - 1), parts.slice(deepest - 1).join(".")];
}

function attributeText(value: AttributeValue): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Graph) return `a graph of ${value.nodeCount} nodes`;
  if (value instanceof Storage)
    return `${value.dtype}[${value.shape.join(", ")}]${value.size <= mostElements ? ` ${elementsOf(value)}` : ""}`;
  if ("kind" in value) return formatType(value);
  const shown = value.slice(0, mostItems).map((v) => (typeof v === "string" ? JSON.stringify(v) : String(v)));
  return `[${shown.join(", ")}${value.length > mostItems ? `, … ${value.length - mostItems} more` : ""}]`;
}

function elementsOf(storage: Storage): string {
  const decode = decoder(storage.dtype);
  const isText = dtypeInfo(storage.dtype).kind === "string";
  const items = Array.from(storage.dense() as ArrayLike<number | bigint | string>, (v) =>
    isText ? JSON.stringify(v) : String(decode(v as never)),
  );
  return storage.rank === 0 ? (items[0] ?? "") : shorten(`[${items.join(", ")}]`);
}

const shorten = (text: string) => (text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text);
