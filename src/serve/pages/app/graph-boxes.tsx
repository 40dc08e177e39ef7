// The boxes and edges of a drawing that are near the screen.

import type { Layout } from "../layout/layout-graph.ts";
import type { ModuleBox } from "../layout/module-tree.ts";
import { edgePath, edgeTouches } from "./edge-path.ts";
import type { Chosen } from "./graph-explorer.tsx";
import { type GraphModel, moduleTitle } from "./graph-model.ts";
import { memo } from "./memo.ts";
import { familyOf } from "./op-family.ts";
import { type Area, touches } from "./viewport.ts";

interface Props {
  readonly model: GraphModel;
  readonly layout: Layout;
  readonly area: Area;
  /** 0: boxes only; 1: with titles; 2: with types. */
  readonly detail: number;
  readonly chosen: Chosen;
}

/** Drawn again only when one of these is another. */
export const GraphBoxes = memo(({ model, layout, area, detail, chosen }: Props) => {
  const modules = [...layout.modules].filter(([, place]) => touches(area, place));
  const nodes = [...layout.nodes].filter(([, place]) => touches(area, place));
  const edges = layout.edges.filter((edge) => edgeTouches(area, edge));
  // An edge into an open module goes on inside of it.
  const ends = (to: Chosen) => (typeof to === "string" ? layout.modules.get(to)?.isOpen === false : to !== undefined);
  const lit = chosen === undefined ? [] : edges.filter((e) => e.from === chosen || e.to === chosen);
  return (
    <>
      {modules
        .filter(([, place]) => place.isOpen)
        .map(([key, place]) => (
          <g
            key={key}
            data-box={key}
            data-module={key}
            class={`module open depth${depthOf(model, key) % 2}${key === chosen ? " chosen" : ""}`}
          >
            <rect x={place.x} y={place.y} width={place.width} height={place.height} rx={10} />
            {detail > 0 ? <ModuleTitle box={model.tree.boxes.get(key)} x={place.x} y={place.y + 20} width={place.width} isOpen /> : null}
          </g>
        ))}
      <path class="edges" d={edgePath(edges, ends)} />
      {lit.length > 0 ? <path class="edges lit" d={edgePath(lit, ends)} /> : null}
      {modules
        .filter(([, place]) => !place.isOpen)
        .map(([key, { x, y, width, height }]) => (
          <g key={key} data-box={key} data-module={key} class={`module closed${key === chosen ? " chosen" : ""}`}>
            <rect class="shadow" x={x + 3} y={y + 3} width={width} height={height} rx={8} />
            <rect x={x} y={y} width={width} height={height} rx={8} />
            {detail > 0 ? (
              <ModuleTitle box={model.tree.boxes.get(key)} x={x} y={y + height / 2 + 4.5} width={width} isOpen={false} />
            ) : null}
          </g>
        ))}
      {nodes.map(([id, { x, y, width, height }]) => {
        const box = model.boxes[id];
        if (!box) return null;
        const label = model.labels[id] ?? "";
        const kind = box.kind === "node" ? familyOf(box.node.op) : box.kind;
        return (
          <g key={id} data-box={id} class={`node ${kind}${id === chosen ? " chosen" : ""}`}>
            <rect x={x} y={y} width={width} height={height} rx={box.kind === "node" ? 6 : height / 2} />
            {box.kind === "node" ? <rect class="family" x={x + 6} y={y + 9} width={3} height={height - 18} rx={1.5} /> : null}
            {detail > 0 ? (
              <text x={x + width / 2} y={detail > 1 && box.type !== "" ? y + 18 : y + height / 2 + 4.5}>
                {cut(box.title, (width - 24) / 7)}
                {label === "" ? null : (
                  <tspan class="label" dx={7}>
                    {cut(label, (width - 30) / 7 - box.title.length - 1)}
                  </tspan>
                )}
              </text>
            ) : null}
            {detail > 1 ? (
              <text class="type" x={x + width / 2} y={y + 32}>
                {cut(box.type, (width - 20) / 6)}
              </text>
            ) : null}
          </g>
        );
      })}
    </>
  );
});

const depthOf = (model: GraphModel, key: string) => model.tree.boxes.get(key)?.depth ?? 0;

function ModuleTitle({
  box,
  x,
  y,
  width,
  isOpen,
}: {
  readonly box: ModuleBox | undefined;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly isOpen: boolean;
}) {
  if (!box) return null;
  return (
    <>
      <g class="mark">
        <rect x={x + 6} y={y - 15} width={20} height={20} rx={4} />
        <path d={isOpen ? `M${x + 12} ${y - 6}l4 4l4 -4` : `M${x + 14} ${y - 9}l4 4l-4 4`} />
      </g>
      <text class="title" x={x + 28} y={y}>
        {cut(moduleTitle(box), (width - 64) / 7)}
      </text>
      <text class="size" x={x + width - 12} y={y}>
        {box.size}
      </text>
    </>
  );
}

const cut = (text: string, letters: number) => (text.length <= letters + 1 ? text : `${text.slice(0, Math.max(1, Math.floor(letters)))}…`);
