import assert from "node:assert/strict";
import { parseSpecs } from "../../src/compile/spec.ts";
import { nn, ones, parseSpec, type Tensor, trace } from "../../src/index.ts";
import { failsWith } from "../support/trace-errors.ts";

const interpreter = { engine: "interpreter" } as const;
const typeOf = (m: {
  graph: { inputs: readonly { name?: string | undefined; tensorType: { dtype: string; shape?: readonly unknown[] | undefined } }[] };
}) => m.graph.inputs.map((v) => `${v.name}: ${v.tensorType.dtype}[${v.tensorType.shape?.join(", ")}]`);

describe("a specification", () => {
  it("names dtype, sizes and symbolic sizes", () => {
    assert.deepEqual(parseSpec("float32[batch=4, 3, height, 224]"), {
      dtype: "float32",
      shape: [4, 3, 2, 224],
      dynamic: { 0: "batch", 2: "height" },
    });
    assert.deepEqual(parseSpec("int64"), { dtype: "int64", shape: [], dynamic: {} });
    assert.deepEqual(parseSpec(" double[] ").dtype, "float64");
  });

  it("of several inputs gives a size once for all", () => {
    assert.deepEqual(
      parseSpecs(["float32[n=5, 2]", "float32[n]"]).map((s) => s.shape),
      [[5, 2], [5]],
    );
  });

  it("that is none says what it should be", () => {
    const bad = (spec: string, problem: RegExp) => assert.throws(() => parseSpec(spec), problem);
    bad("float33[2]", /float33 is not a dtype \(float32/);
    bad("float32[2", /sizes in brackets/);
    bad("float32[2,,3]", /"" is neither a size nor a name/);
    bad("float32[-1]", /"-1" is neither a size nor a name/);
    bad("float32[2.5]", /"2\.5"/);
    bad("", /"" is not an input specification/);
    assert.throws(() => parseSpec(3 as never), /is not a string/);
  });
});

describe("an example", () => {
  const add = (x: Tensor, y: Tensor) => x.add(y);

  it("may be a specification, a list of them, or a record by argument name", async () => {
    assert.deepEqual(typeOf(await trace((x: Tensor) => x.relu(), "float32[n=4, 2]", interpreter)), ["x: float32[n, 2]"]);
    assert.deepEqual(typeOf(await trace(add, ["float32[n=4]", "float32[n]"], interpreter)), ["x: float32[n]", "y: float32[n]"]);
    assert.deepEqual(typeOf(await trace(add, { y: "float32[n]", x: "float32[n]" }, interpreter)), ["x: float32[n]", "y: float32[n]"]);
  });

  it("may leave arguments to their defaults", async () => {
    const forward = (x: Tensor, mask: Tensor | undefined, y: Tensor) => (mask === undefined ? x.add(y) : x);
    const m = await trace(forward, { x: "float32[2]", y: "float32[2]" }, interpreter);
    assert.deepEqual(typeOf(m), ["x: float32[2]", "y: float32[2]"]);
    assert.deepEqual((await m.run([ones([2]), undefined, ones([2])])).toArray(), [2, 2]);
  });

  it("follows the caller's own names and dynamic sizes first", async () => {
    const m = await trace(add, ["float32[n=4]", "float32[n]"], { ...interpreter, names: ["a", "b"], dynamic: {} });
    assert.deepEqual(typeOf(m), ["a: float32[4]", "b: float32[4]"]);
  });

  it("by a name that forward does not have is refused", async () => {
    await failsWith(
      () => trace((image: Tensor) => image, { imgae: "float32[2]" }, interpreter),
      "InvalidSpec",
      /no argument imgae \(did you mean image\?\); it takes image/,
    );
  });

  it("that is left out is what the model declares", async () => {
    class Declares extends nn.Module {
      static inputs = { x: "float32[batch=2, 3]" };
      readonly fc = new nn.Linear(3, 4);
      forward(x: Tensor) {
        return this.fc.forward(x);
      }
    }
    const m = await trace(new Declares(), undefined, interpreter);
    assert.deepEqual(typeOf(m), ["x: float32[batch, 3]"]);
    assert.deepEqual((await m.run(ones([7, 3]))).shape, [7, 4]);
    const forward = Object.assign((x: Tensor) => x.relu(), { inputs: "int32[3]" });
    assert.deepEqual(typeOf(await trace(forward, undefined, interpreter)), ["x: int32[3]"]);
  });

  it("may depend on the sizes that the model was made with", async () => {
    class Sized extends nn.Module {
      static inputs = ({ fc }: Sized) => ({ x: `float32[batch=2, ${fc.inFeatures}]` });
      readonly fc: nn.Linear;
      constructor(features: number) {
        super();
        this.fc = new nn.Linear(features, 4);
      }
      forward(x: Tensor) {
        return this.fc.forward(x);
      }
    }
    assert.deepEqual(typeOf(await trace(new Sized(5), undefined, interpreter)), ["x: float32[batch, 5]"]);
    class Odd extends Sized {
      static override inputs = () => 3 as never;
    }
    await failsWith(() => trace(new Odd(5)), "InvalidSpec", /static inputs of Odd/);
  });

  it("that is nowhere says how to give one", async () => {
    class Silent extends nn.Module {
      forward(x: Tensor) {
        return x;
      }
    }
    await failsWith(() => trace(new Silent()), "NoExample", /Silent/, /static inputs = \{ x: "float32\[batch=2, 3, 224, 224\]" \}/);
    class Wrong extends Silent {
      static inputs = 3;
    }
    await failsWith(() => trace(new Wrong()), "InvalidSpec", /static inputs of Wrong/);
    class Misnamed extends Silent {
      static inputs = { y: "float32[2]" };
    }
    await failsWith(() => trace(new Misnamed()), "InvalidSpec", /Misnamed has no argument y/);
  });
});
