// What the validation of rewrites accepts, how it chooses sizes, and what it counts instead of comparing.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseGraph } from "../../../src/ir/parse.ts";
import { registry } from "../../../src/ops/registry.ts";
import { runPasses } from "../../../src/passes/manager.ts";
import { onnxruntimePasses, portablePasses } from "../../../src/passes/pipelines.ts";
import { defineRule, type Rule, type RuleDefinition } from "../../../src/passes/rewriter.ts";
import { noOp } from "../../../src/passes/rules/no-op.ts";
import { Generator } from "../../../src/tensor/random.ts";
import { Storage } from "../../../src/tensor/storage.ts";

const graph = (text: string) => parseGraph(text, registry);
const rule = (definition: Partial<RuleDefinition> & Pick<RuleDefinition, "pattern" | "replacement">): Rule =>
  defineRule({ name: "under-test", about: "", accuracy: "ulp", targets: ["portable"], ...definition });
const tally = (text: string, ...rules: Rule[]) => runPasses(graph(text), rules).validation;
const refused = { code: "RewriteNotEquivalent" };

describe("the validation of rewrites accepts", () => {
  it("a rule that relies on where its input comes from", () => {
    const text = `main (float[4] x) => (float[4] y)
{
  a = Relu (x)
  y = Relu (a)
}`;
    assert.deepEqual(tally(text, noOp), { validated: 1, skipped: {} });
    // |x| = x for what a Relu gives, and for nothing else.
    const absolute = rule({ accuracy: "exact", pattern: (op, v) => op.Abs(v("x")), replacement: (_, m) => m.value("x") });
    const behind = (first: string) => `main (float[4] x) => (float[4] y)
{
  a = ${first} (x)
  b = Abs (a)
  y = Tanh (b)
}`;
    assert.equal(tally(behind("Relu"), absolute)?.validated, 1);
    assert.throws(() => tally(behind("Neg"), absolute), refused);
  });

  it("sizes that hold only for large symbols: they are tried at such", () => {
    const text = `main (float["n - 256"] x, float[n] z) => (float["n - 256"] y, float[n] w)
{
  a = Relu (x)
  y = Relu (a)
  w = Neg (z)
}`;
    assert.deepEqual(tally(text, noOp), { validated: 1, skipped: {} });
  });

  it("an approximation within the limit that its rule states", () => {
    const text = `main (float[64] x) => (float[64] y)
{
  t = Tanh (x)
  y = Tanh (t)
}`;
    const wrongBy = (factor: number, tolerance?: number) =>
      rule({
        accuracy: "approximate",
        ...(tolerance !== undefined && { tolerance }),
        pattern: (op, v) => op.Tanh(op.Tanh(v("x"))),
        replacement: (op, m) =>
          op.Mul(op.Sin(op.Asin(op.Tanh(op.Sinh(op.Asinh(op.Tanh(m.value("x"))))))), op.constant(Storage.from("float32", [factor], []))),
      });
    assert.equal(tally(text, wrongBy(1.01, 0.02))?.validated, 1);
    assert.throws(() => tally(text, wrongBy(1.01, 0.005)), refused);
    assert.throws(() => tally(text, wrongBy(1.001)), refused);
  });

  it("constants that were rounded once to the graph's dtype, in each float dtype", () => {
    // x / 3 = x · (1/3)
    const reciprocal = (dtype: "float" | "float16" | "bfloat16" | "double", off: number) => {
      const names = { float: "float32", float16: "float16", bfloat16: "bfloat16", double: "float64" } as const;
      return [
        `main (${dtype}[8] x) => (${dtype}[8] y)
<${dtype} k = {3.0}>
{
  y = Div (x, k)
}`,
        rule({
          pattern: (op, v) => op.Div(v("x"), v("k").constant()),
          replacement: (op, m) => op.Mul(m.value("x"), op.constant(Storage.from(names[dtype], [(1 + off) / 3], []))),
        }),
      ] as const;
    };
    for (const [dtype, unit] of [
      ["float", 2 ** -24],
      ["float16", 2 ** -11],
      ["bfloat16", 2 ** -8],
      ["double", 2 ** -53],
    ] as const) {
      assert.equal(tally(...reciprocal(dtype, 0))?.validated, 1, dtype);
      assert.throws(() => tally(...reciprocal(dtype, Math.max(40 * unit, 2 ** -36))), refused, dtype);
    }
  });

  it("a number that became an attribute, which is a float32 in a file", () => {
    const text = `main (float[4,6] a, float[6,5] b) => (float[4,5] y)
<float k = {10.0}>
{
  p = MatMul (a, b)
  y = Div (p, k)
}`;
    const scaled = (alpha: number) =>
      rule({
        pattern: (op, v) => op.Div(op.MatMul(v("a"), v("b")), v("k").constant()),
        replacement: (op, m) => op.Gemm(m.value("a"), m.value("b"), { alpha }),
      });
    assert.equal(tally(text, scaled(Math.fround(0.1)))?.validated, 1);
    assert.throws(() => tally(text, scaled(0.10001)), refused);
  });

  it("a scalar that stood for a number with no end, such as √2 in a Gelu written out", () => {
    const gelu = rule({
      pattern: (op, v) => op.Mul(op.Mul(v("x"), op.Add(op.Erf(op.Div(v("x"), v("root").constant())), 1)), 0.5),
      replacement: (op, m) => op.Gelu(m.value("x")),
    });
    const text = (root: string) => `main (float[batch,16] x) => (float[batch,16] y)
<float root = {${root}}, float one = {1.0}, float half = {0.5}>
{
  d = Div (x, root)
  e = Erf (d)
  a = Add (e, one)
  m = Mul (x, a)
  y = Mul (m, half)
}`;
    assert.deepEqual(tally(text("1.4142135"), gelu), { validated: 1, skipped: {} });
    assert.throws(() => tally(text("1.41421"), gelu), refused);
  });

  it("every rewrite of the pipelines, whatever the attributes of the convolution", () => {
    const pick = <T>(...values: T[]) => fc.constantFrom(...values);
    const settings = fc.record({
      group: pick(1, 2),
      kernel: pick([1, 1], [3, 3], [1, 3], [5, 2]),
      stride: pick(1, 2, 3),
      dilation: pick(1, 2),
      pad: pick(0, 1, 2),
      size: pick(9, 14, 56),
      batch: pick("1", "2", "batch"),
      bias: fc.boolean(),
      activation: pick("Relu", "Sigmoid", "HardSigmoid", "LeakyRelu"),
      op: pick("Conv", "ConvTranspose"),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(settings, (s) => {
        const wShape = s.op === "Conv" ? [6, 4 / s.group] : [4, 6 / s.group];
        const g = graph(`main (float[${s.batch},4,${s.size},${s.size}] x, float[${[...wShape, ...s.kernel]}] w, float[6] b, float[6] p)
  => (float[${s.batch},6,h,w] y)
{
  c = ${s.op} <group = ${s.group}, strides = [${s.stride},${s.stride}], dilations = [${s.dilation},${s.dilation}], pads = [${s.pad},${s.pad},${s.pad},${s.pad}]> (x, w${s.bias ? ", b" : ""})
  n = BatchNormalization (c, p, b, b, p)
  y = ${s.activation} (n)
}`);
        const random = new Generator(s.seed);
        // Constants in the place of the inputs of the text; p, which is a variance too, is positive.
        for (const input of g.inputs.splice(1)) {
          const { shape = [] } = input.tensorType;
          const data = random.fillNormal(new Float32Array(shape.reduce<number>((n, d) => n * (d as number), 1)));
          const values = input.name === "p" ? data.map((v) => 0.5 + Math.abs(v)) : data;
          input.replaceAllUsesWith(g.addInitializer(Storage.of("float32", values, shape as number[]), input.name));
        }
        const reports = [runPasses(g, portablePasses), runPasses(g, onnxruntimePasses, { target: "onnxruntime" })];
        for (const { validation, journal } of reports)
          assert.deepEqual(validation, { validated: journal.filter((j) => j.rule !== "dead-code").length, skipped: {} });
        assert.ok(reports[0] && reports[0].journal.length > 0);
      }),
      {
        numRuns: 40,
        examples: [
          [
            {
              group: 1,
              kernel: [1, 3],
              stride: 1,
              dilation: 1,
              pad: 2,
              size: 9,
              batch: "1",
              bias: false,
              activation: "Relu",
              op: "ConvTranspose",
              seed: 0,
            },
          ],
        ],
      },
    );
  });
});

describe("the validation of rewrites", () => {
  it("compares what depends on declared sizes at these sizes", () => {
    const text = (size: string) => `main (float[1,8,${size},200] x) => (float[1,8,${size},1] y)
{
  y = ReduceMean <axes = [3]> (x)
}`;
    const bySum = (divisor: number) =>
      rule({
        pattern: (op, v) => op.ReduceMean(v("x"), v("axes").constant()),
        replacement: (op, m) =>
          op.Mul(op.ReduceSum(m.value("x"), m.value("axes")), op.constant(Storage.from("float32", [1 / divisor], []))),
      });
    const axes = (size: string) => text(size).replace(" <axes = [3]> (x)", " (x, axes)").replace("\n{", "\n<int64[1] axes = {3}>\n{");
    assert.deepEqual(tally(axes("100"), bySum(200)), { validated: 1, skipped: {} });
    assert.throws(() => tally(axes("100"), bySum(199)), refused);
  });

  it("takes larger sizes where padding cuts small ones off", () => {
    const text = `main (float[1,2,20,20] x) => (float[1,2,h,w] y)
<float[2,2,1,3] w = {1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0,9.0,1.5,2.5,3.5}, float[2] p = {1.0, 2.0}>
{
  c = ConvTranspose <pads = [3,3,3,3]> (x, w)
  y = BatchNormalization (c, p, p, p, p)
}`;
    assert.deepEqual(runPasses(graph(text), portablePasses).validation, { validated: 1, skipped: {} });
  });

  it("takes a symbolic size that operators accept", () => {
    const text = `main (float[n] x) => (float[m,6] y)
<int64[2] shape = {-1, 6}>
{
  r = Reshape (x, shape)
  i = Identity (r)
  y = Tanh (i)
}`;
    assert.deepEqual(tally(text, noOp), { validated: 1, skipped: {} });
  });

  it("counts what it cannot compare, with the reason, and says so in the report", () => {
    const drawn = rule({ pattern: (op, v) => op.Relu(op.RandomNormalLike(v("x"))), replacement: (op, m) => op.Relu(m.value("x")) });
    const report = runPasses(
      graph(`main (float[4] x) => (float[4] y)
{
  r = RandomNormalLike (x)
  y = Relu (r)
}`),
      [drawn],
    );
    assert.deepEqual(report.validation, { validated: 0, skipped: { "operators that raise or draw random numbers": 1 } });
    assert.match(String(report), /validated 0 of 1 rewrites \(not compared: 1 with operators that raise or draw random numbers\)/);
  });

  it("compares a repeated computation with the one that is kept, and a rule that reads far behind what it replaces", () => {
    const twice = `main (float[4,6] x) => (float[4,6] y)
{
  t = Tanh (x)
  a = Exp (t)
  b = Exp (t)
  y = Add (a, b)
}`;
    assert.deepEqual(runPasses(graph(twice), portablePasses).validation, { validated: 1, skipped: {} });
    // The Exp in the middle lives on, because it is an output; the replacement reads what stands before it.
    const logExp = (sign: number) =>
      rule({
        pattern: (op, v) => op.Log(op.Exp(v("x"))),
        replacement: (op, m) => op.Mul(m.value("x"), op.constant(Storage.from("float32", [sign], []))),
      });
    const kept = `main (float[4,6] x) => (float[4,6] y, float[4,6] e)
{
  e = Exp (x)
  y = Log (e)
}`;
    assert.deepEqual(tally(kept, logExp(1)), { validated: 1, skipped: {} });
    assert.throws(() => tally(kept, logExp(-1)), refused);
  });

  it("compares integers and booleans exactly, whatever the rule claims", () => {
    const text = `main (int64[4] x) => (int64[4] y)
<int64 two = {2}>
{
  m = Mul (x, two)
  y = Add (m, two)
}`;
    const factored = (right: boolean) =>
      rule({
        pattern: (op, v) => op.Add(op.Mul(v("x"), v("k").constant()), v("k")),
        replacement: (op, m) => op.Mul(op.Add(m.value("x"), op.constant(Storage.from("int64", [right ? 1 : 2], []))), m.value("k")),
      });
    assert.equal(tally(text, factored(true))?.validated, 1);
    assert.throws(() => tally(text, factored(false)), refused);
  });

  it("compares several outputs, and rewrites inside a sub-graph", () => {
    const text = `main (bool c, float[4] x) => (float[4] y)
{
  y = If (c) <
    then_branch = yes () => (float[4] a) { t = Relu (x) a = Relu (t) },
    else_branch = no () => (float[4] b) { b = Neg (x) }
  >
}`;
    assert.deepEqual(tally(text, noOp), { validated: 1, skipped: {} });
  });
});
