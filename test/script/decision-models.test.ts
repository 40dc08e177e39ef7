// Models that decide, search and count as people write them: detectors, early exits, numerical methods.
import { cat, nn, ones, stack, type Tensor, tensor, zeros } from "../../src/index.ts";
import { staged } from "./eager-agreement.ts";

const matrix = { x: "float32[m=3, 4]" };
const counted = { ...matrix, n: "int64[]" };

function overlap(a: Tensor, b: Tensor): Tensor {
  const topLeft = a.narrow(0, 0, 2).maximum(b.narrow(0, 0, 2));
  const bottomRight = a.narrow(0, 2, 2).minimum(b.narrow(0, 2, 2));
  const sides = bottomRight.sub(topLeft).clamp(0);
  const inter = sides.select(0, 0).mul(sides.select(0, 1));
  const area = (t: Tensor) =>
    t
      .select(0, 2)
      .sub(t.select(0, 0))
      .mul(t.select(0, 3).sub(t.select(0, 1)));
  return inter.div(area(a).add(area(b)).sub(inter).add(1e-6));
}

describe("script() compiles models that decide", () => {
  it("which boxes stay, with a list of those kept and a loop over it that breaks", async () => {
    const forward = (boxes: Tensor, scores: Tensor) => {
      const order = scores.argsort(0, true);
      const kept: number[] = [];
      for (let i = 0; i < order.size(0); i++) {
        const candidate = order.select(0, i).item();
        let keep = true;
        for (const k of kept) {
          if (overlap(boxes.select(0, candidate), boxes.select(0, k)).item() > 0.3) {
            keep = false;
            break;
          }
        }
        if (keep) kept.push(candidate);
      }
      return tensor(kept.length).add(kept[0] ?? 0);
    };
    await staged(forward, { boxes: "float32[m=5, 4]", scores: "float32[m]" });
  });

  it("which detections are good enough, three at most, or none", async () => {
    const forward = (boxes: Tensor, logits: Tensor) => {
      const probabilities = logits.softmax(1);
      const out: Tensor[] = [];
      let count = 0;
      for (let i = 0; i < boxes.size(0); i++) {
        const row = probabilities.select(0, i);
        const label = row.argmax(0).item();
        const score = row.select(0, label).item();
        if (label === 2 || score < 0.4) continue;
        out.push(cat([boxes.select(0, i), tensor([label, score])]));
        count++;
        if (count >= 3) break;
      }
      return count === 0 ? zeros([1, 6]).sub(1) : stack(out);
    };
    await staged(forward, { boxes: "float32[m=5, 4]", logits: "float32[m, 3]" });
  });

  it("when to leave a network, by the confidence of each exit", async () => {
    class Exits extends nn.Module {
      readonly blocks = new nn.ModuleList([0, 1, 2].map(() => new nn.Linear(4, 4)));
      readonly heads = new nn.ModuleList([0, 1, 2].map(() => new nn.Linear(4, 3)));
      forward(x: Tensor) {
        let used = 0;
        let logits = zeros([x.size(0), 3]);
        for (const [i, block] of [...this.blocks].entries()) {
          x = block.forward(x).relu().add(x) as Tensor;
          logits = [...this.heads][i]?.forward(x) as Tensor;
          used = i + 1;
          if (logits.softmax(1).amax().item() > 0.7) break;
        }
        return { logits, used: tensor(used) };
      }
    }
    await staged(
      nn.seeded(1, () => new Exits()),
      matrix,
    );
  });

  it("at each node of a tree of known depth", async () => {
    class Tree extends nn.Module {
      readonly gate = new nn.Linear(4, 1);
      readonly leaf = new nn.Linear(4, 2);
      walk(x: Tensor, depth: number): Tensor {
        if (depth === 0) return this.leaf.forward(x);
        const right = this.gate.forward(x).sum().item() > 0;
        return right ? this.walk(x.mul(0.5), depth - 1) : this.walk(x.add(1), depth - 1).neg();
      }
      forward(x: Tensor) {
        return this.walk(x, 3);
      }
    }
    await staged(
      nn.seeded(2, () => new Tree()),
      matrix,
    );
  });

  it("by callbacks that were made in a loop", async () => {
    const forward = (x: Tensor) => {
      const steps: (() => Tensor)[] = [];
      for (let i = 0; i < 3; i++) steps.push(() => x.mul(i + 1));
      let y = x;
      for (const step of steps) if (y.sum().item() < 3) y = y.add(step());
      return y;
    };
    await staged(forward, matrix);
  });

  it("by some, every and filter over numbers that depend on tensors", async () => {
    const forward = (x: Tensor) => {
      const rows = [x.sum().item(), x.amax().item(), x.amin().item()];
      const doubled = rows.filter((_, i) => i > 0).map((r) => r * 2) as [number, number];
      const factor = rows.every((r) => r > -1) ? 2 : 1;
      return x
        .add(rows.some((r) => r > 1) ? 1 : 0)
        .mul(factor)
        .add(doubled[0] + doubled[1]);
    };
    await staged(forward, matrix);
  });
});

