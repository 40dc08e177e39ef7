// Reshaping, permuting and measuring: values, symbolic sizes and contents, views without copies, errors.
import assert from "node:assert/strict";
import { Storage } from "../../src/tensor/storage.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { counting, f32, graphOf, i64, infer, result, run, sym } from "../support/run-op.ts";

describe("Reshape", () => {
  const x = counting([2, 3, 4]);

  it("works out -1, and takes sizes over for 0", () => {
    assert.deepEqual(result("Reshape", [x, i64([4, -1])]).shape, [4, 6]);
    assert.deepEqual(result("Reshape", [x, i64([0, -1])]).shape, [2, 12]);
  });

  it("takes 0 literally with allowzero", () => {
    assert.deepEqual(result("Reshape", [counting([0, 3]), i64([3, 0])], { allowzero: 1 }).shape, [3, 0]);
  });

  it("shares memory when the elements lie in order, and copies a permuted view", () => {
    const [y] = run("Reshape", [x, i64([6, 4])]) as [Storage];
    assert.equal(y.data, x.data);
    const [t] = run("Transpose", [counting([2, 2])]) as [Storage];
    assert.deepEqual(run("Reshape", [t, i64([4])])[0]?.toNumbers(), [0, 2, 1, 3]);
  });

  it("names both shapes when the elements do not fit", () => {
    assert.throws(() => run("Reshape", [x, i64([5, 5])]), {
      code: "ReshapeMismatch",
      summary: /24 elements of shape \[2, 3, 4\] do not fit shape \[5, 5\]/,
    });
    assert.throws(() => run("Reshape", [x, i64([5, -1])]), { code: "ReshapeMismatch" });
    assert.throws(() => run("Reshape", [x, i64([-1, -1])]), { code: "InvalidShape" });
    assert.throws(() => run("Reshape", [x, i64([-2, 12])]), { code: "InvalidShape" });
    assert.throws(() => run("Reshape", [x, Storage.from("int64", [2n ** 60n], [1])]), { code: "UnsafeInteger" });
  });

  it("keeps symbolic sizes", () => {
    assert.deepEqual(infer("Reshape", [sym("n", 3, 4), i64([-1, 12])]), ["float[n,12]"]);
    assert.deepEqual(infer("Reshape", [sym("n", "s", 768), i64([0, 0, 12, -1])]), ["float[n,s,12,64]"]);
    assert.deepEqual(infer("Reshape", [sym("n", "s", 4), i64([-1, 4])]), ["float[n*s,4]"]);
    assert.deepEqual(infer("Reshape", [sym("n", 6), i64([-1, 4])]), ["float[floor((3*n)/(2)),4]"]);
    assert.deepEqual(infer("Reshape", [sym("n", 6), { dtype: "int64", shape: [3] }]), ["float[?,?,?]"]);
  });

  it("follows sizes through Shape, Gather, Concat and back", () => {
    const { graph, values } = graphOf([sym("n", "s", 8), i64([0], []), i64([-1])]);
    const [x0, zero, rest] = values as [(typeof values)[0], (typeof values)[0], (typeof values)[0]];
    const shape = graph.add("Shape", [x0]).output;
    const n = graph.add("Unsqueeze", [graph.add("Gather", [shape, zero]).output, graph.addInitializer(i64([0]))]).output;
    const target = graph.add("Concat", [n, rest], { axis: 0 }).output;
    assert.deepEqual(target.dims?.map(String), ["n", "-1"]);
    assert.deepEqual(graph.add("Reshape", [x0, target]).output.tensorType.shape?.map(String), ["n", "8*s"]);
  });
});

