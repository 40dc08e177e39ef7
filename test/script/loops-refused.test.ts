// What a loop of the graph cannot carry or do is refused, at the line where it is read or done.
import { stack, type Tensor } from "../../src/index.ts";
import { executed } from "./eager-agreement.ts";
import { refusals } from "./refusals.ts";

const refused = refusals(import.meta.url);
const matrix = { x: "float32[batch=2, 4]" };
const counted = { ...matrix, n: "int64[]" };

describe("script() refuses to carry", () => {
  it("a best tensor that starts as null", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let best: Tensor | null = null;
      for (let i = 0; i < n.item(); i++) best = x.mul(i);
      return best === null ? x : best; // HERE: null before the loop, at best
    };
    await refused("LoopCarriedType", "null before the loop", forward, counted, /`best`/, /null/);
  });

  it("a variable whose dtype changes", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let y = x;
      for (let i = 0; i < n.item(); i++) y = y.add(1).long(); // HERE: a dtype that changes, at y.add
      return y;
    };
    await refused("LoopCarriedType", "a dtype that changes", forward, counted, /`y`/, /float32/, /int64/);
  });

  it("a variable whose number of dimensions changes", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let y = x;
      for (let i = 0; i < n.item(); i++) y = y.unsqueeze(0); // HERE: a rank that changes, at y.unsqueeze
      return y;
    };
    await refused("LoopCarriedRank", "a rank that changes", forward, counted, /`y`/);
  });

  it("a variable that only a turn assigns and that is read after the loop", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      let last!: Tensor;
      for (let i = 0; i < n.item(); i++) last = x.add(i);
      return last.mul(2); // HERE: read after the loop, at last
    };
    await refused("MaybeUndefined", "read after the loop", forward, counted, /`last` has no value when the loop on line \d+ does not run/);
  });
});

describe("script() refuses on a list that grows in a loop", () => {
  const grow = (x: Tensor, n: Tensor) => {
    const outs = [x];
    for (let i = 0; i < n.item(); i++) outs.push(x.add(i));
    return outs;
  };

  it("pop", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const outs = grow(x, n);
      outs.pop(); // HERE: a pop, at outs.pop
      return stack(outs);
    };
    await refused("SymbolicList", "a pop", forward, counted, /pop/);
  });

  it("map, and the spread of two into one", async () => {
    const map = (x: Tensor, n: Tensor) => {
      const outs = grow(x, n);
      return stack(outs.map((y) => y.neg())); // HERE: a mapped list, at outs.map
    };
    await refused("SymbolicList", "a mapped list", map, counted, /map/);
    const spread = (x: Tensor, n: Tensor) => {
      const outs = grow(x, n);
      return stack([...outs, ...outs]); // HERE: two lists, at [...outs
    };
    await refused("SymbolicList", "two lists", spread, counted, /two/);
  });
});

describe("script() refuses loops", () => {
  it("that leave an outer one by its label", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      outer: for (let i = 0; i < n.item(); i++) for (let j = 0; j < i; j++) if (j > 2) break outer; // HERE: a label, at outer
      return x;
    };
    await refused("UnsupportedSyntax", "a label", forward, counted, /label/);
  });

  it("over the keys of a record with in", async () => {
    const forward = (x: Tensor) => {
      const weights: Record<string, number> = { a: 1, b: 2 };
      for (const key in weights) x = x.mul(weights[key] as number); // HERE: for in, at for
      return x;
    };
    await refused("UnsupportedSyntax", "for in", forward, matrix, /for…in|for-in|for\.\.\.in/, /Object\.(keys|entries)/);
  });

  it("that are unrolled without end", async () => {
    const forward = (x: Tensor) => {
      let i = 0;
      while (i >= 0) i++; // HERE: an endless loop, at while
      return x;
    };
    await refused("UnrollLimit", "an endless loop", forward, matrix, /5000/);
  });

  it("that spread a tensor of any length", async () => {
    const forward = (x: Tensor) => stack([...x]); // HERE: a spread tensor, at x]
    await refused("IterateTensor", "a spread tensor", forward, matrix, /`x`/, /x\.unbind\(0\)/);
  });
});

describe("script() executes loops that it knows", () => {
  it("and gives each turn its own binding, which closures keep", async () => {
    const forward = (x: Tensor) => {
      const steps: ((y: Tensor) => Tensor)[] = [];
      for (let i = 1; i < 4; i++) steps.push((y) => y.mul(i));
      return steps.reduce((y, step) => step(y).add(1), x);
    };
    await executed(forward, matrix);
  });

  it("over the slices of a tensor, entries of a record, and by counting down", async () => {
    const weights = { a: 1, b: 2 };
    const forward = (x: Tensor) => {
      let y = x.select(1, 0);
      for (const column of x.unbind(1)) y = y.add(column);
      for (const [key, weight] of Object.entries(weights)) if (key !== "c") y = y.mul(weight);
      for (let i = 3; i > 0; i -= 2) y = y.sub(i);
      let turns = 0;
      while (turns < 2) turns++;
      do turns += 2;
      while (turns < 8);
      return y.add(turns);
    };
    await executed(forward, matrix);
  });
});
