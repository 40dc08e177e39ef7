// What depends on constants only, and sizes that are known, computed ahead of time.
import assert from "node:assert/strict";
import { constantFold } from "../../../src/passes/rules/constant-fold.ts";
import { deadCode } from "../../../src/passes/rules/dead-code.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, operators } from "../../support/check-rule.ts";

const left = (source: string) => operators(checkPasses(source, [constantFold, deadCode]));

describe("constant-fold", () => {
  it("computes constants, one after the other, as the kernel would", () => {
    const graph = checkPasses(
      `main (float[2] x) => (y) <float[2] a = {1, 2}, float b = {3}> { c = Add (a, b) d = Mul (c, c) y = Add (x, d) }`,
      [constantFold, deadCode],
    );
    assert.deepEqual(operators(graph), ["Add"]);
    assert.deepEqual(graph.firstNode?.inputs[1]?.storage?.toNumbers(), [16, 25]);
  });

  it("computes sizes that are known, and leaves those that are not", () => {
    const shape = (type: string) => left(`main (float[${type}] x) => (y) <int64 i = {0}> { s = Shape (x) y = Gather (s, i) z = Exp (x) }`);
    assert.deepEqual(shape("4,5"), []);
    assert.deepEqual(shape("n,5"), ["Shape", "Gather"]);
  });

  it("computes all outputs of an operator", () => {
    assert.deepEqual(
      left(`main (float[1] x) => (y, z) <float[4] a = {1, 2, 3, 4}> { b, c = Split <num_outputs = 2> (a) y = Add (x, b) z = Add (x, c) }`),
      ["Add", "Add"],
    );
  });

  it("computes what stands in branches and bodies of loops, from constants there and around", () => {
    const text = `main (bool c, float[2] x) => (float[2] y) <float k = {2}>
    { y = If (c) <then_branch = t () => (float[2] p) <float l = {3}> { m = Mul (k, l) n = Neg (m) p = Add (x, n) },
                  else_branch = e () => (float[2] q) { q = Sub (x, k) }> }`;
    for (const yes of [true, false]) {
      const graph = checkPasses(text, [constantFold, deadCode], { fires: 2, feeds: [Storage.from("bool", [yes], [])] });
      assert.deepEqual(operators(graph), ["If", "Add", "Sub"]);
    }
  });

  it("leaves random numbers, inputs with defaults, branches, and results that grow", () => {
    const kept = (source: string) => checkPasses(source, constantFold, { fires: 0 });
    kept(`main (float x = {2}) => (y) { y = Exp (x) }`);
    kept(`main () => (y) <int64[2] s = {2000, 2000}> { y = ConstantOfShape (s) }`);
    kept(`main () => (y) <float[1] a = {1}, int64[2] s = {2000, 2000}> { y = Expand (a, s) }`);
    assert.equal(
      operators(
        checkPasses(`main () => (y) <float[2] a = {1, 2}> { r = RandomNormalLike (a) y = Shape (r) z = Exp (r) }`, [
          constantFold,
          deadCode,
        ]),
      ).includes("Exp"),
      false,
    );
  });
});

describe("dead-code", () => {
  it("removes what nobody reads, from the end to the beginning, and constants with it", () => {
    const graph = checkPasses(`main (float[2] x) => (float[2] y) <float k = {1}> { y = Exp (x) a = Add (x, k) b = Neg (a) }`, deadCode, {
      fires: 2,
    });
    assert.deepEqual(operators(graph), ["Exp"]);
    assert.equal(graph.initializers.size, 0);
  });

  it("keeps outputs, what branches read, and nodes with one output that is read", () => {
    const text = `main (bool c, float[2] x) => (float[2] y, float[1] q)
    { a = Exp (x) p, q = Split <num_outputs = 2> (x)
      y = If (c) <then_branch = t () => (float[2] s) { s = Neg (a) }, else_branch = e () => (float[2] x) {}> }`;
    checkPasses(text, deadCode, { fires: 0 });
  });

  it("removes dead nodes of branches, and then what only they read", () => {
    const text = `main (bool c, float[2] x) => (float[2] y)
    { a = Exp (x)
      y = If (c) <then_branch = t () => (float[2] s) <float k = {1}> { s = Neg (x) d = Add (a, k) e = Abs (d) }, else_branch = e () => (float[2] x) {}> }`;
    assert.deepEqual(operators(checkPasses(text, deadCode, { fires: 3 })), ["If", "Neg"]);
  });

  it("keeps inputs that nobody reads: callers still give them", () => {
    const graph = checkPasses(`main (float[2] x, float[2] z, float[1] d = {1}) => (float[2] y) { y = Exp (x) }`, deadCode, { fires: 0 });
    assert.equal(graph.inputs.length, 3);
  });
});
