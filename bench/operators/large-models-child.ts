// Traces, saves, loads and runs a model of more than 2 GiB of weights, on both engines, and has the command line inspect and verify the file.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Tensor as Handle } from "../../src/eager/tensor.ts";
import { allclose, load, nn, randint, randn, type Tensor, trace } from "../../src/index.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { forgetPeak, resident } from "./child.ts";

/** Cheap seeded weights: a block of normal numbers again and again, of an odd length so that no two rows are the same. */
const block = randn([65_537], { seed: 1 }).mul(0.02).data as Float32Array;
function weight(shape: readonly number[]): Tensor {
  const data = new Float32Array(shape.reduce((a, b) => a * b));
  for (let at = 0; at < data.length; at += block.length) data.set(block.subarray(0, data.length - at), at);
  return Handle.fromStorage(Storage.of("float32", data, shape));
}

/** One table of 2.3 GiB, of which a sentence's rows are averaged. */
class Table extends nn.Module {
  readonly embedding = nn.withoutInit(() => new nn.Embedding(300_000, 2048));
  readonly head = nn.seeded(2, () => new nn.Linear(2048, 100));
  constructor() {
    super();
    this.embedding.registerParameter("weight", weight([300_000, 2048]));
  }
  forward(tokens: Tensor): Tensor {
    return this.head.forward(this.embedding.forward(tokens).mean(1));
  }
}

/** Nine matrices of 256 MiB. */
function layers(): nn.Sequential {
  const width = 8192;
  return new nn.Sequential(
    ...Array.from({ length: 9 }, () => {
      const linear = nn.withoutInit(() => new nn.Linear(width, width));
      linear.registerParameter("weight", weight([width, width]));
      return [linear, new nn.ReLU()];
    }).flat(),
  );
}

const cases = {
  table: () => ({ model: new Table().eval(), x: randint(0, 300_000, [1, 16], { seed: 3 }) }),
  layers: () => ({ model: layers().eval(), x: randn([1, 8192], { seed: 3 }) }),
};

const name = process.argv[2] as keyof typeof cases;
const { model, x } = cases[name]();
const weights = [...model.stateDict().values()].reduce((n, t) => n + t.storage.byteSize, 0);
const folder = mkdtempSync(join(tmpdir(), "ingot-bench-"));
const failed: string[] = [];
const note = (what: string, good: boolean) => {
  console.error(`    ${name}: ${what} ${good ? "agrees" : "FAILS"}`);
  if (!good) failed.push(what);
};
try {
  const path = join(folder, "large.onnx");
  const expected = model.forward(x);
  const agrees = (y: unknown) => y instanceof Handle && allclose(y, expected, { rtol: 1e-4, atol: 1e-5 });
  forgetPeak();
  const traced = await trace(model, x);
  note(`the traced model on ${traced.engine}`, agrees(await traced.run(x)));
  await traced.save(path);
  await traced.close();
  const data = statSync(`${path}.data`).size;
  note("the size of the data file", data >= 2 ** 31 && statSync(path).size < 2 ** 20);
  for (const engine of ["interpreter", "onnxruntime"] as const) {
    const loaded = await load(path, { engine });
    note(`the file on ${engine}`, agrees(await loaded.run(x)));
    await loaded.close();
  }
  const peak = resident("VmHWM");
  const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  for (const command of ["inspect", "verify"])
    note(`ingot ${command}`, spawnSync(process.execPath, ["--import", "tsx", cli, command, path], { stdio: "ignore" }).status === 0);
  console.log(JSON.stringify({ weights, data, peak, failed }));
} finally {
  rmSync(folder, { recursive: true });
}
