// Moving a drawing with mouse, pen, touch pad and fingers.
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type View, zoomAt } from "./viewport.ts";

/** Pixels that a pointer moves before it drags: a hand that clicks is not still. */
const slack = 4;

/** Gives a function that says whether the click that just came was the end of a drag. */
export function usePointers(
  holder: RefObject<HTMLElement | null>,
  view: { readonly current: View },
  look: (view: View) => void,
): () => boolean {
  const dragged = useRef(false);
  const newest = useRef(look);
  newest.current = look;
  useEffect(() => {
    const box = holder.current;
    if (!box) return;
    const pointers = new Map<number, { x: number; y: number }>();
    let travelled = 0;
    const at = (event: MouseEvent) => {
      const { left, top } = box.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    const down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      pointers.set(event.pointerId, at(event));
      travelled = 0;
      dragged.current = false;
    };
    const move = (event: PointerEvent) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = at(event);
      travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      if (travelled > slack && !dragged.current) {
        dragged.current = true;
        box.setPointerCapture(event.pointerId);
      }
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, now);
      if (!dragged.current) return;
      let next = view.current;
      if (other) {
        const apart = (p: { x: number; y: number }) => Math.hypot(p.x - other.x, p.y - other.y);
        next = zoomAt(next, apart(now) / Math.max(1, apart(before)), other.x, other.y);
      } else next = { ...next, x: next.x + now.x - before.x, y: next.y + now.y - before.y };
      newest.current(next);
    };
    const up = (event: PointerEvent) => pointers.delete(event.pointerId);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const { x, y } = at(event);
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      if (event.ctrlKey || event.metaKey) newest.current(zoomAt(view.current, Math.exp(-event.deltaY * unit * 0.004), x, y));
      else newest.current({ ...view.current, x: view.current.x - event.deltaX * unit, y: view.current.y - event.deltaY * unit });
    };
    box.addEventListener("pointerdown", down);
    box.addEventListener("pointermove", move);
    box.addEventListener("pointerup", up);
    box.addEventListener("pointercancel", up);
    box.addEventListener("wheel", wheel, { passive: false });
    return () => {
      box.removeEventListener("pointerdown", down);
      box.removeEventListener("pointermove", move);
      box.removeEventListener("pointerup", up);
      box.removeEventListener("pointercancel", up);
      box.removeEventListener("wheel", wheel);
    };
  }, [holder, view]);
  return () => dragged.current;
}
