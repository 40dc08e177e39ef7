// What happens to workers and requests, as lines of the log.
import type { Log } from "./log.ts";
import { type Observer, observing } from "./observer.ts";

/** `access` is whether each HTTP request has a line. */
export function logObserver(log: Log, access: boolean): Observer {
  return observing({
    served: ({ model, version, status, queue, timing, requestId, problem }) =>
      log.debug("request", {
        model,
        version,
        status,
        requestId,
        queueMs: round(queue),
        inferenceMs: round(timing?.inference ?? 0),
        problem,
      }),
    model: ({ what, ...fields }) => log.info(`model ${what}`, fields),
    answered: ({ ms, ...fields }) => {
      if (access) log.info("answered", { ...fields, ms: round(ms) });
    },
    worker({ what, detail, ms, ...which }) {
      const fields = { ...which, ...(ms !== undefined && { ms: round(ms) }), ...(detail !== undefined && { detail }) };
      if (what === "warning" || what === "died") log.warn(`worker ${what}`, fields);
      else if (what === "error" || what === "failed" || what === "gave up") log.error(`worker ${what}`, fields);
      else log.info(`worker ${what}`, fields);
    },
  });
}

const round = (ms: number) => Math.round(ms * 10) / 10;
