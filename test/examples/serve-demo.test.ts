import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { image, load, softmax, type Tensor, topk } from "../../src/index.ts";
import { imagenetClasses } from "../../src/models/imagenet-classes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dirname, "../..");

describe("the demo of the server", () => {
  const inFolder = temporaryFolder();

  it("archives, serves and asks two models by the command line; the classes are those of preprocess, run, softmax and top-5", async () => {
    const args = ["--import", "tsx", "examples/serve/demo.ts", "--folder", inFolder()];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    for (const line of [
      /^\$ ingot serve --start --ncs --model-store model_store --models all/m,
      /\/squeezenet -T scene.jpg$/m,
      /^TorchServe has stopped\.$/m,
    ])
      assert.match(stdout, line);
    const answers = JSON.parse(readFileSync(inFolder("answers.json"), "utf8")) as {
      classes: Record<string, number>;
      seen: { digit: number };
      digit: number;
    };
    assert.equal(answers.seen.digit, answers.digit);

    const model = await load(inFolder("squeezenet.onnx"));
    const scores = (await model.run(await image.preprocess(join(root, "examples/images/scene.jpg")))) as Tensor;
    await model.close();
    const { values, indices } = topk(softmax(scores, 1), 5);
    const [best = []] = indices.toArray() as number[][];
    const [odds = []] = values.toArray() as number[][];
    assert.deepEqual(
      Object.entries(answers.classes),
      best.map((index, i) => [imagenetClasses[index]?.at(-1), odds[i]]),
    );
  }).timeout(600_000);
});
