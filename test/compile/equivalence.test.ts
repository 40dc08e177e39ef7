import assert from "node:assert/strict";
import { certificateKey } from "../../src/equivalence/certificate.ts";
import { load, nn, ones, randn, type Tensor, tensor, topk, trace } from "../../src/index.ts";
import type { Pass } from "../../src/passes/pass.ts";
import { portablePasses } from "../../src/passes/pipelines.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { Residual } from "../support/tiny-nets.ts";
import { failsWith } from "../support/trace-errors.ts";

const interpreter = { engine: "interpreter" } as const;

/** A pass that is wrong: it replaces every constant 2 by 3. */
const wrongConstant: Pass = {
  name: "wrong-constant",
  about: "replaces 2 by 3, which is not legal at all",
  accuracy: "exact",
  run(graph, context) {
    for (const node of graph.nodes())
      for (const v of node.inputs) {
        if (v?.storage?.size !== 1 || v.storage.toNumbers()[0] !== 2) continue;
        if (!context.step("wrong-constant", node)) return;
        v.replaceAllUsesWith(graph.addInitializer(Storage.from("float32", [3], [])));
      }
  },
};
const passes = [...portablePasses, wrongConstant];
const double = (x: Tensor) => x.relu().mul(2).add(1);

describe("a graph that differs from eager", () => {
  it("is an EquivalenceError that names the first wrong pass, rule and node", async () => {
    const error = await failsWith(
      () => trace(double, ones([3]), { ...interpreter, passes }),
      "NotEquivalent",
      /portable graph on interpreter/,
    );
    assert.equal(error.name, "EquivalenceError");
    assert.match(error.message, /pass wrong-constant, rule wrong-constant, at Mul from .*equivalence\.test\.ts:\d+:\d+/);
    assert.match(error.message, /error before it .*, after it /);
    assert.match(error.hint, /disable: \["wrong-constant"\]/);
  });

  it("is let through by no option but the loudly named one, and says so", async () => {
    await failsWith(() => trace(double, ones([3]), { ...interpreter, passes, check: { topk: 0 } }), "NotEquivalent");
    await using m = await trace(double, ones([3]), { ...interpreter, passes, ignoreFailedEquivalenceCheck: true });
    assert.equal(m.certificate.failedCheckIgnored, true);
    assert.match(String(m.report), /FAILED/);
    assert.match(String(m.report), /DIFFERS from eager/);
    assert.deepEqual((await m.run(ones([3]))).toArray(), [4, 4, 4]);
  });

  it("passes with the pass switched off", async () => {
    await using m = await trace(double, ones([3]), { ...interpreter, passes, disable: ["wrong-constant"] });
    assert.deepEqual((await m.run(ones([3]))).toArray(), [3, 3, 3]);
  });

  it("is found on inputs that the user gives", async () => {
    // A rule that is wrong for large numbers only: random normal inputs do not show it.
    const clipping: Pass = {
      name: "clip-large",
      about: "clips at 100, which is legal only for small numbers",
      accuracy: "exact",
      run(graph, context) {
        for (const node of graph.nodes()) {
          if (node.op !== "Relu" || !context.step("clip-large", node)) continue;
          const limit = graph.addInitializer(Storage.from("float32", [100], []));
          const zero = graph.addInitializer(Storage.from("float32", [0], []));
          const clip = graph.add("Clip", [node.inputs[0], zero, limit], {}, { before: node, provenance: node.provenance });
          node.output.replaceAllUsesWith(clip.output);
          graph.remove(node);
        }
      },
    };
    const with_ = { ...interpreter, passes: [clipping] };
    await using m = await trace((x: Tensor) => x.relu(), ones([2]), with_);
    assert.deepEqual((await m.run(tensor([500, 1]))).toArray(), [100, 1]);
    await failsWith(
      () => trace((x: Tensor) => x.relu(), ones([2]), { ...with_, check: { inputs: [tensor([500, 1])] } }),
      "NotEquivalent",
      /given input 0/,
      /clip-large/,
    );
  });
});

describe("further inputs for the check", () => {
  it("are checked against the model's own, like those of a run", async () => {
    const add = (x: Tensor, y: Tensor) => x.add(y);
    const checking = (...inputs: unknown[]) => trace(add, [ones([2]), ones([2])], { ...interpreter, check: { inputs } });
    await failsWith(() => checking(ones([2])), "InputCount", /x, y/);
    await failsWith(() => checking([ones([2]), ones([3])]), "InputShape", /input y/);
    await using m = await checking([ones([2]), ones([2])], { y: ones([2]), x: ones([2]) });
    assert.deepEqual(
      m.certificate.rows.map((r) => r.case),
      ["random", "random", "given input 0", "given input 1"],
    );
  });
});

describe("the report and the certificate", () => {
  const path = temporaryFolder();
  const image = randn([2, 3, 8, 8], { seed: 1 });

  it("say what was checked where", async () => {
    await using m = await trace(new Residual().eval(), image, { engine: "onnxruntime", dynamic: [{ 0: "batch" }] });
    const rows = m.certificate.rows.map((r) => `${r.graph}, ${r.engine}, ${r.case.replace(/=\d+/, "=n")}`);
    assert.deepEqual(rows, [
      "traced, interpreter, random, batch=n",
      "portable, interpreter, random, batch=n",
      "lowered, onnxruntime, the example",
      "lowered, onnxruntime, random, batch=n",
    ]);
    assert.match(String(m.report), /traced +interpreter .* bit for bit/);
    assert.match(String(m.report), /fold-conv-batchnorm/);
    assert.doesNotThrow(() => JSON.parse(JSON.stringify(m.report)));
    assert.equal(m.graph.metadata.has(certificateKey), true);
  });

  it("record a limit that the user raised", async () => {
    await using m = await trace(double, ones([3]), { ...interpreter, check: { rtol: 0.1 } });
    assert.equal(m.certificate.limitsRaised, true);
    assert.match(String(m.report), /raised by the user/);
  });

  it("keep integers, booleans and strings exact, whatever the limit", async () => {
    const forward = (x: Tensor) => ({ where: x.argmax(-1), positive: x.gt(0), name: tensor(["a"]) });
    await using m = await trace(forward, randn([2, 3], { seed: 1 }), { check: { rtol: 1 } });
    assert.deepEqual(m.certificate.limits, [0, 0, 0]);
  });

  it("take ties among the scores for what they are", async () => {
    // All scores equal: which index comes first is no matter of error.
    const forward = (x: Tensor) => x.mul(0).add(1);
    await using m = await trace(forward, randn([2, 5], { seed: 1 }));
    assert.deepEqual(topk(await m.run(randn([2, 5], { seed: 2 })), 2).indices.shape, [2, 2]);
  });

  it("travel with the file: loading checks on the same inputs", async () => {
    await using m = await trace(new nn.Linear(3, 2), randn([2, 3], { seed: 1 }), interpreter);
    await m.save(path("linear.onnx"));
    await using again = await load(path("linear.onnx"), interpreter);
    assert.deepEqual(again.certificate.cases[0]?.inputs[0]?.sha256, m.certificate.cases[0]?.inputs[0]?.sha256);
  });
});
