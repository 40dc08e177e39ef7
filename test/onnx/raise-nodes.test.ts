// Exceptions in files: what is written for a Raise fails with the message on ONNX Runtime, and is a Raise again when it is read.
import assert from "node:assert/strict";
import { interpreterEngine } from "../../src/engines/interpreter/interpreter-engine.ts";
import { onnxruntimeEngine } from "../../src/engines/onnxruntime/onnxruntime-engine.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { allNodes } from "../../src/ir/traverse.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { type ExportOptions, exportModel } from "../../src/onnx/export.ts";
import { importModel } from "../../src/onnx/import.ts";
import { registry } from "../../src/ops/registry.ts";
import { contentsOf, type RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { operators } from "../support/check-rule.ts";
import { onnxruntime } from "../support/on-onnxruntime.ts";

const bytesOf = (graph: Graph, options?: ExportOptions) => encodeToBytes("ModelProto", exportModel(graph, options).model);
const reload = (bytes: Uint8Array) => importModel(decodeModel(bytes, "m.onnx"), { schemas: registry, file: "m.onnx" });
const f32 = (...values: number[]) => Storage.from("float32", values, [values.length]);
const bool = (value: boolean) => Storage.from("bool", [value], []);
const int64 = (value: number) => Storage.from("int64", [value], []);

const thrown = "r = ingot.Raise <message = \"x must be 'positive', § 2\"> ()";

/** Raises where c is `wrong`. */
const inBranch = (wrong: boolean) => {
  const raising = `g () => (float[2] k) <float[2] k = {0, 0}> { ${thrown} }`;
  const plain = "h () => (float[2] n) { n = Neg (x) }";
  return `main (bool c, float[2] x) => (float[2] y) { y = If (c) <then_branch = ${wrong ? raising : plain}, else_branch = ${wrong ? plain : raising}> }`;
};
const inLoop = `main (int64 m, float[2] x) => (float[2] y)
{ y = Loop (m, "", x) <body = b (int64 i, bool on, float[2] s) => (bool go, float[2] t) <int64 three = {3}>
    { go = Identity (on)
      late = GreaterOrEqual (i, three)
      t = If (late) <then_branch = g () => (float[2] k) <float[2] k = {0, 0}> { ${thrown} }, else_branch = h () => (float[2] u) { u = Add (s, x) }> }> }`;
const bodyOfLoop = `main (int64 m, float[2] x) => (float[2] y)
{ y = Loop (m, "", x) <body = b (int64 i, bool on, float[2] s) => (bool on, float[2] s) { ${thrown} }> }`;
const always = `main (float[2] x) => (float[2] y) { ${thrown} y = Neg (x) }`;
const withSequence = `main (bool c, float[2] x) => (seq(float[2]) y)
{ y = If (c) <then_branch = g () => (seq(float[2]) e) { ${thrown} e = SequenceConstruct (x) }, else_branch = h () => (seq(float[2]) n) { n = SequenceConstruct (x, x) }> }`;
const read = `main (bool c, float[2] x) => (float[2] y)
{ y = If (c) <then_branch = g () => (float[2] k) { ${thrown} k = Where (r, x, x) }, else_branch = h () => (float[2] n) { n = Neg (x) }> }`;
const twice = `main (bool c, float[2] x) => (float[2] y)
{ y = If (c) <then_branch = g () => (float[2] k) { ${thrown} s = ingot.Raise <message = "never"> () u = ingot.Raise <message = "never"> () k = Where (s, x, x) },
              else_branch = h () => (float[2] n) { n = Neg (x) }> }`;

interface Example {
  readonly text: string;
  readonly raises: readonly RuntimeValue[];
  readonly passes?: readonly RuntimeValue[];
}

const examples: Readonly<Record<string, Example>> = {
  "in the branch for true": { text: inBranch(true), raises: [bool(true), f32(1, 2)], passes: [bool(false), f32(1, 2)] },
  "in the branch for false": { text: inBranch(false), raises: [bool(false), f32(1, 2)], passes: [bool(true), f32(1, 2)] },
  "in a branch in a loop": { text: inLoop, raises: [int64(4), f32(1, 2)], passes: [int64(3), f32(1, 2)] },
  "in the body of a loop": { text: bodyOfLoop, raises: [int64(1), f32(1, 2)], passes: [int64(0), f32(1, 2)] },
  "whatever the inputs are": { text: always, raises: [f32(1, 2)] },
  "beside a sequence": { text: withSequence, raises: [bool(true), f32(1, 2)], passes: [bool(false), f32(1, 2)] },
  "in front of others, which are never reached": { text: twice, raises: [bool(true), f32(1, 2)], passes: [bool(false), f32(1, 2)] },
  "for a node that reads it": { text: read, raises: [bool(true), f32(1, 2)], passes: [bool(false), f32(1, 2)] },
};

const values = (outputs: readonly RuntimeValue[]): unknown =>
  outputs.map((v) => (v instanceof Storage ? v.toNumbers() : values(contentsOf(v))));

describe("a model that raises", () => {
  const engines = [interpreterEngine, onnxruntimeEngine];
  for (const [where, { text, raises, passes }] of Object.entries(examples))
    for (const engine of engines)
      it(`${where}, throws its message on the ${engine.name}, also when it is read from a file`, async function () {
        if (engine.unavailable()) this.skip();
        const graph = parseGraph(text, registry);
        verifyGraph(graph);
        for (const g of [graph, reload(bytesOf(graph))]) {
          await using executable = await engine.prepare(g);
          const error = { code: "RaisedError", summary: "x must be 'positive', § 2" };
          await assert.rejects(executable.run(raises), error);
          if (!passes) continue;
          const expected = await (await interpreterEngine.prepare(graph)).run(passes);
          assert.deepEqual(values(await executable.run(passes)), values(expected));
          await assert.rejects(executable.run(raises), error);
        }
      });

  it("names the failing node of each of two messages after it", async function () {
    if (onnxruntimeEngine.unavailable()) this.skip();
    const branch = (name: string, message: string) =>
      `${name} () => (float[1] ${name}k) <float[1] ${name}k = {0}> { ${name}r = ingot.Raise <message = "${message}"> () }`;
    const graph = parseGraph(
      `main (bool c) => (float[1] y) { y = If (c) <then_branch = ${branch("a", "no")}, else_branch = ${branch("b", "no, not")}> }`,
      registry,
    );
    await using executable = await onnxruntimeEngine.prepare(graph);
    await assert.rejects(executable.run([bool(true)]), { code: "RaisedError", summary: "no" });
    await assert.rejects(executable.run([bool(false)]), { code: "RaisedError", summary: "no, not" });
  });

  it("is written with standard operators only, and shows its message in a runtime that knows nothing of it", async function () {
    const runtime = await onnxruntime();
    if (!runtime) this.skip();
    for (const { text, raises } of Object.values(examples)) {
      if (text === withSequence) continue; // the package's own binding gives no sequences
      const bytes = bytesOf(parseGraph(text, registry));
      assert.deepEqual(
        decodeModel(bytes, "m.onnx").opsetImport?.map((o) => o.domain),
        [""],
      );
      const session = await runtime.InferenceSession.create(bytes, { logSeverityLevel: 4 });
      const feeds = session.inputNames.map((name, i) => {
        const value = raises[i] as Storage;
        return [name, new runtime.Tensor(value.dtype as "float32", value.dense() as Float32Array, [...value.shape])];
      });
      await assert.rejects(session.run(Object.fromEntries(feeds)), /x must be 'positive', § 2/);
      await session.release();
    }
  });

  it("is a Raise again after reading, and files that are written again do not grow", () => {
    for (const { text } of Object.values(examples)) {
      const once = reload(bytesOf(parseGraph(text, registry)));
      assert.equal(operators(once).filter((op) => op === "ingot.Raise").length, 1);
      const nodes = (g: Graph) => [...allNodes(g)].filter((n) => n.op === "Reshape" || n.op === "If").length;
      assert.equal(nodes(reload(bytesOf(once))), nodes(once));
    }
  });

  it("can be written for old runtimes", () => {
    const graph = reload(bytesOf(parseGraph(inLoop, registry), { maxOpset: 12 }));
    assert.ok(operators(graph).includes("ingot.Raise"));
  });

  it("leaves a Gather alone that only has such a name", () => {
    const graph = parseGraph("main (float[3] x, int64 i) => (float y) { y = Gather (x, i) }", registry);
    const { model } = exportModel(graph);
    for (const node of model.graph?.node ?? []) Object.assign(node, { name: "ingot.Raise: no" });
    assert.deepEqual(operators(reload(encodeToBytes("ModelProto", model))), ["Gather"]);
  });
});
