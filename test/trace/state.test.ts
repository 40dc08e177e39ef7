import assert from "node:assert/strict";
import { Generator, load, nn, rand, randn, type Tensor, tensor, trace, zeros } from "../../src/index.ts";
import { dropout } from "../../src/nn/functional/dropout.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { failsWith, markedLine } from "../support/trace-errors.ts";

const interpreter = { engine: "interpreter" } as const;
const x = tensor([[1, -2, 3]]);

/** Counts its calls in a registered buffer. */
class Counter extends nn.Module {
  declare count: Tensor;
  constructor() {
    super();
    this.registerBuffer("count", tensor([0]));
  }
  forward(a: Tensor): Tensor {
    this.count = this.count.add(1);
    return a.add(this.count);
  }
}

let calls = 0;
const seen: number[] = [];

describe("buffers that forward writes", () => {
  const path = temporaryFolder();

  it("are state outputs, and the model keeps what it had", async () => {
    const model = new Counter();
    const before = model.count;
    const m = await trace(model, x, interpreter);
    assert.equal(model.count, before);
    const { output, state } = await m.runWithState(x);
    assert.deepEqual(output.toArray(), [[2, -1, 4]]);
    assert.deepEqual(state.get("count")?.toArray(), [1]);
    assert.deepEqual((await m.run(x)).toArray(), [[2, -1, 4]]);
  });

  it("are state outputs of a loaded file too", async () => {
    const m = await trace(new Counter(), x, interpreter);
    await m.save(path("counter.onnx"));
    await using again = await load(path("counter.onnx"), interpreter);
    const { output, state } = await again.runWithState(x);
    assert.deepEqual((output as Tensor).toArray(), [[2, -1, 4]]);
    assert.deepEqual(state.get("count")?.toArray(), [1]);
  });

  it("of BatchNorm in train mode are its running statistics", async () => {
    const bn = new nn.BatchNorm1d(2);
    const batch = randn([8, 2], { seed: 1 });
    const m = await trace(bn, batch, { ...interpreter, mode: "train" });
    const { state } = await m.runWithState(batch);
    assert.deepEqual([...state.keys()].sort(), ["num_batches_tracked", "running_mean", "running_var"]);
    const eager = new nn.BatchNorm1d(2);
    eager.forward(batch);
    assert.deepEqual(state.get("running_mean")?.toArray(), eager.stateDict().get("running_mean")?.toArray());
  });
});

