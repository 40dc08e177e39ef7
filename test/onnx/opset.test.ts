import assert from "node:assert/strict";
import { importModel } from "../../src/onnx/import.ts";
import type { GraphProto } from "../../src/onnx/schema.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { evaluate, float32, imported, int64, model, node, value } from "../support/onnx-models.ts";

const x23 = float32([2, 3], 1, 2, 3, 4, 5, 6);
/** One node of an old opset over inputs x, y, z. */
const old = (opset: number, op: string, attributes: Parameters<typeof node>[3], ...shapes: number[][]) =>
  model({
    opset,
    inputs: shapes.map((shape, i) => value("xyz"[i] as string, shape)),
    outputs: [value("out", ["?"])],
    nodes: [node(op, [..."xyz"].slice(0, shapes.length), ["out"], attributes)],
  });

describe("operators of old opsets", () => {
  it("that had axes as attributes: Squeeze, Unsqueeze, the reductions", () => {
    assert.deepEqual(evaluate(old(11, "Unsqueeze", { axes: [0n, 3n] }, [2, 3]), x23)[0]?.shape, [1, 2, 3, 1]);
    assert.deepEqual(evaluate(old(11, "Squeeze", { axes: [0n] }, [1, 6]), float32([1, 6], 1, 2, 3, 4, 5, 6))[0]?.shape, [6]);
    assert.deepEqual(evaluate(old(11, "ReduceSum", { axes: [1n], keepdims: 0n }, [2, 3]), x23), [{ shape: [2], values: [6, 15] }]);
    assert.deepEqual(evaluate(old(13, "ReduceMax", { axes: [0n], keepdims: 1n }, [2, 3]), x23), [{ shape: [1, 3], values: [4, 5, 6] }]);
  });

  it("that had bounds as attributes: Clip, Slice (up to the end of time), Pad, TopK", () => {
    assert.deepEqual(evaluate(old(6, "Clip", { min: 2, max: 4 }, [2, 3]), x23)[0]?.values, [2, 2, 3, 4, 4, 4]);
    assert.deepEqual(evaluate(old(6, "Clip", { max: 4 }, [2, 3]), x23)[0]?.values, [1, 2, 3, 4, 4, 4]);
    const slice = { starts: [1n], ends: [2n ** 63n - 1n], axes: [1n] };
    assert.deepEqual(evaluate(old(9, "Slice", slice, [2, 3]), x23), [{ shape: [2, 2], values: [2, 3, 5, 6] }]);
    assert.deepEqual(evaluate(old(9, "Slice", { starts: [1n, 0n], ends: [2n, 1n] }, [2, 3]), x23)[0]?.values, [4]);
    const pad = evaluate(old(2, "Pad", { pads: [0n, 1n, 0n, 0n], value: 9 }, [2, 3]), x23);
    assert.deepEqual(pad, [{ shape: [2, 4], values: [9, 1, 2, 3, 9, 4, 5, 6] }]);
    const top = model({
      opset: 9,
      inputs: [value("x", [2, 3])],
      outputs: [value("v", ["?"]), value("i", ["?"], 7)],
      nodes: [node("TopK", ["x"], ["v", "i"], { k: 2n })],
    });
    assert.deepEqual(evaluate(top, x23)[0], { shape: [2, 2], values: [3, 2, 6, 5] });
  });

  it("Scan with a batch: one Scan over the batch around one over the sequence", () => {
    const body: GraphProto = {
      name: "sum",
      input: [value("sum_in", [1]), value("next", [1])],
      output: [value("sum_out", [1]), value("each", [1])],
      node: [node("Add", ["sum_in", "next"], ["sum_out"]), node("Neg", ["sum_out"], ["each"])],
    };
    const scan = (lengths: string, attributes: Parameters<typeof node>[3] = {}) =>
      model({
        opset: 8,
        inputs: [value("start", [2, 1]), value("x", [2, 3, 1])],
        outputs: [value("total", ["?"]), value("each", ["?"])],
        nodes: [node("Scan", [lengths, "start", "x"], ["total", "each"], { body, num_scan_inputs: 1n, ...attributes })],
      });
    const inputs = [float32([2, 1], 100, 200), float32([2, 3, 1], 1, 2, 3, 4, 5, 6)] as const;
    assert.deepEqual(evaluate(scan(""), ...inputs), [
      { shape: [2, 1], values: [106, 215] },
      { shape: [2, 3, 1], values: [-101, -103, -106, -204, -209, -215] },
    ]);
    assert.deepEqual(evaluate(scan("", { directions: [1n] }), ...inputs)[1]?.values, [-103, -105, -106, -206, -211, -215]);
    assert.throws(() => evaluate(scan("start"), ...inputs), { code: "OnnxOpset", summary: /sequence_lens/ });
  });

  it("DFT: the axis as an attribute; LabelEncoder: one list of strings, read either way", () => {
    const signal = float32([1, 2, 1], 1, 2);
    assert.deepEqual(evaluate(old(17, "DFT", {}, [1, 2, 1]), signal), [{ shape: [1, 2, 2], values: [3, 0, -1, 0] }]);
    const encoder = (elemType: number) =>
      importModel(
        {
          irVersion: 8,
          opsetImport: [{ domain: "ai.onnx.ml", version: 1 }],
          graph: {
            name: "encode",
            input: [value("x", [2], elemType)],
            output: [value("y", [2], elemType === 8 ? 7 : 8)],
            node: [node("LabelEncoder", ["x"], ["y"], { classes_strings: ["a", "b"] }, "ai.onnx.ml")],
          },
        },
        { schemas: registry, file: "encoder.onnx" },
      );
    const [numbers] = runGraph(encoder(8), [Storage.from("string", ["b", "?"], [2])]) as [Storage];
    assert.deepEqual(numbers.toNumbers(), [1, -1]);
    const [words] = runGraph(encoder(7), [int64([2], 0, 5)]) as [Storage];
    assert.deepEqual(words.dense(), ["a", "_Unused"]);
  });

  it("Split: sizes as an attribute, or equal parts for as many outputs as there are", () => {
    const split = (attributes: Parameters<typeof node>[3]) =>
      model({
        opset: 11,
        inputs: [value("x", [2, 3])],
        outputs: [value("a", ["?"]), value("b", ["?"])],
        nodes: [node("Split", ["x"], ["a", "b"], attributes)],
      });
    assert.deepEqual(
      evaluate(split({ axis: 1n, split: [1n, 2n] }), x23).map((o) => o.shape),
      [
        [2, 1],
        [2, 2],
      ],
    );
    assert.deepEqual(
      evaluate(split({ axis: 0n }), x23).map((o) => o.values),
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    );
  });

  it("Softmax before 13: whole rows of the matrix that is cut at the axis", () => {
    const zeros = float32([2, 2, 2], 0, 0, 0, 0, 0, 0, 0, 0);
    assert.deepEqual(evaluate(old(11, "Softmax", {}, [2, 2, 2]), zeros), [{ shape: [2, 2, 2], values: new Array(8).fill(0.25) }]);
    assert.deepEqual(evaluate(old(11, "Softmax", { axis: 2n }, [2, 2, 2]), zeros)[0]?.values, new Array(8).fill(0.5));
    assert.deepEqual(evaluate(old(13, "Softmax", {}, [2, 2, 2]), zeros)[0]?.values, new Array(8).fill(0.5));
    assert.deepEqual(
      [...imported(old(11, "Softmax", { axis: 1n }, [2, 3])).nodes()].map((n) => n.op),
      ["Softmax"],
    );
  });

  it("elementwise operators that align the second operand to an axis", () => {
    const sum = evaluate(old(6, "Add", { broadcast: 1n, axis: 0n }, [2, 3], [2]), x23, float32([2], 10, 20));
    assert.deepEqual(sum[0]?.values, [11, 12, 13, 24, 25, 26]);
    const last = evaluate(old(6, "Mul", { broadcast: 1n }, [2, 3], [3]), x23, float32([3], 1, 0, -1));
    assert.deepEqual(last[0]?.values, [1, 0, -3, 4, 0, -6]);
  });

  it("PRelu with a slope per channel", () => {
    const x = float32([1, 2, 1, 2], -1, 1, -1, 1);
    assert.deepEqual(evaluate(old(6, "PRelu", {}, [1, 2, 1, 2], [2]), x, float32([2], 2, 3))[0]?.values, [-2, 1, -3, 1]);
  });

  it("Upsample and the first Resize: nearest, to the left", () => {
    const x = float32([1, 1, 1, 2], 1, 2);
    const upsample = old(7, "Upsample", { mode: "nearest", scales: [1, 1, 1, 2] }, [1, 1, 1, 2]);
    assert.deepEqual(evaluate(upsample, x), [{ shape: [1, 1, 1, 4], values: [1, 1, 2, 2] }]);
    for (const [opset, op] of [
      [9, "Upsample"],
      [10, "Resize"],
    ] as const) {
      const proto = model({
        opset,
        inputs: [value("x", [1, 1, 1, 2])],
        outputs: [value("out", ["?"])],
        nodes: [node(op, ["x", "s"], ["out"], { mode: "linear" })],
        initializers: { s: float32([4], 1, 1, 1, 2) },
      });
      assert.deepEqual(evaluate(proto, x)[0]?.values, [1, 1.5, 2, 2]);
    }
  });

  it("Reshape with its shape as an attribute, Cast by name, Concat without an axis, marks of overwritten inputs", () => {
    assert.deepEqual(evaluate(old(1, "Reshape", { shape: [3n, -1n], consumed_inputs: [0n] }, [2, 3]), x23)[0]?.shape, [3, 2]);
    const cast = imported(old(1, "Cast", { to: "INT64" }, [2, 3]));
    assert.equal(cast.outputs[0]?.tensorType.dtype, "int64");
    assert.deepEqual(evaluate(old(1, "Concat", {}, [2, 3], [2, 3]), x23, x23)[0]?.shape, [2, 6]);
  });

  it("GroupNormalization with one scale per group", () => {
    const proto = model({
      opset: 18,
      inputs: [value("x", [1, 4, 1])],
      outputs: [value("out", ["?"])],
      nodes: [node("GroupNormalization", ["x", "s", "b"], ["out"], { num_groups: 2n, epsilon: 0 })],
      initializers: { s: float32([2], 1, 10), b: float32([2], 0, 5) },
    });
    assert.deepEqual(evaluate(proto, float32([1, 4, 1], -1, 1, -2, 2))[0]?.values, [-1, 1, -5, 15]);
  });

  it("say so where the newest form cannot say the same", () => {
    assert.throws(() => imported(old(1, "Tile", {}, [2], [1], [1])), { code: "OnnxOpset" });
    const loose = model({
      opset: 6,
      inputs: [{ name: "x", type: { tensorType: { elemType: 1 } } }, value("y", [2])],
      outputs: [value("out", ["?"])],
      nodes: [node("Add", ["x", "y"], ["out"], { broadcast: 1n, axis: 0n })],
    });
    assert.throws(() => imported(loose), /ranks are not known/);
  });

  it("that scanned a batch of sequences: Scan, in either direction", () => {
    const body = {
      name: "body",
      input: [value("sum", []), value("next", [])],
      output: [value("total", []), value("each", [])],
      node: [node("Add", ["sum", "next"], ["total"]), node("Identity", ["total"], ["each"])],
    };
    const scan = (directions: bigint[]) =>
      model({
        opset: 8,
        inputs: [value("initial", [2]), value("x", [2, 3])],
        outputs: [value("last", [2]), value("all", [2, 3])],
        nodes: [node("Scan", ["", "initial", "x"], ["last", "all"], { body, num_scan_inputs: 1n, directions })],
      });
    const initial = float32([2], 10, 20);
    assert.deepEqual(evaluate(scan([0n]), initial, x23), [
      { shape: [2], values: [16, 35] },
      { shape: [2, 3], values: [11, 13, 16, 24, 29, 35] },
    ]);
    assert.deepEqual(evaluate(scan([1n]), initial, x23)[1]?.values, [13, 15, 16, 26, 31, 35]);
  });

  it("that ONNX Runtime had before the standard: SimplifiedLayerNormalization", () => {
    const norm = old(17, "SimplifiedLayerNormalization", { axis: -1n, epsilon: 0 }, [1, 2], [2]);
    const [y] = evaluate(norm, float32([1, 2], 3, 4), float32([2], 1, 2));
    const scale = Math.sqrt(12.5);
    y?.values.forEach((v, i) => {
      assert.ok(Math.abs(v - ([3 / scale, 8 / scale][i] as number)) < 1e-6);
    });
  });
});
