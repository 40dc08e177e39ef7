// trace() through a scripted module keeps the loop that the module has.
import assert from "node:assert/strict";
import { script, type Tensor, tensor, trace } from "../../src/index.ts";
import { controlNodes } from "./eager-agreement.ts";

describe("trace() through a scripted module", () => {
  it("keeps its loop and its early return, at all sizes", async () => {
    const steps = (x: Tensor, k: Tensor) => {
      let s = x;
      for (let i = 0; i < (k.item() as number); i++) {
        s = s.add(i);
        if (i > 3) return s.mul(2);
      }
      return s;
    };
    await using inner = await script(steps, { inputs: { x: "float32[n,2]", k: "int64[]" } });
    const count = (k: number) => tensor(k, { dtype: "int64" });
    const outer = (x: Tensor, k: Tensor) => inner.forward(x, k).add(1);
    await using traced = await trace(outer, [tensor([[1, 2]]), count(3)], { dynamic: [{ 0: "n" }] });
    assert.deepEqual([...new Set(controlNodes(traced))].sort(), ["If", "Loop"]);
    for (const k of [0, 2, 9])
      for (const x of [
        tensor([[1, -2]]),
        tensor([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      ])
        assert.deepEqual((await traced.run([x, count(k)])).toArray(), steps(x, count(k)).add(1).toArray());
  });
});
