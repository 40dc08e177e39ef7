// Every function ends in dispatch: a recording sees it, and the recorded graph computes the same for other inputs.
import assert from "node:assert/strict";
import { tensor } from "../../src/eager/create.ts";
import { withInterpreter } from "../../src/eager/interpreter.ts";
import { Tensor } from "../../src/eager/tensor.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { Recorder } from "../../src/trace/recorder.ts";

const example = tensor([
  [1, -2.5, 3],
  [0.5, 5, -6],
]);
const other = tensor([
  [-7, 0.25, 2],
  [9, -1.5, 4],
]);

const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  index: (x) => x.index("...", "::-1").index(0),
  diag: (x) => x.index(1).diag(1),
  diagonal: (x) => x.diagonal(1),
  trace: (x) => x.trace(),
  mm: (x) => x.mm(x.t()),
  bmm: (x) => x.unsqueeze(0).bmm(x.t().unsqueeze(0)),
  baddbmm: (x) => x.unsqueeze(0).baddbmm(x.unsqueeze(0), x.t().mm(x).unsqueeze(0)),
  mv: (x) => x.mv(x.index(0)),
  dot: (x) => x.index(0).dot(x.index(1)),
  outer: (x) => x.index(0).outer(x.index(1)),
  addmm: (x) => x.addmm(x, x.t().mm(x), { alpha: 2, beta: 0.5 }),
  argsort: (x) => x.argsort(1, true),
  unique: (x) => x.gt(0).float().unique().counts,
  median: (x) => x.median(1).values,
  aminmax: (x) => x.aminmax(0).max,
  countNonzero: (x) => x.relu().countNonzero(1),
  norm: (x) => x.norm(3, 1),
  unflatten: (x) => x.unflatten(1, [3, 1]).movedim(0, 2),
  tile: (x) => x.tile(2).repeatInterleave(2, 0),
  trunc: (x) => x.trunc().add(x.frac()),
  lerp: (x) => x.lerp(x.neg(), 0.25),
  gelu: (x) => x.gelu().add(x.exp2()),
  nanToNum: (x) => x.log().nanToNum(1),
  isclose: (x) => x.isclose(x.round(), { atol: 0.3 }),
  std: (x) => x.std(0),
  maskedFill: (x) => x.maskedFill(x.gt(0), -1),
  pad: (x) => x.pad([1, 2]),
};

describe("functions that are recorded", () => {
  for (const [name, f] of Object.entries(functions))
    it(`${name} computes in the graph what it computes at once`, () => {
      const recorder = new Recorder({ kernels: true, names: new Map() });
      const result = withInterpreter(recorder, () => f(recorder.input("x", example)));
      recorder.graph.setOutputs([recorder.valueOf(result)], ["y"]);
      verifyGraph(recorder.graph);
      assert.deepEqual(result.toArray(), f(example).toArray());
      for (const x of [example, other]) {
        const y = asStorage(runGraph(recorder.graph, [Tensor.storageOf(x) as Storage])[0]);
        assert.deepEqual(Tensor.fromStorage(y).toArray(), f(x).toArray());
      }
    });
});
