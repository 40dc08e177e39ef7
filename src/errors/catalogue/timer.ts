// Errors of the Timer.
import { errorFamily } from "../entry.ts";

export const timerErrors = errorFamily({
  TimedFunctionFailed: {
    kind: "ArgumentError",
    message: "the timed function {name} failed: {problem}",
    hint: "Call it once by itself to see where; the cause is this error's `cause`.",
    about: "A function given to `Timer` threw, or the promise it gave was rejected, so there is no time to report. Nothing is retried.",
  },
});
