// Metrics as lines of TorchServe's two logs, in its StatsD-like form: `QueueTime.Milliseconds:0.5|#Level:Host|#hostname:h,timestamp:1764032400`.
import { existsSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileSink } from "../log-sink.ts";
import { type MetricRow, type MetricSink, torchserveMetrics } from "./torchserve-metrics.ts";

/** Bytes of a file, and files that are kept besides the newest, as log4j has them there. */
const fileBytes = 100 * 2 ** 20;
const keptFiles = 5;

export interface MetricsLog extends MetricSink {
  /** Resolves when all lines are written, or after a second. */
  close(): Promise<void>;
}

/** Writes `ts_metrics.log` and `model_metrics.log` in a folder. Throws `FileNotWritable`. */
export function openMetricsLog(folder: string, hostname: string, now: () => number = Date.now): MetricsLog {
  const files = {
    ts_metrics: new RotatingFile(join(folder, "ts_metrics.log")),
    model_metrics: new RotatingFile(join(folder, "model_metrics.log")),
  } satisfies Readonly<Record<MetricRow["log"], RotatingFile>>;
  return {
    put(name, labels, value, requestId) {
      const row: MetricRow = torchserveMetrics[name];
      const time = now();
      const dimensions = labels.map((label, i) => `${row.labels[i]}:${label}`).join(",");
      const request = requestId === undefined ? "" : `,requestID:${requestId}`;
      const metric = `${name}.${row.unit}:${javaDouble(value)}|#${dimensions}|#hostname:${hostname}${request}`;
      files[row.log].write(`${isoTime(time)} - ${metric},timestamp:${Math.floor(time / 1000)}\n`);
    },
    async close() {
      await Promise.all(Object.values(files).map((file) => file.close()));
    },
  };
}

/** As Java writes it: 1 is 1.0. */
const javaDouble = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value));

/** log4j's ISO8601: local time, with a comma before the ms. */
function isoTime(time: number): string {
  const local = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 23).replace(".", ",");
}

/** A log file that begins anew when it is large; the last ones are kept as `name.1`, the newest, and so on. */
class RotatingFile {
  readonly #path: string;
  #sink: ReturnType<typeof fileSink>;
  #bytes: number;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
    this.#sink = fileSink(path);
    this.#bytes = statSync(path).size;
  }

  write(line: string): void {
    if (this.#closed) return;
    if (this.#bytes > fileBytes) this.#rotate();
    this.#bytes += line.length;
    this.#sink.write(line);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    // Its descriptor may be another file's afterwards.
    this.#closed = true;
    await this.#sink.flush(1000);
    this.#sink.close();
  }

  #rotate(): void {
    const old = this.#sink;
    this.#bytes = 0;
    try {
      for (let i = keptFiles - 1; i >= 0; i--) {
        const from = i === 0 ? this.#path : `${this.#path}.${i}`;
        if (existsSync(from)) renameSync(from, `${this.#path}.${i + 1}`);
      }
      this.#sink = fileSink(this.#path);
      // What waits goes into the file that it was meant for, whatever that is called now.
      void old.flush(10_000).then(() => old.close());
    } catch {
      // A folder that cannot be written to any more: the old file goes on.
    }
  }
}
