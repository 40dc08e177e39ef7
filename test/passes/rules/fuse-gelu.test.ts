// The forms of Gelu, for ONNX Runtime.
import assert from "node:assert/strict";
import { fuseFastGelu, fuseGelu, fuseQuickGelu } from "../../../src/passes/rules/fuse-gelu.ts";
import { fuseBiasGelu } from "../../../src/passes/rules/fuse-transformer.ts";
import { checkPasses, drawFeeds, operators, refuses } from "../../support/check-rule.ts";
import { agreesOnOnnxruntime, onnxruntime } from "../../support/on-onnxruntime.ts";

const target = { target: "onnxruntime" } as const;
const constants = `float half = {0.5}, float one = {1}, float root = {1.4142135}, float unroot = {0.70710677}, float short = {1.41421}, float c = {0.044715}, float s = {0.7978846}, float three = {3}, float k = {1.702}, float[4] b = {1, -1, 0.5, 2}`;
const text = (nodes: string, type = "float[2,3,4]") => `main (${type} x) => (${type} y) <${constants}> { ${nodes} }`;

const tails = [
  "p = Add (f, one) q = Mul (x, p) y = Mul (q, half)",
  "p = Add (one, f) q = Mul (half, p) y = Mul (q, x)",
  "q = Mul (x, half) p = Add (f, one) y = Mul (q, p)",
];
const erf = ["u = Div (x, root) f = Erf (u)", "u = Mul (unroot, x) f = Erf (u)", "u = Div (x, short) f = Erf (u)"];
const tanh = [
  "d = Pow (x, three) e = Mul (d, c) g = Add (x, e) h = Mul (g, s) f = Tanh (h)",
  "v = Mul (x, x) d = Mul (x, v) e = Mul (c, d) g = Add (e, x) h = Mul (s, g) f = Tanh (h)",
  "v = Mul (x, c) d = Mul (v, x) e = Add (d, one) g = Mul (x, s) h = Mul (g, e) f = Tanh (h)",
  "v = Mul (x, x) d = Mul (v, c) e = Add (one, d) g = Mul (x, s) h = Mul (e, g) f = Tanh (h)",
];
const forms = { "com.microsoft.Gelu": [fuseGelu, erf], "com.microsoft.FastGelu": [fuseFastGelu, tanh] } as const;

describe("fuse-gelu and fuse-fast-gelu", () => {
  for (const [name, [rule, heads]] of Object.entries(forms))
    it(`write each form as ${name}`, () => {
      for (const head of heads)
        for (const tail of tails) {
          const graph = checkPasses(text(`${head} ${tail}`), rule, { ...target, fires: 1 });
          assert.deepEqual(operators(graph), [name], `${head} ${tail}`);
        }
    });

  it("say no to other numbers, doubles, second readers and constants that broadcast", () => {
    refuses(text(`${erf[0]} ${tails[2]}`).replace("half = {0.5}", "half = {0.51}"), fuseGelu, /./);
    refuses(text(`${erf[0]} ${tails[2]}`).replace("root = {1.4142135}", "root = {1.4143}"), fuseGelu, /./);
    refuses(text(`${erf[0]} ${tails[0]}`).replaceAll("float", "double"), fuseGelu, /./);
    refuses(text(`${erf[0]} ${tails[0]}`).replace("float[2,3,4] y", "float[2,3,4] y, float[2,3,4] f"), fuseGelu, /./);
    refuses(
      text(`${erf[0]} ${tails[0]}`, "float[1]")
        .replace("float half = {0.5}", "float[2] half = {0.5, 0.5}")
        .replace("float[1] y", "float[2] y"),
      fuseGelu,
      /shape/,
    );
    refuses(text(`${tanh[0]} ${tails[0]}`).replace("three = {3}", "three = {2}"), fuseFastGelu, /./);
    refuses(text(`${tanh[0]} ${tails[0]}`).replace("c = {0.044715}", "c = {0.0447}"), fuseFastGelu, /./);
  });
});

