// State: buffers that forward writes are outputs of the graph; every other write would be lost, so it is refused and taken back.
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { nn, script, type Tensor, tensor, zeros } from "../../src/index.ts";
import { executed, staged } from "./eager-agreement.ts";
import { refusals } from "./refusals.ts";

const refused = refusals(import.meta.url);
const matrix = { x: "float32[batch=2, 4]" };
let written = 0;
const kept: Tensor[] = [];

/** A running mean that moves under a condition only. */
class Running extends nn.Module {
  static inputs = matrix;
  declare mean: Tensor;
  declare steps: Tensor;
  constructor() {
    super();
    this.registerBuffer("mean", zeros([4]));
    this.registerBuffer("steps", tensor(0, { dtype: "int64" }));
  }
  forward(x: Tensor) {
    this.steps = this.steps.add(1);
    if (x.sum().item() > 0) this.mean = this.mean.mul(0.5).add(x.mean([0]));
    return x.sub(this.mean);
  }
}

describe("script() and buffers", () => {
  it("gives their new values as outputs, written under a condition or not", async () => {
    const model = new Running();
    const compiled = await staged(model);
    assert.deepEqual([...compiled.signature.stateNames].sort(), ["mean", "steps"]);
    assert.deepEqual([model.mean.toArray(), model.steps.item()], [[0, 0, 0, 0], 0], "the model is as it was");
  });

  it("reads those that are not written as constants", async () => {
    const norm = new nn.BatchNorm2d(3).eval();
    await executed((x: Tensor) => norm.forward(x), { x: "float32[2, 3, 4, 4]" });
  });
});

describe("script() refuses to write", () => {
  it("to a field of the module that is no buffer", async () => {
    class Counting extends nn.Module {
      calls = 0;
      forward(x: Tensor) {
        this.calls++; // HERE: a counter, at this.calls
        return x.mul(2);
      }
    }
    const model = new Counting();
    await refused("ScriptStateMutation", "a counter", model, matrix, /Counting\.calls|calls/, /registerBuffer/);
    assert.equal(model.calls, 0);
  });

  it("to the statistics of a layer that is no part of it", async () => {
    const layers = [new nn.BatchNorm2d(3).train()];
    const forward = (x: Tensor) => {
      return layers.reduce((y, layer) => layer.forward(y), x); // HERE: a layer in an array of the file, at layer.forward
    };
    const specs = { x: "float32[2, 3, 4, 4]" };
    await refused("ScriptStateMutation", "a layer in an array of the file", forward, specs, /BatchNorm2d\.num_batches_tracked/, /eval/);
  });

  it("to a variable of the file", async () => {
    const forward = (x: Tensor) => {
      written = 1; // HERE: a captured variable, at written
      return x.mul(2);
    };
    await refused("CapturedAssign", "a captured variable", forward, matrix, /`written`/);
    assert.equal(written, 0);
  });

  it("to an array of the file, under a condition or not", async () => {
    const always = (x: Tensor) => {
      kept.push(x); // HERE: a captured array, at kept.push
      return x.mul(2);
    };
    await refused("ScriptStateMutation", "a captured array", always, matrix, /kept|array/);
    const sometimes = (x: Tensor) => {
      if (x.sum().item() > 0) kept.push(x); // HERE: a captured array in a branch, at kept.push
      return x.mul(2);
    };
    await refused("ScriptStateMutation", "a captured array in a branch", sometimes, matrix);
    assert.equal(kept.length, 0);
  });

  it("to a private field", async () => {
    class Hidden extends nn.Module {
      #calls = 0;
      forward(x: Tensor) {
        this.#calls = this.#calls + 1; // HERE: a private field, at this.#calls
        return x.mul(2);
      }
    }
    await refused("PrivateWrite", "a private field", new Hidden(), matrix, /#calls/);
  });

  it("to a constant", async () => {
    const forward = (x: Tensor) => {
      const k = 1;
      // @ts-expect-error a constant
      // biome-ignore lint/correctness/noConstAssign: what is tested
      k = 2; // HERE: a constant, at k
      return x.mul(k);
    };
    await refused("ConstAssign", "a constant", forward, matrix, /`k`/);
  });

  it("to a tensor's elements", async () => {
    const forward = (x: Tensor) => {
      (x as unknown as number[])[0] = 1; // HERE: an element, at x as
      return x;
    };
    await refused("TensorWrite", "an element", forward, matrix);
  });

  it("to a Map under a condition, but not outside of one", async () => {
    const inside = (x: Tensor) => {
      const cache = new Map<string, Tensor>();
      if (x.sum().item() > 0) cache.set("x", x); // HERE: a Map in a branch, at cache.set
      return cache.get("x") ?? x;
    };
    await refused("MapMutation", "a Map in a branch", inside, matrix, /Map/);
    const outside = (x: Tensor) => {
      const cache = new Map<string, Tensor>([["x", x]]);
      cache.set("y", x.neg());
      const used = new Set(["x"]);
      used.add("y");
      let sum = x;
      for (const key of used) sum = sum.add(cache.get(key) as Tensor);
      return cache.has("z") ? x : sum.mul(cache.size);
    };
    await executed(outside, matrix);
  });
});

describe("script() leaves no trace", () => {
  it("in the model's own objects when it fails half-way", async () => {
    class Failing extends nn.Module {
      declare mean: Tensor;
      readonly seen = { count: 0, names: ["a"] };
      constructor() {
        super();
        this.registerBuffer("mean", zeros([4]));
      }
      forward(x: Tensor) {
        this.mean = x.mean([0]);
        const local = { count: 1 };
        local.count++;
        this.seen.names.push("b");
        this.seen.count = local.count;
        return (x as unknown as number) + 1;
      }
    }
    const model = new Failing();
    await assert.rejects(script(model as unknown as nn.Layer, { inputs: matrix }));
    assert.deepEqual([model.seen.count, model.seen.names, model.mean.toArray()], [0, ["a"], [0, 0, 0, 0]]);
    assert.equal(model.training, true);
  });

  it("so that the model can be collected", async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const made = await (async () => {
      const model = new Running();
      const compiled = await script(model);
      await compiled.close();
      return new WeakRef(model);
    })();
    for (let i = 0; i < 10 && made.deref(); i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      gc();
    }
    assert.equal(made.deref(), undefined);
  });
});
