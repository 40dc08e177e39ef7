// Reading graphs from text: texts written by hand, every kind of attribute, exact numbers, and errors with their place.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Graph } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { printGraph } from "../../src/ir/print.ts";
import { formatType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { allDTypes, type DType } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";

const read = (text: string) => parseGraph(text, registry);
const first = (graph: Graph) => [...graph.nodes()][0] as NonNullable<Graph["firstNode"]>;
const whole = (graph: Graph) => printGraph(graph, { weights: true });
const compute = (text: string, ...inputs: Storage[]) => runGraph(read(text), inputs).map((v) => asStorage(v).toNumbers());
const f32 = (...values: number[]) => Storage.from("float32", values, [values.length]);

describe("parsing a graph", () => {
  it("reads a text as one writes it, and computes it", () => {
    const text = `
      # The header is optional; comments stand anywhere.
      affine (float[n] x) => (float[n] y)
      <float w = {2}, float[1] b = {0.5}>
      {
        # the product
        p = Mul (x, w)
        y = Add (p, b)
      }`;
    assert.deepEqual(compute(text, f32(1, 2, 3)), [[2.5, 4.5, 6.5]]);
    assert.equal(formatType(read(text).outputs[0]?.type ?? { kind: "tensor", dtype: "bool" }), "float[n]");
  });

  it("reads names in quotes, outputs without types, attributes before or after the inputs, domains with dots", () => {
    const graph = read('"my graph" (float[2,3] "odd name") => (y) { y = Softmax ("odd name") <axis = 0> }');
    assert.equal(graph.name, "my graph");
    assert.equal(graph.inputs[0]?.name, "odd name");
    assert.deepEqual(first(graph).attributes, { axis: 0 });
    const fused = read('g (float[1,1,3,3] x, float[1,1,1,1] w) => (y) { y = com.microsoft.FusedConv <activation = "Relu"> (x, w) }');
    assert.equal(first(fused).op, "com.microsoft.FusedConv");
  });

  it("reads sub-graphs that capture values, loops with states and scans, and left out inputs", () => {
    const loop = `
      sum (int64 M, float[2] step, float[2] start) => (float[2] last, float[k,2] all) {
        last, all = Loop (M, "", start) <body = b (int64 i, bool go, float[2] s) => (bool go_on, float[2] next, float[2] row) {
          next = Add (s, step)
          row = Clip (next, "", "")
          go_on = Identity (go)
        }>
      }`;
    const M = Storage.from("int64", [2], []);
    assert.deepEqual(compute(loop, M, f32(1, 2), f32(0, 10)), [
      [2, 14],
      [1, 12, 2, 14],
    ]);
    const choose = `
      g (bool c, float[1] x) => (y) {
        t = Neg (x)
        y = If (c) <then_branch = a () => (p) { p = Add (t, x) }, else_branch = b () => (p) { p = Identity (t) }>
      }`;
    assert.deepEqual(compute(choose, Storage.from("bool", [true], []), f32(3)), [[0]]);
    assert.deepEqual(compute(choose, Storage.from("bool", [false], []), f32(3)), [[-3]]);
  });

  it("reads the header's metadata, and takes versions as they are", () => {
    const graph = read(
      '<ir_version: 10, opset_import: ["" : 21, "com.microsoft" : 1], producer_name: "hand", metadata_props: ["a" : "b\\n", "c" : ""]> g () => () {}',
    );
    assert.deepEqual(
      [...graph.metadata],
      [
        ["a", "b\n"],
        ["c", ""],
      ],
    );
    assert.equal(graph.nodeCount, 0);
  });

  it("takes types and origins from the comment behind a node, also when its sub-graphs span lines", () => {
    const text = `g (bool c, float[n] x) => (y) {
        y = If (c) <then_branch = a () => (p) {
            p = Neg (x)  # float[n] | inner (model.ts:3:4)
          }, else_branch = b () => (p) { p = Abs (x) }
        >  # float[n] | gate (model.ts:2:1); model.ts:9:9
      }`;
    const node = first(read(text));
    assert.deepEqual(node.provenance, [
      { source: { file: "model.ts", line: 2, column: 1 }, scope: "gate" },
      { source: { file: "model.ts", line: 9, column: 9 } },
    ]);
    assert.deepEqual(node.subgraphs[0]?.firstNode?.provenance, [{ source: { file: "model.ts", line: 3, column: 4 }, scope: "inner" }]);
    assert.deepEqual(node.subgraphs[1]?.firstNode?.provenance, []);
  });

  it("lets a comment refine a type, never contradict it, and leaves foreign comments alone", () => {
    const typeOf = (comment: string) => formatType(first(read(`g (float[?,2] x) => (y) { y = Relu (x)  # ${comment}\n }`)).output.type);
    assert.equal(typeOf("float[n,2]"), "float[n,2]");
    assert.equal(typeOf("float"), "float[?,2]");
    assert.equal(typeOf("int64[n,2]"), "float[?,2]");
    assert.equal(typeOf("float[7,2] is what I saw"), "float[?,2]");
    assert.equal(typeOf("TODO: think"), "float[?,2]");
  });

  it("reads value types in the list of initializers", () => {
    const graph = read("g (float[?] x) => (z) <float[n] y> { y = Relu (x) z = Neg (y) }");
    assert.equal(formatType(first(graph).output.type), "float[n]");
  });
});

describe("numbers and strings in graph text", () => {
  /** A graph with one constant of the dtype, printed and read back. */
  const through = (storage: Storage): Storage => {
    const graph = read("g () => () {}");
    graph.setOutputs([graph.addInitializer(storage, "w")], ["y"]);
    return [...read(whole(graph)).initializers][0]?.storage as Storage;
  };

  it("keep every bit of every element of every dtype", () => {
    const samples: Record<DType, readonly (number | bigint | string)[]> = {
      float32: [0, -0, 1 / 3, 1e-45, 3.4028234663852886e38, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 16777217],
      float64: [Math.PI, 5e-324, -1.7976931348623157e308, 1e21, 0.1, -0, Number.NaN],
      float16: [65504, 6e-8, 0.1, -0, Number.NaN, Number.NEGATIVE_INFINITY],
      bfloat16: [3.3e38, 1e-40, 0.1, -0, Number.NaN, Number.POSITIVE_INFINITY],
      int8: [-128, 127],
      int16: [-32768, 32767],
      int32: [-(2 ** 31), 2 ** 31 - 1],
      int64: [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n],
      uint8: [0, 255],
      uint16: [65535],
      uint32: [2 ** 32 - 1],
      uint64: [2n ** 64n - 1n],
      float8e4m3fn: [448, -0, 0.001953125, Number.NaN],
      float8e4m3fnuz: [240, 0.0009765625, Number.NaN],
      float8e5m2: [57344, -0, 2 ** -16, Number.NaN, Number.NEGATIVE_INFINITY],
      float8e5m2fnuz: [57344, 2 ** -17, Number.NaN],
      float8e8m0: [2 ** -127, 1, 2 ** 127, Number.NaN],
      float4e2m1: [-6, -0, 0.5, 6],
      int4: [-8, 7],
      uint4: [15],
      int2: [-2, 1],
      uint2: [3],
      bool: [0, 1],
      string: ["", 'quote " and \\', "line\nbreak\u2028", "# no comment", "größe 🙂", "{...}"],
    };
    for (const dtype of allDTypes) {
      const storage = Storage.from(dtype, samples[dtype], [samples[dtype].length]);
      const back = through(storage);
      assert.equal(back.dtype, dtype);
      assert.deepEqual(back.dense(), storage.dense(), dtype);
    }
  });

  it("keep any float64 and any string", () => {
    fc.assert(fc.property(fc.double(), (v) => assert.ok(Object.is(through(Storage.from("float64", [v], [])).toNumbers()[0], v))));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (s) => assert.equal((through(Storage.from("string", [s], [])).dense() as string[])[0], s)),
    );
  });

  it("keep shapes, of scalars and of tensors without elements too", () => {
    for (const shape of [[], [0], [2, 0, 3], [1, 1], [2, 2]]) {
      const count = shape.reduce((a, b) => a * b, 1);
      assert.deepEqual(through(Storage.from("float32", new Array(count).fill(1), shape)).shape, shape);
    }
  });

  it("stand in attributes of every kind, and print as they were", () => {
    const texts = [
      "g (float[2,3] x) => (float[2,3] y)\n{\n  y = Softmax <axis = 0> (x)  # float[2,3]\n}",
      "g (float[2,3] x) => (float[3,2] y)\n{\n  y = Transpose <perm = [1, 0]> (x)  # float[3,2]\n}",
      "g (float[2] x) => (float[2] y)\n{\n  y = LeakyRelu <alpha = inf> (x)  # float[2]\n}",
      "g (float[2] x) => (float[2] y)\n{\n  y = LeakyRelu <alpha = nan> (x)  # float[2]\n}",
      "g (float[2] x) => (float[2] y)\n{\n  y = LeakyRelu <alpha = -0.0> (x)  # float[2]\n}",
      "g (float[2] x) => (float[2] y)\n{\n  y = LeakyRelu <alpha = 0.30000000000000004> (x)  # float[2]\n}",
      'g (float[2] x) => (float[2] y)\n{\n  y = Gelu <approximate = "tanh"> (x)  # float[2]\n}',
      "g (int64[1] s) => (int8[?] y)\n{\n  y = ConstantOfShape <value = int8[1] {-128}> (s)  # int8[?]\n}",
      'g () => (string[2] y)\n{\n  y = Constant <value_strings = ["a\\nb", ""]> ()  # string[2]\n}',
      "g () => (float[3] y)\n{\n  y = Constant <value_floats = [1.0, -inf, 1e-45]> ()  # float[3]\n}",
    ];
    for (const text of texts) assert.equal(printGraph(read(text), { header: false }).trimEnd(), text);
  });

  it("tell an empty list of integers from one of strings by a stated kind", () => {
    const text = "g () => (float[0] y)\n{\n  y = Constant <value_floats: floats = []> ()  # float[0]\n}";
    assert.equal(printGraph(read(text), { header: false }).trimEnd(), text);
  });
});

