// Finding nodes by operator, name or module.
import { useState } from "preact/hooks";
import { plural } from "./format.ts";
import { type Box, type GraphModel, scopeText } from "./graph-model.ts";

interface Props {
  readonly model: GraphModel;
  readonly choose: (item: number) => void;
}

const mostShown = 50;

export function GraphSearch({ model, choose }: Props) {
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length === 0 ? [] : matches(model.boxes, words);
  const pick = (id: number) => {
    choose(id);
    setOpen(false);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const [first] = found;
    if (first !== undefined) pick(first);
  };
  return (
    <search class="search">
      <form onSubmit={submit} onKeyDown={(e) => e.key === "Escape" && setOpen(false)}>
        <label>
          <span class="hidden">Find a node</span>
          <input
            type="search"
            placeholder="Find a node"
            autocomplete="off"
            spellcheck={false}
            value={text}
            onFocus={() => setOpen(true)}
            onInput={(e) => {
              setText(e.currentTarget.value);
              setOpen(true);
            }}
          />
        </label>
        <p class="hidden" role="status">
          {words.length > 0 ? plural(found.length, "node") : ""}
        </p>
        {isOpen && words.length > 0 ? (
          <ul class="found">
            {found.slice(0, mostShown).map((id) => (
              <li key={id}>
                <button type="button" onClick={() => pick(id)}>
                  <strong>{model.boxes[id]?.title}</strong> <span class="quiet">{scopeText(model.boxes[id] as Box)}</span>
                </button>
              </li>
            ))}
            <li class="quiet small">
              {found.length > mostShown ? `${plural(found.length, "node")} in all` : plural(found.length, "node")}
            </li>
          </ul>
        ) : null}
      </form>
    </search>
  );
}

/** The boxes that have every word somewhere. */
function matches(boxes: readonly Box[], words: readonly string[]): number[] {
  const found: number[] = [];
  for (const [id, box] of boxes.entries()) {
    const text = `${box.title} ${box.kind === "node" ? `${box.node.op} ${box.node.name}` : box.kind} ${scopeText(box)}`.toLowerCase();
    if (words.every((w) => text.includes(w))) found.push(id);
  }
  return found;
}
