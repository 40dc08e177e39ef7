// Triton's statistics extension: what the versions of models have done, in nanoseconds.
import type { Registry } from "../models/registry.ts";
import type { ServedVersion } from "../models/served-version.ts";
import type { Duration } from "../models/version-statistics.ts";
import { findModel } from "./find-model.ts";

const ns = ({ count, ms }: Duration) => ({ count, ns: Math.round(ms * 1e6) });
const never = { count: 0, ns: 0 } as const;

/** Of one version, of all of a model, or of all models. Throws ServeFault 404. */
export function modelStatistics(registry: Registry, name: string | undefined, version: string | undefined) {
  if (version && name !== undefined) return { model_stats: [statisticsOf(findModel(registry, name, version))] };
  if (name !== undefined) findModel(registry, name, undefined);
  const names = name === undefined ? registry.names : [name];
  return { model_stats: names.flatMap((n) => registry.versions(n)).map(statisticsOf) };
}

function statisticsOf({ name, version, statistics }: ServedVersion) {
  const { batches } = statistics;
  const { count } = statistics.stage("success");
  return {
    name,
    version,
    last_inference: statistics.lastAt,
    inference_count: count,
    execution_count: batches.reduce((n, b) => n + b.stages.inference.count, 0),
    inference_stats: {
      success: ns(statistics.stage("success")),
      fail: ns(statistics.stage("fail")),
      queue: ns(statistics.stage("queue")),
      compute_input: ns(statistics.stage("preprocess")),
      compute_infer: ns(statistics.stage("inference")),
      compute_output: ns(statistics.stage("postprocess")),
      // There is no cache of answers.
      cache_hit: never,
      cache_miss: never,
    },
    batch_stats: batches.map(({ size, stages }) => ({
      batch_size: size,
      compute_input: ns(stages.preprocess),
      compute_infer: ns(stages.inference),
      compute_output: ns(stages.postprocess),
    })),
  };
}
