// The server's log: events with fields, each one line, for people or as JSON. What stands in a field may come from anybody on the network, so
// that nothing of it can begin a line of its own or move a terminal's cursor.
import { jsonLine, textLine } from "./log-line.ts";
import type { Sink } from "./log-sink.ts";

/** From the least important on. */
export const levels = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof levels)[number];

/** What a field can be. Errors are written with their message, in the JSON form with their stack too. */
export type FieldValue = string | number | bigint | boolean | null | undefined | Error | readonly (string | number)[];
/** LogFields by name; those that are undefined are left out. */
export type LogFields = Readonly<Record<string, FieldValue>>;

/** One thing that happened. */
export interface LogEvent {
  /** ms since 1970. */
  readonly time: number;
  readonly level: Level;
  /** A few words: `worker died`. */
  readonly event: string;
  readonly fields: LogFields;
}

/** Where the server's parts tell what happens. No method throws or waits. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** A log as its owner has it. */
export interface OpenLog extends Log {
  /** The same log, with fields that stand in each of its events. */
  with(fields: LogFields): OpenLog;
  /** Resolves when all is written that can be; what nobody takes within `ms` is given up. */
  flush(ms?: number): Promise<void>;
}

export interface LogOptions {
  readonly format: "text" | "json";
  /** Events below it are not written. */
  readonly level: Level;
  readonly sinks: readonly Sink[];
  readonly now?: () => number;
}

/**
 * A log that writes to the sinks.
 *
 * @example
 * const log = openLog({ format: "text", level: "info", sinks: [fileDescriptorSink(2)] });
 * log.info("model registered", { model: "resnet18", version: "1.0", workers: 2 });
 * // 2026-01-02T03:04:05.678Z INFO  model registered  model=resnet18 version=1.0 workers=2
 */
export function openLog({ format, level, sinks, now = Date.now }: LogOptions): OpenLog {
  const least = levels.indexOf(level);
  const line = format === "json" ? jsonLine : textLine;
  const write = (at: Level, event: string, fields: LogFields) => {
    if (levels.indexOf(at) < least) return;
    const text = `${line({ time: now(), level: at, event, fields })}\n`;
    for (const sink of sinks) sink.write(text);
  };
  const flush = async (ms = 1000) => {
    await Promise.all(sinks.map((sink) => sink.flush(ms)));
  };
  const logWith = (common: LogFields): OpenLog => ({
    debug: (event, fields) => write("debug", event, { ...common, ...fields }),
    info: (event, fields) => write("info", event, { ...common, ...fields }),
    warn: (event, fields) => write("warn", event, { ...common, ...fields }),
    error: (event, fields) => write("error", event, { ...common, ...fields }),
    with: (fields) => logWith({ ...common, ...fields }),
    flush,
  });
  return logWith({});
}
