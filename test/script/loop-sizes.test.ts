// What a loop knows of sizes that it changes.
import { cat, ones, randn, type Tensor, tensor, zeros } from "../../src/index.ts";
import { assertScripts } from "../support/scripted.ts";

const inputs = [0.3, 3, 30].map((scale) => [randn([3], { seed: 1 }).abs().mul(scale)]);
const options = { inputs: { x: "float32[n=3]" } };

describe("tensors that a loop makes longer", () => {
  it("may be used together in the body and behind it, when they grow together", async () => {
    await assertScripts(
      (x: Tensor) => {
        let [keys, values] = [zeros([1, 2]), ones([1, 2])];
        let sum = x.sum();
        while (sum.item() > 1) {
          keys = cat([keys, ones([1, 2])]);
          values = cat([values, sum.reshape(1, 1).expand(1, 2)]);
          sum = sum.div(2).add(keys.mul(values).mean().mul(0.01)).sub(0.1);
        }
        return keys.add(values);
      },
      inputs,
      options,
    );
  });

  it("are not taken to be equally long when one grows faster, or starts to", async () => {
    await assertScripts(
      (x: Tensor) => {
        let [a, b, c] = [zeros([1]), zeros([1]), ones([1])];
        let equal = zeros([]);
        let sum = x.sum();
        while (sum.item() > 1) {
          if (a.size(0) === b.size(0)) equal = equal.add(1);
          // The first turn makes a and b longer by one each; from the second on b grows by more.
          a = cat([a, ones([1])]);
          b = cat([b, c]);
          c = cat([c, ones([1])]);
          sum = sum.div(2);
        }
        return { equal, a, b, c };
      },
      inputs,
      options,
    );
  });

  it("may trade places", async () => {
    await assertScripts(
      (x: Tensor) => {
        let [a, b] = [zeros([1]), ones([2])];
        let sum = x.sum();
        while (sum.item() > 1) {
          [a, b] = [b, cat([a, tensor([7])])];
          sum = sum.div(2);
        }
        return { a, b };
      },
      inputs,
      options,
    );
  });
});
