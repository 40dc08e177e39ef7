// The same computation, once.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph, type Value } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { commonSubexpression } from "../../../src/passes/rules/common-subexpression.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators } from "../../support/check-rule.ts";

const text = (nodes: string, constants = "", outputs = "y") =>
  `main (float[2,2] x) => (${outputs}) ${constants ? `<${constants}>` : ""} { ${nodes} }`;
const left = (source: string) => operators(checkPasses(source, commonSubexpression)).length;

describe("common-subexpression", () => {
  it("joins equal operators on equal inputs, one after the other", () => {
    assert.equal(left(text("a = Exp (x) b = Exp (x) c = Neg (a) d = Neg (b) y = Add (c, d)")), 3);
  });

  it("joins equal constants of the same dtype, shape and bits only", () => {
    const sums = (constants: string) => left(text("a = Add (x, k) b = Add (x, l) y = Mul (a, b)", constants));
    assert.equal(sums("float k = {2}, float l = {2}"), 2);
    assert.equal(sums("float k = {nan}, float l = {nan}"), 2);
    assert.equal(sums("float k = {0}, float l = {-0.0}"), 3);
    assert.equal(sums("float k = {2}, float[1] l = {2}"), 3);
    assert.equal(sums("float[2] k = {1, 2}, float[2] l = {1, 3}"), 3);
  });

  it("keeps operators whose attributes or number of outputs differ", () => {
    assert.equal(left(text("a = Softmax <axis = 0> (x) b = Softmax <axis = 1> (x) y = Add (a, b)")), 3);
    assert.equal(left(text("a = Softmax <axis = -1> (x) b = Softmax (x) y = Add (a, b)")), 2);
    assert.equal(left(text("a = Sub (x, k) b = Sub (k, x) y = Add (a, b)", "float k = {1}")), 3);
  });

  it("keeps what draws random numbers, inputs with defaults, and both outputs of the graph", () => {
    assert.equal(
      operators(
        checkPasses(
          text("a = RandomNormalLike (x) b = RandomNormalLike (x) y = Shape (a) z = Shape (b)", "", "y, z"),
          commonSubexpression,
          { fires: 0 },
        ),
      ).length,
      4,
    );
    const given = `main (float[2] x, float k = {2}, float l = {2}) => (y) { a = Add (x, k) b = Add (x, l) y = Mul (a, b) }`;
    checkPasses(given, commonSubexpression, {
      fires: 0,
      feeds: [undefined, Storage.from("float32", [3], []), Storage.from("float32", [5], [])],
    });
    assert.deepEqual(checkPasses(text("y = Exp (x) z = Exp (x)", "", "y, z"), commonSubexpression, { fires: 1 }).outputNames, ["y", "z"]);
  });

  it("serves readers inside of branches", () => {
    const branches = `main (bool c, float[2] x) => (float[2] y)
    { a = Exp (x) b = Exp (x)
      y = If (c) <then_branch = t () => (float[2] p) { p = Add (a, b) }, else_branch = e () => (float[2] b) {}> }`;
    assert.deepEqual(operators(checkPasses(branches, commonSubexpression, { fires: 1 })), ["Exp", "If", "Add"]);
  });

  it("looks into branches and bodies of loops, each for itself", () => {
    const text = `main (int64 n, bool c, float[2] x) => (float[2] y)
    { y = Loop (n, c, x) <body = b (int64 i, bool go, float[2] s) => (bool go2, float[2] t) <float k = {2}, float l = {2}>
      { go2 = Identity (go) a = Mul (s, k) b = Mul (s, l) d = Exp (x) e = Exp (x) t0 = Sub (a, b) t1 = Sub (d, e) t = Add (t0, t1) }> }`;
    const feeds = [Storage.from("int64", [3], []), Storage.from("bool", [true], [])];
    assert.deepEqual(operators(checkPasses(text, commonSubexpression, { fires: 2, feeds })), [
      "Loop",
      "Identity",
      "Mul",
      "Exp",
      "Sub",
      "Sub",
      "Add",
    ]);
  });

  it("keeps every bit of random graphs full of repeats", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const values: Value[] = [graph.addInput("x", tensorType("float32", [2, 2]))];
        for (let i = 0; i < 12; i++) {
          const [a, b] = [dice.pick(values), dice.pick(values)];
          const constant = () => graph.addInitializer(Storage.from("float32", [dice.pick([0, -0, 1])], []));
          values.push(
            dice.pick([
              () => graph.add("Add", [a, dice.flip() ? b : constant()]),
              () => graph.add("Sub", [a, dice.flip() ? b : constant()]),
              () => graph.add("Neg", [a]),
              () => graph.add("Transpose", [a], dice.pick([{}, { perm: [1, 0] }, { perm: [0, 1] }])),
            ])().output,
          );
        }
        graph.setOutputs([values[values.length - 1] as Value, dice.pick(values)], ["y", "z"]);
        checkPasses(graph, commonSubexpression, { seed });
      }),
      { numRuns: 100 },
    );
  });
});
