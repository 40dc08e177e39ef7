import assert from "node:assert/strict";
import { type Tree, TreeLSTM, wordsOf } from "../../../examples/script/tree-lstm.ts";
import { nn, randn } from "../../../src/index.ts";
import { assertScripts, operatorsOf } from "../../support/scripted.ts";

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
/** weight · x + bias */
function affine({ weight, bias }: nn.Linear, x: readonly number[]): readonly number[] {
  const start = bias ? (bias.toArray() as number[]) : [];
  return (weight.toArray() as number[][]).map((row, i) => row.reduce((sum, w, j) => sum + w * (x[j] as number), start[i] as number));
}

/** The same in arrays of numbers, by the paper's equations. */
function inArrays(model: TreeLSTM, node: Tree, words: readonly (readonly number[])[]): { h: number[]; c: number[] } {
  const children = typeof node === "number" ? [] : node.map((child) => inArrays(model, child, words));
  const n = model.hidden;
  const sum = Array.from({ length: n }, (_, i) => children.reduce((s, { h }) => s + (h[i] as number), 0));
  const gates = typeof node === "number" ? affine(model.leaf, words[node] as number[]) : affine(model.gates, sum);
  const at = (i: number) => gates[i] as number;
  const kept = (i: number) => children.reduce((s, { h, c }) => s + sigmoid(affine(model.forget, h)[i] as number) * (c[i] as number), 0);
  const c = Array.from({ length: n }, (_, i) => sigmoid(at(i)) * Math.tanh(at(2 * n + i)) + kept(i));
  return { c, h: c.map((v, i) => sigmoid(at(n + i)) * Math.tanh(v)) };
}

describe("the Tree-LSTM", () => {
  it("computes the paper's equations for trees of any shape", () => {
    const trees: readonly Tree[] = [0, [0, 1], [2, [0, 1]], [[0, 1], [2, [3, [4, 5]]], 6]];
    for (const tree of trees) {
      const model = nn.seeded(0, () => new TreeLSTM(tree, 5, 3)).eval();
      const words = randn([wordsOf(tree), 5], { seed: 1 });
      const { h } = inArrays(model, tree, words.toArray() as number[][]);
      (model.forward(words).toArray() as number[]).forEach((value, i) => assert.ok(Math.abs(value - (h[i] as number)) < 1e-6));
    }
  });

  it("is a flat graph: the recursion has happened when it was compiled", async () => {
    const tree: Tree = [
      [0, 1],
      [2, [3, 4]],
    ];
    const model = nn.seeded(0, () => new TreeLSTM(tree, 5, 3));
    const scripted = await assertScripts(model, [[randn([5, 5], { seed: 1 })]]);
    const operators = operatorsOf(scripted);
    assert.ok(!operators.includes("If") && !operators.includes("Loop"));
  }).timeout(60_000);
});
