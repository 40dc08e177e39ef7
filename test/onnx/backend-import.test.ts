import assert from "node:assert/strict";
import { rejection } from "../../src/conformance/accept.ts";
import { drawsRandomNumbers } from "../../src/conformance/random-outputs.ts";
import { IngotError } from "../../src/errors/error.ts";
import type { Graph, Value } from "../../src/ir/graph.ts";
import type { ValueType } from "../../src/ir/type.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { type ExportOptions, exportModel } from "../../src/onnx/export.ts";
import { importModel } from "../../src/onnx/import.ts";
import { valueFromBytes } from "../../src/onnx/value-proto.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import type { RuntimeValue } from "../../src/ops/runtime-value.ts";
import { type BackendCase, type BackendKind, backendKinds, readBackendCases, testDataFolder } from "../support/backend-cases.ts";

function read(file: Uint8Array | undefined, type: ValueType, name: string): RuntimeValue {
  assert.ok(file, `${name} is missing`);
  return valueFromBytes(file, type, name);
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
    ["node", 1214, {}],
    ["node", 590, { maxOpset: 13 }],
    ["simple", 21, {}],
    ["pytorch-operator", 28, {}],
    ["pytorch-converted", 58, {}],
    ["light", 7, {}],
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
        const value = (v: Value, file: string) => read(entry.files.get(`test_data_set_0/${file}.pb`), v.type, entry.name);
        const inputs = graph.inputs.map((v, i) => value(v, `input_${i}`));
        const random = drawsRandomNumbers(graph, inputs);
        runGraph(graph, inputs).forEach((output, i) => {
          const problem = rejection(output, value(graph.outputs[i] as Value, `output_${i}`), random);
          assert.equal(problem, undefined, `${entry.name}: ${problem}`);
        });
        computed++;
      }
      assert.ok(computed >= atLeast, `${computed} cases computed`);
    });

  for (const kind of backendKinds)
    it(`${kind}: a file of ours that is read and written again is the same, byte for byte`, () => {
      let written = 0;
      for (const { name, model } of readBackendCases(folder as string, kind)) {
        const again = (bytes: Uint8Array) =>
          encodeToBytes("ModelProto", exportModel(importModel(decodeModel(bytes, name), { schemas: registry, file: name })).model);
        let first: Uint8Array;
        try {
          first = again(model);
        } catch (error) {
          assert.ok(error instanceof IngotError && notThere.includes(error.code), `${name}: ${error}`);
          continue;
        }
        assert.equal(Buffer.compare(again(first), first), 0, name);
        written++;
      }
      assert.ok(written > 0);
    });
});
