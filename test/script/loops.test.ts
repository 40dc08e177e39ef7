// Loops whose bound or exit depends on a tensor become Loop nodes: what the body writes is carried, whoever writes it.
import { cat, nn, stack, type Tensor, tensor, zeros } from "../../src/index.ts";
import { faithful, staged } from "./eager-agreement.ts";

const matrix = { x: "float32[batch=2, 4]" };
const counted = { ...matrix, n: "int64[]" };

describe("script() keeps loops over sequences", () => {
  it("of an LSTM cell, one step at a time, with its outputs in a list", async () => {
    class Cell extends nn.Module {
      static inputs = { x: "float32[length=3, batch=2, 4]" };
      readonly input = new nn.Linear(4, 12);
      readonly hidden = new nn.Linear(3, 12);
      step(x: Tensor, [h, c]: [Tensor, Tensor]): [Tensor, Tensor] {
        const [i, f, g, o] = this.input.forward(x).add(this.hidden.forward(h)).chunk(4, 1) as [Tensor, Tensor, Tensor, Tensor];
        const cell = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
        return [o.sigmoid().mul(cell.tanh()), cell];
      }
      forward(x: Tensor) {
        const outs: Tensor[] = [];
        const zero = zeros([x.shape[1] as number, 3]);
        let state: [Tensor, Tensor] = [zero, zero];
        for (let t = 0; t < (x.shape[0] as number); t++) {
          state = this.step(x.select(0, t), state);
          outs.push(state[0]);
        }
        return { outputs: stack(outs), last: state[1] };
      }
    }
    await staged(new Cell());
  });

  it("with a delay line longer than any, whose values one after the other become fractions and change their size", async () => {
    const forward = (x: Tensor) => {
      let [a, b, c, d, e, f, g, h, i, j] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
      const line = Array.from({ length: 10 }, () => x);
      for (let t = 0; t < x.size(0); t++) {
        [b, c, d, e, f, g, h, i, j, a] = [a, b, c, d, e, f, g, h, i, x.select(0, t).sum().item()];
        for (let k = 9; k > 0; k--) line[k] = line[k - 1] as Tensor;
        line[0] = cat([line[0] as Tensor, x.narrow(0, t, 1)]);
      }
      return [(line[9] as Tensor).sum(0).add(j), (line[0] as Tensor).mul(a - b)];
    };
    await staged(forward, matrix);
  });

  it("with a record as state, whose properties are written", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const state = { h: x, steps: 0 };
      for (let i = 0; i < n.item(); i++) {
        state.h = state.h.mul(0.5).add(i);
        state.steps += 2;
      }
      return state.h.add(state.steps);
    };
    await staged(forward, counted);
  });

  it("of greedy decoding that breaks at the end token", async () => {
    class Decoder extends nn.Module {
      static inputs = { start: "int64[]", limit: "int64[]" };
      readonly embed = new nn.Embedding(6, 4);
      readonly head = new nn.Linear(4, 6);
      readonly end = 5;
      forward(start: Tensor, limit: Tensor) {
        let token = start;
        const tokens = [token];
        for (let i = 0; i < limit.item(); i++) {
          token = this.head.forward(this.embed.forward(token).add(i).sin()).argmax(-1);
          tokens.push(token);
          if (token.item() === this.end) break;
        }
        return stack(tokens);
      }
    }
    const draw = { start: (dice: { int(a: number, b: number): number }) => tensor(dice.int(0, 5), { dtype: "int64" }) };
    await staged(new Decoder(), undefined, { draw });
  });

  it("of greedy decoding with a fixed length, which is unrolled into conditions", async () => {
    class Decoder extends nn.Module {
      static inputs = { start: "int64[]" };
      readonly embed = new nn.Embedding(6, 4);
      readonly head = new nn.Linear(4, 6);
      forward(start: Tensor) {
        let token = start;
        let steps = 0;
        for (let i = 0; i < 4; i++) {
          if (token.item() % 3 === 0) break;
          token = this.head.forward(this.embed.forward(token).add(i)).argmax(-1);
          steps++;
        }
        return token.add(steps);
      }
    }
    const draw = { start: (dice: { int(a: number, b: number): number }) => tensor(dice.int(0, 5), { dtype: "int64" }) };
    await staged(new Decoder(), undefined, { draw });
  });

  it("where a tensor grows, so that a dimension becomes dynamic", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let all = x;
      for (let i = 0; i < n.item(); i++) all = cat([all, x.add(i)], 0);
      return all;
    };
    await staged(forward, counted);
  });

  it("where both sides of a condition push", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const outs: Tensor[] = [];
      for (let i = 0; i < n.item(); i++) {
        if (i % 2 === 0) outs.push(x.mul(i));
        else outs.push(x.neg());
      }
      outs.push(x);
      return stack(outs);
    };
    await staged(forward, counted);
  });

  it("where a list is asked for an element by number", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const choices = [x, x.mul(2), x.neg()];
      return choices[n.item() % 3] as Tensor;
    };
    await faithful(forward, counted);
  });

  it("over a list that grew in one before", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const outs = [x];
      for (let i = 0; i < n.item(); i++) outs.push(x.add(i));
      let sum = x;
      for (const out of outs) sum = out.sub(sum);
      return sum;
    };
    await staged(forward, counted);
  });

  it("over the slices of a tensor of any length", async () => {
    const forward = (x: Tensor) => {
      let sum = zeros([4]);
      for (const row of x) sum = sum.mul(0.5).add(row);
      return sum;
    };
    await staged(forward, matrix);
  });

  it("that do not turn at all for some inputs", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let y = x;
      for (let i = 0; i < n.item(); i++) y = y.mul(2);
      return y;
    };
    const draw = { n: (dice: { flip(): boolean }) => tensor(dice.flip() ? 0 : 2, { dtype: "int64" as const }) };
    await staged(forward, counted, { draw });
  });
});

