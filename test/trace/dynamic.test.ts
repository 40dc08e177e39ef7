import assert from "node:assert/strict";
import { arange, cat, eye, load, nn, ones, randn, type Tensor, tensor, trace, zeros } from "../../src/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { failsWith } from "../support/trace-errors.ts";

const interpreter = { engine: "interpreter" } as const;
const batch = { dynamic: { x: { 0: "batch" } }, ...interpreter } as const;

const shapeOf = (m: { graph: { outputs: readonly { tensorType: { shape?: readonly unknown[] | undefined } }[] } }) =>
  m.graph.outputs[0]?.tensorType.shape?.map(String);

/** Traces at the example's size and compares with eager at others. */
async function agreesAt(forward: (x: Tensor) => Tensor, example: Tensor, axes: Record<number, string>, shapes: readonly number[][]) {
  await using m = await trace(forward, example, { ...interpreter, names: ["x"], dynamic: { x: axes } });
  for (const shape of shapes) {
    const x = randn(shape, { seed: 7 });
    assert.deepEqual((await m.run(x)).toArray(), forward(x).toArray(), `at ${shape}`);
  }
  return m;
}

describe("dynamic dimensions", () => {
  it("make one graph for every batch size, 1 included", async () => {
    const net = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU());
    const m = await trace(net, randn([2, 4], { seed: 1 }), { ...interpreter, names: ["x"], dynamic: { x: { 0: "batch" } } });
    assert.deepEqual(shapeOf(m), ["batch", "3"]);
    for (const n of [1, 2, 5, 17]) {
      const x = randn([n, 4], { seed: n });
      assert.deepEqual((await m.run(x)).toArray(), net.forward(x).toArray());
    }
  });

  it("do not follow an example of size 1 into a special case", async () => {
    const forward = (x: Tensor) => x.add(zeros([x.shape[0] as number, 3])).sub(x.mean([0], true));
    const m = await agreesAt(forward, randn([1, 3], { seed: 1 }), { 0: "n" }, [
      [1, 3],
      [2, 3],
      [9, 3],
    ]);
    assert.deepEqual(shapeOf(m), ["n", "3"]);
  });

  it("may be several, and share a name where sizes must be equal", async () => {
    const forward = (x: Tensor, y: Tensor) => x.matmul(y);
    const m = await trace(forward, [randn([2, 3], { seed: 1 }), randn([3, 4], { seed: 2 })], {
      ...interpreter,
      dynamic: { x: { 0: "rows", 1: "inner" }, y: { 0: "inner" } },
    });
    assert.deepEqual(shapeOf(m), ["rows", "4"]);
    const [x, y] = [randn([5, 7], { seed: 3 }), randn([7, 4], { seed: 4 })];
    assert.deepEqual((await m.run([x, y])).toArray(), forward(x, y).toArray());
    await failsWith(() => m.run([x, randn([6, 4], { seed: 4 })]), "InputShape", /inner is 6 here but 7 in x \(axis 1\)/);
  });

  it("may be given by position", async () => {
    const m = await trace((x: Tensor, y: Tensor) => x.add(y), [ones([2]), ones([2])], {
      ...interpreter,
      dynamic: [{ 0: "n" }, { 0: "n" }],
    });
    assert.deepEqual((await m.run([ones([4]), ones([4])])).toArray(), [2, 2, 2, 2]);
  });

  it("may count axes from the end", async () => {
    const m = await trace((x: Tensor) => x.relu(), ones([2, 3]), { ...interpreter, dynamic: { x: { [-1]: "width" } } });
    assert.deepEqual(shapeOf(m), ["2", "width"]);
  });

  it("carry sizes that were computed in JavaScript", async () => {
    const shapes = [
      [2, 3],
      [3, 3],
      [11, 3],
    ];
    // 2n + 1 rows, made by a reshape to sizes taken from the shape.
    const m = await agreesAt(
      (x) => cat([x, x, ones([1, 3])], 0).reshape([2 * x.size(0) + 1, 3, 1]),
      randn([2, 3], { seed: 1 }),
      { 0: "n" },
      shapes,
    );
    assert.deepEqual(shapeOf(m), ["2*n + 1", "3", "1"]);
    await agreesAt(
      (x) =>
        x.mul(
          arange(x.shape[0] as number)
            .unsqueeze(1)
            .to("float32"),
        ),
      randn([2, 3], { seed: 1 }),
      { 0: "n" },
      shapes,
    );
    await agreesAt((x) => eye(x.size()[0] as number).matmul(x), randn([2, 3], { seed: 1 }), { 0: "n" }, shapes);
    await agreesAt((x) => x.sum([0]).div(x.shape[0] as number), randn([2, 3], { seed: 1 }), { 0: "n" }, shapes);
    await agreesAt((x) => x.div(tensor(x.shape[0] as number).sqrt()), randn([2, 3], { seed: 1 }), { 0: "n" }, shapes);
    await agreesAt((x) => x.narrow(0, 0, Math.floor(x.size(0) / 2) + 1), randn([2, 3], { seed: 1 }), { 0: "n" }, shapes);
  });

  it("follow both spellings of a size, and reshapes with -1", async () => {
    const shapes = [
      [2, 3, 4],
      [5, 2, 4],
      [1, 7, 4],
    ];
    const by = (view: (x: Tensor) => Tensor) => agreesAt(view, randn([2, 3, 4], { seed: 1 }), { 0: "b", 1: "s" }, shapes);
    assert.deepEqual(shapeOf(await by((x) => x.reshape([x.shape[0] as number, -1]))), ["b", "4*s"]);
    assert.deepEqual(shapeOf(await by((x) => x.reshape([-1, x.size(2)]))), ["b*s", "4"]);
    assert.deepEqual(shapeOf(await by((x) => x.reshape([x.size(0) * x.size(1), 4]))), ["b*s", "4"]);
    assert.deepEqual(shapeOf(await by((x) => x.flatten(1))), ["b", "4*s"]);
  });

  it("slice a table of positions to the sequence, up to its length", async () => {
    const table = randn([6, 3], { seed: 9 });
    const forward = (x: Tensor) => x.add(table.slice(0, 0, x.shape[0] as number));
    const options = { ...interpreter, names: ["x"], dynamic: { x: { 0: { name: "seq", max: 6 } } } };
    const m = await trace(forward, randn([3, 3], { seed: 1 }), options);
    for (const n of [1, 2, 6]) {
      const x = randn([n, 3], { seed: n });
      assert.deepEqual((await m.run(x)).toArray(), forward(x).toArray());
    }
    await failsWith(() => m.run(randn([7, 3], { seed: 1 })), "InputShape", /seq is 7, outside 1 to 6/, /wider range/);
  });

  it("that outgrow what the model takes are reported with the range to give", async () => {
    const table = randn([6, 3], { seed: 9 });
    const forward = (x: Tensor) => x.add(table.slice(0, 0, x.shape[0] as number));
    await failsWith(() => trace(forward, randn([5, 3], { seed: 1 }), batch), "SizeRejected", /at batch=\d+/, /max|min/, /x\.add\(table/);
  });

  it("have a range and a multiple, kept in the file and checked after loading too", async () => {
    const forward = (x: Tensor) => x.reshape([-1, 4]).sum([1]);
    const dynamic = { x: { 0: { name: "n", min: 4, max: 32, multiple: 4 } } };
    const m = await trace(forward, randn([8], { seed: 1 }), { ...interpreter, dynamic });
    const check = async (run: (x: Tensor) => Promise<unknown>) => {
      await run(ones([4]));
      await run(ones([32]));
      await failsWith(() => run(ones([6])), "InputShape", /n is 6, not a multiple of 4/);
      await failsWith(() => run(ones([36])), "InputShape", /n is 36, outside 4 to 32/);
      await failsWith(() => run(ones([0])), "InputShape", /n is 0, outside 4 to 32/);
    };
    await check((x) => m.run(x));
    await m.save(path("ranged.onnx"));
    await using again = await load(path("ranged.onnx"), interpreter);
    await check((x) => again.run(x));
  });

  const path = temporaryFolder();
});

