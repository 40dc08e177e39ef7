// Scans that hand on what they are given: ONNX Runtime gives garbage for them as the standard would write them.
import assert from "node:assert/strict";
import { onnxruntimeEngine } from "../../src/engines/onnxruntime/onnxruntime-engine.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";

describe("a Scan that gives an input of its body", () => {
  for (const given of ["s", "row"])
    it(`gives the same on ONNX Runtime: ${given}`, async function () {
      if (onnxruntimeEngine.unavailable()) this.skip();
      const graph = parseGraph(
        `main (float[n,2] x, float[2] k) => (float[2] y, float[?,2] z)
        { y, z = Scan (k, x) <num_scan_inputs = 1, body = b (float[2] s, float[2] row) => (float[2] t, float[2] ${given}) { t = Add (s, row) }> }`,
        registry,
      );
      const inputs = [Storage.from("float32", [1, 2, 3, 4, 5, 6], [3, 2]), Storage.from("float32", [7, 8], [2])];
      await using executable = await onnxruntimeEngine.prepare(graph, { disable: "all" });
      const numbers = (values: readonly unknown[]) => values.map((v) => asStorage(v as Storage).toNumbers());
      assert.deepEqual(numbers(await executable.run(inputs)), numbers(runGraph(graph, inputs)));
    });
});