describe("errors in graph text", () => {
  const cases: [name: string, text: string, code: string, at: string, problem: RegExp][] = [
    ["nothing", "", "GraphSyntax", "line 1, column 1", /expected the name of a graph, found the end of the text/],
    ["no arrow", "g (float x) (float y) {}", "GraphSyntax", "line 1, column 13", /expected `=>`, found `\(`/],
    [
      "an unknown type",
      "g (floot x) => () {}",
      "GraphSyntax",
      "line 1, column 4",
      /expected a type such as float\[batch,3\], found `floot`/,
    ],
    [
      "a name read before it is defined",
      "g (float x) => (y)\n{\n  y = Neg (z)\n}",
      "GraphTextName",
      "line 3, column 12",
      /`z` is read but not defined above/,
    ],
    [
      "a name defined twice",
      "g (float x) => (y)\n{\n  y = Neg (x)\n  y = Neg (x)\n}",
      "GraphTextName",
      "line 4, column 3",
      /`y` is defined a second time/,
    ],
    [
      "a name defined again in a sub-graph",
      "g (bool x) => (y) {\n y = If (x) <then_branch = a () => (x) { x = Not (x) }, else_branch = b () => (x) {}>\n}",
      "GraphTextName",
      "line 2, column 42",
      /`x` is defined a second time/,
    ],
    ["an output that nothing defines", "g (float x) => (float y) {}", "GraphTextName", "line 1, column 23", /`y` is read/],
    ["elements left out in print", "g () => (w) <float[99] w = {...}> {}", "GraphTextElided", "line 1, column 24", /`w` were left out/],
    [
      "too few elements",
      "g () => (w) <float[3] w = {1, 2}> {}",
      "GraphSyntax",
      "line 1, column 23",
      /expected 3 elements for float\[3\], not 2/,
    ],
    ["a negative size", "g (float[-1] x) => () {}", "GraphSyntax", "line 1, column 10", /expected a size: an integer from 0, found `-1`/],
    ["half a size", "g (float[1.5] x) => () {}", "GraphSyntax", "line 1, column 10", /expected a size/],
    ["an enormous size", "g () => (w) <float[9007199254740993] w = {}> {}", "GraphSyntax", "line 1, column 20", /expected a size/],
    [
      "a constant without sizes",
      "g () => (w) <float[n] w = {1}> {}",
      "GraphSyntax",
      "line 1, column 23",
      /expected a tensor type with sizes/,
    ],
    [
      "an integer out of range",
      "g () => (w) <uint8[2] w = {1, 256}> {}",
      "GraphSyntax",
      "line 1, column 31",
      /expected an integer from 0 to 255, found `256`/,
    ],
    [
      "a fraction in an integer",
      "g () => (w) <int64 w = {0.5}> {}",
      "GraphSyntax",
      "line 1, column 25",
      /expected an integer from -9223372036854775808/,
    ],
    ["a bool of 2", "g () => (w) <bool w = {2}> {}", "GraphSyntax", "line 1, column 24", /expected an integer from 0 to 1/],
    ["a number for a string", "g () => (w) <string w = {1}> {}", "GraphSyntax", "line 1, column 26", /expected a string/],
    ["a character of no use", "g (float x) => (y) { y = Neg (x) ; }", "GraphSyntax", "line 1, column 34", /found `; \}`/],
    ["a string without an end", 'g (float "x) => () {}', "GraphSyntax", "line 1, column 10", /found `"x\) => \(\) `/],
    [
      "a string with an escape of no meaning",
      'g (float "\\q") => () {}',
      "GraphSyntax",
      "line 1, column 10",
      /expected a string with JSON escapes/,
    ],
    ["text behind the graph", "g () => () {} more", "GraphSyntax", "line 1, column 15", /expected the end of the text, found `more`/],
    ["a graph without an end", "g (float x) => (y) { y = Neg (x)", "GraphSyntax", "line 1, column 33", /found the end of the text/],
  ];
  for (const [name, text, code, at, problem] of cases)
    it(`${name}: has line and column and a hint`, () => {
      assert.throws(
        () => read(text),
        (error: Error & { code?: string; summary?: string; hint?: string }) => {
          assert.equal(error.code, code, error.message);
          assert.match(error.summary ?? "", problem);
          assert.match(error.message, new RegExp(`${at}\\b`));
          assert.notEqual(error.hint ?? "", "");
          return true;
        },
      );
    });

  it("of operators and attributes are their usual ones, with the place in the text", () => {
    const fails = (node: string, code: string) =>
      assert.throws(
        () => read(`g (float[2] x) => (y)\n{\n  ${node}\n}`),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, code);
          assert.match(error.message, /in line 3, column 3 of the text/);
          return true;
        },
      );
    fails("y = Nonsense (x)", "UnknownOperator");
    fails("y = Neg (x, x)", "OperatorArity");
    fails("y = Neg <alpha = 1> (x)", "UnknownAttribute");
    fails("y = Softmax <axis = 0.5> (x)", "AttributeType");
    fails("y = Softmax <axis = 3> (x)", "AxisOutOfRange");
  });

  it("of hostile texts are errors like any other, and quick", () => {
    const deepType = `g (${"seq(".repeat(50_000)}float${")".repeat(50_000)} x) => () {}`;
    const deepGraph = `g (bool c) => (y) {${" p = If (c) <then_branch = a () => (p) {".repeat(20_000)}`;
    for (const text of [deepType, deepGraph])
      assert.throws(() => read(text), { code: "GraphSyntax", summary: /no more than 100 levels of nesting/ });
    assert.throws(() => read(`g () => (w) <float[2147483647,2147483647] w = {1}> {}`), { code: "GraphSyntax" });
    assert.throws(() => read(`"${"\\\\".repeat(200_000)}`), { code: "GraphSyntax" });
    assert.throws(() => read("(".repeat(100_000)), { code: "GraphSyntax" });
  });

  it("never are anything but named errors, whatever is cut out of or put into a text", () => {
    const text =
      'g (float[n,2] x, bool c) => (float[n,2] y) <float[2] w = {1.5, -inf}> { t = Add (x, w) # float[n,2] | a (b:1:2)\n y = If (c) <then_branch = a () => (p) { p = Clip (t, "", "") }, else_branch = b () => (p) { p = Neg (t) }> }';
    fc.assert(
      fc.property(
        fc.nat(text.length),
        fc.nat(12),
        fc.string({ unit: fc.constantFrom(...'(){}<>[]=,:"#.-?0a \n'), maxLength: 4 }),
        (at, cut, put) => {
          try {
            read(text.slice(0, at) + put + text.slice(at + cut));
          } catch (error) {
            assert.ok(error instanceof Error && "code" in error && "hint" in error, String(error));
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
