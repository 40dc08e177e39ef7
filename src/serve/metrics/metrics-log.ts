// Metrics as lines of TorchServe's two logs, in its StatsD-like form: `QueueTime.Milliseconds:0.5|#Level:Host|#hostname:h,timestamp:1764032400`.
import { existsSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileSink } from "../log-sink.ts";
import { type MetricRow, type MetricSink, torchserveMetrics } from "./torchserve-metrics.ts";

/** Lines are handed on together: so many characters, or after so many ms. */
const heldText = 64 * 1024;
const heldTime = 100;

/** Bytes of a file, and files that are kept besides the newest, as log4j has them there. */
const fileBytes = 100 * 2 ** 20;
const keptFiles = 5;

export interface MetricsLog extends MetricSink {
  /** Resolves when all lines are written, or after a second. */
  close(): Promise<void>;
}

export interface MetricsLogOptions {
  /** ms since 1970. */
  readonly now?: () => number;
  /** After so many bytes a file begins anew. */
  readonly rotateAt?: number;
}

/** Writes `ts_metrics.log` and `model_metrics.log` in a folder. Throws `FileNotWritable`. */
export function openMetricsLog(folder: string, hostname: string, options: MetricsLogOptions = {}): MetricsLog {
  const { now = Date.now, rotateAt = fileBytes } = options;
  // Requests have several lines in one ms.
  let at = Number.NaN;
  let begin = "";
  let end = "";
  const files = {
    ts_metrics: new RotatingFile(join(folder, "ts_metrics.log"), rotateAt),
    model_metrics: new RotatingFile(join(folder, "model_metrics.log"), rotateAt),
  } satisfies Readonly<Record<MetricRow["log"], RotatingFile>>;
  return {
    put(name, labels, value, requestId) {
      const row: MetricRow = torchserveMetrics[name];
      const time = now();
      if (time !== at) {
        at = time;
        begin = isoTime(time);
        end = `,timestamp:${Math.floor(time / 1000)}\n`;
      }
      let dimensions = "";
      for (let i = 0; i < labels.length; i++) dimensions += `${i > 0 ? "," : ""}${row.labels[i]}:${labels[i]}`;
      const request = requestId === undefined ? "" : `,requestID:${requestId}`;
      files[row.log].write(`${begin} - ${name}.${row.unit}:${javaDouble(value)}|#${dimensions}|#hostname:${hostname}${request}${end}`);
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
  readonly #rotateAt: number;
  #sink: ReturnType<typeof fileSink>;
  #bytes: number;
  #held = "";
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(path: string, rotateAt: number) {
    this.#path = path;
    this.#rotateAt = rotateAt;
    this.#sink = fileSink(path);
    this.#bytes = statSync(path).size;
  }

  write(line: string): void {
    if (this.#closed) return;
    this.#held += line;
    if (this.#held.length >= heldText) this.#handOn();
    else this.#timer ??= setTimeout(() => this.#handOn(), heldTime).unref();
  }

  #handOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#held === "") return;
    if (this.#bytes > this.#rotateAt) this.#rotate();
    this.#bytes += this.#held.length;
    this.#sink.write(this.#held);
    this.#held = "";
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#handOn();
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
