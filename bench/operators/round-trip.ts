// Every case of ONNX's backend suite, imported and written without any pass: the file computes bit for bit what the case's own file computes
// (both on the interpreter), and is the same, byte for byte, when it is read and written once more.
import { rejection } from "../../src/conformance/accept.ts";
import { type CaseFiles, findCases } from "../../src/conformance/cases.ts";
import { firstLine } from "../../src/conformance/outcome.ts";
import { drawsRandomNumbers } from "../../src/conformance/random-outputs.ts";
import { caseInputs, operatorsOf } from "../../src/conformance/run-case.ts";
import { skipReason } from "../../src/conformance/skips.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { importModel } from "../../src/onnx/import.ts";
import { valueToBytes } from "../../src/onnx/value-proto.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import type { Measured } from "../figure.ts";
import { backendArchives, noData } from "./backend-data.ts";

const read = (bytes: Uint8Array) => importModel(decodeModel(bytes, "model.onnx"), { schemas: registry, file: "model.onnx" });
const written = (graph: Graph) => encodeToBytes("ModelProto", exportModel(graph).model);

export async function* roundTrip(progress: (what: string) => void): AsyncIterable<Measured> {
  const archives = backendArchives();
  if (!archives) return yield noData;
  let cases = 0;
  let skipped = 0;
  let drawn = 0;
  const different: string[] = [];
  const unstable: string[] = [];
  for (const [kind, path] of archives) {
    progress(kind);
    for (const found of findCases(path)) {
      const files = found.read();
      if (!files.model || skipReason(files.name, operatorsOf(decodeModel(files.model, files.name))) !== undefined) {
        skipped++;
        continue;
      }
      cases++;
      try {
        const own = read(files.model);
        const bytes = written(own);
        const again = read(bytes);
        if (Buffer.compare(written(again), bytes) !== 0) unstable.push(files.name);
        const { problem, random } = difference(files, own, again);
        if (random) drawn++;
        if (problem !== undefined) different.push(`${files.name} (${problem})`);
      } catch (error) {
        different.push(`${files.name} (${firstLine(error)})`);
      }
    }
  }
  const of = `${cases} cases, ${skipped} skipped by the list, ${drawn} of random operators compared by type`;
  const named = (list: readonly string[]) => (list.length > 0 ? `${of}: ${list.slice(0, 5).join("; ")}` : of);
  const common = { unit: "cases", bar: "= 0" };
  yield { name: "cases that compute something else after import and export", value: different.length, ...common, spread: named(different) };
  yield { name: "cases whose file changes when it is read and written again", value: unstable.length, ...common, spread: named(unstable) };
}

/** The first output in which two graphs differ on the case's inputs, bit for bit; by kind, type and shape where numbers are drawn. */
function difference(files: CaseFiles, own: Graph, again: Graph): { problem: string | undefined; random: boolean } {
  for (const set of files.dataSets) {
    const inputs = caseInputs(own, set, files.inputsByRule);
    const random = drawsRandomNumbers(own, inputs);
    const [expected, actual] = [runGraph(own, inputs), runGraph(again, inputs)];
    if (expected.length !== actual.length) return { problem: `${actual.length} outputs, not ${expected.length}`, random };
    for (const [i, e] of expected.entries()) {
      const a = actual[i] as typeof e;
      const same = random ? rejection(a, e, true) === undefined : Buffer.compare(valueToBytes(a), valueToBytes(e)) === 0;
      if (!same) return { problem: `output ${own.outputNames[i]}`, random };
    }
    if (random) return { problem: undefined, random };
  }
  return { problem: undefined, random: false };
}
