// Layer normalisation from primitive operators, and with the residual sum in front, for ONNX Runtime.
import assert from "node:assert/strict";
import fc from "fast-check";
import { commonSubexpression } from "../../../src/passes/rules/common-subexpression.ts";
import { fuseLayerNorm } from "../../../src/passes/rules/fuse-layer-norm.ts";
import { fuseSkipLayerNorm } from "../../../src/passes/rules/fuse-transformer.ts";
import { checkPasses, Dice, drawFeeds, operators, refuses } from "../../support/check-rule.ts";
import { agreesOnOnnxruntime, onnxruntime } from "../../support/on-onnxruntime.ts";

const target = { target: "onnxruntime" } as const;
const parts = { square: "p = Pow (d, two)", quotient: "n = Div (d, r)" };
const text = ({
  square = parts.square,
  quotient = parts.quotient,
  axes = "-1",
  shape = "2,3,4",
  row = "4",
  dtype = "float",
} = {}) => `main (${dtype}[${shape}] x, ${dtype}[${row}] g, ${dtype}[${row}] b) => (${dtype}[${shape}] y)
<int64[${axes.split(",").length}] axes = {${axes}}, ${dtype} two = {2}, ${dtype} eps = {0.001}>
{ m = ReduceMean (x, axes) d = Sub (x, m) ${square} v = ReduceMean (p, axes) e = Add (v, eps) r = Sqrt (e) ${quotient} t = Mul (n, g) y = Add (t, b) }`;

describe("fuse-layer-norm", () => {
  it("writes each form as LayerNormalization", () => {
    for (const square of [parts.square, "p = Mul (d, d)"])
      for (const quotient of [parts.quotient, "i = Reciprocal (r) n = Mul (d, i)"]) {
        const graph = checkPasses(text({ square, quotient }), fuseLayerNorm, { ...target, fires: 1 });
        assert.deepEqual(operators(graph), ["LayerNormalization"]);
      }
  });

  it("joins a doubled subtraction first", () => {
    const doubled = text().replace("p = Pow (d, two)", "d2 = Sub (x, m) p = Pow (d2, two)");
    assert.deepEqual(operators(checkPasses(doubled, [commonSubexpression, fuseLayerNorm], target)), ["LayerNormalization"]);
  });

  it("normalises over several last axes, and any sizes", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const shape = [dice.int(1, 3), dice.int(1, 4), dice.int(2, 5)];
        const first = dice.int(0, 2);
        const axes = dice.permutation(3 - first).map((i) => (dice.flip() ? i + first : i + first - 3));
        const source = text({
          axes: axes.join(),
          shape: shape.join(),
          row: shape.slice(first).join(),
          dtype: dice.pick(["float", "double"]),
        });
        checkPasses(source, fuseLayerNorm, { ...target, seed, fires: 1 });
      }),
      { numRuns: 60 },
    );
  });

  it("says no to other axes, other squares, rows of another shape, and half precision", () => {
    refuses(text({ axes: "1", shape: "2,4,4" }), fuseLayerNorm, /same last axes/);
    refuses(
      text()
        .replace("v = ReduceMean (p, axes)", "v = ReduceMean <keepdims = 1> (p, all)")
        .replace("<int64", "<int64[2] all = {1, 2}, int64"),
      fuseLayerNorm,
      /same last axes/,
    );
    refuses(text().replace("two = {2}", "two = {3}"), fuseLayerNorm, /./);
    refuses(text({ row: "1" }), fuseLayerNorm, /shape of a row/);
    refuses(text({ dtype: "float16" }), fuseLayerNorm, /neither float32/);
    refuses(text().replace("4] y)", "4] y, float[2,3,1] v)"), fuseLayerNorm, /./);
    refuses(
      text()
        .replace(/(axes = \{-1\}, float two = \{2\}), float eps = \{0.001\}>/, "$1>")
        .replace("x,", "x, float eps,"),
      fuseLayerNorm,
      /./,
    );
  });
});

describe("fuse-skip-layer-norm", () => {
  const norm = (
    sum: string,
    more = "",
    shape = "2,3,4",
  ) => `main (float[${shape}] x, float[${shape}] s, float[4] a, float[4] g, float[4] b) => (float[${shape}] y${more})
  { ${sum} y = LayerNormalization <epsilon = 0.001> (t, g, b) }`;

  it("takes the sum of two, and a bias on either side", () => {
    for (const sum of ["t = Add (x, s)", "u = Add (x, a) t = Add (u, s)", "u = Add (a, x) t = Add (s, u)"])
      assert.deepEqual(
        operators(checkPasses(norm(sum), fuseSkipLayerNorm, { ...target, fires: 1 })),
        ["com.microsoft.SkipLayerNormalization"],
        sum,
      );
    checkPasses(norm("t = Add (x, s)", "", "3,4"), fuseSkipLayerNorm, { ...target, fires: 1 });
    checkPasses(norm("t = Add (x, s)").replace("(t, g, b)", "(t, g)"), fuseSkipLayerNorm, { ...target, fires: 1 });
  });

  it("says no to a sum that is read elsewhere, another axis, rank or dtype, and addends that broadcast", () => {
    refuses(norm("t = Add (x, s)", ", float[2,3,4] t"), fuseSkipLayerNorm, /2 readers/);
    refuses(
      norm("t = Add (x, s)").replace("<epsilon = 0.001>", "<axis = 1>").replaceAll("float[4] g, float[4] b", "float[3,4] g, float[3,4] b"),
      fuseSkipLayerNorm,
      /last axis/,
    );
    refuses(norm("t = Add (x, s)", "", "2,3,2,4"), fuseSkipLayerNorm, /rank/);
    refuses(norm("t = Add (x, s)").replaceAll("float[", "double["), fuseSkipLayerNorm, /float32/);
    refuses(norm("t = Add (x, a)"), fuseSkipLayerNorm, /same shape/);
    refuses(norm("t = Add (x, s)").replace("float[4] g", "float[1] g"), fuseSkipLayerNorm, /gamma is not/);
  });

  it("runs on ONNX Runtime with the same result, as LayerNormalization does", async function () {
    const runtime = await onnxruntime();
    if (!runtime) this.skip();
    for (const source of [text(), norm("t = Add (x, s)"), norm("u = Add (a, x) t = Add (s, u)"), norm("t = Add (x, s)", "", "3,4")]) {
      const graph = checkPasses(source, [fuseLayerNorm, fuseSkipLayerNorm], { ...target, fires: 1 });
      await agreesOnOnnxruntime(runtime, graph, drawFeeds(graph));
    }
  });
});
