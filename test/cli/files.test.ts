// The commands that take an ONNX file: inspect, run, verify, optimize, bench.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { parseGraph } from "../../src/ir/parse.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { registry } from "../../src/ops/registry.ts";
import { endlessModel } from "../support/hostile/endless-model.ts";
import { smallModel, Workplace } from "./command-line.ts";

describe("the commands that take a file", () => {
  let place: Workplace;
  before(async () => {
    place = new Workplace();
    place.write("model.ts", smallModel);
    const { status, err } = await place.ingot("trace", "./model.ts", "-o", "./m.onnx");
    assert.equal(status, 0, err);
    // The same with its batch norm, so that there is something to optimise.
    assert.equal(
      (
        await place.ingot(
          "trace",
          "./model.ts",
          "-o",
          "./plain.onnx",
          ...["fold-conv-batchnorm", "decompose-batchnorm"].flatMap((rule) => ["--disable", rule]),
        )
      ).status,
      0,
    );
  });
  after(() => place.remove());

  describe("ingot inspect", () => {
    it("prints inputs, outputs, versions, operators, parameters, arithmetic and the certificate", async () => {
      const { status, out } = await place.ingot("inspect", "./m.onnx");
      assert.equal(status, 0);
      assert.match(out, /^file {9}m\.onnx, \d+\.\d KiB, written by ingot/);
      assert.match(out, /^versions {5}opset ai\.onnx \d+; IR version \d+$/m);
      assert.match(out, /^inputs {7}x: float\[batch,3,8,8\]$/m);
      assert.match(out, /^outputs {6}output: float\[batch,4\]$/m);
      // 8·3·3·3 + 8 of the convolution with the batch norm folded in, 8·4 + 4 of the head.
      assert.match(out, /^parameters {3}260 \(/m);
      assert.match(out, /^arithmetic {3}\d+\.\d kFLOP a run, named sizes taken as 1$/m);
      assert.match(out, /^operators {4}.*\bConv 1\b/m);
      assert.match(out, /^certificate {2}of ingot/m);
    });

    it("counts a multiply-add as 2: 6 × 6 places × 8 channels × 27 products, and 8 × 4 of the head", async () => {
      const { flops, certificate } = JSON.parse((await place.ingot("inspect", "./m.onnx", "--json")).out);
      assert.ok(flops >= 2 * (36 * 8 * 27 + 32) && flops < 2.2 * (36 * 8 * 27 + 32), `${flops}`);
      assert.equal(certificate.model, "Small");
    });

    it("prints the whole graph as ONNX text or as TypeScript", async () => {
      assert.match(
        (await place.ingot("inspect", "./m.onnx", "--text")).out,
        /Small \(float\[batch,3,8,8\] x\) => \(float\[batch,4\] output\)/,
      );
      assert.match((await place.ingot("inspect", "./m.onnx", "--code")).out, /export function forward\(x/);
      assert.equal((await place.ingot("inspect", "./m.onnx", "--code", "--text")).status, 2);
    });

    it("names what it cannot read", async () => {
      assert.match((await place.ingot("inspect", "./absent.onnx")).err, /FileNotFound/);
      assert.match((await place.ingot("inspect", place.folder)).err, /FileNotReadable: .* it is a folder/);
      place.write("text.onnx", "this is no model");
      const { status, err } = await place.ingot("inspect", "./text.onnx");
      assert.equal(status, 1);
      assert.match(err, /OnnxFormatError/);
    });
  });

  describe("ingot run", () => {
    it("prints the outputs for random inputs, the same for the same seed", async () => {
      const run = async (...args: string[]) => JSON.parse((await place.ingot("run", "./m.onnx", "--json", ...args)).out);
      const [a, b, c] = [await run("--seed", "3"), await run("--seed", "3"), await run("--seed", "4")];
      assert.deepEqual(a.inputs, [{ name: "x", dtype: "float32", shape: [2, 3, 8, 8], source: "random" }]);
      assert.deepEqual(a.outputs, b.outputs);
      assert.notDeepEqual(a.outputs, c.outputs);
    });

    it("prints sequences and maps as JSON has them", async () => {
      const graph = parseGraph(
        `scores (float[1,2] x) => (seq(map(int64,float)) y) { y = ai.onnx.ml.ZipMap <classlabels_int64s = [7, 9]> (x) }`,
        registry,
      );
      place.write("zip.onnx", encodeToBytes("ModelProto", exportModel(graph).model));
      place.write("x.json", "[[0.25, 0.75]]");
      const run = (...args: string[]) => place.ingot("run", "./zip.onnx", "--input", "x=./x.json", ...args);
      assert.deepEqual(JSON.parse((await run("--json")).out).outputs, [{ name: "y", value: [{ 7: 0.25, 9: 0.75 }] }]);
      assert.equal((await run()).out, 'y = [ { "7": 0.25, "9": 0.75 } ]\n');
      place.write("x.json", "[[1e39, 0.75]]");
      assert.equal((await run()).out, 'y = [ { "7": "Infinity", "9": 0.75 } ]\n');
    });

    it("gives the same on both engines", async () => {
      const values = async (engine: string) =>
        JSON.parse((await place.ingot("run", "./m.onnx", "--engine", engine, "--json")).out).outputs[0].values.flat();
      const [a, b] = [await values("interpreter"), await values("onnxruntime")];
      a.forEach((x: number, i: number) => {
        assert.ok(Math.abs(x - b[i]) < 1e-5);
      });
    });

    it("prints the top scores as probabilities, with labels from lines or from JSON", async () => {
      place.write("lines.txt", "ant\nbee\ncat\ndog\n");
      place.write("index.json", '{ "0": ["n0", "ant"], "1": ["n1", "bee"], "2": ["n2", "cat"], "3": ["n3", "dog"] }');
      const lines = await place.ingot("run", "./m.onnx", "--topk", "4", "--labels", "./lines.txt");
      assert.match(lines.out, /^output: top 4 of 4\n {2}row 0\n {7}\d {3}\d\d\.\d\d % {2}(ant|bee|cat|dog)\n/);
      const { outputs } = JSON.parse((await place.ingot("run", "./m.onnx", "--topk", "4", "--labels", "./index.json", "--json")).out);
      const row: { label: string; probability: number; index: number }[] = outputs[0].topk[0];
      assert.deepEqual(row.map((r) => r.label).sort(), ["ant", "bee", "cat", "dog"]);
      assert.ok(Math.abs(row.reduce((sum, r) => sum + r.probability, 0) - 1) < 1e-6);
      assert.ok((row[0]?.probability as number) >= (row[3]?.probability as number));
    });

    it("does not take a softmax of what is a distribution already", async () => {
      place.write("soft.ts", "export default (x) => x.softmax(-1);\n");
      assert.equal((await place.ingot("trace", "./soft.ts", "--input", "x:float32[3]", "-o", "./soft.onnx")).status, 0);
      // ln 1, ln 2, ln 5: probabilities 1/8, 2/8, 5/8.
      place.write("logs.json", `[0, ${Math.log(2)}, ${Math.log(5)}]`);
      const { out } = await place.ingot("run", "./soft.onnx", "--input", "./logs.json", "--topk", "2");
      assert.equal(out, "output: top 2 of 3\n       2   62.50 %\n       1   25.00 %\n");
    });

    it("explains inputs that do not fit", async () => {
      const say = async (...args: string[]) => (await place.ingot("run", "./m.onnx", ...args)).err;
      place.write("flat.json", "[1, 2]");
      place.write("bad.json", "[1, 2");
      assert.match(await say("--input", "y=random"), /no input is called y; the model's inputs are x/);
      assert.match(await say("--input", "x=./flat.json"), /it is float32\[2\], but x is float\[batch,3,8,8\]/);
      assert.match(await say("--input", "x=./bad.json"), /does not hold nested arrays of float32/);
      assert.match(await say("--input", "x=./absent.jpg"), /absent\.jpg/);
      assert.match(await say("--labels", "./absent.txt"), /FileNotFound/);
      assert.match(await say("--labels", "./bad.json"), /LabelsFile/);
    });
  });

  describe("ingot verify", () => {
    it("replays the certificate", async () => {
      const { status, out } = await place.ingot("verify", "./m.onnx");
      assert.equal(status, 0);
      assert.match(out, /^ok {2}interpreter .*\nok {2}onnxruntime .*\nm\.onnx agrees with the certificate\n$/);
    });

    it("compares with the model and with another file", async () => {
      const model = await place.ingot("verify", "./m.onnx", "--model", place.path("model.ts"), "--engine", "interpreter", "--runs", "2");
      assert.equal(model.status, 0, model.out);
      assert.match(model.out, /^ok {2}interpreter {2}random 1 {2}error \d\.\de-\d.*\nok .*random 2/);
      const files = await place.ingot("verify", "./m.onnx", "./plain.onnx", "--topk", "2");
      assert.equal(files.status, 0, files.out);
    });

    it("ends with status 1 and the word when they differ", async () => {
      place.write("other.ts", smallModel.replace("nn.seeded(0", "nn.seeded(1"));
      assert.equal((await place.ingot("trace", "./other.ts", "-o", "./other.onnx")).status, 0);
      const { status, out } = await place.ingot("verify", "./m.onnx", "./other.onnx");
      assert.equal(status, 1);
      assert.match(out, /^FAILED {2}interpreter {2}random 1 .*is over the limit/);
      assert.match(out, /m\.onnx does NOT agree with other\.onnx\n$/);
      const { ok, rows } = JSON.parse((await place.ingot("verify", "./m.onnx", "./other.onnx", "--json")).out);
      assert.deepEqual([ok, rows[0].ok, typeof rows[0].problem], [false, false, "string"]);
    });

    it("does not compare with two things at once", async () => {
      assert.equal((await place.ingot("verify", "./m.onnx", "./plain.onnx", "--model", "./model.ts")).status, 2);
    });
  });

  describe("ingot optimize", () => {
    it("stops at a loop that does not end, after as many steps as it is allowed", async () => {
      place.write("endless.onnx", encodeToBytes("ModelProto", endlessModel));
      const { status, err } = await place.ingot("optimize", "./endless.onnx", "-o", "./never.onnx", "--max-steps", "50");
      assert.equal(status, 1);
      assert.match(err, /Loop \(which gives `y`\) does not end: its body ran 26 times/);
      assert.equal(existsSync(place.path("never.onnx")), false);
    });

    it("runs the rules on a file and saves it checked", async () => {
      const { status, out, err } = await place.ingot("optimize", "./plain.onnx", "-o", "./out.onnx");
      assert.equal(status, 0, err);
      assert.match(out, /fold-conv-batchnorm +1 ×/);
      assert.match(out, /\nsaved out\.onnx: /);
      assert.equal((await place.ingot("verify", "./out.onnx", "./plain.onnx")).status, 0);
    });

    it("writes ONNX Runtime's operators for that target", async () => {
      const { status, err } = await place.ingot("optimize", "./plain.onnx", "-o", "./ort.onnx", "--target", "onnxruntime");
      assert.equal(status, 0, err);
      const { operators, certificate } = JSON.parse((await place.ingot("inspect", "./ort.onnx", "--json")).out);
      assert.equal(operators["com.microsoft.FusedConv"], 1);
      assert.ok(certificate.rows.some((r: { graph: string }) => r.graph === "lowered"));
      assert.equal((await place.ingot("verify", "./ort.onnx", "--engine", "onnxruntime")).status, 0);
    });

    it("stops after a number of rewrites, or once a rule has run", async () => {
      const steps = async (at: string) =>
        JSON.parse((await place.ingot("optimize", "./plain.onnx", "-o", "./s.onnx", "--stop-at", at, "--json")).out).report.passes.steps;
      assert.equal(await steps("0"), 0);
      assert.ok((await steps("fold-conv-batchnorm")) >= 1);
      const { status, err } = await place.ingot("optimize", "./plain.onnx", "-o", "./s.onnx", "--stop-at", "fold-conv-mull");
      assert.equal(status, 1);
      assert.match(err, /UnknownPass: .*fold-conv-mull.* is neither a pass nor a rule/);
    });

    it("explains node by node why a rule fires or not", async () => {
      const { status, out } = await place.ingot("optimize", "./plain.onnx", "--explain", "fold-conv-batchnorm");
      assert.equal(status, 0);
      assert.match(out, /^fold-conv-batchnorm: fires at 1 of 1 nodes\n {2}fires {2}BatchNormalization/);
      assert.ok(!existsSync(place.path("plain.onnx.onnx")));
      assert.match(
        (await place.ingot("optimize", "./plain.onnx", "--explain", "fold-everything")).err,
        /UnknownPass: "fold-everything" .*\n {2}hint: .*fold-conv-batchnorm/,
      );
    });

    it("prints the graph after a pass", async () => {
      const { out } = await place.ingot("optimize", "./plain.onnx", "--print-after", "fold-conv-batchnorm");
      assert.match(out, /Small \(float\[batch,3,8,8\] x\)/);
      assert.doesNotMatch(out, /= BatchNormalization/);
    });

    it("asks for an output or something to print", async () => {
      const { status, err } = await place.ingot("optimize", "./plain.onnx");
      assert.equal(status, 2);
      assert.match(err, /ingot: say where to write the model \(-o FILE\)/);
    });

    it("leaves nothing where it cannot write", async () => {
      const { status, err } = await place.ingot("optimize", "./plain.onnx", "-o", "./absent/out.onnx");
      assert.equal(status, 1);
      assert.match(err, /FileNotWritable/);
    });
  });

  it("ingot bench times the engines side by side", async () => {
    const { status, out } = await place.ingot("bench", "./m.onnx", "--seconds", "0.01", "--json");
    assert.equal(status, 0);
    const { rows, environment } = JSON.parse(out);
    assert.deepEqual(
      rows.map((r: { name: string; verdict: string }) => [r.name, r.verdict === "baseline"]),
      [
        ["interpreter", true],
        ["onnxruntime", false],
      ],
    );
    assert.equal(environment.node, process.versions.node);
  });
});
