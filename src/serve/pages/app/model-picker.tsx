// Which model a page is about.
import type { ModelView } from "../views.ts";
import { goTo } from "./place.ts";

interface Props {
  readonly page: string;
  readonly models: readonly ModelView[];
  readonly model: ModelView;
}

export function ModelPicker({ page, models, model }: Props) {
  const change = (event: { readonly currentTarget: HTMLSelectElement }) => {
    const chosen = models[event.currentTarget.selectedIndex];
    if (chosen) goTo(page, chosen.name, chosen.version);
  };
  return (
    <label class="picker">
      <span>Model</span>
      <select onChange={change}>
        {models.map((m) => (
          <option key={`${m.name} ${m.version}`} selected={m === model}>
            {m.name} {m.version}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Instead of a page that is about a model, where there is none. */
export function NoModel({ title }: { readonly title: string }) {
  return (
    <>
      <h1>{title}</h1>
      <p class="quiet">No model is registered. The page Models says how to add one.</p>
    </>
  );
}
