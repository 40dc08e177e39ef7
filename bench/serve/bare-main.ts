// The program of a process that runs a model in a loop, without a server: what serving is compared with.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { image, load, randn } from "../../src/index.ts";

/** What to run: the model alone, or from the bytes of a picture on. */
export interface BareLoop {
  readonly seconds: number;
  readonly picture?: string;
}

const [file = ""] = process.argv.slice(2);
const module = await load(file, { threads: availableParallelism() });
const x = randn([1, 3, 224, 224], { seed: 1 });
process.on("message", async ({ seconds, picture }: BareLoop) => {
  const bytes = picture === undefined ? undefined : readFileSync(picture);
  const end = performance.now() + seconds * 1000;
  const since = performance.now();
  let runs = 0;
  for (; performance.now() < end; runs++) await module.run(bytes === undefined ? x : await image.preprocess(bytes));
  process.send?.(runs / ((performance.now() - since) / 1000));
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
