// How compiling from source grows with the model: a thousand residual blocks.
import { nn, script, type Tensor, trace } from "../../src/index.ts";
import type { Measured } from "../figure.ts";
import { median, range } from "../figure.ts";

const count = 1000;

class Block extends nn.Module {
  readonly up = new nn.Linear(8, 8);
  readonly down = new nn.Linear(8, 8);

  forward(x: Tensor): Tensor {
    return x.add(this.down.forward(this.up.forward(x).relu()));
  }
}

class Tower extends nn.Module {
  static readonly inputs = "float32[batch=2, 8]";
  readonly blocks = new nn.ModuleList(Array.from({ length: count }, () => new Block()));

  forward(x: Tensor): Tensor {
    let y = x;
    for (const block of this.blocks) y = block.forward(y);
    return y;
  }
}

export async function* blocks(progress: (what: string) => void): AsyncIterable<Measured> {
  const tower = nn.seeded(0, () => new Tower()).eval();
  const [scripted, recorded]: [number[], number[]] = [[], []];
  for (let i = 0; i < 5; i++) {
    progress(`${i + 1} of 5`);
    scripted.push(await seconds(() => script(tower, { engine: "interpreter" })));
    recorded.push(await seconds(() => trace(tower, undefined, { engine: "interpreter" })));
  }
  const name = `script() of ${count} residual blocks: reading, optimising, checking`;
  yield { name, value: median(scripted), unit: "s", bar: "≤ 2", spread: range(scripted, 2) };
  yield { name: "trace() of the same", value: median(recorded), unit: "s", bar: "", spread: range(recorded, 2) };
}

/** Processor time, so that other programs on the machine do not count. */
async function seconds(compile: () => Promise<{ close(): Promise<void> }>): Promise<number> {
  const since = process.cpuUsage();
  await (await compile()).close();
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}
