import assert from "node:assert/strict";
import { UnrolledLSTM } from "../../../examples/script/lstm.ts";
import { allclose, nn, randn } from "../../../src/index.ts";
import { assertScripts, operatorsOf } from "../../support/scripted.ts";

describe("the LSTM that is written out", () => {
  it("computes what nn.LSTM computes with the same weights, for every length", () => {
    const lstm = nn.seeded(0, () => new UnrolledLSTM(3, 4)).eval();
    const reference = new nn.LSTM(3, 4).eval();
    const { fromInput, fromHidden } = lstm;
    const weights = { weight_ih: fromInput.weight, bias_ih: fromInput.bias, weight_hh: fromHidden.weight, bias_hh: fromHidden.bias };
    for (const [name, weight] of Object.entries(weights)) {
      assert.ok(weight);
      reference.setParameter(`${name}_l0`, weight);
    }
    for (const length of [1, 2, 17]) {
      const x = randn([length, 2, 3], { seed: length });
      const { output, state } = lstm.forward(x);
      const [expected, [h, c]] = reference.forward(x);
      const pairs = [
        [output, expected],
        [state[0], h.select(0, 0)],
        [state[1], c.select(0, 0)],
      ] as const;
      for (const [own, other] of pairs) assert.ok(allclose(own, other, { atol: 1e-6 }), `${length} words: ${own} ${other}`);
    }
  });

  it("becomes one loop of the graph, for every length and batch", async () => {
    const inputs = [1, 2, 17].map((length) => [randn([length, length, 3], { seed: length })]);
    const scripted = await assertScripts(
      nn.seeded(0, () => new UnrolledLSTM(3, 4)),
      inputs,
    );
    assert.deepEqual(
      operatorsOf(scripted).filter((op) => op === "Loop" || op === "If"),
      // The branch raises where there is no word to stack.
      ["Loop", "If"],
    );
  }).timeout(60_000);
});
