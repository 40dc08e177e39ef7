// Positions that depend on sizes, in tables of constants.
import { arange, nn, randn, script, type Tensor } from "../../src/index.ts";
import { assertScripts } from "../support/scripted.ts";
import { failsWith } from "../support/trace-errors.ts";

class Positions extends nn.Module {
  readonly table = new nn.Embedding(6, 2);
  readonly offset: number;
  constructor(offset = 0) {
    super();
    this.offset = offset;
  }
  forward(x: Tensor): Tensor {
    return x.unsqueeze(1).add(
      this.table.forward(
        arange(x.size(0))
          .mul(this.offset === 0 ? 1 : 0)
          .add(this.offset),
      ),
    );
  }
}

describe("positions in a table", () => {
  const inputs = "float32[n=3]";

  it("may be behind its end at sizes that only the compiler tries", async () => {
    await assertScripts(
      nn.seeded(0, () => new Positions()),
      [1, 2, 6].map((n) => [randn([n], { seed: n })]),
      { inputs },
    );
  });

  it("that are behind its end at every size are an error of the model", async () => {
    await failsWith(() => script(new Positions(6), { inputs }), "OpError", /index 6 is out of range for dimension 0 of size 6/);
  });
});
