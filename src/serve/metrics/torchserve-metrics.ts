// TorchServe's metrics, as its metrics.yaml has them: names, labels and units are what dashboards are built on.

export interface MetricRow {
  readonly type: "counter" | "gauge";
  readonly unit: string;
  /** In order; the host comes last. */
  readonly labels: readonly string[];
  /** Which of TorchServe's two logs has it. */
  readonly log: "ts_metrics" | "model_metrics";
  /** Also with `metrics_mode=legacy` it is a value of the metrics API and no line of a log. */
  readonly legacy?: true;
}

const ofHost = ["Level", "Hostname"] as const;
const ofModel = ["model_name", "model_version", "hostname"] as const;
const ofDevice = ["Level", "DeviceId", "Hostname"] as const;
const ofHandler = ["ModelName", "Level", "Hostname"] as const;

const counter = (unit: string, labels: readonly string[], legacy?: true): MetricRow => ({
  type: "counter",
  unit,
  labels,
  log: "ts_metrics",
  ...(legacy && { legacy }),
});
const gauge = (unit: string, labels: readonly string[], log: MetricRow["log"] = "ts_metrics"): MetricRow => ({
  type: "gauge",
  unit,
  labels,
  log,
});

export const torchserveMetrics = {
  Requests2XX: counter("Count", ofHost),
  Requests4XX: counter("Count", ofHost),
  Requests5XX: counter("Count", ofHost),
  ts_inference_requests_total: counter("Count", ofModel, true),
  ts_inference_latency_microseconds: counter("Microseconds", ofModel, true),
  ts_queue_latency_microseconds: counter("Microseconds", ofModel, true),
  QueueTime: gauge("Milliseconds", ofHost),
  WorkerThreadTime: gauge("Milliseconds", ofHost),
  WorkerLoadTime: gauge("Milliseconds", ["WorkerName", "Level", "Hostname"]),
  CPUUtilization: gauge("Percent", ofHost),
  MemoryUsed: gauge("Megabytes", ofHost),
  MemoryAvailable: gauge("Megabytes", ofHost),
  MemoryUtilization: gauge("Percent", ofHost),
  DiskUsage: gauge("Gigabytes", ofHost),
  DiskUtilization: gauge("Percent", ofHost),
  DiskAvailable: gauge("Gigabytes", ofHost),
  // Known to scrapers, and without values: models run on the processor.
  GPUMemoryUtilization: gauge("Percent", ofDevice),
  GPUMemoryUsed: gauge("Megabytes", ofDevice),
  GPUUtilization: gauge("Percent", ofDevice),
  HandlerTime: gauge("ms", ofHandler, "model_metrics"),
  PredictionTime: gauge("ms", ofHandler, "model_metrics"),
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof torchserveMetrics;

/** Takes values: a counter's are added, a gauge's replace each other. */
export interface MetricSink {
  /** `labels` are the values of the metric's labels but for the host's; `requestId` is for logs. */
  put(name: MetricName, labels: readonly string[], value: number, requestId?: string): void;
}
