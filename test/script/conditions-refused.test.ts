// What a condition on a tensor cannot do in a graph is refused where the value is read, with what to write instead.
import assert from "node:assert/strict";
import { nn, type Tensor } from "../../src/index.ts";
import { markedPlace, refusals } from "./refusals.ts";

const refused = refusals(import.meta.url);
const matrix = { x: "float32[batch=2, 4]" };
const counted = { ...matrix, n: "int64[]" };

describe("script() refuses to join", () => {
  it("a returned value with none", async () => {
    // biome-ignore format: the marker stays on the line of the function
    const forward = (x: Tensor) => { // HERE: a missing return, at x:
      if (x.sum().item() > 0) return x.mul(2);
    };
    await refused("MissingReturn", "a missing return", forward as (x: Tensor) => Tensor, matrix, /forward/);
  });

  it("two strings", async () => {
    const forward = (x: Tensor) => {
      let mode = "relu";
      if (x.sum().item() > 0) mode = "tanh";
      return mode === "relu" ? x.relu() : x.tanh(); // HERE: two strings, at mode
    };
    await refused("TypeJoin", "two strings", forward, matrix, /`mode`/, /relu/, /tanh/);
  });

  it("two modules", async () => {
    class Choice extends nn.Module {
      readonly small = new nn.Linear(4, 4);
      readonly large = new nn.Linear(4, 4);
      forward(x: Tensor) {
        let layer = this.small;
        if (x.sum().item() > 0) layer = this.large;
        return layer.forward(x); // HERE: two modules, at layer
      }
    }
    await refused("TypeJoin", "two modules", new Choice(), matrix, /`layer`/, /Linear/);
  });

  it("two functions", async () => {
    const forward = (x: Tensor) => {
      let f = (y: Tensor) => y.relu();
      if (x.sum().item() > 0) f = (y) => y.neg();
      return f(x); // HERE: two functions, at f(x)
    };
    await refused("TypeJoin", "two functions", forward, matrix, /`f`/, /function/);
  });

  it("two values of an expression, where it stands", async () => {
    const forward = (x: Tensor) => {
      const f = x.sum().item() > 0 ? (y: Tensor) => y.relu() : (y: Tensor) => y.neg(); // HERE: an expression of functions, at x.sum
      return f(x);
    };
    await refused("TypeJoin", "an expression of functions", forward, matrix, /function/);
    const text = (x: Tensor) => (x.sum().item() > 0 ? "relu" : "tanh"); // HERE: an expression of strings, at x.sum
    await refused("TypeJoin", "an expression of strings", text, matrix, /relu/, /tanh/);
  });

  it("tensors of two dtypes", async () => {
    const forward = (x: Tensor) => {
      let y = x;
      if (x.sum().item() > 0) y = x.long();
      return y.add(1); // HERE: two dtypes, at y.add
    };
    await refused("TypeJoin", "two dtypes", forward, matrix, /`y`/, /float32/, /int64/);
  });

  it("tensors of two ranks", async () => {
    const forward = (x: Tensor) => {
      let y = x;
      if (x.sum().item() > 0) y = x.sum([1]);
      return y.add(1); // HERE: two ranks, at y.add
    };
    await refused("TypeJoin", "two ranks", forward, matrix, /`y`/);
  });

  it("a tensor with null", async () => {
    const forward = (x: Tensor) => {
      let mask: Tensor | null = null;
      if (x.sum().item() > 0) mask = x.gt(0).float();
      return mask === null ? x : x.mul(mask); // HERE: a tensor or null, at mask
    };
    await refused("TypeJoin", "a tensor or null", forward, matrix, /`mask`/, /null/);
  });

  it("a value with none, where it is read", async () => {
    const forward = (x: Tensor) => {
      let y!: Tensor;
      if (x.sum().item() > 0) y = x.mul(2);
      return y.add(1); // HERE: unassigned, at y.add
    };
    await refused(
      "MaybeUndefined",
      "unassigned",
      forward,
      matrix,
      /`y` has no value when the condition on line \d+ is false/,
      /x\.sum\(\)\.item\(\) > 0/,
    );
  });

  it("a value with none, and shows each path that leaves it out", async () => {
    const forward = (x: Tensor) => {
      let y!: Tensor;
      const s = x.sum().item();
      if (s > 0) {
        if (s > 5) y = x.mul(2); // HERE: left out first, at s > 5
      } else
        for (let i = 0; i < x.size(0); i++) {
          if (s < -5) y = x.neg(); // HERE: left out third, at s < -5
        }
      return y.add(x); // HERE: left out, at y.add
    };
    const error = await refused("MaybeUndefined", "left out", forward, matrix);
    const [first, third] = ["first", "third"].map((which) => markedPlace(import.meta.url, `left out ${which}`));
    assert.match(error.summary, new RegExp(`the condition on line ${first?.line} is false`));
    const gaps = error.notes.filter((note) => note.startsWith("not assigned where"));
    assert.deepEqual(
      gaps.map((note) => note.split("\n")[0]?.replace(/: .*:(\d+):\d+$/, ": $1")),
      [
        `not assigned where this is false: ${first?.line}`,
        `not assigned where this loop does not run: ${(third?.line ?? 0) - 1}`,
        `not assigned where this is false: ${third?.line}`,
      ],
    );
    assert.match(gaps[2] ?? "", /> *\d+ \| +if \(s < -5\) y = x\.neg\(\)/);
  });

  it("two objects, one of which is written afterwards", async () => {
    const forward = (x: Tensor) => {
      const a = { v: x };
      let b = { v: x.neg() };
      if (x.sum().item() > 0) b = a;
      b.v = x.mul(2); // HERE: a merged object, at b.v
      return a.v.add(b.v);
    };
    await refused("MergedObjectMutation", "a merged object", forward, matrix);
  });

  it("lists whose elements differ", async () => {
    const forward = (x: Tensor) => {
      const list: unknown[] = [x];
      if (x.sum().item() > 0) list.push("last");
      return x.mul(list.length); // HERE: a mixed list, at list
    };
    await refused("ListJoin", "a mixed list", forward, matrix, /`list`/);
  });

  it("two errors: no path returns", async () => {
    const forward = (x: Tensor): Tensor => {
      if (x.sum().item() > 0) throw new Error("positive");
      throw new Error("negative"); // HERE: both throw, at throw
    };
    await refused("AlwaysThrows", "both throw", forward, matrix);
  });
});

