import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { smallModel, Workplace } from "./command-line.ts";

describe("ingot trace", () => {
  let place: Workplace;
  before(() => {
    place = new Workplace();
    place.write("model.ts", smallModel);
  });
  after(() => place.remove());

  it("traces the default export by the model's own `static inputs`, and says what was saved", async () => {
    const { status, out, err } = await place.ingot("trace", "./model.ts", "-o", "./m.onnx", "--quiet");
    assert.equal(status, 0, err);
    assert.match(out, /^Small: compiled and checked\n/);
    assert.match(out, /\nsaved m\.onnx: \d+\.\d KiB, opset ai\.onnx \d+, IR version \d+\n$/);
    assert.equal(err, "");
    assert.ok(existsSync(place.path("m.onnx")));
  });

  it("traces a function by its own `inputs`, and a model whose inputs depend on how it was made", async () => {
    const sized = `export class Sized {\n  static inputs = ({ n }) => ({ y: \`float32[\${n}]\`, x: "float32[n=3]" });\n  n = 5;\n  forward(x, y) { return x.sum().add(y); }\n}\n`;
    place.write("inputs.ts", `${sized}export default Object.assign((x) => x.relu(), { inputs: "float32[n=3]" });\n`);
    const typesOf = async (...args: string[]) => {
      const { status, err } = await place.ingot("trace", "./inputs.ts", "-o", "./inputs.onnx", ...args);
      assert.equal(status, 0, err);
      const { inputs } = JSON.parse((await place.ingot("inspect", "./inputs.onnx", "--json")).out);
      return inputs.map(({ name, type }: { name: string; type: string }) => `${name}: ${type}`);
    };
    assert.deepEqual(await typesOf(), ["x: float[n]"]);
    assert.deepEqual(await typesOf("--export", "Sized"), ["x: float[n]", "y: float[5]"]);
  });

  it("takes a class, and sizes by name from --input", async () => {
    const { status, out, err } = await place.ingot(
      "trace",
      "./model.ts",
      "--export",
      "Small",
      "--input",
      "x:float32[n,3,height=10,8]",
      "-o",
      "./class.onnx",
      "--json",
    );
    assert.equal(status, 0, err);
    const { report } = JSON.parse(out);
    assert.equal(report.name, "Small");
    const inspected = JSON.parse((await place.ingot("inspect", "./class.onnx", "--json")).out);
    assert.deepEqual(inspected.inputs, [{ name: "x", type: "float[n,3,height,8]" }]);
  });

  it("matches inputs with forward's parameters by name, in whatever order they are given", async () => {
    const { status, err } = await place.ingot(
      "trace",
      "./model.ts",
      "--export",
      "twice",
      "--input",
      "y:float32[3]",
      "--input",
      "x:float32[2,3]",
      "-o",
      "./twice.onnx",
    );
    assert.equal(status, 0, err);
    place.write("x.json", "[[1, 2, 3], [4, 5, 6]]");
    place.write("y.json", "[10, 20, 30]");
    const { out } = await place.ingot("run", "./twice.onnx", "--input", "x=./x.json", "--input", "y=./y.json", "--json");
    assert.deepEqual(JSON.parse(out).outputs[0].values, [
      [21, 42, 63],
      [24, 45, 66],
    ]);
  });

  it("renames the parameters where other names are given", async () => {
    const { status, err } = await place.ingot(
      "trace",
      "./model.ts",
      "--export",
      "twice",
      "--input",
      "a:float32[3]",
      "--input",
      "b:float32[3]",
      "-o",
      "./ab.onnx",
    );
    assert.equal(status, 0, err);
    const { out } = await place.ingot("inspect", "./ab.onnx");
    assert.match(out, /inputs +a: float\[3\]\n +b: float\[3\]/);
  });

  it("makes sizes dynamic with --dynamic", async () => {
    const { status, err } = await place.ingot(
      "trace",
      "./model.ts",
      "--input",
      "x:float32[2,3,8,8]",
      "--dynamic",
      "x:0=batch",
      "-o",
      "./dynamic.onnx",
    );
    assert.equal(status, 0, err);
    assert.match((await place.ingot("inspect", "./dynamic.onnx")).out, /x: float\[batch,3,8,8\]/);
  });

  it("takes pictures as example and as further inputs of the check", async () => {
    place.write("scene.jpg", readFileSync(join(import.meta.dirname, "../../examples/images/scene.jpg")));
    place.write("mean.ts", 'import type { Tensor } from "ingot";\nexport default (x: Tensor) => x.mean([2, 3]);\n');
    const { status, out, err } = await place.ingot(
      "trace",
      "./mean.ts",
      "--input",
      "x=./scene.jpg",
      "--check-input",
      "./scene.jpg",
      "-o",
      "./mean.onnx",
    );
    assert.equal(status, 0, err);
    assert.match(out, /portable +interpreter +given input 0/);
  });

  it("writes the opset that is asked for, and weights beside the model", async () => {
    const { status, out, err } = await place.ingot(
      "trace",
      "./model.ts",
      "--opset",
      "20",
      "--external-data",
      "-o",
      "./external.onnx",
      "--json",
    );
    assert.equal(status, 0, err);
    assert.equal(JSON.parse(out).opsets["ai.onnx"], 20);
    assert.ok(existsSync(place.path("external.onnx.data")), "external.onnx.data");
  });

  it("switches rules off, and chooses the engine", async () => {
    const { out } = await place.ingot(
      "trace",
      "./model.ts",
      "--disable",
      "fold-conv-batchnorm",
      "--engine",
      "interpreter",
      "-o",
      "./off.onnx",
      "--json",
    );
    const { report } = JSON.parse(out);
    const folded = report.passes.rows.find((r: { pass: string }) => r.pass === "fold-conv-batchnorm");
    assert.equal(folded.total, 0);
    assert.equal(report.certificate.versions.engine, "interpreter");
  });

  it("prints JSON alone on standard output", async () => {
    const { out } = await place.ingot("trace", "./model.ts", "-o", "./json.onnx", "--json");
    const { path, irVersion, bytes } = JSON.parse(out);
    assert.deepEqual([path.endsWith("json.onnx"), typeof irVersion, typeof bytes], [true, "number", "number"]);
  });

  describe("with a file that it cannot use", () => {
    const cases: readonly (readonly [what: string, file: string, text: string, expected: RegExp])[] = [
      [
        "shows the line of a syntax error",
        "syntax.ts",
        "export default (x) => x.relu(;\n",
        /ModelFileSyntax: syntax\.ts cannot be read.*\n {2}at syntax\.ts:1:\d+\n {2}> 1 \| export default/,
      ],
      [
        "shows the line that threw while it was imported",
        "throws.ts",
        "\nconst a = undefined as unknown as { b: number };\nexport default a.b;\n",
        /ModelFileFails: throws\.ts cannot be imported: .*\(reading 'b'\)\n {2}at throws\.ts:3:\d+/,
      ],
      [
        "names the missing module",
        "import.ts",
        'export { default } from "./absent.ts";\n',
        /ModelFileFails: import\.ts cannot be imported: Cannot find module '?absent\.ts/,
      ],
      [
        "lists the exports when there is no default",
        "names.ts",
        "export const first = 1;\nexport const second = 2;\n",
        /ModelFile: names\.ts has no default export \(it exports first, second\)\n {2}hint: Pick one with --export, as in --export first/,
      ],
      [
        "asks for an instance of a class whose constructor takes arguments",
        "args.ts",
        "export default class Net { constructor(readonly n: number) {} forward(x) { return x; } }\n",
        /the class Net, whose constructor takes 1 argument\n {2}hint: Export an instance: `export default new Net/,
      ],
      [
        "shows where a constructor failed",
        "ctor.ts",
        "export default class Net {\n  forward(x) { return x; }\n  constructor() { throw new Error('no disk'); }\n}\n",
        /exports Net, whose constructor failed: Error: no disk\n {2}at ctor\.ts:3:\d+/,
      ],
      ["says that a number is no model", "number.ts", "export default 3;\n", /NotAModel: the default export of number\.ts/],
    ];
    for (const [what, file, text, expected] of cases)
      it(what, async () => {
        place.write(file, text);
        const { status, out, err } = await place.ingot("trace", `./${file}`, "--input", "x:float32[2]");
        assert.equal(status, 1);
        assert.match(err, expected);
        assert.equal(out, "");
        assert.doesNotMatch(err, /\n\s+at .*(src|dist)[\\/]cli/, "a stack of ours");
      });

    it("names a path that does not exist, a folder, and a file that is no model", async () => {
      assert.match((await place.ingot("trace", "./absent.ts")).err, /FileNotFound: there is no file at absent\.ts/);
      assert.match((await place.ingot("trace", place.folder)).err, /is a folder, not a file/);
      place.write("notes.txt", "");
      assert.match((await place.ingot("trace", "./notes.txt")).err, /is neither JavaScript nor TypeScript/);
    });

    it("suggests the export that was meant", async () => {
      assert.match((await place.ingot("trace", "./model.ts", "--export", "twise")).err, /it exports Small, twice \(did you mean twice\?\)/);
    });
  });

  it("shows the model's own line when forward throws, and the stack with --debug", async () => {
    place.write("fails.ts", "export default (x) => {\n  const table = undefined;\n  return x.add(table.weight);\n};\n");
    const { status, err } = await place.ingot("trace", "./fails.ts", "--input", "x:float32[2]");
    assert.equal(status, 1);
    assert.match(err, /TypeError: .*'weight'.*\n {2}at fails\.ts:3:\d+\n[\s\S]*> 3 \| {3}return x\.add\(table\.weight\);/);
    assert.match((await place.ingot("trace", "./fails.ts", "--input", "x:float32[2]", "--debug")).err, /\n\s+at .*record/);
    const { out } = await place.ingot("trace", "./fails.ts", "--input", "x:float32[2]", "--json");
    assert.equal(JSON.parse(out).error.frame.line, 3);
  });

  it("explains inputs that are missing, misspelt or given twice", async () => {
    place.write("plain.ts", "export default (x) => x.relu();\n");
    const say = async (...args: string[]) => (await place.ingot("trace", "./plain.ts", ...args)).err;
    assert.match(await say(), /declares no `static inputs`, so its inputs \(x\) need a specification each/);
    assert.match(await say("--input", "float32[2]"), /--input float32\[2\]: expected name:specification or name=file/);
    assert.match(await say("--input", "x:float99[2]"), /float99 is not a dtype/);
    assert.match(await say("--input", "x:float32[2]", "--input", "x:float32[2]"), /x is given twice/);
    assert.match(await say("--input", "x:float32[2]", "--dynamic", "z:0=n"), /no input is called z; the inputs are x/);
    assert.match(await say("--input", "x:float32[2]", "--dynamic", "0=n"), /expected name:axis=size/);
  });

  it("leaves the model's file name with .onnx in the working folder when no -o is given", async () => {
    const before = process.cwd();
    process.chdir(place.folder);
    try {
      assert.equal((await place.ingot("trace", "model.ts")).status, 0);
      assert.ok(readFileSync("model.onnx").byteLength > 0);
    } finally {
      process.chdir(before);
    }
  });
});
