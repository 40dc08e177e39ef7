// What management checks and says, whichever protocol asks: TorchServe's rules and words.
import { refuse } from "../fault.ts";
import type { Registry } from "./registry.ts";
import type { ServedVersion } from "./served-version.ts";

/** Models of one page of the list. */
export const longestPage = 100;
/** Processes of one model: more are a slip of the finger that would take the machine down. */
const mostWorkers = 1024;

/** A part of the list of models; `nextPageToken` is absent on the last page, unless that is full, as in TorchServe. */
export function pageOfModels({ defaults }: Registry, begin: number, limit: number) {
  const end = begin + limit;
  const next = end <= defaults.length ? { nextPageToken: String(end) } : {};
  return { ...next, models: defaults.slice(begin, end).map((m) => ({ modelName: m.name, modelUrl: m.parts.url })) };
}

/** Throws ServeFault 400 for numbers of workers that no model can have. */
export function requireWorkers(minWorkers: number, maxWorkers: number): void {
  if (maxWorkers < minWorkers) throw refuse("BadRequestException", "max_worker cannot be less than min_worker.");
  if (minWorkers < 0) throw refuse("BadRequestException", "min_worker cannot be less than 0.");
  if (maxWorkers > mostWorkers) throw refuse("BadRequestException", `max_worker cannot be more than ${mostWorkers}.`);
}

/** What a change is answered with. */
export const answers = {
  processing: "Processing worker updates...",
  scaling: "Workers scaling in progress...",
  registered: ({ name, version }: ServedVersion, workers: number): string => {
    const registered = `Model "${name}" Version: ${version} registered with ${workers} initial workers`;
    return workers === 0 ? `${registered}. Use scale workers API to add workers for the model.` : registered;
  },
  scaled: (workers: number, model: string, version: string | undefined): string =>
    `Workers scaled to ${workers} for model: ${version === undefined ? model : `${model}, version: ${version}`}`,
  isDefault: (model: string, version: string): string => `Default version successfully updated for model "${model}" to "${version}"`,
  unregistered: (model: string): string => `Model "${model}" unregistered`,
} as const;
