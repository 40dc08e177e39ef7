// What is the same in each turn of a loop.
import assert from "node:assert/strict";
import { commonSubexpression } from "../../../src/passes/rules/common-subexpression.ts";
import { hoistInvariant } from "../../../src/passes/rules/hoist-invariant.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, operators } from "../../support/check-rule.ts";

const int64 = (value: number) => Storage.from("int64", [value], []);
/** A loop over m turns whose body has `nodes` and gives t. */
const loop = (
  nodes: string,
  header = "int64 m, float[2,2] W, float[2,2] x",
  constants = "",
) => `main (${header}) => (float[2,2] y) ${constants}
{ y = Loop (m, "", x) <body = b (int64 i, bool on, float[2,2] s) => (bool on, float[2,2] t) <float[2,2] k = {1, 2, 3, 4}> { ${nodes} }> }`;
const runs = { feeds: [int64(3)] };
const never = { feeds: [int64(0)] };

describe("hoist-invariant", () => {
  it("moves out what cannot fail and reads nothing of the loop, with the constants it reads", () => {
    const text = loop("v = Transpose <perm = [1, 0]> (W) w = Add (v, k) t = MatMul (s, w)");
    for (const options of [runs, never]) {
      const after = checkPasses(text, hoistInvariant, { fires: 2, ...options });
      assert.deepEqual(operators(after), ["Transpose", "Add", "Loop", "MatMul"]);
    }
  });

  it("leaves what reads states, the iteration, or the condition", () => {
    checkPasses(loop("e = Exp (s) f = Cast <to = 1> (i) c = Cast <to = 1> (on) g = Add (e, f) t = Add (g, c)"), hoistInvariant, {
      fires: 0,
      ...runs,
    });
  });

  it("leaves what may fail where the loop may not run at all", () => {
    const text = (header: string, constants: string) => loop("v = Reshape (W, z) t = Add (s, v)", header, constants);
    const shape = "int64[2] z";
    const feeds = [undefined, undefined, Storage.from("int64", [2, 2], [2])];
    checkPasses(text(`int64 m, float[2,2] W, float[2,2] x, ${shape}`, ""), hoistInvariant, {
      fires: 0,
      feeds: [int64(2), ...feeds.slice(0, 2), feeds[2]],
    });
    checkPasses(text(`float[2,2] W, float[2,2] x, ${shape}`, "<int64 m = {2}>"), hoistInvariant, { fires: 1, feeds });
    checkPasses(text(`float[2,2] W, float[2,2] x, ${shape}`, "<int64 m = {0}>"), hoistInvariant, {
      fires: 0,
      feeds: [undefined, undefined, Storage.from("int64", [3, 3], [2])],
    });
  });

  it("leaves random numbers, which are others in each turn, and what may fail beside what raises", () => {
    checkPasses(loop("r = RandomNormal <shape = [2, 2], seed = 1.0> () z = Sub (r, r) t = Add (s, z)"), hoistInvariant, {
      fires: 0,
      ...runs,
    });
    const raising = `v = Reshape (W, two) g = Less (i, zero) t = If (g) <then_branch = p () => (float[2,2] k) { r = ingot.Raise <message = "m"> () }, else_branch = q () => (float[2,2] a) { a = Add (s, v) }>`;
    const constants = "<int64 m = {2}, int64 zero = {0}, int64[2] two = {2, 2}>";
    checkPasses(loop(raising, "float[2,2] W, float[2,2] x", constants), hoistInvariant, { fires: 0 });
  });

  it("leaves what a branch computes in the branch", () => {
    const text = `main (bool c, float[2] x) => (float[2] y)
    { y = If (c) <then_branch = g () => (float[2] e) { e = Exp (x) }, else_branch = h () => (float[2] x) {}> }`;
    checkPasses(text, hoistInvariant, { fires: 0 });
  });

  it("takes a node out of several loops, Scans too", () => {
    const text = `main (int64 m, float[2] W, float[3,2] x) => (float[2] y, float[3,2] z) <float[2] zero = {0, 0}>
    { y, z = Scan <num_scan_inputs = 1> (zero, x) <body = b (float[2] s, float[2] row) => (float[2] t, float[2] u)
        { u = Mul (row, s)
          t = Loop (m, "", s) <body = d (int64 i, bool on, float[2] v) => (bool on, float[2] w) { e = Exp (W) n = Tanh (e) w = Add (v, n) }> }> }`;
    const after = checkPasses(
      text.replace("Scan <num_scan_inputs = 1> (zero, x) <body", "Scan (zero, x) <num_scan_inputs = 1, body"),
      [hoistInvariant, commonSubexpression],
      runs,
    );
    assert.deepEqual(operators(after), ["Exp", "Tanh", "Scan", "Mul", "Loop", "Add"]);
  });
});
