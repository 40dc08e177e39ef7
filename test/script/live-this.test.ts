// What `this` and `super` mean in functions of live objects, wherever they are kept and called.
import { nn, type Tensor } from "../../src/index.ts";
import { faithful } from "./eager-agreement.ts";
import { refusals } from "./refusals.ts";

const vector = { x: "float32[n=3]" };
const refused = refusals(import.meta.url);

/** A layer that holds any function. */
class Lambda extends nn.Module {
  readonly fn: (x: Tensor) => Tensor;
  constructor(fn: (x: Tensor) => Tensor) {
    super();
    this.fn = fn;
  }
  forward(x: Tensor): Tensor {
    return this.fn(x);
  }
}

class Base extends nn.Module {
  go(x: Tensor): Tensor {
    return x.mul(2);
  }
  forward(x: Tensor): Tensor {
    return this.go(x).add(1);
  }
}

class Doubled extends Base {
  override go(x: Tensor): Tensor {
    return super.go(x).mul(2); // HERE: a borrowed method, at super
  }
}

describe("script() knows what `this` is in arrow functions that were made before", () => {
  it("in fields, called without their object, in tables and in callbacks", async () => {
    class Fields extends nn.Module {
      scale = 3;
      readonly #shift = 2;
      times = (x: Tensor) => x.mul(this.scale);
      readonly table = { add: (x: Tensor) => x.add(this.#shift), nested: [{ sub: (x: Tensor) => x.sub(this.scale) }] };
      forward(x: Tensor): Tensor {
        const { times } = this;
        const all = [times(x), ...[x, x.neg()].map(this.times), this.table.add(x)];
        return all.reduce((a, b) => a.add(b)).add(this.table.nested[0]?.sub(x) ?? x);
      }
    }
    await faithful(new Fields(), vector);
  });

  it("where other layers hold them", async () => {
    class Outer extends nn.Module {
      gain = 1.5;
      readonly inner: Outer | undefined;
      readonly steps: nn.Sequential;
      constructor(gain: number, inner?: Outer) {
        super();
        this.gain = gain;
        this.inner = inner;
        this.steps = new nn.Sequential(new Lambda((x) => x.mul(this.gain)), new nn.ReLU(), new Lambda((x) => x.add(this.gain)));
      }
      forward(x: Tensor): Tensor {
        const y = this.steps.forward(x);
        return this.inner ? this.inner.forward(y) : y;
      }
    }
    await faithful(new Outer(2, new Outer(-3, new Outer(5))), vector);
  });

  it("and what `super` goes on with in them, in static ones too", async () => {
    class Mixed extends Base {
      static gain = 4;
      static scale = (x: Tensor) => x.mul(this.gain);
      readonly plain = (x: Tensor) => super.go(x);
      override go(x: Tensor): Tensor {
        return x.mul(100);
      }
      override forward(x: Tensor): Tensor {
        return this.plain(x).add(Mixed.scale(x)).add(this.go(x));
      }
    }
    await faithful(new Mixed(), vector);
  });

  it("but says so where it cannot know", async () => {
    class Lonely extends nn.Module {
      scale = 2;
      times = (x: Tensor) => x.mul(this.scale); // HERE: a stranger's arrow, at this.scale
      forward(x: Tensor): Tensor {
        return this.times(x);
      }
    }
    const { times } = new Lonely();
    await refused("ArrowThis", "a stranger's arrow", (x: Tensor) => times(x), vector, /no object of its class/);
    const both = [new Lonely(), new Lonely()] as const;
    both[1].times = both[0].times;
    await refused("ArrowThis", "a stranger's arrow", new nn.Sequential(...both), { input: "float32[n=3]" }, /several objects/);
    function make(this: { k: number }) {
      return (x: Tensor) => x.mul(this.k); // HERE: an arrow of a call that is over, at this.k
    }
    const made = make.call({ k: 2 });
    await refused("ArrowThis", "an arrow of a call that is over", (x: Tensor) => made(x), vector, /has returned/);
  });
});

describe("script() knows whose `super` a method means", () => {
  it("where it was wrapped, renamed, or made by a function of classes", async () => {
    class Wrapped extends Doubled {}
    const before = Wrapped.prototype.go;
    Wrapped.prototype.go = function (x) {
      return before.call(this, x.add(1));
    };
    await faithful(new Wrapped(), vector);
    const louder = (Of: typeof Base) =>
      class extends Of {
        override go(x: Tensor): Tensor {
          return super.go(x).mul(3).sub(1);
        }
      };
    await faithful(new (louder(louder(Base)))(), vector);
  });

  it("in methods of literals", async () => {
    const literal = {
      __proto__: { go: (x: Tensor) => x.mul(2) },
      forward(x: Tensor): Tensor {
        return (super.go as (x: Tensor) => Tensor)(x).add(1);
      },
    };
    await faithful(literal as never, vector);
  });

  it("but not where an object of another class has borrowed it: that class's base may have such a method too", async () => {
    class Tripled extends nn.Module {
      go(x: Tensor): Tensor {
        return x.mul(3);
      }
      forward(x: Tensor): Tensor {
        return this.go(x);
      }
    }
    class Thief extends Tripled {
      declare borrowed: (x: Tensor) => Tensor;
      override forward(x: Tensor): Tensor {
        return this.borrowed(x);
      }
    }
    Thief.prototype.borrowed = Doubled.prototype.go;
    await refused("SuperHome", "a borrowed method", new Thief(), vector);
  });
});
