import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { decodeMessage, decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { type ExportOptions, exportModel } from "../../src/onnx/export.ts";
import { importModel } from "../../src/onnx/import.ts";
import { tensorToStorage } from "../../src/onnx/tensor-proto.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { type BackendCase, type BackendKind, readBackendCases, testDataFolder } from "../support/backend-cases.ts";

/** Outputs that depend on the suite's own generator. */
const random = /^test_(bernoulli|training_dropout)/;

function read(file: Buffer | undefined, name: string): Storage {
  assert.ok(file, `${name} is missing`);
  return tensorToStorage(decodeMessage("TensorProto", file, name), { file: name });
}

/** The suite's acceptance: equal shape and dtype, rtol 1e-3, atol 1e-7. */
function assertClose(actual: Storage, expected: Storage, name: string): void {
  assert.deepEqual([actual.dtype, [...actual.shape]], [expected.dtype, [...expected.shape]], name);
  if (actual.dtype === "string" || actual.dtype === "int64" || actual.dtype === "uint64") {
    assert.deepEqual(actual.dense(), expected.dense(), name);
    return;
  }
  const [a, e] = [actual.toNumbers(), expected.toNumbers()];
  for (const [i, x] of a.entries()) {
    const y = e[i] as number;
    assert.ok(Object.is(x, y) || x === y || Math.abs(x - y) <= 1e-7 + 1e-3 * Math.abs(y), `${name}: element ${i} is ${x}, expected ${y}`);
  }
}

/** Imports, writes, reads again: what is checked has been through a file of ours. */
function throughFile({ name, model }: BackendCase, written: ExportOptions): Graph {
  const options = { schemas: registry, file: name };
  const graph = importModel(decodeModel(model, name), options);
  return importModel(decodeModel(encodeToBytes("ModelProto", exportModel(graph, written).model), name), options);
}

const notThere = ["UnknownOperator", "OnnxUnsupported", "OnnxOpset"];

describe("ONNX's backend suite, imported, exported and imported again", function () {
  this.timeout(120_000);
  let folder: string | undefined;
  before(function () {
    folder = testDataFolder();
    if (!folder) this.skip();
  });

  const rounds: readonly (readonly [kind: BackendKind, atLeast: number, options: ExportOptions])[] = [
    ["node", 820, {}],
    ["node", 590, { maxOpset: 13 }],
    ["pytorch-operator", 20, {}],
    ["pytorch-converted", 30, {}],
  ];
  for (const [kind, atLeast, options] of rounds)
    it(`${kind}${options.maxOpset ? `, written at opset ${options.maxOpset}` : ""}: computes what is expected, or says which operator, type or form is not there`, () => {
      let computed = 0;
      for (const entry of readBackendCases(folder as string, kind)) {
        let graph: Graph;
        try {
          graph = throughFile(entry, options);
        } catch (error) {
          const named = error instanceof IngotError && [...notThere, ...(options.maxOpset ? ["OpsetTooLow"] : [])].includes(error.code);
          assert.ok(named, `${entry.name}: ${error instanceof Error ? error.stack : error}`);
          continue;
        }
        if (random.test(entry.name) || [...graph.inputs, ...graph.outputs].some((v) => v.type.kind !== "tensor")) continue;
        const inputs = graph.inputs.map((_, i) => read(entry.files.get(`test_data_set_0/input_${i}.pb`), entry.name));
        const outputs = runGraph(graph, inputs);
        outputs.forEach((output, i) => {
          assertClose(output as Storage, read(entry.files.get(`test_data_set_0/output_${i}.pb`), entry.name), entry.name);
        });
        computed++;
      }
      assert.ok(computed >= atLeast, `${computed} cases computed`);
    });
});
