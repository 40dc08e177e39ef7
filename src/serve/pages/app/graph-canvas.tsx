// The drawing of a graph. Only what is near the screen is in the document, so that thousands of nodes move as easily as ten.
import type { RefObject } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Layout } from "../layout/layout-graph.ts";
import { GraphBoxes } from "./graph-boxes.tsx";
import type { Chosen } from "./graph-explorer.tsx";
import { type GraphModel, moduleTitle, scopeText } from "./graph-model.ts";
import { type Direction, type Item, placeOf, stepFrom } from "./graph-steps.ts";
import { usePointers } from "./pointers.ts";
import { type Area, areaOf, bringIn, centreOn, contains, fitAll, fitTop, type Screen, type View, zoomAt } from "./viewport.ts";

/** What others may do with the drawing. */
export interface CanvasHandle {
  /** All of it. */
  fit(): void;
  /** Its upper end, in a size that can be read. */
  top(): void;
  zoom(factor: number): void;
  /** Moves to a box, once it is drawn. */
  show(item: Item): void;
  /** Keeps a module where it is on the screen while the drawing changes. */
  hold(key: string): void;
}

interface Props {
  readonly handle: RefObject<CanvasHandle | null>;
  readonly model: GraphModel;
  readonly layout: Layout;
  readonly chosen: Chosen;
  readonly choose: (item: Chosen) => void;
  readonly toggle: (key: string) => void;
}

/** Screens around what is seen that are drawn too. */
const around = 0.75;

const directions: Readonly<Record<string, Direction>> = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

export function GraphCanvas({ handle, model, layout, chosen, choose, toggle }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const world = useRef<SVGGElement>(null);
  const view = useRef<View>({ x: 0, y: 0, k: 1 });
  /** What is to be done when the new drawing is there. */
  const wish = useRef<((screen: Screen) => View) | undefined>(undefined);
  const begun = useRef(false);
  const [area, setArea] = useState<Area>({ left: 0, top: 0, right: 0, bottom: 0 });
  const [detail, setDetail] = useState(2);
  const [turn, setTurn] = useState(0);

  const screen = (): Screen => ({ width: holder.current?.clientWidth ?? 0, height: holder.current?.clientHeight ?? 0 });
  const look = (next: View) => {
    view.current = next;
    world.current?.setAttribute("transform", `translate(${next.x} ${next.y}) scale(${next.k})`);
    setDetail(next.k < 0.22 ? 0 : next.k < 0.5 ? 1 : 2);
    const seen = areaOf(next, screen(), 0);
    setArea((drawn) =>
      contains(drawn, seen) && drawn.right - drawn.left < 8 * (seen.right - seen.left) ? drawn : areaOf(next, screen(), around),
    );
  };
  const later = (make: (screen: Screen) => View) => {
    wish.current = make;
    setTurn((t) => t + 1);
  };
  /** The layout of the newest drawing, for wishes that come before it. */
  const latest = useRef(layout);
  latest.current = layout;
  useImperativeHandle(
    handle,
    () => ({
      fit: () => later((s) => fitAll(latest.current, s)),
      top: () => later((s) => fitTop(latest.current, s)),
      zoom: (factor) => look(zoomAt(view.current, factor, screen().width / 2, screen().height / 2)),
      show: (item) =>
        later((s) => {
          const place = placeOf(latest.current, item);
          return place ? centreOn(view.current, place, s) : view.current;
        }),
      hold: (key) => {
        const before = latest.current.modules.get(key);
        later(() => {
          const after = latest.current.modules.get(key);
          if (!before || !after) return view.current;
          const { x, y, k } = view.current;
          return { k, x: x + (before.x + before.width / 2 - after.x - after.width / 2) * k, y: y + (before.y - after.y) * k };
        });
      },
    }),
    [],
  );
  useLayoutEffect(() => {
    const make = wish.current ?? (begun.current ? undefined : (s: Screen) => fitTop(layout, s));
    wish.current = undefined;
    begun.current = true;
    look(make ? make(screen()) : view.current);
  }, [layout, turn]);
  useEffect(() => {
    const sizes = new ResizeObserver(() => look(view.current));
    if (holder.current) sizes.observe(holder.current);
    return () => sizes.disconnect();
  }, []);
  const wasDragged = usePointers(holder, view, look);

  const pick = (item: Chosen) => {
    choose(item);
    const place = item === undefined ? undefined : placeOf(layout, item);
    if (place) look(bringIn(view.current, place, screen()));
  };
  const key = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    const direction = directions[event.key];
    const { width, height } = screen();
    if (direction) pick(stepFrom(layout, chosen, direction) ?? chosen);
    else if ((event.key === "Enter" || event.key === " ") && typeof chosen === "string") toggle(chosen);
    else if (event.key === "+" || event.key === "=") look(zoomAt(view.current, 1.3, width / 2, height / 2));
    else if (event.key === "-") look(zoomAt(view.current, 1 / 1.3, width / 2, height / 2));
    else if (event.key === "0") look(fitAll(layout, screen()));
    else if (event.key === "Escape") choose(undefined);
    else return;
    event.preventDefault();
  };
  const click = (event: MouseEvent) => {
    if (wasDragged()) return;
    const target = (event.target as Element).closest("[data-box]");
    if (!target) return choose(undefined);
    const { box = "", module } = (target as SVGElement).dataset;
    if (module === undefined) return choose(Number(box));
    // The second click on a module that is chosen opens or closes it; so does one on its mark.
    if ((event.target as Element).closest(".mark") || chosen === module) toggle(module);
    choose(module);
  };
  return (
    <div
      ref={holder}
      class="canvas"
      role="application"
      aria-roledescription="graph"
      aria-label={`Graph of ${model.view.nodes.length} nodes. Arrow keys follow edges, Enter opens and closes modules, plus and minus zoom, 0 fits.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the drawing is a widget of its own, with its own keys
      tabIndex={0}
      onKeyDown={key}
      onClick={click}
    >
      <svg aria-hidden="true" data-detail={detail}>
        <g ref={world}>
          <GraphBoxes model={model} layout={layout} area={area} detail={detail} chosen={chosen} />
        </g>
      </svg>
      <p class="hidden" role="status">
        {nameOf(model, layout, chosen)}
      </p>
    </div>
  );
}

/** What is chosen, said aloud. */
function nameOf(model: GraphModel, layout: Layout, chosen: Chosen): string {
  if (chosen === undefined) return "";
  if (typeof chosen === "string") {
    const box = model.tree.boxes.get(chosen);
    const state = layout.modules.get(chosen)?.isOpen ? "open" : "closed";
    return box ? `Module ${moduleTitle(box)}, ${box.size} nodes, ${state}` : "";
  }
  const box = model.boxes[chosen];
  if (!box) return "";
  const scope = scopeText(box);
  return `${box.kind === "node" ? "" : `${box.kind} `}${box.title}${scope === "" ? "" : ` in ${scope}`}, ${box.type}`;
}