describe("Flatten, Squeeze, Unsqueeze, Expand, Transpose", () => {
  it("Flatten makes a matrix", () => {
    assert.deepEqual(result("Flatten", [counting([2, 3, 4])]).shape, [2, 12]);
    assert.deepEqual(result("Flatten", [counting([2, 3, 4])], { axis: 0 }).shape, [1, 24]);
    assert.deepEqual(result("Flatten", [counting([2, 3, 4])], { axis: -1 }).shape, [6, 4]);
    assert.deepEqual(infer("Flatten", [sym("n", 512, 1, 1)]), ["float[n,512]"]);
    assert.throws(() => run("Flatten", [counting([2])], { axis: 2 }), { code: "AxisOutOfRange" });
  });

  it("Squeeze takes out sizes of 1 only", () => {
    assert.deepEqual(result("Squeeze", [counting([1, 3, 1])]).shape, [3]);
    assert.deepEqual(result("Squeeze", [counting([1, 3, 1]), i64([-1])]).shape, [1, 3]);
    assert.throws(() => run("Squeeze", [counting([1, 3]), i64([1])]), { code: "ShapeMismatch", summary: /expected size 1 in dimension 1/ });
    assert.deepEqual(infer("Squeeze", [sym("n", 1, 5), i64([1])]), ["float[n,5]"]);
    assert.deepEqual(infer("Squeeze", [sym("n", 1, 5)]), ["float[]"], "n may be 1, so the rank is open");
  });

  it("Unsqueeze counts places in the output", () => {
    assert.deepEqual(result("Unsqueeze", [counting([3, 4]), i64([0, -1])]).shape, [1, 3, 4, 1]);
    assert.deepEqual(infer("Unsqueeze", [sym("n"), i64([1])]), ["float[n,1]"]);
    assert.throws(() => run("Unsqueeze", [counting([3]), i64([0, 0])]), { code: "InvalidArgument" });
  });

  it("Expand broadcasts both ways, as a view", () => {
    const x = f32([2, 1], [1, 2]);
    assert.deepEqual(result("Expand", [x, i64([3])]), { shape: [2, 3], values: [1, 1, 1, 2, 2, 2] });
    assert.equal(run("Expand", [x, i64([2, 3])])[0]?.data, x.data);
    assert.deepEqual(infer("Expand", [sym("n", 1), i64([1, 7])]), ["float[n,7]"]);
    assert.throws(() => run("Expand", [counting([2]), i64([3])]), { code: "BroadcastMismatch" });
  });

  it("Transpose permutes a view", () => {
    const x = counting([2, 3]);
    assert.deepEqual(result("Transpose", [x]), { shape: [3, 2], values: [0, 3, 1, 4, 2, 5] });
    assert.equal(run("Transpose", [x])[0]?.data, x.data);
    assert.deepEqual(infer("Transpose", [sym("n", 3, "h")], { perm: [2, 0, 1] }), ["float[h,n,3]"]);
    assert.throws(() => run("Transpose", [x], { perm: [0, 0] }), { code: "InvalidArgument" });
  });
});

describe("Shape and Size", () => {
  it("tell sizes as int64", () => {
    assert.deepEqual(result("Shape", [counting([2, 3, 4])]).values, [2, 3, 4]);
    assert.deepEqual(result("Shape", [counting([2, 3, 4])], { start: -2 }).values, [3, 4]);
    assert.deepEqual(result("Shape", [counting([2, 3, 4])], { start: 1, end: -1 }).values, [3]);
    assert.deepEqual(result("Shape", [counting([2])], { start: -9, end: 9 }).values, [2]);
    assert.deepEqual(result("Size", [counting([2, 3])]), { shape: [], values: [6] });
  });

  it("say a part of the sizes in older words, for opsets without start and end", () => {
    for (const attributes of [
      {},
      { start: 1 },
      { start: 1, end: 2 },
      { start: -2, end: -1 },
      { start: -9, end: 9 },
      { start: 2, end: 1 },
    ]) {
      const { kernel, decomposed } = bothWays("Shape", [counting([2, 3, 4])], attributes);
      assert.deepEqual(decomposed[0]?.toNumbers(), kernel[0]?.toNumbers(), JSON.stringify(attributes));
    }
  });

  it("know symbolic contents", () => {
    const { graph, values } = graphOf([sym("n", 3)]);
    assert.deepEqual(graph.add("Shape", values).output.dims?.map(String), ["n", "3"]);
    assert.deepEqual(graph.add("Size", values).output.dims?.map(String), ["3*n"]);
  });
});
