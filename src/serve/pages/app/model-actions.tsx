// Scaling a version, making it the default one, taking it away. All of it goes to the management API.
import { useState } from "preact/hooks";
import type { ModelView } from "../views.ts";
import { json, messageOf, pathOf } from "./api.ts";

interface Props {
  readonly model: ModelView;
  readonly canRegister: boolean;
  readonly alone: boolean;
  readonly done: (text: string) => void;
}

export function ModelActions({ model, canRegister, alone, done }: Props) {
  const [workers, setWorkers] = useState<number>();
  const [busy, setBusy] = useState(false);
  const [asks, setAsks] = useState(false);
  const path = pathOf("models", model.name, model.version);
  const act = async (route: string, method: string) => {
    setBusy(true);
    try {
      done((await json<{ readonly status: string }>(route, { method })).status);
    } catch (error) {
      done(messageOf(error));
    }
    setBusy(false);
    setAsks(false);
    setWorkers(undefined);
  };
  const wanted = workers ?? model.minWorkers;
  const scale = (event: Event) => {
    event.preventDefault();
    void act(`${path}?min_worker=${wanted}&max_worker=${wanted}&synchronous=true`, "PUT");
  };
  return (
    <div class="actions">
      <form class="inline" onSubmit={scale}>
        <label>
          <span>Workers</span>
          <input
            type="number"
            min={0}
            max={64}
            value={wanted}
            onInput={(e) => setWorkers(Number(e.currentTarget.value))}
            aria-label={`Workers of ${model.name} ${model.version}`}
          />
        </label>
        <button type="submit" disabled={busy || wanted === model.minWorkers}>
          {busy ? "Scaling…" : "Scale"}
        </button>
      </form>
      {model.isDefault ? null : (
        <button type="button" disabled={busy} onClick={() => void act(`${path}/set-default`, "PUT")}>
          Make default
        </button>
      )}
      {canRegister && (alone || !model.isDefault) ? (
        asks ? (
          <span class="confirm">
            <span>Unregister {model.version}?</span>
            <button type="button" class="danger" disabled={busy} onClick={() => void act(path, "DELETE")}>
              Unregister
            </button>
            <button type="button" onClick={() => setAsks(false)}>
              Keep
            </button>
          </span>
        ) : (
          <button type="button" disabled={busy} onClick={() => setAsks(true)}>
            Unregister…
          </button>
        )
      ) : null}
    </div>
  );
}
