import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { readGraph } from "../../src/onnx/read-file.ts";
import type { Message, ModelProto } from "../../src/onnx/schema.ts";
import { attributeTypes } from "../../src/onnx/schema.ts";
import { sparseToStorage } from "../../src/onnx/sparse-tensor.ts";
import { storageToTensor } from "../../src/onnx/tensor-proto.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { evaluate, float32, int64, model, node, value } from "../support/onnx-models.ts";

type Sparse = Message<"SparseTensorProto">;
const sparse = (values: Storage, indices: Storage, ...dims: number[]): Sparse => ({
  values: storageToTensor(values, "w"),
  indices: storageToTensor(indices),
  dims: dims.map(BigInt),
});
const dense = (proto: Sparse) => sparseToStorage(proto, { file: "m.onnx" });

const withSparse = (proto: Sparse): ModelProto => {
  const plain = model({ inputs: [value("x", [2, 2])], outputs: [value("y", [2, 2])], nodes: [node("Add", ["x", "w"], ["y"])] });
  return { ...plain, graph: { ...plain.graph, sparseInitializer: [proto] } };
};

describe("sparse tensors", () => {
  it("are dense ones with zeros: by index per axis, or by position", () => {
    assert.deepEqual(dense(sparse(float32([2], 5, 7), int64([2, 2], 0, 1, 1, 0), 2, 2)).toNumbers(), [0, 5, 7, 0]);
    assert.deepEqual(dense(sparse(float32([2], 5, 7), int64([2], 1, 2), 2, 2)).toNumbers(), [0, 5, 7, 0]);
    assert.deepEqual(dense(sparse(float32([0]), int64([0]), 2)).toNumbers(), [0, 0]);
    const words = dense(sparse(Storage.from("string", ["a"], [1]), int64([1], 1), 2));
    assert.deepEqual(words.dense(), ["", "a"]);
  });

  it("are initializers and constants as others are", () => {
    const proto = sparse(float32([1], 5), int64([1], 3), 2, 2);
    assert.deepEqual(evaluate(withSparse(proto), float32([2, 2], 1, 1, 1, 1))[0]?.values, [1, 1, 1, 6]);
    const constant = {
      opType: "Constant",
      output: ["y"],
      attribute: [{ name: "sparse_value", type: attributeTypes.sparseTensor, sparseTensor: proto }],
    };
    assert.deepEqual(evaluate(model({ outputs: [value("y", [2, 2])], nodes: [constant] }))[0]?.values, [0, 0, 0, 5]);
  });

  it("may have their values in another file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ingot-sparse-"));
    try {
      const { values, ...rest } = sparse(float32([1], 5), int64([1], 0), 2, 2);
      const outside = { ...values, rawData: undefined, dataLocation: 1, externalData: [{ key: "location", value: "w.bin" }] };
      await writeFile(join(folder, "w.bin"), values?.rawData as Uint8Array);
      await writeFile(join(folder, "m.onnx"), encodeToBytes("ModelProto", withSparse({ ...rest, values: outside })));
      const [y] = runGraph(await readGraph(join(folder, "m.onnx"), registry), [float32([2, 2], 0, 0, 0, 0)]);
      assert.deepEqual((y as Storage).toNumbers(), [5, 0, 0, 0]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("come back as they were, whatever is zero", () => {
    const matrix = fc.array(fc.constantFrom(0, 0, 1, -2.5), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(matrix, fc.boolean(), (cells, perAxis) => {
        const places = cells.flatMap((v, i) => (v === 0 ? [] : [i]));
        const values = float32([places.length], ...places.map((i) => cells[i] as number));
        const indices = perAxis
          ? int64([places.length, 2], ...places.flatMap((i) => [Math.floor(i / 3), i % 3]))
          : int64([places.length], ...places);
        assert.deepEqual(dense(sparse(values, indices, 2, 3)).toNumbers(), cells);
      }),
    );
  });

  it("that are not valid are refused with what is wrong", () => {
    const refused = (proto: Sparse, problem: RegExp) =>
      assert.throws(
        () => dense(proto),
        (e) => e instanceof IngotError && e.code === "OnnxTensor" && problem.test(e.message),
      );
    const one = float32([1], 5);
    refused(sparse(one, int64([1], 4), 2, 2), /the index \[4\] is outside of its shape \[2, 2\]/);
    refused(sparse(one, int64([1], -1), 2, 2), /the index \[-1\] is outside/);
    refused(sparse(one, int64([1, 2], 0, 2), 2, 2), /the index \[0, 2\] is outside/);
    refused(sparse(float32([2], 1, 2), int64([2], 1, 1), 2, 2), /not in ascending order \(at number 1\)/);
    refused(sparse(one, int64([2], 0, 1), 2, 2), /expected int64 \[1\] or \[1, 2\]/);
    refused(sparse(one, int64([1, 3], 0, 0, 0), 2, 2), /expected int64/);
    refused(sparse(one, float32([1], 0), 2, 2), /its indices are float32/);
    refused({ values: storageToTensor(one, "w"), dims: [2n] }, /needs values and indices/);
    refused({ ...sparse(one, int64([1], 0)), dims: [2n ** 40n, 2n ** 40n] }, /overflows/);
  });
});
