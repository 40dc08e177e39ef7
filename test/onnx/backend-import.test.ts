import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import type { Graph, Value } from "../../src/ir/graph.ts";
import type { ValueType } from "../../src/ir/type.ts";
import { hasRandomOutputs } from "../../src/onnx/conformance-skips.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { type ExportOptions, exportModel } from "../../src/onnx/export.ts";
import { importModel } from "../../src/onnx/import.ts";
import { valueFromBytes } from "../../src/onnx/value-proto.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { contentsOf, type RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { type BackendCase, type BackendKind, readBackendCases, testDataFolder } from "../support/backend-cases.ts";

function read(file: Buffer | undefined, type: ValueType, name: string): RuntimeValue {
  assert.ok(file, `${name} is missing`);
  return valueFromBytes(file, type, name);
}

/** The suite's acceptance: equal shape and dtype, rtol 1e-3, atol 1e-7; containers hold the same number of values, each of them accepted. */
function assertClose(actual: RuntimeValue | undefined, expected: RuntimeValue, name: string): void {
  if (!(expected instanceof Storage) || !(actual instanceof Storage)) {
    assert.ok(actual !== undefined && !(actual instanceof Storage) && !(expected instanceof Storage), `${name}: another kind of value`);
    const [a, e] = [contentsOf(actual), contentsOf(expected)];
    assert.deepEqual([actual.constructor, a.length], [expected.constructor, e.length], name);
    for (const [i, v] of e.entries()) assertClose(a[i], v, `${name}: value ${i}`);
    return;
  }
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
    ["node", 915, {}],
    ["node", 590, { maxOpset: 13 }],
    ["simple", 21, {}],
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
        if (hasRandomOutputs(entry.name)) continue;
        const value = (v: Value, file: string) => read(entry.files.get(`test_data_set_0/${file}.pb`), v.type, entry.name);
        const outputs = runGraph(
          graph,
          graph.inputs.map((v, i) => value(v, `input_${i}`)),
        );
        outputs.forEach((output, i) => {
          assertClose(output, value(graph.outputs[i] as Value, `output_${i}`), entry.name);
        });
        computed++;
      }
      assert.ok(computed >= atLeast, `${computed} cases computed`);
    });
});