describe("any other write to captured state", () => {
  const refused = (model: nn.Module | ((a: Tensor) => Tensor), target: RegExp, line: string) =>
    failsWith(() => trace(model as never, x, interpreter), "StateMutation", target, /registerBuffer/).then((error) => {
      assert.equal(error.frame?.line, markedLine(import.meta.url, line), error.message);
    });

  it("is refused: a property", async () => {
    class Calls extends nn.Module {
      calls = 0;
      forward(a: Tensor) {
        this.calls++; // HERE: property
        return a.relu();
      }
    }
    const model = new Calls();
    await refused(model, /Calls\.calls/, "property");
    assert.equal(model.calls, 0);
  });

  it("is refused: an array, a Map, a Set, deep inside", async () => {
    class Log extends nn.Module {
      readonly history = { losses: [] as number[] };
      forward(a: Tensor) {
        this.history.losses.push(1); // HERE: array
        return a.relu();
      }
    }
    const log = new Log();
    await refused(log, /Log\.history\.losses\[0\]/, "array");
    assert.deepEqual(log.history.losses, []);
    class Cache extends nn.Module {
      readonly cache = new Map<string, Tensor>();
      readonly sizes = new Set<number>();
      forward(a: Tensor) {
        this.cache.set("last", a); // HERE: map
        return a.relu();
      }
    }
    const cache = new Cache();
    await refused(cache, /Cache\.cache\.last/, "map");
    assert.equal(cache.cache.size, 0);
    class Sizes extends nn.Module {
      readonly sizes = new Set<number>();
      forward(a: Tensor) {
        this.sizes.add(a.numel()); // HERE: set
        return a.relu();
      }
    }
    const sizes = new Sizes();
    await refused(sizes, /Sizes\.sizes/, "set");
    assert.equal(sizes.sizes.size, 0);
  });

  it("is refused: a private field", async () => {
    class Private extends nn.Module {
      #calls = 0;
      get calls() {
        return this.#calls;
      }
      forward(a: Tensor) {
        this.#calls++; // HERE: private
        return a.relu();
      }
    }
    const model = new Private();
    await refused(model, /private field #calls/, "private");
    assert.equal(model.calls, 0);
  });

  it("is refused: a variable of the module, in forward, in a sub-module, in a helper, in a method", async () => {
    await refused(
      (a) => {
        calls++; // HERE: variable
        return a.relu();
      },
      /captured variable calls/,
      "variable",
    );
    class Inner extends nn.Module {
      forward(a: Tensor) {
        calls += 1; // HERE: inner
        return a.relu();
      }
    }
    await refused(new nn.Sequential(new nn.ReLU(), new Inner()), /captured variable calls/, "inner");
    const count = () => {
      calls = calls + 1; // HERE: helper
    };
    await refused(
      (a) => {
        count();
        return a.relu();
      },
      /captured variable calls/,
      "helper",
    );
    class Method extends nn.Module {
      note() {
        [calls] = [1]; // HERE: method
      }
      forward(a: Tensor) {
        this.note();
        return a.relu();
      }
    }
    await refused(new Method(), /captured variable calls/, "method");
    assert.equal(calls, 0);
  });

  it("is refused: a captured array, in a sub-module too", async () => {
    class Inner extends nn.Module {
      forward(a: Tensor) {
        seen.push(a.numel()); // HERE: captured
        return a.relu();
      }
    }
    await refused(new nn.Sequential(new Inner()), /seen\[0\]/, "captured");
    assert.deepEqual(seen, []);
  });

  it("is refused: the memory of a parameter", async () => {
    class Overwrite extends nn.Module {
      readonly weight = new nn.Parameter(tensor([1, 2, 3]));
      forward(a: Tensor) {
        (this.weight.data as Float32Array)[0] = 99;
        return a.mul(this.weight);
      }
    }
    const model = new Overwrite();
    await failsWith(() => trace(model, x, interpreter), "TensorWrite", /this\.weight\.data/);
    assert.deepEqual(model.weight.toArray(), [1, 2, 3]);
  });

  it("leaves the platform's own objects alone", async () => {
    const forward = (a: Tensor) => {
      globalThis.setTimeout(() => {}, 0);
      return performance.now() < 0 ? a : a.relu();
    };
    const m = await trace(forward, x, interpreter);
    assert.deepEqual((await m.run(x)).toArray(), [[1, 0, 3]]);
    assert.ok(performance.now() > 0);
  });
});

describe("a model", () => {
  it("is as it was after forward threw: state, mode, methods", async () => {
    class Fails extends nn.Module {
      readonly bn = new nn.BatchNorm1d(3);
      readonly list: number[] = [];
      forward(a: Tensor): Tensor {
        this.list.push(1);
        this.bn.forward(a);
        throw new RangeError("no");
      }
    }
    const model = new Fails();
    const { forward } = model.bn;
    await assert.rejects(trace(model, x, interpreter), { message: "no" });
    assert.deepEqual(model.list, []);
    assert.equal(model.training, true);
    assert.equal(model.bn.forward, forward);
    assert.ok(!Object.hasOwn(model.bn, "forward"));
  });

  it("keeps its own `forward` property, arrow functions included", async () => {
    class Arrow extends nn.Module {
      override readonly forward = (a: Tensor) => a.relu();
    }
    const model = new Arrow();
    const { forward } = model;
    await trace(new nn.Sequential(model), x, interpreter);
    assert.equal(model.forward, forward);
  });
});

describe("train and eval", () => {
  const net = () => new nn.Sequential(new nn.Linear(3, 3), new nn.Dropout(0.5));

  it("eval is the default: dropout is the identity, each module's own flag is put back", async () => {
    const model = net();
    const linear = model.getSubmodule("0");
    linear.training = false;
    const m = await trace(model, x, interpreter);
    assert.ok(![...m.graph.nodes()].some((n) => n.op === "Dropout"));
    assert.deepEqual([model.training, linear.training, model.getSubmodule("1").training], [true, false, true]);
    assert.equal(m.training, false);
  });

  it("eval also holds for modules that a function captures", async () => {
    const model = net();
    const m = await trace((a: Tensor) => model.forward(a), x, interpreter);
    assert.deepEqual((await m.run(x)).toArray(), net_eval(model, x));
    assert.equal(model.training, true);
  });

  const net_eval = (model: nn.Sequential, a: Tensor) => {
    const copy = model.eval().forward(a).toArray();
    model.train();
    return copy;
  };

  it("is set only while the model runs: traces in both modes, and the owner in between, do not disturb each other", async () => {
    const model = new nn.Sequential(new nn.Linear(3, 3), new nn.BatchNorm1d(3));
    const batch = randn([4, 3], { seed: 1 });
    const both = [trace(model, batch, { mode: "eval" }), trace(model, batch, { mode: "train" }), trace(model, batch)];
    assert.equal(model.training, true);
    const [evaluated, trained] = await Promise.all(both);
    assert.deepEqual([model.training, model.getSubmodule("1").training], [true, true]);
    assert.equal(trained?.signature.stateNames.length, 3);
    assert.equal(evaluated?.signature.stateNames.length, 0);
    await Promise.all(both.map(async (m) => (await m).close()));
  });

  it("dropout in train mode without a seed is refused, with one it is allowed", async () => {
    await failsWith(() => trace(net(), x, { ...interpreter, mode: "train" }), "UnseededRandom", /dropout/);
    const seeded = (a: Tensor) => dropout(a, 0.5, { training: true, seed: 3 });
    const m = await trace(seeded, x, interpreter);
    assert.deepEqual((await m.run(x)).toArray(), seeded(x).toArray());
  });

  it("the mode is one of two words", async () => {
    await failsWith(() => trace(net(), x, { mode: "test" as never }), "InvalidArgument", /`mode`.*"eval" or "train".*`test` \(string\)/);
  });
});

describe("random numbers", () => {
  it("without a seed are refused, with the line", async () => {
    const forward = (a: Tensor) => a.add(rand([1, 3])); // HERE: rand
    const error = await failsWith(() => trace(forward, x, interpreter), "UnseededRandom", /rand was called without a seed/, /seed: 1/);
    assert.equal(error.frame?.line, markedLine(import.meta.url, "rand"));
    assert.match(error.message, /a\.add\(rand/);
  });

  it("with a seed are constants of the graph", async () => {
    const forward = (a: Tensor) => a.add(rand([1, 3], { seed: 5 }));
    const m = await trace(forward, x, interpreter);
    assert.deepEqual((await m.run(x)).toArray(), forward(x).toArray());
  });

  it("of Math.random, of the clock and of a generator of one's own are found by recording twice", async () => {
    const refused = (forward: (a: Tensor) => Tensor) => failsWith(() => trace(forward, x, interpreter), "NondeterministicModel", /Add/);
    await refused((a) => a.add(Math.random()));
    await refused((a) => a.add(performance.now()));
    const generator = new Generator(1);
    await refused((a) => a.add(rand([1, 3], { generator })));
  });

  it("with a seed and a dynamic size are refused: the table would change", async () => {
    const forward = (a: Tensor) => a.add(rand([a.shape[0] as number, 3], { seed: 1 }));
    await failsWith(() => trace(forward, zeros([2, 3]), { ...interpreter, dynamic: [{ 0: "n" }] }), "DynamicConstant");
  });
});
