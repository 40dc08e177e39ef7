// Rules that users write, through the public entry: define, optimise, trace with, ask why not.
import assert from "node:assert/strict";
import { defineRule, EquivalenceError, explain, nn, optimize, portablePasses, randn, type Tensor, tensor, trace } from "../../src/index.ts";
import { wrongBatchNormFold } from "../support/wrong-rules.ts";

class Model extends nn.Module {
  conv = new nn.Conv2d(2, 4, 3);
  bn = new nn.BatchNorm2d(4);
  forward(x: Tensor): Tensor {
    return this.bn
      .forward(this.conv.forward(x))
      .mul(tensor([2]))
      .sigmoid();
  }
}

/** log σ(x) is what a user may know: here, that σ(2·x) = (1 + tanh x) / 2, which ONNX Runtime might do faster. */
const sigmoidAsTanh = defineRule({
  name: "sigmoid-as-tanh",
  about: "writes σ(2·x) by the hyperbolic tangent; σ(2·x) = (1 + tanh x) / 2",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Sigmoid(op.Mul(v("x"), 2)),
  replacement: (op, m) => op.Mul(op.Add(op.Tanh(m.value("x")), op.constant(tensor([1]))), op.constant(tensor([0.5]))),
});

const x = randn([1, 2, 6, 6], { seed: 1 });

describe("a rule of a user", () => {
  it("runs in trace() beside the built-in ones, is checked, counted and reported", async () => {
    const traced = await trace(new Model().eval(), x, {
      engine: "interpreter",
      passes: [sigmoidAsTanh, ...portablePasses],
    });
    assert.equal(traced.report.passes.fired("sigmoid-as-tanh"), 1);
    assert.match(String(traced.graph), /Tanh/);
    assert.match(String(traced.report), /validated \d+ of \d+ rewrites/);
    await traced.close();
  });

  it("that is wrong never gets as far as a module, though the whole output hides its mistake", async () => {
    const wrong = wrongBatchNormFold("fold-without-epsilon", { epsilon: false, negated: -1 });
    await assert.rejects(trace(new Model().eval(), x, { engine: "interpreter", passes: [wrong, ...portablePasses] }), (error) => {
      assert.ok(error instanceof EquivalenceError);
      assert.equal(error.code, "RewriteNotEquivalent");
      assert.match(error.message, /fold-without-epsilon.*BatchNormalization.*user-rules\.test\.ts/);
      return true;
    });
    // The same without the check of rewrites: 1e-5 / 2 is below the limit of 1e-4, but not below this one.
    await assert.rejects(
      trace(new Model().eval(), x, {
        engine: "interpreter",
        passes: [wrong, ...portablePasses],
        check: { rewrites: false, rtol: 1e-8 },
      }),
      { code: "NotEquivalent", message: /rule fold-without-epsilon, at BatchNormalization/ },
    );
  });

  it("runs in optimize() on a copy of any graph", async () => {
    const traced = await trace(new Model().eval(), x, { engine: "interpreter", passes: [] });
    const before = String(traced.graph);
    const { graph, report } = optimize(traced.graph, { rules: [sigmoidAsTanh], disable: ["fold-conv-mul"] });
    assert.equal(String(traced.graph), before);
    assert.equal(report.fired("fold-conv-batchnorm"), 1);
    assert.equal(report.fired("sigmoid-as-tanh"), 1);
    assert.deepEqual(
      [...graph.nodes()].map((n) => n.op),
      ["Conv", "Tanh", "Add", "Mul"],
    );
    assert.throws(() => optimize(traced.graph, { disable: ["sigmoid-as-tan"], rules: [sigmoidAsTanh] }), {
      code: "UnknownPass",
      message: /Did you mean sigmoid-as-tanh/,
    });
    await traced.close();
  });

  it("lowers for ONNX Runtime when asked to", async () => {
    class Small extends nn.Module {
      conv = new nn.Conv2d(2, 4, 3);
      forward(input: Tensor): Tensor {
        return this.conv.forward(input).relu();
      }
    }
    const traced = await trace(new Small().eval(), x, { engine: "interpreter" });
    const { graph } = optimize(traced.graph, { target: "onnxruntime" });
    assert.deepEqual(
      [...graph.nodes()].map((n) => n.op),
      ["com.microsoft.FusedConv"],
    );
    await traced.close();
  });
});

describe("explain", () => {
  it("says for each candidate whether a rule fires, and why not, with the source line", async () => {
    class Shared extends nn.Module {
      conv = new nn.Conv2d(2, 4, 3);
      a = new nn.BatchNorm2d(4);
      b = new nn.BatchNorm2d(4);
      forward(input: Tensor): Tensor {
        const y = this.conv.forward(input);
        return this.a
          .forward(y)
          .add(this.b.forward(input.repeat([1, 2, 1, 1])))
          .sum()
          .add(y.sum());
      }
    }
    const model = new Shared().eval();
    const traced = await trace(model, randn([1, 2, 3, 3], { seed: 1 }), { engine: "interpreter", passes: [] });
    const found = explain(traced.graph, "fold-conv-batchnorm");
    assert.equal(found.length, 2);
    assert.ok(found.every((e) => !e.fires && e.op === "BatchNormalization" && /user-rules\.test\.ts:\d+/.test(e.where)));
    assert.match(found[0]?.reason ?? "", /input 0 of BatchNormalization has 2 readers, the rule wants one/);
    assert.match(found[1]?.reason ?? "", /input 0 of BatchNormalization comes from \w+, not from Conv or ConvTranspose/);
    await traced.close();
  });

  it("gives the reason that a replacement finds, and the graph stays", async () => {
    const rule = defineRule({
      name: "fold-positive-product",
      about: "for this test",
      accuracy: "ulp",
      targets: ["portable"],
      pattern: (op, v) => op.Mul(v("x"), v("k").constant()),
      replacement(op, m) {
        const k = m.constant("k")?.toNumbers() ?? [];
        return k.every((v) => v > 0) ? op.Mul(m.value("k"), m.value("x")) : "k has a number that is not positive";
      },
    });
    const traced = await trace((y: Tensor) => y.mul(tensor([2, -1])), randn([3, 2], { seed: 1 }), {
      engine: "interpreter",
      passes: [rule],
    });
    assert.equal(traced.report.passes.fired("fold-positive-product"), 0);
    assert.deepEqual(
      explain(traced.graph, rule).map((e) => [e.fires, e.reason]),
      [[false, "k has a number that is not positive"]],
    );
    await traced.close();
  });

  it("of a compiled module tells where a rule has fired, too", async () => {
    const traced = await trace(new Model().eval(), x, { engine: "interpreter" });
    const [first, ...others] = traced.explain("fold-conv-batchnorm");
    assert.equal(first?.fires, true);
    assert.match(first?.where ?? "", /^bn \(.*user-rules\.test\.ts:\d+:\d+\)$/);
    assert.deepEqual(others, []);
    assert.equal(traced.explain(sigmoidAsTanh).length, 1);
    assert.throws(() => traced.explain("constant-fold"), { code: "PassWithoutPattern" });
    assert.throws(() => traced.explain("fold-conv-bn"), { code: "UnknownPass" });
    await traced.close();
  });
});
