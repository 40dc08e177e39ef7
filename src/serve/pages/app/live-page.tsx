// What a model does now: where the time of its requests goes, how many there are, how they are batched, what went wrong.
import { useState } from "preact/hooks";
import type { LiveModel, LiveSecond, LiveView } from "../../metrics/live-figures.ts";
import { BatchSizes } from "./batch-sizes.tsx";
import { Chart, type Series } from "./chart.tsx";
import { ErrorTable } from "./error-table.tsx";
import { duration, rate } from "./format.ts";
import { ModelPicker, NoModel } from "./model-picker.tsx";
import { usePoll } from "./poll.ts";
import type { PageProps } from "./shell.tsx";

const phases = ["queue", "preprocess", "inference", "postprocess"] as const;
type Phase = (typeof phases)[number];
const names: Readonly<Record<Phase, string>> = {
  queue: "Queue",
  preprocess: "Preprocess",
  inference: "Inference",
  postprocess: "Postprocess",
};

export function LivePage({ server, model }: PageProps) {
  const { data, problem } = usePoll<LiveView>("/ui/api/live");
  const [paused, setPaused] = useState<LiveView>();
  if (!model) return <NoModel title="Live" />;
  const view = paused ?? data;
  const figures = view?.models.find((m) => m.model === model.name && m.version === model.version);
  return (
    <>
      <div class="title">
        <h1>Live</h1>
        <ModelPicker page="live" models={server.models} model={model} />
        <button type="button" aria-pressed={paused !== undefined} onClick={() => setPaused(paused ? undefined : data)}>
          Pause
        </button>
      </div>
      {problem === undefined ? null : <p class="problem">{problem}</p>}
      {view ? <Figures view={view} figures={figures} queued={model.queued} /> : <p class="quiet">Asking the server…</p>}
      {view ? <ErrorTable errors={view.errors} /> : null}
    </>
  );
}

function Figures({ view, figures, queued }: { readonly view: LiveView; readonly figures: LiveModel | undefined; readonly queued: number }) {
  // The running second is not over: what it has so far would look like a fall.
  const seconds = everySecond(view, figures?.seconds ?? []).slice(0, -1);
  const times = seconds.map((s) => s.at);
  const recent = seconds.slice(-10);
  const sum = (of: (s: LiveSecond) => number) => recent.reduce((n, s) => n + of(s), 0);
  const requests = sum((s) => s.requests);
  const mean = (phase: Phase) => (requests === 0 ? undefined : sum((s) => s[phase] * s.requests) / requests);
  // Drawn from the back to the front, each over what is below it.
  const stacked = phases.map((phase, i): Series => {
    const values = seconds.map((s) => (s.requests === 0 ? null : phases.slice(0, i + 1).reduce((n, p) => n + s[p], 0)));
    return { label: names[phase], color: `--phase-${phase}`, values };
  });
  return (
    <>
      <dl class="tiles">
        <Tile name="Requests per second" value={rate(requests / Math.max(1, recent.length))} />
        <Tile name="Median" value={duration(figures?.p50)} />
        <Tile name="95 % within" value={duration(figures?.p95)} />
        <Tile name="99 % within" value={duration(figures?.p99)} />
        <Tile name="Waiting" value={String(queued)} />
        <Tile name={`Errors in ${view.window / 60} minutes`} value={String((figures?.seconds ?? []).reduce((n, s) => n + s.errors, 0))} />
      </dl>
      <section class="card" aria-label="Latency">
        <h2>Where the time goes</h2>
        <ul class="legend">
          {phases.map((phase) => (
            <li key={phase}>
              <span class={`swatch ${phase}`} aria-hidden="true" />
              <span>{names[phase]}</span>
              <span class="number">{duration(mean(phase))}</span>
            </li>
          ))}
        </ul>
        <Chart
          label="Mean time of a request by phase, over the last minutes"
          times={times}
          series={stacked.reverse()}
          format={(v) => duration(v)}
          filled
        />
      </section>
      <div class="columns">
        <section class="card" aria-label="Throughput">
          <h2>Requests per second</h2>
          <Chart
            label="Requests per second over the last minutes"
            times={times}
            series={[
              { label: "Requests", color: "--accent", values: seconds.map((s) => s.requests) },
              { label: "Errors", color: "--bad", values: seconds.map((s) => s.errors) },
            ]}
            format={(v) => rate(v)}
          />
        </section>
        <section class="card" aria-label="Batch sizes">
          <h2>Batch sizes</h2>
          <BatchSizes batches={figures?.batches ?? []} />
        </section>
      </div>
    </>
  );
}

function Tile({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const nothing = { requests: 0, errors: 0, queue: 0, preprocess: 0, inference: 0, postprocess: 0 } as const;

/** Seconds without requests are not told: they are put in. */
function everySecond({ now, window }: LiveView, told: readonly LiveSecond[]): LiveSecond[] {
  const by = new Map(told.map((s) => [s.at, s]));
  return Array.from({ length: window }, (_, i) => {
    const at = now - window + 1 + i;
    return by.get(at) ?? { at, ...nothing };
  });
}
