// Calls, classes and modules: what does not depend on a tensor is executed while the model is compiled, however it is written.
import { createRequire } from "node:module";
import { nn, type Tensor, tensor } from "../../src/index.ts";
import { executed, staged } from "./eager-agreement.ts";
import { refusals } from "./refusals.ts";

const refused = refusals(import.meta.url);
const matrix = { x: "float32[batch=2, 4]" };

describe("script() executes modules", () => {
  it("a residual block with an optional shortcut", async () => {
    class ResBlock extends nn.Module {
      static inputs = { x: "float32[batch=2, 3, 6, 6]" };
      readonly conv1: nn.Conv2d;
      readonly bn1: nn.BatchNorm2d;
      readonly conv2: nn.Conv2d;
      readonly downsample: nn.Conv2d | undefined;
      constructor(inputs: number, outputs: number) {
        super();
        this.conv1 = new nn.Conv2d(inputs, outputs, 3, { padding: 1 });
        this.bn1 = new nn.BatchNorm2d(outputs);
        this.conv2 = new nn.Conv2d(outputs, outputs, 3, { padding: 1 });
        this.downsample = inputs === outputs ? undefined : new nn.Conv2d(inputs, outputs, 1);
      }
      forward(x: Tensor) {
        const y = this.conv2.forward(this.bn1.forward(this.conv1.forward(x)).relu());
        return y.add(this.downsample ? this.downsample.forward(x) : x).relu();
      }
    }
    await executed(new ResBlock(3, 3).eval());
    await executed(new ResBlock(3, 5).eval());
  });

  it("a stack of blocks, in a loop over them", async () => {
    class Stack extends nn.Module {
      readonly blocks = new nn.ModuleList(Array.from({ length: 3 }, () => new nn.Linear(4, 4)));
      forward(x: Tensor) {
        for (const block of this.blocks) x = block.forward(x).tanh();
        for (let i = 0; i < this.blocks.length; i++) x = this.blocks.at(i).forward(x);
        return x;
      }
    }
    await executed(new Stack(), matrix);
  });

  it("super.forward, private fields and getters", async () => {
    class Scaled extends nn.Module {
      readonly #factor = 3;
      get factor() {
        return this.#factor + 1;
      }
      forward(x: Tensor): Tensor {
        return x.mul(this.#factor);
      }
    }
    class Shifted extends Scaled {
      readonly #shift = tensor([1, 2, 3, 4]);
      override forward(x: Tensor) {
        return super.forward(x).add(this.#shift).div(this.factor);
      }
    }
    await executed(new Shifted(), matrix);
  });

  it("a private method that calls itself to a known depth", async () => {
    class Repeated extends nn.Module {
      readonly layer = new nn.Linear(4, 4);
      #apply(x: Tensor, times: number): Tensor {
        return times === 0 ? x : this.#apply(this.layer.forward(x), times - 1);
      }
      forward(x: Tensor) {
        return this.#apply(x, 3);
      }
    }
    await executed(new Repeated(), matrix);
  });

  it("map and reduce over layers", async () => {
    class Heads extends nn.Module {
      readonly heads = new nn.ModuleList([new nn.Linear(4, 2), new nn.Linear(4, 2), new nn.Linear(4, 2)]);
      forward(x: Tensor) {
        return this.heads.map((head) => head.forward(x)).reduce((sum, y) => sum.add(y));
      }
    }
    await executed(new Heads(), matrix);
  });

  it("a function chosen from a table by a field", async () => {
    class Activation extends nn.Module {
      readonly table = { relu: (x: Tensor) => x.relu(), leaky: (x: Tensor) => x.maximum(x.mul(0.1)) };
      readonly name: "relu" | "leaky";
      constructor(name: "relu" | "leaky") {
        super();
        this.name = name;
      }
      forward(x: Tensor) {
        return this.table[this.name](x);
      }
    }
    await executed(new Activation("relu"), matrix);
    await executed(new Activation("leaky"), matrix);
  });

  it("methods that were bound, and methods taken from another object", async () => {
    class Bound extends nn.Module {
      readonly layer = new nn.Linear(4, 4);
      forward(x: Tensor) {
        const apply = this.layer.forward.bind(this.layer);
        return this.twice.call(this, apply(x));
      }
      twice(x: Tensor) {
        return x.mul(2);
      }
    }
    await executed(new Bound(), matrix);
  });

  it("static methods and static private fields", async () => {
    class Config extends nn.Module {
      static #gain = 0.5;
      static readonly shift = 2;
      static scale(x: Tensor) {
        return x.mul(Config.#gain);
      }
      forward(x: Tensor) {
        return Config.scale(x).add(Config.shift);
      }
    }
    await executed(new Config(), matrix);
  });

  it("a class of its own whose objects never change", async () => {
    class State {
      readonly h: Tensor;
      readonly step: number;
      constructor(h: Tensor, step = 0) {
        this.h = h;
        this.step = step;
      }
      next(x: Tensor) {
        return new State(this.h.mul(0.5).add(x), this.step + 1);
      }
    }
    const forward = (x: Tensor) => {
      let state = new State(x);
      for (let i = 0; i < 3; i++) state = state.next(x);
      return state.h.div(state.step);
    };
    await executed(forward, matrix);
  });
});

describe("script() executes calls", () => {
  it("of an inner function that is declared below, with a condition in it", async () => {
    const forward = (x: Tensor) => {
      return clip(x.mul(2));

      function clip(y: Tensor) {
        if (y.sum().item() > 0) return y.clamp(-1, 1);
        return y;
      }
    };
    await staged(forward, matrix);
  });

  it("with defaults and destructured options", async () => {
    interface Options {
      scale?: number;
      shift?: number;
      inner?: { power?: number };
    }
    const transform = (x: Tensor, { scale = 2, shift: by = scale + 1, ...rest }: Options = {}) => {
      const { inner: { power = 2 } = {} } = rest;
      return x.mul(scale).add(by).pow(power);
    };
    const forward = (x: Tensor) => transform(x).add(transform(x, { scale: 3, inner: { power: 1 } }));
    await executed(forward, matrix);
  });

  it("with spread arguments and rest parameters", async () => {
    const sum = (first: Tensor, ...rest: Tensor[]) => rest.reduce((a, b) => a.add(b), first);
    const forward = (x: Tensor) => {
      const terms: [Tensor, Tensor] = [x, x.mul(2)];
      const [head, ...tail] = [...terms, x.neg()] as const;
      return sum(...terms, x).add(sum(head, ...tail));
    };
    await executed(forward, matrix);
  });

  it("of a function from a CommonJS file", async () => {
    const { scale } = createRequire(import.meta.url)("./fixtures/scale.cjs") as { scale(x: Tensor, by?: number): Tensor };
    await executed((x: Tensor) => scale(scale(x), 2), matrix);
  });

  it("of a user's constructor, which decides on a number that depends on a tensor", async () => {
    class Divisor {
      readonly value: number;
      constructor(count: number) {
        this.value = count === 0 ? 1 : count;
      }
    }
    const forward = (x: Tensor) => x.div(new Divisor(x.gt(0).sum().item()).value);
    await staged(forward, matrix, { draw: { x: (dice) => tensor([[dice.flip() ? dice.int(-3, 3) : -1, -1, -1, -2]]) } });
  });
});

describe("script() refuses calls", () => {
  it("where the state of a loop is an object of a class", async () => {
    class State {
      readonly h: Tensor;
      constructor(h: Tensor) {
        this.h = h;
      }
      next(x: Tensor) {
        return new State(this.h.add(x));
      }
    }
    const forward = (x: Tensor, n: Tensor) => {
      let state = new State(x);
      for (let i = 0; i < n.item(); i++) state = state.next(x); // HERE: a class in a loop, at state.next
      return state.h;
    };
    await refused("LoopCarriedType", "a class in a loop", forward, { ...matrix, n: "int64[]" }, /state/, /State/);
  });

  it("that recurse until a tensor says stop", async () => {
    const halve = (x: Tensor): Tensor => {
      if (x.abs().sum().item() < 1) return x;
      return halve(x.div(2)); // HERE: endless recursion, at halve(
    };
    await refused("RecursionLimit", "endless recursion", (x: Tensor) => halve(x), matrix, /halve/);
  });

  it("of a Proxy, whose source cannot be read", async () => {
    const hidden = new Proxy((x: Tensor) => x.relu(), {});
    const forward = (x: Tensor) => hidden(x); // HERE: a proxy, at hidden(
    await refused("NoSource", "a proxy", forward, matrix, /Proxy/);
  });

  it("that read a private field which the object does not have, or has twice", async () => {
    class Scaled extends nn.Module {
      readonly #factor = 3;
      forward(x: Tensor) {
        return x.mul(this.#factor); // HERE: a private field, at this.#factor
      }
    }
    const moved = (x: Tensor) => Scaled.prototype.forward.call({} as Scaled, x);
    await refused("NoPrivate", "a private field", moved, matrix, /#?factor/);
    class Twice extends Scaled {
      readonly #factor = 2;
      override forward(x: Tensor) {
        return super.forward(x).mul(this.#factor);
      }
    }
    await refused("AmbiguousPrivate", "a private field", new Twice(), matrix, /#?factor/, /different names/);
  });

  it("of what is not a function", async () => {
    const layer = new nn.Linear(4, 4);
    const forward = (x: Tensor) => (layer as unknown as (x: Tensor) => Tensor)(x); // HERE: a layer called, at layer
    await refused("NotCallable", "a layer called", forward, matrix, /layer/);
  });

  it("of an operation on shapes that it does not take, with the place of the call", async () => {
    const forward = (x: Tensor) => x.matmul(x); // HERE: a wrong matmul, at x.matmul
    const error = await refused("OpError", "a wrong matmul", forward, matrix, /matmul|MatMul/);
    if (!(error.cause instanceof Error)) throw new Error("the operation's own error is the cause");
  });
});
