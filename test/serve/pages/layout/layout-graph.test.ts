import assert from "node:assert/strict";
import fc from "fast-check";
import type { LayoutEdge, LayoutInput } from "../../../../src/serve/pages/layout/graph-input.ts";
import { type BoxPlace, type Layout, layoutGraph } from "../../../../src/serve/pages/layout/layout-graph.ts";
import { moduleOrder } from "../../../../src/serve/pages/layout/module-order.ts";
import { moduleTree } from "../../../../src/serve/pages/layout/module-tree.ts";

const closedSize = { width: 120, height: 40 };

function lay(input: LayoutInput, isOpen: (key: string) => boolean = () => true): { layout: Layout; steps: number } {
  const steps = { count: 0 };
  const tree = moduleTree(input, steps);
  const open = new Set([...tree.boxes.keys()].filter(isOpen));
  return { layout: layoutGraph(input, tree, { open, sizeOfModule: () => closedSize }, steps), steps: steps.count };
}

const plain = (count: number, edges: readonly LayoutEdge[], path: (i: number) => readonly string[] = () => []): LayoutInput => ({
  nodes: Array.from({ length: count }, (_, i) => ({ width: 80, height: 40, path: path(i) })),
  edges,
});

const chain = (count: number): LayoutEdge[] => Array.from({ length: count - 1 }, (_, i) => [i, i + 1] as const);

const overlaps = (a: BoxPlace, b: BoxPlace) =>
  a.x < b.x + b.width - 1e-6 && b.x < a.x + a.width - 1e-6 && a.y < b.y + b.height - 1e-6 && b.y < a.y + a.height - 1e-6;
const holds = (outer: BoxPlace, inner: BoxPlace) =>
  inner.x >= outer.x - 1e-6 &&
  inner.y >= outer.y - 1e-6 &&
  inner.x + inner.width <= outer.x + outer.width + 1e-6 &&
  inner.y + inner.height <= outer.y + outer.height + 1e-6;

/** Any directed acyclic graph, with modules that may be nested, interleaved and in need of each other; and which of them are open. */
const anyGraph = fc
  .array(
    fc.record({
      width: fc.integer({ min: 20, max: 200 }),
      height: fc.integer({ min: 20, max: 60 }),
      path: fc.array(fc.constantFrom("a", "b", "a#2"), { maxLength: 3 }),
      reads: fc.array(fc.nat(), { maxLength: 4 }),
    }),
    { maxLength: 40 },
  )
  .map((nodes): LayoutInput => {
    const edges = nodes.flatMap(({ reads }, to) => (to === 0 ? [] : reads.map((r): LayoutEdge => [r % to, to])));
    return { nodes, edges };
  });
const anyOpen = fc.func(fc.boolean());

