import assert from "node:assert/strict";
import { makeInput } from "../../src/equivalence/check-inputs.ts";
import { arange, eye, limitTensorMemory, ones, randn, type Tensor, tensor, trace, zeros } from "../../src/index.ts";
import { allocating } from "../../src/tensor/memory.ts";
import { failsWith } from "../support/trace-errors.ts";

describe("tensors that no machine can hold", () => {
  it("are refused by name, before memory is touched", async () => {
    await failsWith(() => zeros([1e6, 1e6]), "TensorTooLarge", /1000000000000 float32 elements needs 3\.6 TiB/, /this machine has/);
    await failsWith(() => randn([1e6, 1e6], { seed: 1 }), "TensorTooLarge", /float32/);
    await failsWith(() => arange(1e12), "TensorTooLarge", /int64.*7\.3 TiB/);
    await failsWith(() => eye(1e6), "TensorTooLarge");
    await failsWith(() => tensor([1]).expand([1e6, 1e6]).add(1), "TensorTooLarge");
    await failsWith(() => ones([2 ** 40]), "TensorTooLarge", /4\.0 TiB/);
  });

  it("and shapes that are none", async () => {
    await failsWith(() => zeros([1e9, 1e9]), "InvalidShape", /overflows/);
    await failsWith(() => zeros([2, -1]), "InvalidShape", /-1 is not an integer from 0/);
    await failsWith(() => zeros([1.5]), "InvalidShape");
    await failsWith(() => zeros(3 as never), "InvalidShape", /3 is not a shape: it is not an array/);
  });

  it("are named with the line while a model is traced, and while a graph runs", async () => {
    const fixed = (x: Tensor) => x.add(zeros([1e6, 1e6]));
    await failsWith(() => trace(fixed, ones([1]), { engine: "interpreter" }), "TensorTooLarge", /x\.add\(zeros/);
    const square = (x: Tensor) => x.unsqueeze(0).add(x.unsqueeze(1)).sum();
    await using m = await trace(square, ones([4]), { engine: "interpreter", dynamic: [{ 0: "n" }] });
    await failsWith(() => m.run(zeros([1e6])), "TensorTooLarge", /3\.6 TiB/);
  });

  it("are those that a process does not want, where it sets a limit", async () => {
    limitTensorMemory(1000);
    try {
      await failsWith(() => zeros([251]), "TensorTooLarge", /251 float32 elements/);
      assert.equal(zeros([250]).numel(), 250);
    } finally {
      limitTensorMemory(undefined);
    }
    assert.equal(zeros([251]).numel(), 251);
  });

  it("are declared as inputs by files: random ones are not made for them", async () => {
    const recipe = { name: "x", shape: [2 ** 33], seed: 1 };
    await failsWith(() => makeInput({ ...recipe, dtype: "int32", kind: "integers", range: ["0", "1"] }), "TensorTooLarge");
    await failsWith(() => makeInput({ ...recipe, dtype: "uint64", kind: "integers", range: ["0", "1"] }), "TensorTooLarge");
    await failsWith(() => makeInput({ ...recipe, dtype: "string", kind: "choice", choices: ["a"] }), "TensorTooLarge");
    await failsWith(() => makeInput({ ...recipe, dtype: "float32", kind: "normal" }), "TensorTooLarge");
  });

  it("cost nothing as views", () => {
    assert.deepEqual(tensor([1]).expand([1e6, 1e6]).shape, [1e6, 1e6]);
  });

  it("are recognised by what the system says where the limit is not known", async () => {
    const refused = () =>
      allocating("float32", 10, 4, () => {
        throw new RangeError("Array buffer allocation failed");
      });
    await failsWith(refused, "TensorTooLarge", /10 float32 elements needs 40 B/);
  });
});