describe("script() compiles numerical methods", () => {
  it("that warp time along the cheapest path of a table", async () => {
    const forward = (x: Tensor) => {
      const cost = Array.from({ length: 4 }, () => Array<number>(4).fill(Number.POSITIVE_INFINITY));
      const at = (i: number, j: number) => cost[i]?.[j] as number;
      (cost[0] as number[])[0] = 0;
      for (let i = 1; i <= 3; i++)
        for (let j = 1; j <= 3; j++) {
          const here = Math.abs(
            x
              .select(1, i - 1)
              .sum()
              .item() - x.select(1, j).sum().item(),
          );
          (cost[i] as number[])[j] = here + Math.min(at(i - 1, j), at(i, j - 1), at(i - 1, j - 1));
        }
      return x.relu().add(at(3, 3) > 2 ? at(3, 3) : -1);
    };
    await staged(forward, matrix);
  });

  it("that sort a few numbers in place", async () => {
    const forward = (x: Tensor) => {
      const a = [0, 1, 2].map((k) => x.select(1, k).sum().item());
      for (let i = 0; i < 3; i++)
        for (let j = 0; j + 1 < 3 - i; j++)
          if ((a[j] as number) > (a[j + 1] as number)) [a[j], a[j + 1]] = [a[j + 1] as number, a[j] as number];
      return tensor(a);
    };
    await staged(forward, matrix, { paths: 3 });
  });

  it("that search in nested loops and return what they found as a record", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const find = (y: Tensor) => {
        for (let i = 0; i < n.item(); i++) {
          for (const k of [1, 2, 3]) if (y.sum().item() * k > i * 2 + 1) return { at: i, k };
          y = y.add(0.5);
        }
        return { at: -1, k: 0 };
      };
      const { at, k } = find(x);
      return [tensor([at, k]), at < 0 ? x : x.mul(k)];
    };
    await staged(forward, counted, { paths: 3 });
  });

  it("that halve an interval", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const { values } = x.flatten().sort(0);
      let [low, high] = [0, x.size(0) * 4];
      const wanted = n.item() / 4;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (values.select(0, middle).item() < wanted) low = middle + 1;
        else high = middle;
      }
      return tensor(low);
    };
    await staged(forward, counted);
  });

  it("on whole numbers that double, halve and triple", async () => {
    const forward = (n: Tensor) => {
      let [k, steps] = [Math.abs(n.item()) + 1, 0];
      while (k !== 1) {
        k = k % 2 === 0 ? k / 2 : 3 * k + 1;
        steps++;
        if (steps > 100) break;
      }
      return tensor([k, steps]);
    };
    await staged(forward, { n: "int64[]" });
  });

  it("that iterate until a change is small", async () => {
    const forward = (x: Tensor) => {
      const a = x.transpose(0, 1).matmul(x).add(0.1);
      let v = ones([4]).div(2);
      let [before, norm, turns] = [0, 0, 0];
      do {
        before = norm;
        const w = a.matmul(v);
        norm = w.mul(w).sum().sqrt().item();
        v = w.div(norm);
        turns++;
      } while (Math.abs(norm - before) > 1e-3 && turns < 20);
      return [v.mul(v), tensor(turns)];
    };
    await staged(forward, matrix);
  });

  it("that count by comparing, and sum up in an object of a class", async () => {
    class Mean {
      sum: Tensor;
      n = 0;
      constructor(x: Tensor) {
        this.sum = x.mul(0);
      }
      push(x: Tensor): this {
        this.sum = this.sum.add(x);
        this.n++;
        return this;
      }
      get value(): Tensor {
        return this.sum.div(this.n);
      }
    }
    const forward = (x: Tensor, n: Tensor) => {
      const counts = [0, 0, 0] as [number, number, number];
      const mean = new Mean(x);
      for (let i = 0; i < x.size(0); i++) {
        const most = x.select(0, i).argmax(0).item();
        for (let k = 0; k < 3; k++) if (k === most) counts[k] = (counts[k] as number) + 1;
      }
      for (let i = 0; i < n.item(); i++) mean.push(x.mul(i));
      return [tensor(counts), mean.n > 0 ? mean.value : x];
    };
    await staged(forward, counted);
  });

  it("with powers, shifts and bits of whole numbers", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const k = n.item();
      const a = k ** 2 - (k << 1) + (k & 3) + (k ^ 5) + Math.hypot(3, 4);
      const b = k > 3 ? k / 2 : k > 1 ? k * 1.5 : -k;
      return x.mul(a).add(b);
    };
    await staged(forward, counted);
  });
});