describe("dynamic dimensions that cannot be", () => {
  it("are refused where a loop in JavaScript follows them, pointing at script()", async () => {
    const loop = (x: Tensor) => {
      let sum = x.select(0, 0);
      for (let i = 1; i < (x.shape[0] as number); i++) sum = sum.add(x.select(0, i));
      return sum;
    };
    await failsWith(
      () => trace(loop, randn([2, 3], { seed: 1 }), batch),
      "StructureDependsOnSize",
      /batch/,
      /script\(\)/,
      /x\.select\(0, i\)/,
    );
    const rows = (x: Tensor) => {
      let sum = zeros([3]);
      for (const row of x) sum = sum.add(row);
      return sum;
    };
    await failsWith(() => trace(rows, randn([2, 3], { seed: 1 }), batch), "StructureDependsOnSize", /for \(const row of x\)/);
    const branch = (x: Tensor) => ((x.shape[0] as number) > 4 ? x.relu() : x.neg());
    await failsWith(() => trace(branch, randn([2, 3], { seed: 1 }), batch), "StructureDependsOnSize", /Neg.*Relu/s);
  });

  it("are refused where a clamp or a threshold far from the example would be lost", async () => {
    const clamp = (x: Tensor) => x.narrow(0, 0, Math.min(x.shape[0] as number, 100));
    await failsWith(() => trace(clamp, randn([2, 3], { seed: 1 }), batch), "UnexplainedSize", /at batch=4099/);
    const keepBest = (scores: Tensor) => ((scores.shape[0] as number) > 1000 ? scores.topk(1000, 0).values : scores.neg());
    for (const n of [8, 2000])
      await failsWith(
        () => trace(keepBest, randn([n], { seed: 1 }), { ...interpreter, dynamic: [{ 0: "n" }] }),
        "StructureDependsOnSize",
        new RegExp(`recorded at n=${n} and at n=\\d+`),
        /min, max/,
      );
    const m = await trace(clamp, randn([2, 3], { seed: 1 }), { ...interpreter, dynamic: { x: { 0: { name: "n", max: 100 } } } });
    assert.deepEqual(shapeOf(m), ["n", "3"]);
  });

  it("are refused where the model does not take a size that `dynamic` says it takes", async () => {
    const table = randn([64, 3], { seed: 9 });
    const forward = (x: Tensor) => x.add(table.slice(0, 0, x.shape[0] as number));
    const options = { ...interpreter, dynamic: { x: { 0: { name: "seq", min: 2, max: 100 } } } };
    await failsWith(() => trace(forward, randn([3, 3], { seed: 1 }), options), "SizeRejected", /at seq=100/, /\[64, 3\]/);
  });

  it("are refused where an attribute follows them", async () => {
    const forward = (x: Tensor) => x.transpose(0, 1).softmax((x.shape[0] as number) % 2 === 0 ? 0 : 1);
    await failsWith(
      () => trace(forward, randn([2, 3], { seed: 1 }), batch),
      "DynamicAttribute",
      /axis of Softmax/,
      /0 at batch=2/,
      /1 at batch=3/,
    );
  });

  it("are refused where a number follows them in no way that a graph can compute", async () => {
    const forward = (x: Tensor) => x.mul(1 / (x.shape[0] as number));
    await failsWith(() => trace(forward, randn([2, 3], { seed: 1 }), batch), "UnexplainedSize", /0\.5 at batch=2/, /x\.div\(n\)/);
  });

  it("are refused where a table made in JavaScript follows them", async () => {
    const forward = (x: Tensor) => x.add(tensor(Array.from({ length: x.shape[0] as number }, (_, i) => [Math.sin(i)])));
    await failsWith(() => trace(forward, randn([2, 3], { seed: 1 }), batch), "DynamicConstant", /changes with batch/, /arange/);
  });
});

