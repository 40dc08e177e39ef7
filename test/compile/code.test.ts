// `.code` really runs: the text is written to a file, imported, and computes the same as the graph, bit for bit.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeWeights, graphToCode } from "../../src/compile/code.ts";
import { trace } from "../../src/compile/trace.ts";
import { isTensor } from "../../src/eager/operand.ts";
import { Tensor } from "../../src/eager/tensor.ts";
import { Graph } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { tensorType } from "../../src/ir/type.ts";
import { Module } from "../../src/nn/module.ts";
import { defineOp, graph as graphAttribute } from "../../src/ops/define.ts";
import { sameAsInput } from "../../src/ops/infer.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { randomGraph, randomInputs } from "../support/random-graph.ts";

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("../../", import.meta.url));
let folder = "";
let count = 0;

type Forward = (...args: (Tensor | undefined | Record<string, Tensor>)[]) => unknown;

/** Writes the code as a module whose `ingot` is this checkout, and loads it the way mocha loads this file, so that both share their modules. */
function load(code: string): Forward {
  const file = join(folder, `code-${count++}.ts`);
  assert.match(code, /^import \{ op, type Tensor, tensor \} from "ingot";\n/);
  writeFileSync(file, code.replace('"ingot"', '"../../src/index.ts"'));
  const module: { forward: Forward } = require(file);
  return module.forward;
}

const weightsOf = (graph: Graph) => Object.fromEntries([...codeWeights(graph)].map(([name, s]) => [name, Tensor.fromStorage(s)]));
const bits = (s: Storage) => ({ dtype: s.dtype, shape: [...s.shape], elements: Array.from<number | bigint | string>(s.dense()) });

/** Asserts that the graph's code gives, for these inputs, what the graph gives. */
function assertSame(graph: Graph, ...runs: (readonly (Storage | undefined)[])[]): void {
  const code = graphToCode(graph);
  const forward = load(code);
  for (const inputs of runs) {
    const expected = runGraph(graph, inputs as Storage[]).map((v) => bits(asStorage(v)));
    const result = forward(...inputs.map((s) => s && Tensor.fromStorage(s)), weightsOf(graph));
    const outputs: unknown[] = isTensor(result)
      ? [result]
      : graph.outputNames.map((name) => Object.entries(result as object).find(([k]) => k === name)?.[1]);
    assert.deepEqual(
      outputs.map((t) => (isTensor(t) ? bits(t.storage) : t)),
      expected,
      code,
    );
  }
}

const f32 = (...values: number[]) => Storage.from("float32", values, [values.length]);
const scalar = (dtype: "int64" | "bool" | "float32", value: number | bigint | boolean) => Storage.from(dtype, [value], []);
const read = (text: string) => parseGraph(text, registry);

