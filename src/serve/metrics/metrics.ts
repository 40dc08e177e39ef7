// The metrics of a server, put together as metrics_mode says: lines of logs, values that are asked for, or TorchServe's older mixture of both.
import { hostname as nameOfHost } from "node:os";
import type { ServerConfig } from "../config/server-config.ts";
import type { Registry } from "../models/registry.ts";
import { type Observer, observers } from "../observer.ts";
import { metricObserver } from "./metric-observer.ts";
import { openMetricsLog } from "./metrics-log.ts";
import { openPrometheus } from "./prometheus.ts";
import { watchSystem } from "./system-metrics.ts";
import { type MetricRow, type MetricSink, torchserveMetrics } from "./torchserve-metrics.ts";

export interface Metrics {
  readonly observer: Observer;
  /** In Prometheus's text format; `names` picks some, none is all. */
  text(names: readonly string[]): Promise<string>;
  /** Ends sampling, and resolves when the logs are written. */
  close(): Promise<void>;
}

/** The system's metrics are read from here on. Throws `FileNotWritable` where the logs of metrics cannot be written. */
export async function openMetrics(config: ServerConfig, models: Registry): Promise<Metrics> {
  const hostname = nameOfHost();
  const { metricsMode } = config;
  const asked = (row: MetricRow) => metricsMode === "prometheus" || (metricsMode === "legacy" && row.legacy === true);
  const prometheus = metricsMode === "log" ? undefined : await openPrometheus(models, hostname, asked);
  const log = metricsMode === "prometheus" ? undefined : openMetricsLog(config.metricsLocation, hostname);
  const sink: MetricSink = {
    put: (name, ...rest) => (asked(torchserveMetrics[name]) ? prometheus : log)?.put(name, ...rest),
  };
  const endWatching = config.disableSystemMetrics ? () => {} : watchSystem(sink, config.metricTimeInterval);
  return {
    observer: prometheus ? observers(metricObserver(sink), prometheus.observer) : metricObserver(sink),
    text: async (names) => (await prometheus?.text(names)) ?? inLogs,
    async close() {
      endWatching();
      await log?.close();
    },
  };
}

/** A comment, as the format has them: TorchServe answers with nothing at all, which looks like a fault. */
const inLogs =
  "# metrics_mode is log: metrics are lines of ts_metrics.log and model_metrics.log. metrics_mode=prometheus shows them here.\n";
