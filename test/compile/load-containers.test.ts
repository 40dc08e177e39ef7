// Loading models whose inside has sequences, and refusing those whose interface has.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { load, tensor } from "../../src/index.ts";
import { Graph } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { registry } from "../../src/ops/registry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("loading a model with containers", () => {
  const inFolder = temporaryFolder();

  function write(build: (graph: Graph) => void): string {
    const graph = new Graph(registry, "containers");
    build(graph);
    const path = inFolder("m.onnx");
    writeFileSync(path, encodeToBytes("ModelProto", exportModel(graph).model));
    return path;
  }

  it("runs what keeps them inside", async () => {
    const path = write((graph) => {
      const x = graph.addInput("x", tensorType("float32", [2, 3]));
      const rows = graph.add("SplitToSequence", [x], { keepdims: 0 }).output;
      graph.setOutputs([graph.add("ConcatFromSequence", [rows], { axis: 1, new_axis: 1 }).output], ["y"]);
    });
    const module = await load(path, { engine: "interpreter" });
    assert.deepEqual(
      (
        (await module.run(
          tensor([
            [1, 2, 3],
            [4, 5, 6],
          ]),
        )) as ReturnType<typeof tensor>
      ).toArray(),
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    );
    await module.close();
  });

  it("names an output that is no tensor", async () => {
    const path = write((graph) => {
      const x = graph.addInput("x", tensorType("float32", [2, 2]));
      graph.setOutputs([graph.add("ai.onnx.ml.ZipMap", [x], { classlabels_int64s: [1, 2] }).output], ["scores"]);
    });
    await assert.rejects(load(path), { code: "OnnxUnsupported", summary: /seq\(map\(int64,float\)\) as the type of the output `scores`/ });
  });
});
