// The models of a snapshot as data, to and from the JSON that TorchServe writes as `model_snapshot`.
import { describeValue } from "../../errors/describe-value.ts";
import { type ModelSettings, type ModelVersions, readModelSettings, type SettingsProblem } from "./model-settings.ts";

/** One version in a snapshot: its archive at least. */
export interface ModelState extends ModelSettings {
  readonly marName: string;
}

/** All models of a server at one time. */
export interface SnapshotState {
  /** The file that it was written to first, such as `20260101120000000-startup.cfg`. */
  readonly name: string;
  /** When, in ms since 1970; undefined in snapshots written by hand. */
  readonly created: number | undefined;
  readonly models: ModelVersions<ModelState>;
}

interface StateRead {
  readonly state: SnapshotState;
  readonly warnings: readonly string[];
}

/** Reads the JSON of `model_snapshot`. A count that does not fit says that the file was cut or edited, and is a problem. */
export function readSnapshotState(value: unknown): StateRead | SettingsProblem {
  const expected = '{"name": "…", "modelCount": N, "models": {…}}';
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { path: "", actual: describeValue(value), expected };
  const { name, created, modelCount, models = {} } = value as Readonly<Record<string, unknown>>;
  const read = readModelSettings(models);
  if ("expected" in read) return { ...read, path: read.path === "" ? "models" : `models.${read.path}` };
  const withArchives = new Map<string, Map<string, ModelState>>();
  let found = 0;
  for (const [model, versions] of read.versions) {
    const states = new Map<string, ModelState>();
    for (const [version, settings] of versions) {
      const { marName } = settings;
      if (marName === undefined)
        return { path: `models.${model}.${version}.marName`, actual: "missing", expected: "the name of an archive" };
      states.set(version, { ...settings, marName });
      found++;
    }
    withArchives.set(model, states);
  }
  if (modelCount !== undefined && modelCount !== found)
    return { path: "modelCount", actual: describeValue(modelCount), expected: `${found}, which is how many versions of models follow` };
  const state = {
    name: typeof name === "string" ? name : "",
    created: typeof created === "number" ? created : undefined,
    models: withArchives,
  };
  return { state, warnings: read.warnings };
}

const inSeconds = (ms: number) => ms / 1000;

/** The JSON that `readSnapshotState` reads back; timeouts are in seconds there. */
export function snapshotJson({ name, created, models }: SnapshotState): string {
  const byName = Object.fromEntries(
    [...models].map(([model, versions]) => [
      model,
      Object.fromEntries(
        [...versions].map(([version, { responseTimeout, startupTimeout, ...settings }]) => [
          version,
          {
            ...settings,
            ...(responseTimeout !== undefined && { responseTimeout: inSeconds(responseTimeout) }),
            ...(startupTimeout !== undefined && { startupTimeout: inSeconds(startupTimeout) }),
          },
        ]),
      ),
    ]),
  );
  const modelCount = [...models.values()].reduce((sum, versions) => sum + versions.size, 0);
  return JSON.stringify({ name, modelCount, ...(created !== undefined && { created }), models: byName }, null, 2);
}
