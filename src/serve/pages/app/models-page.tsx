// The models with their versions and workers.
import { useState } from "preact/hooks";
import type { ModelView } from "../views.ts";
import { plural } from "./format.ts";
import { ModelCard } from "./model-card.tsx";
import { RegisterForm } from "./register-form.tsx";
import type { PageProps } from "./shell.tsx";

export function ModelsPage({ server, refresh }: PageProps) {
  /** What the last action led to; said aloud. */
  const [said, setSaid] = useState("");
  const names = [...new Set(server.models.map((m) => m.name))];
  const workers = server.models.flatMap((m) => m.workers);
  const ready = workers.filter((w) => w.status === "READY").length;
  const done = (text: string) => {
    setSaid(text);
    refresh();
  };
  return (
    <>
      <div class="title">
        <h1>Models</h1>
        <p class="quiet">
          {plural(names.length, "model")}, {ready} of {plural(workers.length, "worker")} ready
        </p>
      </div>
      <p class="said" role="status">
        {said}
      </p>
      {names.length === 0 ? <Empty /> : null}
      {names.map((name) => {
        const versions = server.models.filter((m) => m.name === name);
        return (
          <section key={name} class="card" aria-label={name}>
            <h2>{name}</h2>
            {versions.map((m: ModelView) => (
              <ModelCard key={m.version} model={m} canRegister={server.modelApi} alone={versions.length === 1} done={done} />
            ))}
          </section>
        );
      })}
      {server.modelApi ? (
        <RegisterForm done={done} />
      ) : (
        <p class="quiet hint">
          Models are fixed while this server runs. Start it with <code>--enable-model-api</code> to register and unregister them here.
        </p>
      )}
    </>
  );
}

function Empty() {
  return (
    <section class="card empty">
      <h2>No model yet</h2>
      <p class="quiet">Make an archive of a saved model, and start the server on the folder that it is in:</p>
      <pre>
        <code>
          ingot archive --model-name my_model --version 1.0 --serialized-file model.onnx --handler image_classifier --export-path
          model_store{"\n"}
          ingot serve --start --ncs --model-store model_store --models all
        </code>
      </pre>
    </section>
  );
}
