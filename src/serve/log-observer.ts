// What happens to workers and requests, as lines of the log.
import type { Log } from "./log.ts";
import { type Observer, observing } from "./observer.ts";

export function logObserver(log: Log): Observer {
  return observing({
    served: ({ model, version, status, queue, timing, requestId }) =>
      log.debug("request", { model, version, status, requestId, queueMs: round(queue), inferenceMs: round(timing?.inference ?? 0) }),
    worker({ what, detail, ms, ...which }) {
      const fields = { ...which, ...(ms !== undefined && { ms: round(ms) }), ...(detail !== undefined && { detail }) };
      if (what === "warning" || what === "died") log.warn(`worker ${what}`, fields);
      else if (what === "error" || what === "failed" || what === "gave up") log.error(`worker ${what}`, fields);
      else log.info(`worker ${what}`, fields);
    },
  });
}

const round = (ms: number) => Math.round(ms * 10) / 10;
