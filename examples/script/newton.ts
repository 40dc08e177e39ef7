// Newton's method until it has converged: Kepler's equation E − e·sin E = M, which has no closed solution.
//
//     npx tsx examples/script/newton.ts
import { linspace, ones, script, type Tensor, tensor } from "../../src/index.ts";

export interface Solution {
  /** The eccentric anomalies E, [N], in radians. */
  readonly anomaly: Tensor;
  /** float32 []: the largest change of the last step. */
  readonly change: Tensor;
}

/** Mean anomalies M [N] in radians and the eccentricity e [] of the orbit, from 0 to less than 1. */
export function kepler(mean: Tensor, eccentricity: Tensor): Solution {
  let anomaly = mean.add(eccentricity.mul(mean.sin()));
  let change = ones([], { dtype: mean.dtype });
  let steps = 0;
  while (change.item() > 1e-6 && steps < 30) {
    const error = anomaly.sub(eccentricity.mul(anomaly.sin())).sub(mean);
    const slope = eccentricity.mul(anomaly.cos()).neg().add(1);
    const step = error.div(slope);
    anomaly = anomaly.sub(step);
    change = step.abs().amax();
    steps++;
  }
  return { anomaly, change };
}
kepler.inputs = { mean: "float64[count=5]", eccentricity: "float64[]" };

if (process.argv[1] === import.meta.filename) {
  const scripted = await script(kepler);
  const mean = linspace(0, 3, 7, { dtype: "float64" });
  for (const e of [0, 0.2, 0.9]) {
    const { anomaly, change } = await scripted.run([mean, tensor(e, { dtype: "float64" })]);
    const values = (anomaly.toArray() as number[]).map((v) => v.toFixed(4));
    console.log(`e = ${e}: E = ${values.join(" ")}, last change ${change.item().toExponential(1)}`);
  }
  await scripted.close();
}
