// The layout of a graph's drawing: time for 3,000 nodes, and how time grows when the graph is four times as large.
import type { LayoutEdge, LayoutInput } from "../../src/serve/pages/layout/graph-input.ts";
import { layoutGraph } from "../../src/serve/pages/layout/layout-graph.ts";
import { moduleTree } from "../../src/serve/pages/layout/module-tree.ts";
import { type Measured, median } from "../figure.ts";
import { rangeOf } from "./load.ts";

const rounds = 15;

/** Residual blocks of four nodes, ten blocks to a stage; every module is open. */
function residual(count: number): LayoutInput {
  const edges = Array.from({ length: count - 1 }, (_, i): LayoutEdge[] => [
    [i, i + 1],
    ...(i % 4 === 0 && i + 4 < count ? [[i, i + 4] as const] : []),
  ]);
  const nodes = Array.from({ length: count }, (_, i) => ({
    width: 120,
    height: 42,
    path: [`stage${Math.floor(i / 40)}`, `block${Math.floor(i / 4) % 10}`],
  }));
  return { nodes, edges: edges.flat() };
}

function timeOf(input: LayoutInput): number {
  const since = performance.now();
  const steps = { count: 0 };
  const tree = moduleTree(input, steps);
  layoutGraph(input, tree, { open: new Set(tree.boxes.keys()), sizeOfModule: () => ({ width: 120, height: 42 }) }, steps);
  return performance.now() - since;
}

export async function* graphLayout(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("laying out");
  const [small, large] = [residual(3000), residual(12_000)];
  timeOf(small);
  timeOf(large);
  const times = Array.from({ length: rounds }, () => [timeOf(small), timeOf(large)] as const);
  const ratios = times.map(([a, b]) => b / a);
  const seconds = times.map(([a]) => a / 1000);
  yield { name: "layout of 3,000 nodes", value: median(seconds), unit: "s", bar: "≤ 1", spread: rangeOf(seconds) };
  yield { name: "layout of 12,000 nodes over 3,000", value: median(ratios), unit: "×", bar: "", spread: rangeOf(ratios) };
}
