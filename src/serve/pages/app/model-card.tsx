// One version of a model: how it does, its workers, what it takes, and what may be done to it.

import type { ModelView, WorkerView } from "../views.ts";
import { age, bytes, duration, plural } from "./format.ts";
import { ModelActions } from "./model-actions.tsx";
import { hrefOf } from "./place.ts";
import { Scroll } from "./scroll.tsx";

interface Props {
  readonly model: ModelView;
  readonly canRegister: boolean;
  /** It is the only version of its name. */
  readonly alone: boolean;
  readonly done: (text: string) => void;
}

export function ModelCard({ model, canRegister, alone, done }: Props) {
  const ready = model.workers.filter((w) => w.status === "READY").length;
  const memory = model.workers.reduce((sum, w) => sum + (w.memory ?? 0), 0);
  const failure = model.workers.find((w) => w.failure)?.failure;
  return (
    <article class="version" aria-label={`Version ${model.version}`}>
      <header>
        <h3>
          <span class="number">{model.version}</span>
          {model.isDefault && !alone ? <span class="tag">default</span> : null}
          <State model={model} />
        </h3>
        <p class="links">
          <a href={hrefOf("try", model.name, model.version)}>Try it</a>
          <a href={hrefOf("live", model.name, model.version)}>Live</a>
          <a href={hrefOf("graph", model.name, model.version)}>Graph</a>
        </p>
      </header>
      <dl class="figures">
        <Figure name="Workers" value={`${ready} / ${Math.max(model.minWorkers, model.workers.length)}`} />
        <Figure name="Queue" value={`${model.queued} / ${model.queueSize}`} />
        <Figure name="Batch" value={model.batchSize === 1 ? "1" : `≤ ${model.batchSize}, ${duration(model.maxBatchDelay)}`} />
        <Figure name="Memory" value={memory === 0 ? "–" : bytes(memory)} />
        <Figure name="Engine" value={model.io?.engine ?? "–"} />
        <Figure name="Handler" value={model.handler} />
      </dl>
      {failure === undefined ? null : <pre class="failure">{failure}</pre>}
      <div class="foot">
        <details>
          <summary>
            {plural(model.workers.length, "worker")}
            {model.io ? `, ${plural(model.io.inputs.length, "input")}, ${plural(model.io.outputs.length, "output")}` : ""}
          </summary>
          <Workers workers={model.workers} />
          <Tensors model={model} />
          <p class="quiet small">From {model.url}</p>
        </details>
        <ModelActions model={model} canRegister={canRegister} alone={alone} done={done} />
      </div>
    </article>
  );
}

function State({ model }: { readonly model: ModelView }) {
  const failed = model.workers.some((w) => w.status === "FAILED");
  const [kind, text] =
    failed || !model.isHealthy
      ? ["bad", "unhealthy"]
      : model.isReady
        ? ["good", "ready"]
        : model.workers.length > 0
          ? ["warn", "starting"]
          : ["idle", "no workers"];
  return (
    <span class={`state ${kind}`}>
      <span class={`dot ${kind}`} aria-hidden="true" />
      {text}
    </span>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Workers({ workers }: { readonly workers: readonly WorkerView[] }) {
  if (workers.length === 0) return <p class="quiet">No workers: requests are answered with 503.</p>;
  const now = Date.now();
  return (
    <Scroll label="Workers">
      <table>
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">State</th>
            <th scope="col" class="right">
              Process
            </th>
            <th scope="col" class="right">
              Memory
            </th>
            <th scope="col" class="right">
              Up for
            </th>
          </tr>
        </thead>
        <tbody>
          {workers.map((w) => (
            <tr key={w.id}>
              <th scope="row">{w.id}</th>
              <td>{w.status.toLowerCase()}</td>
              <td class="right">{w.pid ?? "–"}</td>
              <td class="right">{bytes(w.memory)}</td>
              <td class="right">{w.startedAt === undefined ? "–" : age(w.startedAt, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Tensors({ model }: { readonly model: ModelView }) {
  if (!model.io) return null;
  const rows = [...model.io.inputs.map((t) => ["in", t] as const), ...model.io.outputs.map((t) => ["out", t] as const)];
  return (
    <Scroll label="Inputs and outputs">
      <table>
        <thead>
          <tr>
            <th scope="col">Tensor</th>
            <th scope="col">Way</th>
            <th scope="col">Type</th>
            <th scope="col">Shape</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([way, t]) => (
            <tr key={`${way} ${t.name}`}>
              <th scope="row">{t.name}</th>
              <td>{way}</td>
              <td>{t.dtype}</td>
              <td>{t.shape ? `[${t.shape.join(", ")}]` : "any"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
