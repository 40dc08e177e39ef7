// Lists that are replaced by longer ones, and read from their end.
import { cat, script, stack, type Tensor, tensor } from "../../src/index.ts";
import { failsWith } from "../support/trace-errors.ts";
import { staged } from "./eager-agreement.ts";
import { assertAt, markedPlace } from "./refusals.ts";

const matrix = { x: "float32[m=3, 4]" };
const counted = { ...matrix, n: "int64[]" };

describe("script() keeps lists that a loop replaces by longer ones", () => {
  it("at their end, at their front, and joined with others", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let list: Tensor[] = [];
      let other = [x];
      for (let i = 0; i < n.item(); i++) {
        list = [...list, x.add(i)];
        if (i % 2 === 0) other = [x.sub(i), ...other, x.mul(i)];
        else other = other.concat([x], x.neg());
      }
      const copy = other.slice();
      copy.push(x);
      return [list.length > 0 ? stack(list) : x.unsqueeze(0), cat([x, ...copy]), tensor([list.length, other.length])];
    };
    await staged(forward, counted);
  });

  it("in the fields of a record that is replaced too", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let state = { h: x, all: [x.neg()], lengths: [0.5] };
      for (let i = 0; i < n.item(); i++) state = { h: state.h.div(2), all: [...state.all, state.h], lengths: [...state.lengths, i] };
      let sum = 0;
      for (const length of state.lengths) sum += length;
      return [stack(state.all), state.h.add(sum)];
    };
    await staged(forward, counted);
  });

  it("while other names keep the shorter ones", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const base: number[] = [];
      for (let i = 0; i < n.item(); i++) base.push(i / 2);
      let longer = base;
      let best: number[] = [];
      for (let i = 0; i < x.size(0); i++) {
        longer = [...longer, x.select(0, i).sum().item()];
        if (i % 2 === 0) best = longer;
      }
      return [tensor([base.length, longer.length, best.length]), x.add(best.length > 0 ? (best.at(-1) as number) : 1)];
    };
    await staged(forward, counted);
  });

  it("of whole numbers that meet a fraction, in a loop, behind it and in a branch", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const halves: number[] = [];
      const counts: number[] = [];
      let total = 0;
      const totals: number[] = [];
      for (let i = 0; i < n.item(); i++) {
        halves.push(i / 2);
        counts.push(i);
        totals.push(total);
        total += x.sum().item();
      }
      counts.push(0.5);
      let chosen = [n.item(), 1];
      if (total > 0) chosen = [...counts, 2];
      let sum = 0;
      for (const list of [halves, counts, totals, chosen]) for (const v of list) sum += v;
      return x.add(sum);
    };
    await staged(forward, counted);
  });

  it("in one branch of a condition", async () => {
    const forward = (x: Tensor) => {
      let list = [x];
      if (x.sum().item() > 0) list = [...list, x.mul(2)];
      return stack(list).sum(0);
    };
    await staged(forward, matrix);
  });
});

describe("script() reads lists", () => {
  it("from their end", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const list = [x, x.neg()];
      for (let i = 0; i < n.item(); i++) list.push((list.at(-1) as Tensor).div(2).add(list.at(-2) as Tensor));
      return [list.at(-1) as Tensor, list.at(0) as Tensor, [x, x.mul(2), x.mul(3)].at(-1 - (n.item() % 3)) as Tensor];
    };
    await staged(forward, counted);
  });

  it("but not past it, where JavaScript goes on with undefined", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const list = [x];
      for (let i = 0; i < n.item(); i++) list.push(x.add(i));
      return list[3] ?? x.neg(); // HERE: past the end, at list[3]
    };
    const error = await failsWith(() => script(forward, { inputs: counted }), "PastListEnd", /position 3/);
    assertAt(error, import.meta.url, markedPlace(import.meta.url, "past the end"));
  });
});
