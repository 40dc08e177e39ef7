// `ingot conformance` on cases that the test writes: every way in which a case passes, fails or is skipped.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import type { ConformanceReport } from "../../src/conformance/outcome.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import type { NodeProto, ValueInfoProto } from "../../src/onnx/schema.ts";
import { storageToTensor } from "../../src/onnx/tensor-proto.ts";
import { valueToBytes } from "../../src/onnx/value-proto.ts";
import type { RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { testDataFolder } from "../support/backend-cases.ts";
import { writeTar } from "../support/tar-writer.ts";
import { Workplace } from "./command-line.ts";

type Files = Record<string, Uint8Array>;

const floats = (...values: number[]) => Storage.from("float32", values, [values.length]);
const doubles = (...values: number[]) => Storage.from("float64", values, [values.length]);
const tensor = (name: string, elemType = 1, size = 2n): ValueInfoProto => ({
  name,
  type: { tensorType: { elemType, shape: { dim: [{ dimValue: size }] } } },
});

function model(nodes: readonly NodeProto[], outputs: readonly ValueInfoProto[] = [tensor("y")]): Uint8Array {
  return encodeToBytes("ModelProto", {
    irVersion: 8,
    opsetImport: [
      { domain: "", version: 17 },
      { domain: "ai.onnx.preview.training", version: 1 },
      { domain: "com.example", version: 1 },
    ],
    graph: { name: "g", input: [tensor("x")], output: outputs, node: nodes },
  });
}

const abs = model([{ opType: "Abs", input: ["x"], output: ["y"] }]);

/** The files of a case: its model, and per data set inputs and outputs. */
function testCase(
  name: string,
  bytes: Uint8Array,
  ...sets: readonly (readonly [inputs: RuntimeValue[], outputs: RuntimeValue[]])[]
): Files {
  const files: Files = { [`${name}/model.onnx`]: bytes };
  for (const [i, [inputs, outputs]] of sets.entries()) {
    for (const [k, value] of inputs.entries()) files[`${name}/test_data_set_${i}/input_${k}.pb`] = valueToBytes(value);
    for (const [k, value] of outputs.entries()) files[`${name}/test_data_set_${i}/output_${k}.pb`] = valueToBytes(value);
  }
  return files;
}

const x = floats(-1, 2);
const passes = testCase("test_abs", abs, [[x], [floats(1, 2)]]);

describe("ingot conformance", function () {
  this.timeout(120_000);
  let place: Workplace;
  beforeEach(() => {
    place = new Workplace();
  });
  afterEach(() => place.remove());

  /** Writes the cases as a folder tree, and runs them. */
  async function run(files: Files, ...args: readonly string[]) {
    for (const [path, bytes] of Object.entries(files)) {
      mkdirSync(dirname(place.path(`cases/${path}`)), { recursive: true });
      place.write(`cases/${path}`, bytes);
    }
    return place.ingot("conformance", "./cases", ...args);
  }

  it("counts what passes, in nested folders", async () => {
    const { status, out } = await run({ ...passes, ...testCase("node/deep/test_abs_2", abs, [[x], [floats(1, 2)]]) });
    assert.deepEqual([status, out], [0, "2 passed, 0 failed, 0 skipped\n"]);
  });

  it("reads a packed archive", async () => {
    place.write("cases.tar.gz", gzipSync(writeTar(passes)));
    const { status, out } = await place.ingot("conformance", "./cases.tar.gz");
    assert.deepEqual([status, out], [0, "1 passed, 0 failed, 0 skipped\n"]);
  });

  it("prints a line with the reason for each failure, and goes on after it", async () => {
    const { status, out } = await run({
      ...testCase("a_wrong_value", abs, [[x], [floats(1, 3)]]),
      ...testCase("b_wrong_dtype", abs, [[x], [doubles(1, 2)]]),
      ...testCase("c_wrong_shape", abs, [[x], [floats(1, 2, 3)]]),
      ...testCase("d_missing_operator", model([{ opType: "Conjure", input: ["x"], output: ["y"] }]), [[x], [x]]),
      ...testCase("e_damaged_model", abs.subarray(0, abs.length - 3), [[x], [x]]),
      ...testCase("f_missing_output", abs, [[x], []]),
      ...testCase("g_missing_input", abs, [[], [x]]),
      ...testCase("h_surplus_output", abs, [[x], [floats(1, 2), x]]),
      ...testCase("i_no_data", abs),
      "j_no_model/test_data_set_0/input_0.pb": valueToBytes(x),
      ...testCase("k_damaged_data", abs, [[x], [floats(1, 2)]]),
      "k_damaged_data/test_data_set_0/output_0.pb": Buffer.from([0xff]),
      ...testCase("l_second_set", abs, [[x], [floats(1, 2)]], [[floats(3, 4)], [floats(3, 5)]]),
      ...passes,
    });
    assert.equal(status, 1);
    const lines = out.trimEnd().split("\n");
    assert.equal(lines.length, 13);
    const expected = [
      /^FAILED a_wrong_value: output `y`, test_data_set_0: element \[1\] is 2, expected 3$/,
      /^FAILED b_wrong_dtype: .*its dtype is float32, expected float64$/,
      /^FAILED c_wrong_shape: .*its shape is \[2\], expected \[3\]$/,
      /^FAILED d_missing_operator: .*Conjure/,
      /^FAILED e_damaged_model: model.onnx is not an ONNX model/,
      /^FAILED f_missing_output: test_data_set_0\/output_0.pb is missing$/,
      /^FAILED g_missing_input: test_data_set_0\/input_0.pb is missing$/,
      /^FAILED h_surplus_output: the model gives 1 outputs, test_data_set_0 has 1 more$/,
      /^FAILED i_no_data: it has no test_data_set_0/,
      /^FAILED j_no_model: it has no model.onnx$/,
      /^FAILED k_damaged_data: output_0.pb/,
      /^FAILED l_second_set: output `y`, test_data_set_1: element \[1\] is 4, expected 5$/,
      /^1 passed, 12 failed, 0 skipped$/,
    ];
    for (const [i, pattern] of expected.entries()) assert.match(lines[i] as string, pattern);
  });

  it("skips what the list of skips names, and says why", async () => {
    const adam = model([{ opType: "Adam", domain: "ai.onnx.preview.training", input: ["x"], output: ["y"] }]);
    const foreign = model([{ opType: "Adam", domain: "com.example", input: ["x"], output: ["y"] }]);
    const { status, out } = await run({ ...testCase("test_adam", adam, [[x], [x]]), ...testCase("test_foreign", foreign, [[x], [x]]) });
    assert.equal(status, 1);
    assert.match(out, /^FAILED test_foreign: .*Adam/);
    assert.match(out, /\n1 skipped: a preview operator that trains[^\n]*\n0 passed, 1 failed, 1 skipped\n$/);
  });

  it("compares only the kinds of outputs that are random", async () => {
    const bernoulli = model([{ opType: "Bernoulli", input: ["x"], output: ["y"] }]);
    const { out } = await run({
      ...testCase("a_random", bernoulli, [[floats(0.5, 0.5)], [floats(7, 7)]]),
      ...testCase("b_random_shape", bernoulli, [[floats(0.5, 0.5)], [floats(0)]]),
    });
    assert.match(out, /^FAILED b_random_shape: .*its shape is \[2\], expected \[1\]\n1 passed, 1 failed, 0 skipped\n$/);
  });

  it("makes the inputs of light models by the suite's rule", async () => {
    // arange(2) / 2 = [0, 0.5]
    const { out } = await run({ "light/light_abs.onnx": abs, "light/light_abs_output_0.pb": valueToBytes(floats(0, 0.5)) });
    assert.equal(out, "1 passed, 0 failed, 0 skipped\n");
  });

  /** A Loop without an end around `x`, after `nodes` that make the value `v0` that goes round. */
  function endless(nodes: readonly NodeProto[] = [{ opType: "Identity", input: ["x"], output: ["v0"] }]): Uint8Array {
    const scalar = (name: string, elemType: number): ValueInfoProto => ({ name, type: { tensorType: { elemType, shape: { dim: [] } } } });
    const anySize = (name: string): ValueInfoProto => ({ name, type: { tensorType: { elemType: 1, shape: { dim: [{}] } } } });
    const body = {
      name: "body",
      input: [scalar("i", 7), scalar("c", 9), anySize("v")],
      output: [scalar("c2", 9), anySize("v2")],
      node: [
        { opType: "Identity", input: ["c"], output: ["c2"] },
        { opType: "Neg", input: ["v"], output: ["v2"] },
      ],
    };
    const loop: NodeProto = { opType: "Loop", input: ["", "", "v0"], output: ["y"], attribute: [{ name: "body", type: 5, g: body }] };
    return model([...nodes, loop], [anySize("y")]);
  }

  it("ends a case that does not end, and goes on", async () => {
    const { status, out } = await run({ ...testCase("a_endless", endless(), [[x], [x]]), ...passes }, "--timeout", "2");
    assert.equal(status, 1);
    assert.equal(out, "FAILED a_endless: it was not done after 2 s\n1 passed, 1 failed, 0 skipped\n");
  });

  it("ends a case that takes too much memory, and goes on", async function () {
    if (process.platform !== "linux") this.skip();
    // 2^26 float32: 256 MiB, twice while they go round.
    const shape = Storage.from("int64", [2 ** 26], [1]);
    const large = endless([
      { opType: "Constant", output: ["s"], attribute: [{ name: "value", type: 4, t: storageToTensor(shape) }] },
      { opType: "ConstantOfShape", input: ["s"], output: ["v0"] },
    ]);
    const { out } = await run({ ...testCase("a_large", large, [[x], [x]]), ...passes }, "--memory", "400");
    assert.equal(out, "FAILED a_large: its process took more than 400 MiB of memory\n1 passed, 1 failed, 0 skipped\n");
  });

  it("writes the outcome of each case as JSON", async () => {
    const files = { ...passes, ...testCase("test_wrong", abs, [[x], [floats(1, 3)]]) };
    await run(files, "--json", "./report.json");
    const report = JSON.parse(place.read("report.json")) as ConformanceReport;
    assert.deepEqual([report.engine, report.passed, report.failed, report.skipped], ["interpreter", 1, 1, 0]);
    assert.deepEqual(
      report.cases.map((c) => [c.name, c.place.replace(`${place.folder}/`, ""), c.outcome.status]),
      [
        ["test_abs", "cases/test_abs", "passed"],
        ["test_wrong", "cases/test_wrong", "failed"],
      ],
    );
  });

  it("names a path without cases", async () => {
    mkdirSync(place.path("empty"));
    const { status, err } = await place.ingot("conformance", "./empty");
    assert.equal(status, 1);
    assert.match(err, /ConformanceCases: no test cases can be read from empty/);
  });

  it("through ONNX Runtime: passes, fails, and counts apart what ONNX Runtime cannot do alone", async () => {
    // BitShift of uint16 is in the standard, and ONNX Runtime has no kernel for it.
    const shorts = (...values: number[]) => Storage.from("uint16", values, [2]);
    const shift = encodeToBytes("ModelProto", {
      irVersion: 8,
      opsetImport: [{ domain: "", version: 17 }],
      graph: {
        name: "g",
        input: [tensor("x", 4), tensor("n", 4)],
        output: [tensor("y", 4)],
        node: [
          {
            opType: "BitShift",
            input: ["x", "n"],
            output: ["y"],
            attribute: [{ name: "direction", type: 3, s: Buffer.from("LEFT") }],
          },
        ],
      },
    });
    const { out } = await run(
      { ...passes, ...testCase("test_shift", shift, [[shorts(1, 2), shorts(1, 1)], [shorts(2, 4)]]) },
      "--engine",
      "onnxruntime",
    );
    assert.equal(out, "1 skipped: ONNX Runtime does not load the case's own file\n1 passed, 0 failed, 1 skipped\n");
  });
});

describe("ONNX's backend suite through ingot conformance", function () {
  this.timeout(600_000);
  for (const kind of ["node", "simple", "pytorch-converted", "pytorch-operator", "light"])
    it(`${kind}: every case passes on the interpreter, but for those that train`, async function () {
      const folder = testDataFolder();
      if (!folder) return this.skip();
      const place = new Workplace();
      try {
        const { out } = await place.ingot("conformance", `${folder}/onnx-backend/${kind}.tar.gz`, "--json", "./report.json");
        assert.doesNotMatch(out, /^FAILED/m);
        const { cases, skippedFor } = JSON.parse(place.read("report.json")) as ConformanceReport;
        assert.ok(cases.length > 0);
        for (const reason of Object.keys(skippedFor)) assert.match(reason, /operator that trains|JPEG 2000/);
      } finally {
        place.remove();
      }
    });
});
