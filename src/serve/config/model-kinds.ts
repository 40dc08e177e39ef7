// The keys whose values are JSON about models: `models` and `model_snapshot`.
import type { Kind, Reading } from "./kinds.ts";
import { type ModelVersions, parseJson, readModelSettings, type SettingsProblem } from "./model-settings.ts";
import { readSnapshotState, type SnapshotState } from "./snapshot-state.ts";

const located = ({ path, actual, expected }: SettingsProblem): Reading<never> => ({
  wrong: true,
  actual: path === "" ? actual : `${actual} at ${path}`,
  expected,
});

/** Settings of single models. */
export const modelsKind: Kind<ModelVersions> = {
  expected: "JSON",
  read: (text) => {
    const json = parseJson(text);
    if (!("value" in json)) return located(json);
    const read = readModelSettings(json.value);
    return "expected" in read ? located(read) : { value: read.versions, warnings: read.warnings };
  },
};

/** The models of an earlier run. */
export const snapshotKind: Kind<SnapshotState> = {
  expected: "JSON",
  read: (text) => {
    const json = parseJson(text);
    if (!("value" in json)) return located(json);
    const read = readSnapshotState(json.value);
    return "expected" in read ? located(read) : { value: read.state, warnings: read.warnings };
  },
};
