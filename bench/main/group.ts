// The group `main`: the way of ResNet-152 from a model to a running, proven, saved graph.
import type { Measure } from "../figure.ts";
import { concurrency } from "./concurrency.ts";
import { eager } from "./eager.ts";
import { engine } from "./engine.ts";
import { fusion } from "./fusion.ts";
import { guarantee } from "./guarantee.ts";
import { lateness } from "./lateness.ts";
import { memory } from "./memory.ts";
import { portable } from "./portable.ts";
import { tracing } from "./tracing.ts";

export const mainGroup: Readonly<Record<string, Measure>> = {
  eager,
  tracing,
  memory,
  fusion,
  engine,
  lateness,
  concurrency,
  guarantee,
  portable,
};
