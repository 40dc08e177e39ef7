// Metrics as values that Prometheus asks for: TorchServe's, and a few of ours that its gauges of the last request cannot tell.
import type { Counter, Gauge, Registry as PrometheusRegistry } from "prom-client";
import type { Registry } from "../models/registry.ts";
import type { SlotStatus } from "../models/worker-slot.ts";
import { type Observer, observing } from "../observer.ts";
import { type MetricName, type MetricRow, type MetricSink, torchserveMetrics } from "./torchserve-metrics.ts";

export interface PrometheusMetrics extends MetricSink {
  /** Of our own metrics. */
  readonly observer: Observer;
  /** The text of all metrics, or of those with the names. */
  text(names: readonly string[]): Promise<string>;
}

/** Seconds: from what a small model takes to what nobody waits for. */
const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const batchSizes = [1, 2, 4, 8, 16, 32, 64, 128];
const statuses: readonly SlotStatus[] = ["STARTING", "READY", "RETRYING", "FAILED"];

/** Makes the metrics that `kept` picks out of TorchServe's. prom-client is loaded here, and not before. */
export async function openPrometheus(models: Registry, hostname: string, kept: (row: MetricRow) => boolean): Promise<PrometheusMetrics> {
  const prom = await import("prom-client");
  const registry = new prom.Registry();
  const values = new Map<MetricName, Values>();
  for (const [name, row] of Object.entries(torchserveMetrics) as [MetricName, MetricRow][]) {
    if (!kept(row)) continue;
    const help = `Torchserve prometheus ${row.type} metric with unit: ${row.unit}`;
    const options = { name, help, labelNames: [...row.labels], registers: [registry] };
    const ofMetric: Values = new Map();
    values.set(name, ofMetric);
    // A few values for each scrape cost less than looking labels up for each request.
    if (row.type === "counter")
      new prom.Counter({ ...options, collect: collector(ofMetric, (m: Counter, labels, v) => m.labels(...labels).inc(v)) });
    else new prom.Gauge({ ...options, collect: collector(ofMetric, (m: Gauge, labels, v) => m.labels(...labels).set(v)) });
  }
  const observer = ownMetrics(prom, registry, models);
  return {
    observer,
    put(name, labels, value) {
      const ofMetric = values.get(name);
      if (!ofMetric) return;
      const key = labels.join("\n");
      const entry = ofMetric.get(key);
      if (!entry) ofMetric.set(key, { labels: [...labels, hostname], value });
      else entry.value = torchserveMetrics[name].type === "counter" ? entry.value + value : value;
    },
    async text(names) {
      if (names.length === 0) return registry.metrics();
      // What a name is asked for that a histogram writes: its own stands before `_bucket`.
      const wanted = new Set(names.flatMap((name) => [name, name.replace(/_(bucket|sum|count)$/, "")]));
      const texts = registry.getMetricsAsArray().filter(({ name }) => wanted.has(name));
      return `${(await Promise.all(texts.map(({ name }) => registry.getSingleMetricAsString(name)))).join("\n\n")}\n`;
    },
  };
}

/** The values of one metric, by their labels. */
type Values = Map<string, { readonly labels: readonly string[]; value: number }>;

/** Puts the values into a metric when it is asked for. */
function collector<M extends { reset(): void }>(values: Values, put: (metric: M, labels: readonly string[], value: number) => void) {
  return function (this: M): void {
    this.reset();
    for (const { labels, value } of values.values()) put(this, labels, value);
  };
}

/** Histograms over requests, and what the models are like when they are asked for. Names begin with `ingot_`. */
function ownMetrics(prom: typeof import("prom-client"), registry: PrometheusRegistry, models: Registry): Observer {
  const registers = [registry];
  const ofModel = ["model_name", "model_version"] as const;
  const labelNames = [...ofModel];
  const request = new prom.Histogram({
    name: "ingot_request_seconds",
    help: "Time of a request from the queue to its answer",
    labelNames,
    buckets: seconds,
    registers,
  });
  const stage = new prom.Histogram({
    name: "ingot_stage_seconds",
    help: "Time of a request in one stage: queue, preprocess, inference, postprocess",
    labelNames: [...ofModel, "stage"],
    buckets: seconds,
    registers,
  });
  const batch = new prom.Histogram({
    name: "ingot_batch_size",
    help: "Requests that ran together with a request, itself included",
    labelNames,
    buckets: batchSizes,
    registers,
  });
  const failures = new prom.Counter({
    name: "ingot_failed_requests_total",
    help: "Requests that reached a worker and were answered with an error",
    labelNames: [...ofModel, "status"],
    registers,
  });
  const all = () => models.names.flatMap((name) => models.versions(name));
  new prom.Gauge({
    name: "ingot_queued_requests",
    help: "Requests that wait for a worker now",
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { name, version, queued } of all()) this.set({ model_name: name, model_version: version }, queued);
    },
  });
  new prom.Gauge({
    name: "ingot_workers",
    help: "Workers by status now",
    labelNames: [...ofModel, "status"],
    registers,
    collect() {
      this.reset();
      for (const { name, version, slots } of all())
        for (const status of statuses)
          this.set({ model_name: name, model_version: version, status }, slots.filter((slot) => slot.status === status).length);
    },
  });
  return observing({
    served({ model, version, queue, worker, timing, status }) {
      const labels = { model_name: model, model_version: version };
      request.observe(labels, (queue + worker) / 1000);
      stage.observe({ ...labels, stage: "queue" }, queue / 1000);
      if (status >= 400) failures.inc({ ...labels, status: String(status) });
      if (!timing) return;
      for (const name of ["preprocess", "inference", "postprocess"] as const)
        stage.observe({ ...labels, stage: name }, timing[name] / 1000);
      batch.observe(labels, timing.batch);
    },
  });
}
