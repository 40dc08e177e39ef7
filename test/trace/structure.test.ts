import assert from "node:assert/strict";
import { arange, cat, nn, randn, type Tensor, tensor, trace } from "../../src/index.ts";
import { argumentList } from "../../src/trace/structure.ts";
import { failsWith } from "../support/trace-errors.ts";

const interpreter = { engine: "interpreter" } as const;
const x = tensor([[1, -2, 3]]);
const y = tensor([[10, 20, 30]]);

const inputsOf = (m: { graph: { inputs: readonly { name?: string | undefined }[] } }) => m.graph.inputs.map((v) => v.name);

describe("inputs of a traced model", () => {
  it("are called as forward's parameters are", async () => {
    const m = await trace((image: Tensor, mask: Tensor) => image.mul(mask), [x, y], interpreter);
    assert.deepEqual(inputsOf(m), ["image", "mask"]);
  });

  it("are called as `names` says", async () => {
    const m = await trace((a: Tensor, b: Tensor) => a.mul(b), [x, y], { ...interpreter, names: ["left", "right"] });
    assert.deepEqual(inputsOf(m), ["left", "right"]);
  });

  it("are called input_0 where a parameter is destructured, with the keys behind it", async () => {
    const m = await trace(({ ids, mask }: { ids: Tensor; mask: Tensor }) => ids.mul(mask), { ids: x, mask: y }, interpreter);
    assert.deepEqual(inputsOf(m), ["input_0.ids", "input_0.mask"]);
    assert.deepEqual(((await m.run({ ids: x, mask: y })) as Tensor).toArray(), [[10, -40, 90]]);
  });

  it("may be a list: the argument list is wrapped once more", async () => {
    const m = await trace((xs: Tensor[]) => cat(xs, 0), [[x, y]], interpreter);
    assert.deepEqual(inputsOf(m), ["xs.0", "xs.1"]);
    assert.deepEqual(((await m.run([[y, x]])) as Tensor).toArray(), [
      [10, 20, 30],
      [1, -2, 3],
    ]);
  });

  it("may be given as { args }, and nested as deep as one likes", async () => {
    const forward = (batch: { ids: Tensor; more: [Tensor, { z: Tensor }] }, scale: Tensor) =>
      batch.ids.add(batch.more[0]).add(batch.more[1].z).mul(scale);
    const batch = { ids: x, more: [y, { z: x }] as [Tensor, { z: Tensor }] };
    const m = await trace(forward, { args: [batch, tensor(2)] }, interpreter);
    assert.deepEqual(inputsOf(m), ["batch.ids", "batch.more.0", "batch.more.1.z", "scale"]);
    assert.deepEqual(((await m.run({ args: [batch, tensor(3)] })) as Tensor).toArray(), [[36, 48, 108]]);
    assert.deepEqual((m.forward(batch, tensor(3)) as Tensor).toArray(), [[36, 48, 108]]);
  });

  it("of one name are refused, as are more names than arguments and names that are not words", async () => {
    const forward = (a: Tensor, b: Tensor) => a.mul(b);
    await failsWith(() => trace(forward, [x, y], { ...interpreter, names: ["i", "i"] }), "InvalidArgument", /`names`.*different.*\bi\b/s);
    await failsWith(() => trace(forward, [x, y], { ...interpreter, names: ["a", "b", "c"] }), "InvalidArgument", /`names`.*at most 2.*3/s);
    await failsWith(() => trace(forward, [x, y], { ...interpreter, names: "ab" as never }), "InvalidArgument", /`names`.*`ab` \(string\)/s);
  });

  it("that are neither tensors nor plain data are named", async () => {
    await failsWith(() => trace((a: unknown) => a, { when: new Date(0) } as never, interpreter), "UnsupportedInput", /a\.when is a Date/);
    await failsWith(() => trace((n: number) => arange(n), 3, interpreter), "NoTensorInput", /no tensor/);
    const loop: { x: Tensor; self?: unknown } = { x };
    loop.self = loop;
    await failsWith(
      () => trace((a: unknown) => a, loop as never, interpreter),
      "UnsupportedInput",
      /a\.self is a structure that contains itself/,
    );
  });

  it("that are numbers, strings or booleans are fixed at the example's", async () => {
    const forward = (a: Tensor, scale: number, kind: string, negate: boolean) => {
      const scaled = kind === "add" ? a.add(scale) : a.mul(scale);
      return negate ? scaled.neg() : scaled;
    };
    const m = await trace(forward, [x, 3, "add", true], interpreter);
    assert.deepEqual(((await m.run([x, 3, "add", true])) as Tensor).toArray(), [[-4, -1, -6]]);
    await failsWith(() => m.run([x, 4, "add", true]), "StaticInputChanged", /scale.*is 4.*traced with 3/s);
    await failsWith(() => m.run([x, 3, "mul", true]), "StaticInputChanged", /kind.*`mul`.*`add`/s);
    await failsWith(() => m.run([x, 3, "add", false]), "StaticInputChanged", /negate.*false.*true/s);
  });

  it("that forward changes are refused, with the line", async () => {
    const push = (xs: Tensor[]) => {
      xs.push(xs[0] as Tensor);
      return cat(xs, 0);
    };
    const error = await failsWith(() => trace(push, [[x, y]], interpreter), "InputMutation", /argument xs/, /xs\.push\(/);
    assert.match(error.frame?.file ?? "", /structure\.test\.ts$/);
    const assign = (batch: { x: Tensor }) => {
      batch.x = batch.x.add(1);
      return batch.x;
    };
    await failsWith(() => trace(assign, { x }, interpreter), "InputMutation", /batch\.x/, /batch\.x = /);
  });

  it("whose memory forward writes to are refused, and get it back", async () => {
    const given = tensor([1, 2]);
    const forward = (a: Tensor) => {
      (a.data as Float32Array)[0] = 99;
      return a.relu();
    };
    await failsWith(() => trace(forward, given, interpreter), "TensorWrite", /\.data/, /a\.data as Float32Array/);
    assert.deepEqual(given.toArray(), [1, 2]);
  });
});

describe("outputs of a traced model", () => {
  it("have the structure that forward returned, and names that follow it", async () => {
    const forward = (a: Tensor, b: Tensor) => ({ boxes: a.add(b), rest: [a, b.mul(2)], none: undefined });
    const m = await trace(forward, [x, y], interpreter);
    assert.deepEqual(m.graph.outputNames, ["out.boxes", "out.rest.0", "out.rest.1"]);
    const out = await m.run([x, y]);
    assert.deepEqual(Object.keys(out), ["boxes", "rest", "none"]);
    assert.deepEqual(out.boxes.toArray(), [[11, 18, 33]]);
    assert.deepEqual(out.rest[0]?.toArray(), x.toArray());
    assert.equal(out.none ?? undefined, undefined);
  });

  it("may be an input itself, a constant, or one tensor twice", async () => {
    const m = await trace((a: Tensor) => [a, tensor([7]), a.neg(), a], x, interpreter);
    assert.deepEqual(
      (await m.run(y)).map((t) => t.toArray()),
      [[[10, 20, 30]], [7], [[-10, -20, -30]], [[10, 20, 30]]],
    );
    const twice = await trace(
      (a: Tensor) => {
        const r = a.relu();
        return { first: r, second: r };
      },
      x,
      interpreter,
    );
    const { first, second } = await twice.run(x);
    assert.deepEqual(first.toArray(), [[1, 0, 3]]);
    assert.deepEqual(second.toArray(), [[1, 0, 3]]);
  });

  it("may share a name with a parameter: the input keeps it", async () => {
    const m = await trace((output: Tensor) => output.neg(), x, interpreter);
    assert.deepEqual([inputsOf(m), m.graph.outputNames], [["output"], ["output_"]]);
    const record = await trace((out: { a: Tensor }) => ({ a: out.a.neg() }), { a: x }, interpreter);
    assert.deepEqual(record.graph.outputNames, ["out.a_"]);
    assert.deepEqual((await record.run({ a: x })).a.toArray(), [[-1, 2, -3]]);
  });

  it("may be integers, booleans and several dtypes at once", async () => {
    const m = await trace((a: Tensor) => ({ positive: a.gt(0), where: a.argmax(-1), text: tensor(["a", "b"]) }), x, interpreter);
    const out = await m.run(y);
    assert.deepEqual(out.positive.toArray(), [[true, true, true]]);
    assert.deepEqual([out.where.dtype, out.where.toArray()], ["int64", [2]]);
    assert.deepEqual([out.text.dtype, out.text.toArray()], ["string", ["a", "b"]]);
  });

  it("that are no tensors are named", async () => {
    await failsWith(() => trace((_: Tensor) => 3, x, interpreter), "OutputNotTensor", /the number 3 at out,/);
    await failsWith(() => trace((a: Tensor) => ({ a, n: { m: 3 } }), x, interpreter), "OutputNotTensor", /the number 3 at out\.n\.m/);
    await failsWith(() => trace((a: Tensor) => [a, new Date(0)], x, interpreter), "OutputNotTensor", /a Date at out\.1/);
    await failsWith(() => trace((_: Tensor) => undefined, x, interpreter), "OutputNotTensor", /no tensor at all/);
    const loop = (a: Tensor) => {
      const out: { a: Tensor; self?: unknown } = { a };
      out.self = out;
      return out;
    };
    await failsWith(() => trace(loop, x, interpreter), "OutputNotTensor", /contains itself at out\.self/);
    await failsWith(() => trace(async (a: Tensor) => a, x, interpreter), "AsyncForward", /Promise/);
  });
});

describe("what can be traced", () => {
  it("is a function or an object with a forward method", async () => {
    const plain = { forward: (a: Tensor) => a.relu() };
    assert.deepEqual((await (await trace(plain, x, interpreter)).run(x)).toArray(), [[1, 0, 3]]);
    await failsWith(() => trace(3 as never, x, interpreter), "NotAModel", /got number/);
    class Net extends nn.Module {
      forward(a: Tensor) {
        return a.relu();
      }
    }
    await failsWith(() => trace(Net as never, x, interpreter), "NotAModel", /the class Net/, /new Net\(\)/);
  });

  it("takes the argument list in four ways", () => {
    assert.deepEqual(argumentList(x), [x]);
    assert.deepEqual(argumentList([x, y]), [x, y]);
    assert.deepEqual(argumentList({ args: [x, y] }), [x, y]);
    assert.deepEqual(argumentList({ ids: x }), [{ ids: x }]);
  });

  it("throws the model's own error as it is", async () => {
    const mine = new Error("mine");
    const forward = (_: Tensor): Tensor => {
      throw mine;
    };
    await assert.rejects(trace(forward, randn([2], { seed: 1 }), interpreter), (error) => error === mine);
  });

  it("names the line of an operator that refuses its inputs", async () => {
    const forward = (a: Tensor) => a.matmul(a);
    const error = await failsWith(() => trace(forward, randn([2, 3], { seed: 1 }), interpreter), "ShapeMismatch", /a\.matmul\(a\)/);
    assert.match(error.frame?.file ?? "", /structure\.test\.ts$/);
  });
});
