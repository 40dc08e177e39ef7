// What ONNX Runtime prints on stderr: nothing, because every failure comes back as an error of ours, unless somebody wants to look.
import { ingotError } from "../../errors/error.ts";

/** ONNX Runtime's severities. */
const severities = { verbose: 0, info: 1, warning: 2, error: 3, fatal: 4 } as const;
export type LogLevel = keyof typeof severities;

/** The level that the environment variable `INGOT_ONNXRUNTIME_LOG` asks for; `fatal` by default. Throws `InvalidArgument`. */
export function logLevel(): LogLevel {
  const text = process.env.INGOT_ONNXRUNTIME_LOG || "fatal";
  if (Object.hasOwn(severities, text)) return text as LogLevel;
  throw ingotError("InvalidArgument", {
    op: "onnxruntime",
    name: "INGOT_ONNXRUNTIME_LOG",
    expected: Object.keys(severities).join(", "),
    actual: JSON.stringify(text),
    hint: "Leave the environment variable unset to see nothing of ONNX Runtime's own log.",
  });
}

/** ONNX Runtime's number of a level. */
export const logSeverity = (level: LogLevel = logLevel()): number => severities[level];