describe("the layout of a graph", () => {
  it("puts a chain into one column", () => {
    const { layout } = lay(plain(3, chain(3)));
    const places = [0, 1, 2].map((i) => layout.nodes.get(i) as BoxPlace);
    assert.equal(new Set(places.map((p) => p.x)).size, 1);
    assert.deepEqual(
      places.map((p) => p.y),
      [0, 66, 132],
    );
  });

  it("puts branches side by side and their join below them, in the middle", () => {
    const { layout } = lay(
      plain(4, [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
      ]),
    );
    const [top, left, right, join] = [0, 1, 2, 3].map((i) => layout.nodes.get(i) as BoxPlace) as [BoxPlace, BoxPlace, BoxPlace, BoxPlace];
    assert.equal(left.y, right.y);
    assert.ok(left.x + left.width < right.x);
    assert.equal(top.x, join.x);
    assert.equal(top.x, (left.x + right.x) / 2);
  });

  it("leads an edge over several rows beside them", () => {
    const { layout } = lay(plain(4, [...chain(4), [0, 3]]));
    const skip = layout.edges.find((e) => e.from === 0 && e.to === 3);
    const between = layout.nodes.get(1) as BoxPlace;
    const lane = skip?.way.slice(2, 4).map((p) => p.x) as [number, number];
    assert.equal(lane[0], lane[1]);
    assert.ok(lane[0] > between.x + between.width);
  });

  it("draws a closed module as one box with one edge for all that go into it", () => {
    const input = plain(
      4,
      [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
      ],
      (i) => (i === 1 || i === 2 ? ["block"] : []),
    );
    const { layout } = lay(input, () => false);
    assert.deepEqual([...layout.nodes.keys()], [0, 3]);
    assert.deepEqual(
      layout.edges.map(({ from, to }) => [from, to]),
      [
        [0, "block"],
        ["block", 3],
      ],
    );
  });

  it("shows modules that need each other in parts, so that no edge goes back", () => {
    const input = plain(4, chain(4), (i) => [i % 2 === 0 ? "even" : "odd"]);
    const { layout } = lay(input, () => false);
    assert.deepEqual([...layout.modules.keys()], ["even", "odd", "even#2", "odd#2"]);
  });

  it("keeps the nodes of a module together where the order of the file does not", () => {
    const edges: LayoutEdge[] = [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 4],
      [3, 5],
      [4, 5],
    ];
    const input = plain(6, edges, (i) => (i === 0 || i === 5 ? [] : [i % 2 === 1 ? "left" : "right"]));
    assert.deepEqual(moduleOrder(input, { count: 0 }), [0, 1, 3, 2, 4, 5]);
  });

  it("never lets boxes overlap, and holds what is in a module inside of its box", () => {
    fc.assert(
      fc.property(anyGraph, anyOpen, (input, isOpen) => {
        const { layout } = lay(input, isOpen);
        const tree = moduleTree(input, { count: 0 });
        const place = (child: number | { readonly key: string }) =>
          typeof child === "number" ? layout.nodes.get(child) : layout.modules.get(child.key);
        for (const box of tree.boxes.values()) {
          const around =
            box.parent === undefined ? { x: 0, y: 0, width: layout.width, height: layout.height } : layout.modules.get(box.key);
          const shown = box.children.map(place).filter((p) => p !== undefined);
          for (const [i, a] of shown.entries()) {
            assert.ok(around && holds(around, a));
            for (const b of shown.slice(i + 1)) assert.ok(!overlaps(a, b), "two boxes overlap");
          }
        }
      }),
    );
  });

  it("shows every node once: itself, or in the closed module around it", () => {
    fc.assert(
      fc.property(anyGraph, anyOpen, (input, isOpen) => {
        const { layout } = lay(input, isOpen);
        const tree = moduleTree(input, { count: 0 });
        for (const [id, box] of tree.boxOf.entries()) {
          let hidden = 0;
          for (let b = box; b.parent; b = b.parent) if (layout.modules.get(b.key)?.isOpen === false) hidden++;
          assert.equal(hidden + Number(layout.nodes.has(id)), 1);
        }
      }),
    );
  });

  it("draws every edge downwards, from the bottom of one box to the top of another", () => {
    fc.assert(
      fc.property(anyGraph, anyOpen, (input, isOpen) => {
        const { layout } = lay(input, isOpen);
        const place = (end: number | string | undefined) =>
          end === undefined ? undefined : typeof end === "number" ? layout.nodes.get(end) : layout.modules.get(end);
        for (const { from, to, way } of layout.edges) {
          for (const [i, p] of way.entries()) assert.ok(i === 0 || p.y >= (way[i - 1]?.y ?? 0) - 1e-6, "an edge goes up");
          const [above, below] = [place(from), place(to)];
          if (above && below) assert.ok(above.y + above.height <= below.y + 1e-6);
          if (above) assert.ok(Math.abs((way[0]?.y ?? 0) - above.y - above.height) < 1e-6);
          if (below) assert.ok(Math.abs((way.at(-1)?.y ?? 0) - below.y) < 1e-6);
        }
      }),
    );
  });

  it("orders nodes topologically whatever modules they are in", () => {
    fc.assert(
      fc.property(anyGraph, (input) => {
        const order = moduleOrder(input, { count: 0 });
        assert.deepEqual(
          [...order].sort((a, b) => a - b),
          [...input.nodes.keys()],
        );
        const at = new Map(order.map((node, i) => [node, i]));
        for (const [from, to] of input.edges) assert.ok((at.get(from) as number) < (at.get(to) as number));
      }),
    );
  });

  it("gives lanes that pass one row different places", () => {
    const skips: LayoutEdge[] = Array.from({ length: 8 }, (_, i) => [i, 19 - i]);
    const { layout } = lay(plain(20, [...chain(20), ...skips]));
    const lanes = layout.edges.filter((e) => e.way.length === 5).map((e) => e.way[2]?.x);
    assert.equal(lanes.length, 8);
    assert.equal(new Set(lanes).size, 8);
  });

  const blocks = (count: number) =>
    plain(
      count,
      [...chain(count), ...chain(count).flatMap(([i]): LayoutEdge[] => (i % 4 === 0 && i + 4 < count ? [[i, i + 4]] : []))],
      (i) => [`layer${Math.floor(i / 40)}`, String(Math.floor(i / 4) % 10)],
    );
  const families: Readonly<Record<string, (count: number) => LayoutInput>> = {
    "a chain": (n) => plain(n, chain(n)),
    "a chain whose nodes all reach the last one": (n) => plain(n, [...chain(n), ...chain(n).map(([i]): LayoutEdge => [i, n - 1])]),
    "a fan out and in": (n) =>
      plain(
        n,
        Array.from({ length: n - 2 }, (_, i): LayoutEdge[] => [
          [0, i + 1],
          [i + 1, n - 1],
        ]).flat(),
      ),
    "residual blocks in modules": blocks,
    "two modules that need each other in turns": (n) => plain(n, chain(n), (i) => [i % 2 === 0 ? "even" : "odd"]),
    "branches in modules, interleaved": (n) =>
      plain(
        n,
        Array.from({ length: n - 8 }, (_, i): LayoutEdge => [i, i + 8]),
        (i) => [`branch${i % 8}`, `part${Math.floor(i / 64)}`],
      ),
  };
  for (const [name, family] of Object.entries(families))
    it(`takes steps in proportion to the graph: ${name}`, () => {
      const perNode = [1000, 2000, 4000, 8000].map((n) => lay(family(n)).steps / n);
      const [least, most] = [Math.min(...perNode), Math.max(...perNode)];
      assert.ok(most < least * 1.1, `steps per node: ${perNode.map((x) => x.toFixed(1)).join(", ")}`);
    });
});
