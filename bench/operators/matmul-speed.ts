// One thread's float32 product of 512×512 matrices, beside onnxruntime-node's and beside what the core's 128-bit units can do.
import { matmul, randn } from "../../src/index.ts";
import { kernelVariant } from "../../src/kernels/scratch.ts";
import type { Measured } from "../figure.ts";
import { interleaved, median, pairedRatio, quantile } from "../figure.ts";
import { nativeSession } from "../main/native-session.ts";
import { clockGHz } from "./clock.ts";
import { withThreads } from "./with-threads.ts";

const rounds = 101;
const flop = 2 * 512 ** 3;
/** WebAssembly's vectors hold four floats; two fused multiply-adds start per cycle. */
const flopPerCycle = 8 * 2;

export async function* matmulSpeed(progress: (what: string) => void): AsyncIterable<Measured> {
  yield* withThreads(1, () => measure(progress));
}

async function* measure(progress: (what: string) => void): AsyncIterable<Measured> {
  const x = randn([512, 512], { seed: 1 });
  const product = () => matmul(x, x);
  const native = await nativeSession("matmul", 1);
  if (native) {
    progress("beside onnxruntime-node");
    const [ours = [], theirs = []] = await interleaved(rounds, product, () => native.run());
    yield {
      name: "float32 matmul 512³ on one thread, share of onnxruntime-node's speed",
      unit: "×",
      bar: "≥ 0.40",
      ...pairedRatio(theirs, ours),
    };
    await native.release();
  } else progress("onnxruntime-node is not installed");
  progress("beside the clock");
  const clocks: number[] = [];
  const [times = []] = await interleaved(rounds, product, () => clocks.push(clockGHz()));
  // Of each the fastest tenth: an interruption makes either of a pair look slow.
  const clock = quantile(clocks, 0.9);
  const share = (ms: number) => (100 * flop) / ms / 1e6 / (flopPerCycle * clock);
  yield {
    name: `float32 matmul 512³ on one thread, share of the core's 128-bit multiply-adds (${kernelVariant})`,
    value: share(quantile(times, 0.1)),
    unit: "%",
    bar: "≥ 65",
    spread: `${share(median(times)).toFixed(1)} at the median; clock ${clock.toFixed(2)} GHz`,
  };
}
