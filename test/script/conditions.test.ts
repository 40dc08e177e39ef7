// Conditions that depend on tensors become If nodes: whatever the branches write is joined, cell by cell.
import assert from "node:assert/strict";
import { nn, stack, type Tensor, tensor } from "../../src/index.ts";
import { controlNodes, executed, staged } from "./eager-agreement.ts";

const matrix = { x: "float32[batch=2, 4]" };
const counted = { ...matrix, n: "int64[]" };

describe("script() keeps conditions that depend on tensors", () => {
  it("in a chain of early returns", async () => {
    const forward = (x: Tensor) => {
      const s = x.sum().item();
      if (s > 2) return x.mul(2);
      if (s < -2) return x.neg();
      return x.add(1);
    };
    await staged(forward, matrix, { paths: 3 });
  });

  it("as one If for each early return", async () => {
    const band = (x: Tensor, s: number) => {
      if (!(s > 2)) {
        if (s < -2) return x.neg();
      } else return x.mul(2);
      return x.add(1);
    };
    const forward = (x: Tensor) => {
      const s = x.sum().item();
      const y = band(x, s);
      if (s > 4) return y;
      return y.add(x.amax()).relu();
    };
    const compiled = await staged(forward, matrix, { paths: 4 });
    assert.deepEqual(controlNodes(compiled), ["If", "If", "If"], String(compiled.graph));
  });

  it("and joins a whole number with a fraction", async () => {
    const forward = (x: Tensor) => {
      const factor = x.sum().item() > 0 ? 1 : 0.5;
      return x.mul(factor);
    };
    await staged(forward, matrix);
  });

  it("and leaves a variable alone that one side assigns and nobody reads", async () => {
    const forward = (x: Tensor) => {
      let extra: Tensor | undefined;
      if (x.sum().item() > 0) {
        extra = x.mul(2);
        x = extra.add(1);
      }
      return x;
    };
    await staged(forward, matrix);
  });

  it("on the left of && and ||, with an effect on the right", async () => {
    const forward = (x: Tensor) => {
      let y = x;
      let calls = 0;
      const double = () => {
        y = y.mul(2);
        calls++;
        return true;
      };
      const s = x.sum().item();
      const both = s > 0 && double();
      const either = s > -2 || double();
      return both && either ? y.add(calls) : y.sub(calls);
    };
    await staged(forward, matrix, { paths: 3 });
  });

  it("on the left of && and in ?: whose value nobody asks for", async () => {
    const forward = (x: Tensor) => {
      let y = x;
      const s = x.sum().item();
      const set = (z: Tensor) => {
        y = z;
      };
      s > 1 && set(y.mul(2));
      s > 0 ? set(y.add(1)) : s < -1 && set(y.neg());
      return y;
    };
    await staged(forward, matrix, { paths: 3 });
  });

  it("where a closure writes a variable of the function around it", async () => {
    const forward = (x: Tensor) => {
      let sum = x;
      const add = (y: Tensor) => {
        sum = sum.add(y);
      };
      if (x.sum().item() > 0) add(x.mul(3));
      add(x);
      return sum;
    };
    await staged(forward, matrix);
  });

  it("where an object is written under another name", async () => {
    const forward = (x: Tensor) => {
      const a = { v: x };
      const b = a;
      if (x.sum().item() > 0) b.v = x.mul(2);
      return a.v;
    };
    await staged(forward, matrix);
  });

  it("where both sides make a record, read under another name", async () => {
    const forward = (x: Tensor) => {
      let state = { v: x, k: 1, inner: [x.neg()] };
      if (x.sum().item() > 0) state = { v: x.mul(2), k: 3, inner: [x] };
      const again = state;
      return again.v.mul(again.k).add(again.inner[0] as Tensor);
    };
    await staged(forward, matrix);
  });

  it("where one side pushes to a list", async () => {
    const forward = (x: Tensor) => {
      const outs = [x];
      if (x.sum().item() > 0) outs.push(x.mul(2));
      return stack(outs).sum([0]).mul(outs.length);
    };
    await staged(forward, matrix);
  });

  it("that choose among experts by number", async () => {
    class Mixture extends nn.Module {
      static inputs = counted;
      readonly experts = new nn.ModuleList(Array.from({ length: 3 }, () => new nn.Linear(4, 4)));
      forward(x: Tensor, n: Tensor) {
        const k = n.item();
        let y = x;
        for (let i = 0; i < this.experts.length; i++) if (k === i) y = this.experts.at(i).forward(x);
        return y;
      }
    }
    await staged(new Mixture(), undefined, { paths: 4 });
  });

  it("and throws when the graph runs, where a branch throws", async () => {
    const forward = (x: Tensor) => {
      if (x.sum().item() > 1) throw new RangeError("the sum is too large");
      return x.mul(2);
    };
    await staged(forward, matrix);
  });

  it("and throws when the graph runs, where a function that a branch calls throws", async () => {
    const check = (limit: number, s: number) => {
      if (s > limit) throw new Error(`over the limit of ${limit}`);
      return s;
    };
    const forward = (x: Tensor) => {
      const s = x.sum().item();
      if (s < 0) return x.neg();
      return x.div(check(2, s) + 1);
    };
    await staged(forward, matrix, { paths: 3 });
  });

  it("where typeof asks for the kind of a number", async () => {
    const forward = (x: Tensor) => {
      const s: number | string = x.sum().item();
      if (typeof s !== "number") return x.neg();
      return s > 0 ? x.mul(s) : x;
    };
    await staged(forward, matrix);
  });

  it("around a callback of forEach", async () => {
    const forward = (x: Tensor) => {
      let y = x;
      if (x.sum().item() > 0)
        [1, 2, 3].forEach((k) => {
          y = y.add(k);
        });
      return y;
    };
    await staged(forward, matrix);
  });

  it("on a whole number, which counts as true unless it is 0", async () => {
    await staged((x: Tensor, n: Tensor) => (n.item() ? x.mul(2) : x.neg()), counted);
    await staged((x: Tensor, n: Tensor) => (!n.item() ? x.mul(2) : x.neg()), counted);
    await staged((x: Tensor) => (x.gt(1).any().item() ? x.mul(2) : x.neg()), matrix);
  });

  it("made of several comparisons", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const k = n.item();
      const s = x.sum().item();
      if ((k > 2 && s > 0) || k === 0) return x.mul(k);
      return !(s !== 0 && k < 5) ? x.neg() : x.add(s);
    };
    await staged(forward, counted, { paths: 3 });
  });

  it("on a size that the specification names", async () => {
    await staged((x: Tensor) => ((x.shape[0] as number) > 2 ? x.sum([0]) : x.mean([0])), matrix);
  });

  it("in else-if chains with several variables, some written on one side only", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let [scale, y] = [1, x];
      const k = n.item();
      if (k === 0) scale = 0.5;
      else if (k < 3) {
        y = x.neg();
        scale += k;
      } else y = y.add(k);
      return y.mul(scale);
    };
    await staged(forward, counted, { paths: 3 });
  });

  it("where both branches change dimensions of one rank", async () => {
    const forward = (x: Tensor) => (x.sum().item() > 0 ? x.slice(1, 0, 2) : x.repeat([1, 2]));
    await staged(forward, matrix);
  });
});