describe("script() keeps while loops", () => {
  it("of Newton's method, with an increment in the condition and continue", async () => {
    const forward = (x: Tensor) => {
      const target = x.abs().add(1);
      let y = target;
      let turns = 0;
      while (++turns < 20) {
        if (turns === 2) continue;
        const next = y.add(target.div(y)).div(2);
        const change = next.sub(y).abs().amax().item();
        y = next;
        if (change < 0.01) break;
      }
      return y.add(turns);
    };
    await staged(forward, matrix);
  });

  it("that go on until they return or throw", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let k = n.item();
      let y = x;
      while (true) {
        if (k > 5) throw new Error("k is over 5");
        if (k % 3 === 0) return y.add(k);
        y = y.mul(2);
        k += 1;
      }
    };
    await staged(forward, counted, { paths: 3 });
  });

  it("that go on until they break", async () => {
    const forward = (x: Tensor) => {
      let y = x;
      while (true) {
        if (y.abs().sum().item() < 1) break;
        y = y.mul(0.5);
      }
      return y;
    };
    await staged(forward, matrix);
  });

  it("that test after the body", async () => {
    const forward = (x: Tensor) => {
      let y = x;
      let turns = 0;
      do {
        y = y.mul(0.5);
        turns++;
        if (turns === 3) continue;
        y = y.sub(0.01);
      } while (y.abs().sum().item() > 1);
      return y.add(turns);
    };
    await staged(forward, matrix);
  });
});

describe("script() keeps nested loops", () => {
  it("with break and continue in both", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const rows = n.item();
      let sum = x;
      for (let i = 0; i < rows; i++) {
        if (i === 1) continue;
        for (let j = 0; j < i; j++) {
          if (j === 2) continue;
          if (i + j > 5) break;
          sum = sum.add(i * 10 + j);
        }
        if (sum.sum().item() > 500) break;
      }
      return sum;
    };
    await staged(forward, counted, { paths: 4 });
  });

  it("that return from the inner one", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const rows = n.item();
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < rows; j++) {
          if (i * j === 6) return x.mul(i).add(j);
        }
      }
      return x.neg();
    };
    await staged(forward, counted, { paths: 3 });
  });

  it("of a condition in a loop that is unrolled", async () => {
    const forward = (x: Tensor) => {
      for (let i = 0; i < 3; i++) {
        if (x.sum().item() > i) x = x.sub(1);
        else x = x.add(0.5);
      }
      return x;
    };
    await staged(forward, matrix);
  });

  it("of a return in a loop over an array", async () => {
    const limits = [1, 2, 4];
    const forward = (x: Tensor) => {
      const s = x.sum().item();
      for (const limit of limits) if (s < limit) return x.mul(limit);
      return x.neg();
    };
    await staged(forward, matrix, { paths: 3 });
  });
});

describe("script() carries", () => {
  it("variables that are swapped", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let [a, b] = [x, x.neg()];
      for (let i = 0; i < n.item(); i++) [a, b] = [b, a.add(b)];
      return a.sub(b);
    };
    await staged(forward, counted);
  });

  it("a whole number that becomes a fraction", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let sum = 0;
      let count = 1;
      for (let i = 0; i < n.item(); i++) {
        sum += x.mean().item() * i;
        count++;
      }
      return x.add(sum / count);
    };
    await staged(forward, counted);
  });

  it("a best score that starts at -Infinity", async () => {
    const forward = (x: Tensor) => {
      let best = Number.NEGATIVE_INFINITY;
      let at = 0;
      for (let i = 0; i < (x.shape[0] as number); i++) {
        const score = x.select(0, i).sum().item();
        if (score > best) {
          best = score;
          at = i;
        }
      }
      return x.select(0, at).mul(best);
    };
    await staged(forward, matrix);
  });

  it("nothing that only a turn itself reads", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let y = x;
      let half: Tensor;
      for (let i = 0; i < n.item(); i++) {
        half = y.mul(0.5);
        y = half.add(i);
      }
      return y;
    };
    await staged(forward, counted);
  });

  it("a boolean, a list and what a closure writes", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let negate = false;
      let total = 0;
      const seen: Tensor[] = [x];
      const note = (y: Tensor) => {
        total += seen.length;
        seen.push(negate ? y.neg() : y);
        negate = !negate;
      };
      for (let i = 0; i < n.item(); i++) note(x.add(i));
      return cat(seen, 0)
        .mul(negate ? 2 : 3)
        .add(total);
    };
    await staged(forward, counted);
  });

  it("a dimension that shrinks", async () => {
    const forward = (x: Tensor) => {
      let y = x;
      while ((y.shape[0] as number) > 1) y = y.slice(0, 1);
      return y;
    };
    await staged(forward, matrix);
  });
});
