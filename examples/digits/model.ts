// A small network for handwritten digits, and the digits that it is tested on. train.py has the same network and made the files beside this one.
import { readFileSync } from "node:fs";
import { nn, readSafetensors, Tensor, tensor } from "../../src/index.ts";

/** Reads images [N, 1, 8, 8] of grey levels from 0 to 1; gives scores [N, 10]. */
export class DigitNet extends nn.Module {
  static readonly inputs = "float32[batch=2, 1, 8, 8]";
  readonly conv1 = new nn.Conv2d(1, 16, 3, { padding: 1, bias: false });
  readonly bn1 = new nn.BatchNorm2d(16);
  readonly conv2 = new nn.Conv2d(16, 32, 3, { padding: 1, bias: false });
  readonly bn2 = new nn.BatchNorm2d(32);
  readonly pool = new nn.MaxPool2d(2);
  readonly conv3 = new nn.Conv2d(32, 32, 3, { padding: 1, bias: false });
  readonly bn3 = new nn.BatchNorm2d(32);
  readonly fc = new nn.Linear(32 * 4 * 4, 10);

  forward(x: Tensor): Tensor {
    const edges = this.bn1.forward(this.conv1.forward(x)).relu();
    const strokes = this.pool.forward(this.bn2.forward(this.conv2.forward(edges)).relu());
    const shapes = this.bn3.forward(this.conv3.forward(strokes)).add(strokes).relu();
    return this.fc.forward(shapes.flatten(1));
  }
}

const here = (name: string) => new URL(name, import.meta.url);

/** The trained network, in eval mode. */
export async function trainedNet(): Promise<DigitNet> {
  const { tensors } = await readSafetensors(here("digits.safetensors").pathname);
  const net = new DigitNet();
  net.loadStateDict(new Map([...tensors].map(([name, storage]) => [name, Tensor.fromStorage(storage)])));
  return net.eval();
}

export interface TestDigits {
  /** [100, 1, 8, 8] */
  readonly images: Tensor;
  readonly labels: readonly number[];
  /** How many of them PyTorch recognised with these weights. */
  readonly right: number;
  /** PyTorch's scores of the first one. */
  readonly scores: readonly number[];
}

/** A hundred digits that the training has not seen. */
export function testDigits(): TestDigits {
  const { right, scores, digits } = JSON.parse(readFileSync(here("test-digits.json"), "utf8")) as {
    right: number;
    scores: number[];
    digits: { label: number; pixels: string }[];
  };
  // One letter per pixel: 0 to 9 and a to g for 17 grey levels.
  const levels = digits.flatMap(({ pixels }) => Array.from(pixels, (letter) => Number.parseInt(letter, 17) / 16));
  const images = tensor(Float32Array.from(levels), { shape: [digits.length, 1, 8, 8] });
  return { images, labels: digits.map(({ label }) => label), right, scores };
}

/** How many rows of scores [N, 10] are largest at their label. */
export function countRight(scores: Tensor, labels: readonly number[]): number {
  const found = scores.argmax(1).toArray() as number[];
  return found.filter((digit, i) => digit === labels[i]).length;
}
