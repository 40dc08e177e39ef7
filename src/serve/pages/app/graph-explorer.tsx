// The drawing, the search and the details of one graph, and what is chosen in all three.
import { useMemo, useRef, useState } from "preact/hooks";
import type { GraphView, ServedGraph } from "../graph-view.ts";
import { layoutGraph } from "../layout/layout-graph.ts";
import type { ModuleBox } from "../layout/module-tree.ts";
import { plural } from "./format.ts";
import { type CanvasHandle, GraphCanvas } from "./graph-canvas.tsx";
import { graphModel, openAtFirst, sizeOfModule } from "./graph-model.ts";
import { GraphSearch } from "./graph-search.tsx";
import { GraphSummary } from "./graph-summary.tsx";
import { ModuleDetails } from "./module-details.tsx";
import { NodeDetails } from "./node-details.tsx";

/** A box by its id, or a module by its key. */
export type Chosen = number | string | undefined;

interface Props {
  readonly served: ServedGraph;
  readonly view: GraphView;
  /** Shows a body of an If or a Loop instead. */
  readonly enter: (title: string, view: GraphView) => void;
}

export function GraphExplorer({ served, view, enter }: Props) {
  const model = useMemo(() => graphModel(served, view), [served, view]);
  const [open, setOpen] = useState<ReadonlySet<string>>(() => openAtFirst(model.tree));
  const [chosen, setChosen] = useState<Chosen>();
  const canvas = useRef<CanvasHandle>(null);
  const layout = useMemo(() => layoutGraph(model.input, model.tree, { open, sizeOfModule }, { count: 0 }), [model, open]);

  const toggle = (key: string) => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    canvas.current?.hold(key);
    setOpen(next);
  };
  /** Opens what is around it, and moves the drawing to it. */
  const reveal = (item: Exclude<Chosen, undefined>) => {
    const around: ModuleBox | undefined = typeof item === "number" ? model.tree.boxOf[item] : model.tree.boxes.get(item)?.parent;
    const next = new Set(open);
    for (let box = around; box?.parent; box = box.parent) next.add(box.key);
    if (next.size > open.size) setOpen(next);
    setChosen(item);
    canvas.current?.show(item);
  };
  const all = () => {
    setOpen(new Set(model.tree.boxes.keys()));
    canvas.current?.top();
  };
  const none = () => {
    setOpen(new Set());
    setChosen(undefined);
    canvas.current?.top();
  };
  const box = typeof chosen === "number" ? model.boxes[chosen] : undefined;
  const moduleBox = typeof chosen === "string" ? model.tree.boxes.get(chosen) : undefined;
  return (
    <div class="explorer">
      <div class="drawing">
        <div class="tools" role="toolbar" aria-label="Drawing">
          <GraphSearch model={model} choose={reveal} />
          <span class="group">
            <button type="button" onClick={all} disabled={model.tree.boxes.size <= 1}>
              Open all
            </button>
            <button type="button" onClick={none} disabled={model.tree.boxes.size <= 1}>
              Close all
            </button>
          </span>
          <span class="group">
            <button type="button" aria-label="Zoom out" onClick={() => canvas.current?.zoom(1 / 1.3)}>
              −
            </button>
            <button type="button" aria-label="Zoom in" onClick={() => canvas.current?.zoom(1.3)}>
              +
            </button>
            <button type="button" onClick={() => canvas.current?.fit()}>
              Fit
            </button>
          </span>
        </div>
        <GraphCanvas handle={canvas} model={model} layout={layout} chosen={chosen} choose={setChosen} toggle={toggle} />
        <p class="quiet small">
          {plural(view.nodes.length, "node")} in {plural(model.tree.boxes.size - 1, "module")}. Drag to move, pinch or Ctrl + wheel to zoom;
          with the keyboard: arrows follow edges, Enter opens a module, + and − zoom.
        </p>
      </div>
      <aside class="card details" aria-label="Details">
        {box ? (
          <NodeDetails model={model} box={box} id={chosen as number} choose={reveal} close={() => setChosen(undefined)} enter={enter} />
        ) : moduleBox ? (
          <ModuleDetails
            model={model}
            box={moduleBox}
            isOpen={open.has(moduleBox.key)}
            toggle={toggle}
            close={() => setChosen(undefined)}
          />
        ) : (
          <GraphSummary served={served} />
        )}
      </aside>
    </div>
  );
}
