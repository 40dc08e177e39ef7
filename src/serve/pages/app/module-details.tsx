// A module that is chosen in the drawing.
import type { ModuleBox } from "../layout/module-tree.ts";
import { plural, whole } from "./format.ts";
import { type GraphModel, moduleTitle } from "./graph-model.ts";

interface Props {
  readonly model: GraphModel;
  readonly box: ModuleBox;
  readonly isOpen: boolean;
  readonly toggle: (key: string) => void;
  readonly close: () => void;
}

export function ModuleDetails({ model, box, isOpen, toggle, close }: Props) {
  return (
    <>
      <div class="details-head">
        <h2>{moduleTitle(box)}</h2>
        <button type="button" onClick={close} aria-label="Close details">
          ×
        </button>
      </div>
      <p class="quiet">
        Module <code>{box.key}</code> with {plural(box.size, "node")}
      </p>
      <button type="button" onClick={() => toggle(box.key)}>
        {isOpen ? "Close module" : "Open module"}
      </button>
      <h3>Operators</h3>
      <table class="bars">
        <tbody>
          {countsOf(model, box).map(([op, count]) => (
            <tr key={op}>
              <th scope="row">{op}</th>
              <td class="right">{whole(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function countsOf(model: GraphModel, box: ModuleBox): [string, number][] {
  const counts = new Map<string, number>();
  const open: (ModuleBox | number)[] = [box];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (typeof item === "object") {
      open.push(...item.children);
      continue;
    }
    const op = model.boxes[item]?.title ?? "";
    counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}