describe("generated code", () => {
  before(() => {
    mkdirSync(join(root, "build"), { recursive: true });
    folder = mkdtempSync(join(root, "build", "code-test-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("reads as a person would write it", () => {
    const graph = read(
      "main (float[n,2] x) => (float[n,2] y) { t = Neg (x)  # float[n,2] | block.0 (model.ts:3:4)\n y = Softmax <axis = 0> (t) }",
    );
    assert.equal(
      graphToCode(graph),
      `import { op, type Tensor, tensor } from "ingot";

/**
 * main, as Ingot compiled it.
 * @param x float[n,2]
 */
export function forward(x: Tensor, weights: Readonly<Record<string, Tensor>>) {
  const [t] = op("Neg", [x]) as [Tensor]; // block.0 (model.ts:3:4)
  const [y] = op("Softmax", [t], { axis: 0 }) as [Tensor];
  return y;
}
`,
    );
  });

  it("computes several outputs, also an input, a constant, and one value under two names", () => {
    const graph = read(
      "g (float[2] x) => (a, b, again, x, w) <float[2] w = {1, 2}> { s = Add (x, w) a = Neg (s) b = Abs (a) again = Identity (b) }",
    );
    const [x, s] = [graph.inputs[0], graph.firstNode?.output];
    if (!x || !s) throw new Error("the graph has both");
    graph.setOutputs([s, s, x, [...graph.initializers][0] ?? x], ["first", "second", "x", "w"]);
    assertSame(graph, [f32(3, -4)]);
  });

  it("takes weights too large for the text by name, names that repeat included", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("weights", tensorType("float32", [17]));
    const big = (v: number) => graph.addInitializer(Storage.from("float32", new Array(17).fill(v), [17]), 'layer.0.weight "odd"\n');
    graph.setOutputs([graph.add("Mul", [graph.add("Add", [x, big(1 / 3)]).output, big(0.1)]).output], ["y"]);
    assert.deepEqual([...codeWeights(graph).keys()], ['layer.0.weight "odd"\n', 'layer.0.weight "odd"\n_1']);
    assertSame(graph, [Storage.from("float32", new Array(17).fill(2), [17])]);
  });

  it("branches with If, nested and with captured values", () => {
    const graph = read(`g (bool c, bool d, float[2] x) => (y, z) <float[2] w = {1, 2}> {
      t = Mul (x, w)
      y, z = If (c) <then_branch = a () => (p, q) {
          p = If (d) <then_branch = a1 () => (r) { r = Neg (t) }, else_branch = a2 () => (r) { u = Abs (t) r = Add (u, w) }>
          q = Identity (w)
        }, else_branch = b () => (p, q) { p = Exp (x) q = Sub (p, t) }>
    }`);
    const runs = [true, false].flatMap((c) => [true, false].map((d) => [scalar("bool", c), scalar("bool", d), f32(3, -0.5)]));
    assertSame(graph, ...runs);
  });

  const looping = read(
    `g (int64 M, bool c, float[2] s, float[2] step) => (last, other, all) {
    last, other, all = Loop (M, c, s, step) <body = b (int64 i, bool go, float[2] a, float[2] b) => (bool keep, float[2] b_out, float[2] next, float[2] row) {
      f = Cast <to = 1> (i)
      next = Add (a, f)
      b_out = Identity (b)
      row = Identity (a)
      total = ReduceSum <keepdims = 0> (next)
      keep = Less (total, limit)
    }>
  }`.replace("{\n", "<float limit = {40}> {\n"),
  );

  it("loops with states that change places and scan outputs, stopped by count or by condition", () => {
    const run = (M: number | bigint, c = true) => [scalar("int64", M), scalar("bool", c), f32(1, 2), f32(10, 20)];
    assertSame(looping, run(1), run(3), run(1000), run(2n ** 63n - 1n));
  });

  it("loops no times: states come back, scan outputs are empty", () => {
    const start = [f32(1, 2), f32(10, 20)];
    assertSame(looping, [scalar("int64", 0), scalar("bool", true), ...start], [scalar("int64", 5), scalar("bool", false), ...start]);
  });

  it("loops without a count or a condition, and stacks a state as it was before the turn", () => {
    const graph = read(
      `g (float[1] s) => (last, all) <float[1] most = {100}> {
      last, all = Loop ("", "", s) <body = b (int64 i, bool go, float[1] a) => (bool keep, float[1] next, float[1] a) {
        next = Add (a, a)
        less = Less (next, most)
        keep = Squeeze (less)
      }>
    }`.replace("float[1] a) {", "float[1] old) {\n old = Identity (a)"),
    );
    const body = graph.firstNode?.subgraphs[0];
    const a = body?.inputs[2];
    if (!body || !a) throw new Error("the loop has a body");
    // The scan output is the state itself, not a copy of it.
    body.setOutputs([...body.outputs.slice(0, 2), a], ["keep", "next", "old"]);
    assertSame(graph, [f32(3)]);
  });

  it("writes FlexAttention, whose sub-graphs are no statements, as the operators that define it", () => {
    const flex = new Graph(registry, "g");
    const score = new Graph(registry, "score", flex);
    const s = score.addInput("s", tensorType("float32", [1, 1, 2, 3]));
    score.setOutputs([score.add("Tanh", [s]).output], ["r"]);
    const inputs = [2, 3, 3].map((rows, i) => flex.addInput(`x${i}`, tensorType("float32", [1, 1, rows, 2])));
    flex.setOutputs([flex.add("ai.onnx.preview.FlexAttention", inputs, { score_mod: score }).output], ["y"]);
    const rows = (n: number) =>
      Storage.from(
        "float32",
        Array.from({ length: 2 * n }, (_, i) => (i % 5) - 1.5),
        [1, 1, n, 2],
      );
    assertSame(flex, [rows(2), rows(3), rows(3)]);
  });

  it("names what gives something other than a tensor", () => {
    const graph = read(`g (float[2] x, float[3] y) => (z) {
      list = SequenceConstruct (x, y)
      longer = SequenceMap (list) <body = b (float[n] a) => (r) { r = Exp (a) }>
      z = ConcatFromSequence <axis = 0> (longer)
    }`);
    assert.throws(() => graphToCode(graph), {
      code: "CodeNotExpressible",
      message: /SequenceConstruct .*it takes or gives a value of type seq/,
    });
  });

  it("names an operator of yours that runs a graph and has no decomposition", () => {
    registry.add(
      defineOp("test.Twice", {
        since: [1],
        inputs: ["X: T"],
        outputs: ["Y: T"],
        types: { T: ["float32"] },
        attributes: { body: graphAttribute.required },
        accuracy: "exact",
        infer: sameAsInput,
        *eval({ X }, { body }, c) {
          return yield* c.run(body, yield* c.run(body, [X]));
        },
      }),
    );
    const graph = new Graph(registry, "g");
    const body = new Graph(registry, "body", graph);
    body.setOutputs([body.add("Neg", [body.addInput("a", tensorType("float32", [1]))]).output], ["r"]);
    graph.setOutputs([graph.add("test.Twice", [graph.addInput("x", tensorType("float32", [1]))], { body }).output], ["y"]);
    assert.throws(() => graphToCode(graph), { code: "CodeNotExpressible", message: /test\.Twice .*it has a sub-graph/ });
  });

  it("scans along any axis, in both directions", () => {
    const text = (attributes: string, out: string) =>
      `g (float[2] s, float[2,3] x) => (last, all) {
      last, all = Scan <num_scan_inputs = 1, ${attributes}, body = b (float[2] a, float[2] col) => (float[2] next, float[2] row) {
        next = Add (a, col)
        row = Mul (next, col)
      }> (s, x)
    }`
        .replace("all)", `${out})`)
        .replace("last, all =", `last, ${out} =`);
    const x = Storage.from("float32", [1, 2, 3, 4, 5, 6], [2, 3]);
    for (const attributes of [
      "scan_input_axes = [1]",
      "scan_input_axes = [-1], scan_output_axes = [1]",
      "scan_input_axes = [1], scan_input_directions = [1], scan_output_axes = [-1], scan_output_directions = [1]",
    ])
      assertSame(read(text(attributes, "all")), [f32(0.5, 0.25), x]);
  });

  it("keeps every bit of constants and attributes: nan, inf, -0, half floats, 64-bit integers, strings", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", tensorType("float32", [2]));
    const constants = [
      Storage.from("float32", [Number.NaN, Number.NEGATIVE_INFINITY, -0, 1 / 3, 1e-45], [5]),
      Storage.from("float64", [0.1, 1e300, -0], [1, 3]),
      Storage.from("float16", [0.1, 65504, Number.POSITIVE_INFINITY], [3]),
      Storage.from("bfloat16", [0.1, 3.3e38, -0], [3]),
      Storage.from("int64", [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n], [3]),
      Storage.from("uint64", [2n ** 64n - 1n], []),
      Storage.from("bool", [1, 0], [2]),
      Storage.from("uint8", [], [0, 3]),
      Storage.from("string", ['"', "`$" + "{x}`", "*/", "line\u2028\n", ""], [5]),
    ];
    const outputs = constants.map((s) => graph.addInitializer(s));
    for (const alpha of [Number.NaN, Number.POSITIVE_INFINITY, -0, 0.30000000000000004])
      outputs.push(graph.add("LeakyRelu", [x], { alpha }).output);
    const size = graph.addInitializer(Storage.from("int64", [2], [1]));
    outputs.push(graph.add("ConstantOfShape", [size], { value: Storage.from("bfloat16", [Number.NaN], [1]) }).output);
    graph.setOutputs(
      outputs,
      outputs.map((_, i) => `o${i}`),
    );
    assertSame(graph, [f32(-1, 2)]);
  });

  it("cannot be broken by names: reserved words, clashes, odd characters, ends of comments and lines", () => {
    const names = [
      "class",
      "await",
      "arguments",
      "eval",
      "let",
      "static",
      "op",
      "tensor",
      "Tensor",
      "weights",
      "forward",
      "undefined",
      "*/ oops(",
      "a\nb",
      "a b",
      "a-b",
      "a.b",
      "1st",
      "größe",
      "",
      "constructor",
      "NaN",
    ];
    const graph = new Graph(registry, 'evil */ throw new Error("ran") /*\u2028');
    let value = graph.addInput("x*/", tensorType("float32", [2]));
    const made = names.map((name) => {
      value = graph.add(
        "Neg",
        [value],
        {},
        { names: [name], provenance: [{ scope: `a */ b\u2029throw 1\r${name}`, source: { file: "m\n.ts", line: 1, column: 1 } }] },
      ).output;
      return value;
    });
    graph.setOutputs(
      made,
      made.map((_, i) => ["__proto__", "a\u2028b", "constructor"][i] ?? `out ${i}`),
    );
    assertSame(graph, [f32(1, 2)]);
  });

  it("gives inputs their default values where undefined is passed", () => {
    const text = (size: number) => `g (float[${size}] x, float[${size}] k = {${new Array(size).fill(0.5)}}) => (y) { y = Mul (x, k) }`;
    for (const size of [2, 17]) {
      const x = Storage.from("float32", new Array(size).fill(3), [size]);
      assertSame(read(text(size)), [x, undefined], [x, x]);
    }
  });

  it("computes what any graph computes", () => {
    for (let seed = 0; seed < 60; seed++) assertSame(randomGraph(seed), randomInputs(seed), randomInputs(seed + 1));
  });

  it("is the .code of a traced model, with its weights beside it", async () => {
    class Net extends Module {
      forward(x: Tensor): { sum: Tensor; top: Tensor } {
        const y = x.mul(2).add(1).softmax(-1);
        return { sum: y.sum(0), top: y.topk(2).indices };
      }
    }
    const compiled = await trace(new Net().eval(), Tensor.fromStorage(f32(1, 3, 2).reshape([1, 3])));
    assert.match(compiled.code, /code\.test\.ts:\d+/);
    const forward = load(compiled.code);
    const x = Tensor.fromStorage(f32(5, -1, 2).reshape([1, 3]));
    const result = forward(x, compiled.weights) as Record<string, Tensor>;
    assert.deepEqual(Object.keys(result), [...compiled.graph.outputNames]);
  });

  it("has types that the compiler accepts", () => {
    const files = [looping, randomGraph(3, 20), randomGraph(11, 20)].map((graph, i) => {
      const file = join(folder, `typed-${i}.ts`);
      writeFileSync(file, graphToCode(graph).replace('"ingot"', '"../../src/index.ts"'));
      return file;
    });
    const options = [
      "--ignoreConfig",
      "--noEmit",
      "--strict",
      // As the library is compiled, whose sources stand in for its declarations here.
      "--exactOptionalPropertyTypes",
      "--noUncheckedIndexedAccess",
      "--skipLibCheck",
      "--allowImportingTsExtensions",
      "--target",
      "ES2022",
    ];
    const modules = ["--module", "nodenext", "--lib", "ES2023,ESNext.Disposable", "--types", "node"];
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout, status } = spawnSync(process.execPath, [tsc, ...options, ...modules, ...files], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
});