describe("fuse-quick-gelu", () => {
  it("takes the factor, and 1 where there is none", () => {
    const alpha = (nodes: string) => checkPasses(text(nodes), fuseQuickGelu, { ...target, fires: 1 }).firstNode?.attributes.alpha;
    assert.equal(alpha("u = Mul (x, one) g = Sigmoid (u) y = Mul (g, x)"), 1);
    assert.equal(alpha("g = Sigmoid (x) y = Mul (x, g)"), 1);
    // 1.702 is the operator's default, which nodes do not store.
    assert.equal(alpha("u = Mul (k, x) g = Sigmoid (u) y = Mul (x, g)"), undefined);
  });

  it("says no to the gate of another value, and to a factor per column", () => {
    refuses(`main (float[2] x, float[2] z) => (y) { g = Sigmoid (z) y = Mul (x, g) }`, fuseQuickGelu, /./);
    refuses(text("u = Mul (x, b) g = Sigmoid (u) y = Mul (x, g)"), fuseQuickGelu, /one finite number/);
  });
});

describe("fuse-bias-gelu", () => {
  it("takes the bias into BiasGelu or FastGelu, from ONNX's own Gelu too", () => {
    const summed = text(`${erf[0]} ${tails[0]}`).replaceAll("(x,", "(z,").replace("{ u", "{ z = Add (x, b) u");
    assert.deepEqual(operators(checkPasses(summed, [fuseGelu, fuseBiasGelu], { ...target, fires: 2 })), ["com.microsoft.BiasGelu"]);
    const own = (attributes: string) => `main (float[2,3,4] x, float[4] b) => (y) { a = Add (x, b) y = Gelu ${attributes} (a) }`;
    assert.deepEqual(operators(checkPasses(own(""), fuseBiasGelu, { ...target, fires: 1 })), ["com.microsoft.BiasGelu"]);
    assert.deepEqual(operators(checkPasses(own('<approximate = "tanh">'), fuseBiasGelu, { ...target, fires: 1 })), [
      "com.microsoft.FastGelu",
    ]);
  });

  it("says no to a matrix, a second reader, and a bias of another length", () => {
    const one = (t: string, more = "") => `main (float[2,3,4] x, ${t} b) => (y${more}) { a = Add (b, x) y = com.microsoft.Gelu (a) }`;
    refuses(one("float[3,4]"), fuseBiasGelu, /one number per last index/);
    refuses(one("float[1]"), fuseBiasGelu, /one number per last index/);
    refuses(one("float[4]", ", a"), fuseBiasGelu, /2 readers/);
    checkPasses(one("float[4]"), fuseBiasGelu, { ...target, fires: 1 });
    checkPasses(one("float[4]").replace("Gelu", "FastGelu"), fuseBiasGelu, { ...target, fires: 1 });
  });
});

describe("the Gelus", () => {
  it("run on ONNX Runtime with the same result", async function () {
    const runtime = await onnxruntime();
    if (!runtime) this.skip();
    const sources = [
      text(`${erf[0]} ${tails[0]}`),
      text(`${tanh[0]} ${tails[0]}`),
      text("u = Mul (x, k) g = Sigmoid (u) y = Mul (x, g)"),
      `main (float[2,3,4] x, float[4] b) => (y) { a = Add (b, x) y = com.microsoft.Gelu (a) }`,
      `main (float[2,3,4] x, float[4] b) => (y) { a = Add (b, x) y = com.microsoft.FastGelu (a) }`,
    ];
    for (const source of sources) {
      const graph = checkPasses(source, [fuseGelu, fuseFastGelu, fuseQuickGelu, fuseBiasGelu], { ...target, fires: 1 });
      await agreesOnOnnxruntime(runtime, graph, drawFeeds(graph));
    }
  });
});
