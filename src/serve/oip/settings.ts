// Triton's logging and trace extensions: their settings as they are here. They are made at the start, so that asking for others is refused.
import { refuse } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";

export type SettingValue = string | number | boolean | readonly string[];
export type SettingRecord = Readonly<Record<string, SettingValue>>;

const levels = ["error", "warn", "info", "debug"] as const;

/** What is logged. */
export function logSettings({ config }: ServerParts): SettingRecord {
  const level = levels.indexOf(config.logLevel);
  return {
    log_file: "",
    log_info: level >= 2,
    log_warning: level >= 1,
    log_error: true,
    log_verbose_level: level >= 3 ? 1 : 0,
    log_format: config.logFormat === "json" ? "json" : "default",
  };
}

/** Requests are not traced. */
export const traceSettings: SettingRecord = {
  trace_level: ["OFF"],
  trace_rate: "1000",
  trace_count: "-1",
  log_frequency: "0",
  trace_file: "",
  trace_mode: "triton",
};

/** Throws ServeFault 400 for settings that are none, or other than they are. `where` says how else they are set. */
export function requireSame(wanted: Readonly<Record<string, unknown>>, settings: SettingRecord, where: string): void {
  for (const [name, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(settings, name))
      throw refuse("BadRequestException", `There is no setting ${name.slice(0, 40)}: there are ${Object.keys(settings).join(", ")}.`);
    const now = settings[name];
    // null, and an empty list, mean the default.
    if (value === null || (Array.isArray(value) && value.length === 0) || String(value) === String(now)) continue;
    throw refuse("BadRequestException", `Setting ${name} is ${String(now)} and cannot be changed while the server runs: ${where}.`);
  }
}
