// Numbers that depend on tensors compute in the graph what JavaScript computes; what does not depend on tensors is JavaScript.
import { nn, stack, type Tensor, tensor, zeros } from "../../src/index.ts";
import { executed, staged } from "./eager-agreement.ts";

const matrix = { x: "float32[batch=2, 4]" };
const counted = { ...matrix, n: "int64[]" };

describe("script() computes with numbers that depend on tensors", () => {
  it("as JavaScript does: floor, halves, remainders, powers", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const k = n.item();
      if (k % 2 === 1) return x.mul(Math.floor(k / 2)).add((k - 5) % 3);
      return x
        .mul(Math.max(k, 3) - Math.min(1, k))
        .add(Math.abs(2 - k) ** 2)
        .sub(Math.sqrt(k) + Math.round(k / 4));
    };
    await staged(forward, counted);
  });

  it("where a boolean's item is 1 or 0, also in && and || of a condition", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const any = x.gt(1).any().item();
      if (any === 1 && n.item()) return x.mul(any + 1);
      return any && !(n.item() || x.gt(0).all().item()) ? x.neg() : x.add(any);
    };
    await staged(forward, counted, { paths: 3, rounds: 40 });
  });

  it("in sizes and shapes", async () => {
    const forward = (x: Tensor) => {
      const [rows = 0, columns = 0] = x.shape;
      const y = x.reshape([rows * columns]).reshape([columns, rows]);
      return y.add(zeros([columns, rows])).div(rows + 1);
    };
    await executed(forward, matrix);
  });
});

describe("script() executes what JavaScript offers for known values", () => {
  it("getters, setters, computed keys, spread, optional chaining and logical assignment", async () => {
    const forward = (x: Tensor) => {
      const key = "scale";
      const box = {
        inner: 2,
        [`${key}d`]: 3,
        get twice() {
          return this.inner * 2;
        },
        set twice(v: number) {
          this.inner = v / 2;
        },
      };
      box.twice = 10;
      const copy: { inner: number; scaled?: number; extra?: { deep?: number }; missing?: number } = { ...box, inner: box.inner + 1 };
      copy.missing ??= 4;
      copy.missing &&= copy.missing + 1;
      copy.extra?.deep?.toFixed();
      const { inner, ...others } = copy;
      return x.mul(inner + (others.scaled ?? 0)).add(box.twice + (copy.missing as number) + ("extra" in copy ? 1 : 0));
    };
    await executed(forward, matrix);
  });

  it("destructuring with holes, defaults, swaps and nested patterns", async () => {
    const forward = (x: Tensor) => {
      const [, second = 5, , ...rest] = [1, undefined, 3, 4, 5];
      const { a: { b = 2, ...c } = { b: undefined, d: 4 }, ...others } = { e: 6 } as { a?: { b?: number; d?: number }; e: number };
      let [p, q] = [second, b];
      [p, q] = [q, p];
      return x.mul(p - q).add(rest.length + (c.d ?? 0) + others.e);
    };
    await executed(forward, matrix);
  });

  it("the methods of arrays, records, Maps and strings", async () => {
    const forward = (x: Tensor) => {
      const sizes = [3, 1, 2].sort((a, b) => a - b).concat([4]);
      const odd = sizes.filter((v) => v % 2 === 1).map((v, i) => v * i);
      const found = sizes.find((v) => v > 2) ?? 0;
      const byName = new Map(sizes.map((v) => [`k${v}`, v]));
      const words = "a,b,,c".split(",").flatMap((w) => (w ? [w.toUpperCase()] : []));
      const total = Object.values(Object.fromEntries(byName)).reduce((a, b) => a + b, 0);
      const list = Array.from({ length: 3 }, (_, i) => x.add(i));
      return stack(list.slice(1).reverse())
        .sum([0])
        .mul(total + found + odd.length)
        .add(words.indexOf("C") + (byName.get("k2") ?? 0));
    };
    await executed(forward, matrix);
  });

  it("classes with fields, accessors, static blocks and inheritance from a plain class", async () => {
    class Schedule {
      static readonly steps: number[] = [];
      static {
        for (let i = 0; i < 3; i++) Schedule.steps.push(i * i);
      }
      readonly #base: number;
      offset = 1;
      constructor(base: number) {
        this.#base = base;
      }
      at(i: number) {
        return this.#base + (Schedule.steps[i] ?? 0) + this.offset;
      }
    }
    class Doubled extends Schedule {
      override offset = 2;
      override at(i: number) {
        return super.at(i) * 2;
      }
    }
    const forward = (x: Tensor) => {
      const schedule = new Doubled(3);
      const plain = new Schedule(1);
      return x
        .mul(schedule.at(2))
        .add(plain.at(1))
        .mul(schedule instanceof Schedule ? 1 : 0);
    };
    await executed(forward, matrix);
  });

  it("closures that count, over values that were captured", async () => {
    const weights = [tensor([1, 2, 3, 4]), tensor([2, 2, 2, 2])];
    const counter = (start: number) => {
      let count = start;
      return { next: () => count++, peek: () => count };
    };
    const forward = (x: Tensor) => {
      const c = counter(1);
      for (const w of weights) x = x.mul(w).add(c.next());
      return x.mul(c.peek());
    };
    await executed(forward, matrix);
  });

  it("a model that calls a compiled one", async () => {
    class Inner extends nn.Module {
      readonly layer = new nn.Linear(4, 4);
      forward(x: Tensor) {
        return x.sum().item() > 0 ? this.layer.forward(x) : x;
      }
    }
    const inner = new Inner();
    await staged((x: Tensor) => inner.forward(inner.forward(x).neg()), matrix);
  });
});
