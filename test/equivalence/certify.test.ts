// Running graphs beside eager: what is written down, and what is refused.
import assert from "node:assert/strict";
import fc from "fast-check";
import { interpreterEngine } from "../../src/engines/interpreter/interpreter-engine.ts";
import { type CheckCase, certificateCase, checkBitwise, checkExecutable, firstProblem, makeCase } from "../../src/equivalence/certify.ts";
import { hashStorage, makeInput, recipeLike } from "../../src/equivalence/check-inputs.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";

const f32 = (values: readonly number[], shape: readonly number[] = [values.length]) => Storage.from("float32", values, shape);
const graph = () =>
  parseGraph(
    `main (float[2,3] x) => (float[2,3] y, int64[2] best)
{
  y = Neg (x)
  best = ArgMax <axis = 1, keepdims = 0> (y)
}`,
    registry,
  );
const x = f32([1, 2, 3, 3, 2, 1], [2, 3]);
const given = (expected: readonly Storage[]): CheckCase => ({ label: "given", recipes: undefined, inputs: [x], expected });
const right = () => runGraph(graph(), [x]).map(asStorage);
const tolerances = { limits: [1e-5, 0], atol: 0, topk: 2 };

describe("a check case", () => {
  it("is made from recipes, which the certificate keeps with hashes", () => {
    const recipe = recipeLike("x", x, [2, 3], 9);
    const made = makeCase("random", [recipe], (inputs) => runGraph(graph(), inputs).map(asStorage));
    const kept = certificateCase(made, ["y", "best"], 2);
    assert.equal(kept?.inputs[0]?.sha256, hashStorage(makeInput(recipe)));
    assert.deepEqual(
      kept?.outputs.map((o) => [o.name, o.dtype, o.topk?.k]),
      [
        ["y", "float32", 2],
        ["best", "int64", undefined],
      ],
    );
  });

  it("of a user's own inputs stays out of the certificate, because nobody could make them again", () => {
    assert.equal(certificateCase(given(right()), ["y", "best"], 2), undefined);
  });
});

describe("checking a graph", () => {
  it("bit for bit gives a row, or the first element that differs", () => {
    assert.equal(checkBitwise(graph(), given(right())).bitwise, true);
    const [y, best] = right() as [Storage, Storage];
    const off = f32(
      y.toNumbers().map((v, i) => (i === 4 ? v * (1 + 2 ** -23) : v)),
      [2, 3],
    );
    assert.throws(() => checkBitwise(graph(), given([off, best])), {
      code: "TraceNotFaithful",
      message: /output y: element 4 is -2, expected -2\.00000\d+ \(given\)/,
    });
  });

  it("writes down how many rows of the top-k are identical and how many tied", async () => {
    const [, best] = right() as [Storage, Storage];
    // The second row's first two scores stand the other way round, by one unit in the last place.
    const near = f32([-1, -2, -3, -3, -1.0000001, -1], [2, 3]);
    const tied = f32([-1, -2, -3, -3, -1, -1.0000001], [2, 3]);
    const executable = await interpreterEngine.prepare(
      parseGraph("main (float[2,3] x, int64[2] i) => (float[2,3] y, int64[2] j)\n{\n  y = Identity (x)\n  j = Identity (i)\n}", registry),
    );
    const check: CheckCase = { label: "given", recipes: undefined, inputs: [tied, best], expected: [near, best] };
    const { row, comparison } = await checkExecutable("portable", executable, check, tolerances);
    assert.equal(comparison.ok, true);
    assert.equal(row.bitwise, false);
    assert.equal(row.outputs[0]?.topk, "1 of 2 identical, 1 tied");
    assert.equal(row.outputs[0]?.maxUlp, 1);
  });

  it("says which output is wrong, and by how much", async () => {
    const [y, best] = right() as [Storage, Storage];
    const executable = await interpreterEngine.prepare(graph());
    const wrong = f32(
      y.toNumbers().map((v) => v * 1.001),
      [2, 3],
    );
    const { comparison } = await checkExecutable("portable", executable, given([wrong, best]), tolerances);
    assert.match(firstProblem(comparison), /^y: error 9\.99e-4 is over the limit 1\.00e-5$/);
    const other = await checkExecutable("portable", executable, given([y, Storage.from("int64", [0, 0], [2])]), tolerances);
    assert.match(firstProblem(other.comparison), /^best: element 1 is 2, expected 0$/);
  });
});

describe("a recipe", () => {
  it("makes the same input each time, in the dtype, shape and range of the example", () => {
    const examples = fc.constantFrom(
      f32([0.5]),
      Storage.from("float16", [1], [1]),
      Storage.from("int64", [-3, 2n ** 60n], [2]),
      Storage.from("uint8", [4, 7], [2]),
      Storage.from("bool", [true], [1]),
      Storage.from("string", ["a", "b"], [2]),
    );
    fc.assert(
      fc.property(examples, fc.array(fc.nat(4), { maxLength: 3 }), fc.nat(1e6), (example, shape, seed) => {
        const recipe = JSON.parse(JSON.stringify(recipeLike("x", example, shape, seed)));
        const [a, b] = [makeInput(recipe), makeInput(recipe)];
        assert.equal(hashStorage(a), hashStorage(b));
        assert.equal(a.dtype, example.dtype);
        assert.deepEqual([...a.shape], shape);
        if (a.dtype === "uint8") assert.ok(a.toNumbers().every((v) => v >= 4 && v <= 7));
        if (a.dtype === "string") assert.ok((a.dense() as string[]).every((v) => v === "a" || v === "b"));
      }),
    );
  });
});
