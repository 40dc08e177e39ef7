import { nn, randn, type Tensor } from "../../src/index.ts";
import { assertScripts } from "../support/scripted.ts";

const { pad } = nn.functional;

describe("padding by numbers that follow from sizes", () => {
  const sizes = [
    [4, 4],
    [5, 4],
    [4, 7],
    [7, 9],
  ];

  it("is computed in the graph, also where such numbers are often alike", async () => {
    const model = (x: Tensor): Tensor => {
      // 0 or 1 for odd sizes, each at its own side.
      const [rows, columns] = [x.size(0) - 2 * Math.floor(x.size(0) / 2), x.size(1) - 2 * Math.floor(x.size(1) / 2)];
      const left = Math.floor((columns - 1) / 2) + 1;
      return pad(x, [left, columns - left, rows, 2], "constant", 7);
    };
    await assertScripts(
      model,
      sizes.map((shape) => [randn(shape, { seed: 1 })]),
      { inputs: "float32[h=4, w=6]" },
    );
  });

  it("may depend on values, and cut", async () => {
    const model = (x: Tensor): Tensor => pad(x, [x.gt(0).sum().item() % 3, -1, 0, 1]);
    await assertScripts(
      model,
      sizes.map((shape, i) => [randn(shape, { seed: i })]),
      { inputs: "float32[h=4, w=6]" },
    );
  });
});
