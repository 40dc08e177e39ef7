// Registering a model while the server runs.
import { useState } from "preact/hooks";
import { json, messageOf } from "./api.ts";

export function RegisterForm({ done }: { readonly done: (text: string) => void }) {
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string" && value.trim() !== "") query.set(name, value.trim());
    setBusy(true);
    try {
      done((await json<{ readonly status: string }>(`/models?${query}`, { method: "POST" })).status);
      form.reset();
    } catch (error) {
      done(messageOf(error));
    }
    setBusy(false);
  };
  return (
    <section class="card" aria-labelledby="register">
      <h2 id="register">Register a model</h2>
      <form class="row" onSubmit={submit}>
        <label class="field grow">
          <span>Archive</span>
          <input name="url" required placeholder="my_model.mar" autocomplete="off" spellcheck={false} />
        </label>
        <label class="field">
          <span>Name, unless the archive’s</span>
          <input name="model_name" autocomplete="off" spellcheck={false} />
        </label>
        <label class="field short">
          <span>Workers</span>
          <input name="initial_workers" type="number" min={0} max={64} value={1} />
        </label>
        <label class="field short">
          <span>Batch size</span>
          <input name="batch_size" type="number" min={1} max={4096} />
        </label>
        <button type="submit" class="primary" disabled={busy}>
          {busy ? "Registering…" : "Register"}
        </button>
      </form>
    </section>
  );
}