describe("script() refuses as a condition", () => {
  it("a tensor", async () => {
    const forward = (x: Tensor, mask: Tensor) => {
      if (mask) return x.mul(mask); // HERE: a tensor as condition, at mask
      return x;
    };
    const specs = { ...matrix, mask: "float32[batch=2, 4]" };
    await refused("TensorTruthiness", "a tensor as condition", forward, specs, /`mask`/, /mask\.any\(\)\.item\(\)/);
  });

  it("a tensor in !, ?:, && and while", async () => {
    const not = (x: Tensor) => (!x.gt(0) ? x : x.neg()); // HERE: a negated tensor, at x.gt
    await refused("TensorTruthiness", "a negated tensor", not, matrix);
    const choice = (x: Tensor) => (x.gt(0) ? x : x.neg()); // HERE: a tensor before ?, at x.gt
    await refused("TensorTruthiness", "a tensor before ?", choice, matrix);
    const and = (x: Tensor) => x.gt(0) && x.neg(); // HERE: a tensor before &&, at x.gt
    await refused("TensorTruthiness", "a tensor before &&", and, matrix);
    const loop = (x: Tensor) => {
      while (x.gt(0)) x = x.sub(1); // HERE: a tensor in while, at x.gt
      return x;
    };
    await refused("TensorTruthiness", "a tensor in while", loop, matrix);
  });

  it("a fraction, whose NaN would count as true", async () => {
    const forward = (x: Tensor) => {
      const s = x.sum().item();
      return s ? x : x.neg(); // HERE: a float as condition, at s ?
    };
    await refused("Truthiness", "a float as condition", forward, matrix, /`s`/, /s !== 0/);
  });

  it("the identity of tensors", async () => {
    const forward = (x: Tensor) => (x.relu() === x ? x : x.neg()); // HERE: identity, at x.relu
    await refused("TensorIdentity", "identity", forward, matrix, /===/, /a\.eq\(b\)/);
  });

  it("a number that is used as a value: n || 3", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const k = n.item();
      return x.mul(k || 3); // HERE: a number or three, at k ||
    };
    await refused("LogicalValue", "a number or three", forward, counted, /\|\|/);
  });

  it("the value of a switch", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const k = n.item();
      switch (k) { // HERE: a symbolic switch, at k
        case 0: return x;
        default: return x.mul(k);
      }
    }; // biome-ignore format: the marker stays on the line of the switch
    await refused("SymbolicSwitch", "a symbolic switch", forward, counted);
  });
});

describe("script() refuses to choose by a number", () => {
  it("among modules", async () => {
    class Experts extends nn.Module {
      readonly first = new nn.Linear(4, 4);
      readonly second = new nn.Linear(4, 4);
      forward(x: Tensor, n: Tensor) {
        const experts = [this.first, this.second];
        const k = n.item();
        return (experts[k] as nn.Linear).forward(x); // HERE: a chosen expert, at experts[k]
      }
    }
    await refused("SymbolicIndex", "a chosen expert", new Experts(), counted, /experts/, /if/);
  });

  it("the element that is assigned to", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const list = [x, x.neg()];
      list[n.item()] = x.mul(2); // HERE: a chosen element, at list[
      return list[0] as Tensor;
    };
    await refused("SymbolicIndexWrite", "a chosen element", forward, counted, /list/);
  });
});

describe("script() says that the model itself throws", () => {
  it("where a check of shapes fails while it is compiled", async () => {
    const forward = (x: Tensor) => {
      if (x.shape[1] !== 3) throw new RangeError(`expected 3 columns, got ${x.shape[1]}`); // HERE: a failed check, at throw
      return x;
    };
    await refused("StaticThrow", "a failed check", forward, matrix, /expected 3 columns, got 4/);
  });
});