describe("script() executes conditions that it knows", () => {
  it("on a flag of the module", async () => {
    class Flagged extends nn.Module {
      readonly negate: boolean;
      constructor(negate: boolean) {
        super();
        this.negate = negate;
      }
      forward(x: Tensor) {
        if (this.negate) return x.neg();
        return x.relu();
      }
    }
    await executed(new Flagged(true), matrix);
    await executed(new Flagged(false), matrix);
  });

  it("on the training flag, which is off unless it is asked for", async () => {
    class Noisy extends nn.Module {
      readonly drop = new nn.Dropout(0.5, { seed: 1 });
      forward(x: Tensor) {
        return this.training ? this.drop.forward(x).mul(2) : this.drop.forward(x);
      }
    }
    await executed(new Noisy().eval(), matrix);
  });

  it("on a switch over a field, with its fall-through", async () => {
    class Switched extends nn.Module {
      readonly kind: string;
      constructor(kind: string) {
        super();
        this.kind = kind;
      }
      forward(x: Tensor) {
        let y = x;
        switch (this.kind) {
          // @ts-expect-error the fall-through is what is tested
          // biome-ignore lint/suspicious/noFallthroughSwitchClause: the fall-through is what is tested
          case "double":
            y = y.mul(2);
          case "add":
            y = y.add(1);
            break;
          case "neg":
            return y.neg();
          default:
            y = y.abs();
        }
        return y.sub(3);
      }
    }
    for (const kind of ["double", "add", "neg", "other"]) await executed(new Switched(kind), matrix);
  });

  it("on null, undefined and defaults", async () => {
    class Optional extends nn.Module {
      readonly bias: Tensor | null;
      readonly options: { scale?: number | undefined } | undefined;
      constructor(bias: Tensor | null, options?: { scale?: number }) {
        super();
        this.bias = bias;
        this.options = options;
      }
      forward(x: Tensor) {
        const scale = this.options?.scale ?? 2;
        const y = x.mul(scale);
        return this.bias === null ? y : y.add(this.bias ?? x);
      }
    }
    await executed(new Optional(null), matrix);
    await executed(new Optional(tensor([1, 2, 3, 4]), { scale: 0 }), matrix);
  });
});
