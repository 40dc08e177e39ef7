// The zoo against torchvision: every state-dict key and shape, parameter counts, and what real torchvision computes for rule-made weights.
import assert from "node:assert/strict";
import { byName, modelNames } from "../../src/models/index.ts";
import { withoutInit } from "../../src/nn/index.ts";
import { applyRule, fnv1a32, ruleInput } from "../support/rule-weights.ts";
import { testJson } from "../support/shared-data.ts";

interface Facts {
  readonly models: Readonly<
    Record<string, { readonly num_params: number; readonly state_dict: readonly (readonly [string, number[], "p" | "b"])[] }>
  >;
}
interface Outputs {
  readonly models: readonly {
    readonly model: string;
    readonly input: number[];
    readonly parameters: number;
    readonly top5: number[];
    readonly top5_values: number[];
    readonly gap_5_6: number;
    readonly first8: number[];
    readonly std: number;
  }[];
}

const bare = (name: string) => withoutInit(() => byName(name)()).eval();
const known = (name: string) => (modelNames as readonly string[]).includes(name);

describe("the weight rule", () => {
  it("gives the first numbers that the reference was made with", () => {
    assert.equal(fnv1a32("input"), 4191711099);
    const expected = [0.5980662722140551, 0.3703484949655831, 0.9605294466018677, -0.9915206991136074];
    assert.deepEqual([...ruleInput([4]).storage.numbers()], expected.map(Math.fround));
  });
});

describe("models beside torchvision's facts", function () {
  this.timeout(120_000);

  it("has torchvision's parameters and buffers, in its order, with its shapes", function () {
    const facts = testJson(this, "models", "torchvision-facts.json") as Facts;
    const compared = Object.entries(facts.models).filter(([name]) => known(name));
    assert.ok(compared.length >= 8);
    for (const [name, { num_params, state_dict }] of compared) {
      const model = bare(name);
      const parameters = new Set([...model.namedParameters()].map(([key]) => key));
      const own = [...model.stateDict()].map(([key, tensor]) => [key, [...tensor.shape], parameters.has(key) ? "p" : "b"]);
      assert.deepEqual(own, state_dict, name);
      assert.equal(
        [...model.parameters()].reduce((n, p) => n + p.numel(), 0),
        num_params,
        name,
      );
    }
  });
});

describe("models beside torchvision's outputs", function () {
  this.timeout(600_000);

  it("computes what torchvision computes, for each model that is known here", function () {
    const outputs = testJson(this, "models", "torchvision-outputs.json") as Outputs;
    const compared = outputs.models.filter(({ model }) => known(model));
    assert.ok(compared.length >= 8);
    for (const expected of compared) {
      const scores = applyRule(bare(expected.model)).forward(ruleInput(expected.input));
      const values = scores.storage.numbers();
      const tolerance = 2e-3 * expected.std;
      expected.first8.forEach((value, i) => {
        assert.ok(
          Math.abs((values[i] as number) - value) <= tolerance,
          `${expected.model}: score ${i} is ${values[i]}, torchvision has ${value}`,
        );
      });
      const top = scores.topk(5);
      const indices = top.indices.storage.toNumbers();
      const gaps = expected.top5_values.map((value, i) => value - (expected.top5_values[i + 1] ?? value - expected.gap_5_6));
      // Two neighbours closer than the tolerance may change places; all others must stand where torchvision has them.
      indices.forEach((index, i) => {
        const settled = (gaps[i] as number) > 2 * tolerance && (i === 0 || (gaps[i - 1] as number) > 2 * tolerance);
        if (settled) assert.equal(index, expected.top5[i], `${expected.model}: place ${i + 1}`);
      });
    }
  });
});