describe("the option `dynamic`", () => {
  const relu = (x: Tensor) => x.relu();
  const using = (dynamic: unknown) => () => trace(relu, ones([2, 3]), { ...interpreter, dynamic: dynamic as never });

  it("names inputs; an unknown one is an error that lists them", async () => {
    await failsWith(using({ y: { 0: "n" } }), "UnknownDynamicName", /names y/, /inputs are x/);
    await failsWith(using([undefined, { 0: "n" }]), "UnknownDynamicName", /position 1/);
  });

  it("names axes that the example has", async () => {
    await failsWith(using({ x: { 2: "n" } }), "InvalidDynamicAxis", /axis 2 of x.*\[2, 3\]/, /0 to 1/);
    await failsWith(using({ x: { rows: "n" } }), "InvalidDynamicAxis", /axis rows/);
  });

  it("takes words, or records with a name", async () => {
    await failsWith(using("batch"), "InvalidArgument", /`dynamic`.*record.*`batch` \(string\)/);
    await failsWith(using({ x: "batch" }), "InvalidArgument", /`dynamic\.x`.*axis.*`batch` \(string\)/);
    await failsWith(using({ x: { 0: { min: 2 } } }), "InvalidArgument", /a name/);
    await failsWith(using({ x: { 0: "two words" } }), "InvalidArgument", /letters, digits and _/);
    await failsWith(
      using({ x: { 0: { name: "n", maximum: 4 } } }),
      "UnknownOption",
      /`maximum`/,
      /Did you mean `max`|name, min, max, multiple/,
    );
    await failsWith(using({ x: { 0: { name: "n", min: 3 } } }), "InvalidArgument", /dynamic\.n.*size 2.*3 to/);
    await failsWith(using({ x: { 0: { name: "n", multiple: 0 } } }), "InvalidArgument", /multiples of 0/);
  });

  it("gives one name to equal sizes only", async () => {
    const error = () =>
      trace((x: Tensor, y: Tensor) => [x, y], [ones([2]), ones([3])], { ...interpreter, dynamic: [{ 0: "n" }, { 0: "n" }] });
    await failsWith(error, "InconsistentSymbol", /n has size 2 in x \(axis 0\) but 3 in y \(axis 0\)/);
  });
});
