import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import type { ModelProto } from "../../src/onnx/schema.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { evaluate, float32, imported, model, node, value } from "../support/onnx-models.ts";

const refuses = (proto: ModelProto, code: string, words: RegExp) =>
  assert.throws(
    () => imported(proto),
    (e) => e instanceof IngotError && e.code === code && words.test(e.message) && e.message.includes("m.onnx"),
  );
const [x, y] = [value("x", [2]), value("y", [2])];

describe("importing a model", () => {
  it("gives typed values without names inside, and names at the border", () => {
    const graph = imported(
      model({
        inputs: [value("x", ["batch", 2])],
        outputs: [value("y", ["batch", 2])],
        nodes: [node("Relu", ["x"], ["h"]), node("Neg", ["h"], ["y"])],
      }),
    );
    assert.deepEqual(
      graph.inputs.map((v) => v.name),
      ["x"],
    );
    assert.deepEqual(graph.outputNames, ["y"]);
    assert.equal(String(graph.outputs[0]?.tensorType.shape?.[0]), "batch");
    assert.deepEqual(
      [...graph.nodes()].map((n) => n.op),
      ["Relu", "Neg"],
    );
  });

  it("makes constants of initializers, also of those that are listed as inputs, and of Constant nodes in all spellings", () => {
    const proto = model({
      irVersion: 3,
      inputs: [x, value("w", [2])],
      outputs: [y],
      nodes: [
        node("Constant", [], ["c"], { value_float: 0.5 }),
        node("Constant", [], ["d"], { value_floats: [10, 20] }),
        node("Constant", [], ["e"], { value: float32([], 1) }),
        node("Sum", ["x", "w", "c", "d", "e"], ["y"]),
      ],
      initializers: { w: float32([2], 100, 200) },
    });
    const graph = imported(proto);
    assert.deepEqual(
      graph.inputs.map((v) => v.name),
      ["x"],
    );
    assert.equal(graph.nodeCount, 1);
    assert.deepEqual(evaluate(proto, float32([2], 1, 2))[0]?.values, [112.5, 223.5]);
  });

  it("lets sub-graphs read values of the graph around them", () => {
    const branch = (name: string, op: string) => ({ name, node: [node(op, ["h"], [`${name}_out`])], output: [value(`${name}_out`, [2])] });
    const proto = model({
      inputs: [x, value("c", [], 9)],
      outputs: [y],
      nodes: [
        node("Abs", ["x"], ["h"]),
        node("If", ["c"], ["y"], { then_branch: branch("a", "Neg"), else_branch: branch("b", "Identity") }),
      ],
    });
    const condition = (c: boolean) => Storage.from("bool", [c], []);
    assert.deepEqual(evaluate(proto, float32([2], -1, 2), condition(true))[0]?.values, [-1, -2]);
    assert.deepEqual(evaluate(proto, float32([2], -1, 2), condition(false))[0]?.values, [1, 2]);
  });

  it("inlines functions, with their attributes, defaults and left-out inputs", () => {
    const proto = model(
      {
        inputs: [x],
        outputs: [y],
        nodes: [node("Leak", ["x"], ["y"], { slope: 0.5 }, "my")],
      },
      {
        opsetImport: [
          { domain: "", version: 17 },
          { domain: "my", version: 1 },
        ],
        functions: [
          {
            name: "Leak",
            domain: "my",
            input: ["a", "unused"],
            output: ["b"],
            attribute: ["slope"],
            opsetImport: [{ domain: "", version: 17 }],
            node: [{ opType: "LeakyRelu", input: ["a"], output: ["b"], attribute: [{ name: "alpha", refAttrName: "slope", type: 1 }] }],
          },
        ],
      },
    );
    assert.deepEqual(evaluate(proto, float32([2], -2, 2))[0]?.values, [-1, 2]);
  });

  it("inlines functions whose branches read inputs that the call leaves out", () => {
    const clipped = { name: "c", output: [value("t", [2])], node: [node("Clip", ["a", "", "limit"], ["t"])] };
    const negated = { name: "n", output: [value("e", [2])], node: [node("Neg", ["a"], ["e"])] };
    const call = (...inputs: string[]) =>
      model(
        { inputs: [x], outputs: [y], nodes: [node("Limit", inputs, ["y"], {}, "my")], initializers: { one: float32([], 1) } },
        {
          opsetImport: [
            { domain: "", version: 17 },
            { domain: "my", version: 1 },
          ],
          functions: [
            {
              name: "Limit",
              domain: "my",
              input: ["a", "limit"],
              output: ["b"],
              opsetImport: [{ domain: "", version: 17 }],
              node: [
                node("ReduceSum", ["a"], ["s"], { keepdims: 0n }),
                node("Cast", ["s"], ["c"], { to: 9n }),
                node("If", ["c"], ["b"], { then_branch: clipped, else_branch: negated }),
              ],
            },
          ],
        },
      );
    assert.deepEqual(evaluate(call("x", "one"), float32([2], -2, 3))[0]?.values, [-2, 1]);
    assert.deepEqual(evaluate(call("x"), float32([2], -2, 3))[0]?.values, [-2, 3]);
  });

  it("puts nodes in order where the file does not", () => {
    const proto = model({ inputs: [x], outputs: [y], nodes: [node("Neg", ["h"], ["y"]), node("Abs", ["x"], ["h"])] });
    assert.deepEqual(evaluate(proto, float32([2], -3, 3))[0]?.values, [-3, -3]);
  });

  it("keeps metadata and where nodes come from", () => {
    const relu = { ...node("Relu", ["x"], ["h"]), name: "layer1/conv1/Relu_3" };
    const neg = {
      ...node("Neg", ["h"], ["y"]),
      metadataProps: [
        { key: "source", value: "model.ts:12:8" },
        { key: "scope", value: "head" },
      ],
    };
    const graph = imported(model({ inputs: [x], outputs: [y], nodes: [relu, neg] }, { metadataProps: [{ key: "author", value: "me" }] }));
    assert.equal(graph.metadata.get("author"), "me");
    const [first, second] = [...graph.nodes()];
    assert.deepEqual(first?.provenance, [{ scope: "layer1/conv1" }]);
    assert.deepEqual(second?.provenance, [{ source: { file: "model.ts", line: 12, column: 8 }, scope: "head" }]);
  });
});

describe("a model that is not valid", () => {
  const tail = node("Relu", ["h"], ["y"]);
  it("is refused with what is wrong and where", () => {
    refuses(model({ inputs: [x], outputs: [y], nodes: [tail] }), "OnnxInvalid", /`h` is not defined, but Relu/);
    refuses(model({ inputs: [x], outputs: [y], nodes: [] }), "OnnxInvalid", /`y` is not defined/);
    refuses(
      model({ inputs: [x], outputs: [y], nodes: [node("Neg", ["x"], ["y"]), node("Abs", ["x"], ["y"])] }),
      "OnnxInvalid",
      /`y` is defined twice/,
    );
    refuses(model({ inputs: [x, x], outputs: [y], nodes: [node("Neg", ["x"], ["y"])] }), "OnnxInvalid", /`x` is defined twice/);
    refuses(
      model({ inputs: [x], outputs: [y], nodes: [node("Add", ["x", "y"], ["h"]), node("Neg", ["h"], ["y"])] }),
      "OnnxInvalid",
      /in a circle \("h", "y"\)|in a circle/,
    );
    refuses(
      model({ inputs: [x], outputs: [y], nodes: [node("Foo", ["x"], ["y"], {}, "other")] }),
      "OnnxInvalid",
      /domain "other".*not import/,
    );
    refuses(model({ inputs: [x], outputs: [y], nodes: [node("", ["x"], ["y"])] }), "OnnxInvalid", /no operator/);
    refuses(
      model({ inputs: [x], outputs: [y], nodes: [{ ...tail, input: ["x"], attribute: [{ name: "a", type: 0 }] }] }),
      "OnnxInvalid",
      /`a` has no value/,
    );
    refuses(model({ inputs: [{ name: "x" }], outputs: [y], nodes: [node("Neg", ["x"], ["y"])] }), "OnnxInvalid", /input `x` has no type/);
    refuses(model({ inputs: [value("x", [-3])], outputs: [y], nodes: [node("Neg", ["x"], ["y"])] }), "OnnxInvalid", /size -3/);
    refuses(model({ inputs: [value("x", [2], 14)], outputs: [y], nodes: [node("Neg", ["x"], ["y"])] }), "OnnxUnsupported", /complex64/);
  });

  it("with an operator that nobody knows is refused by the operator's name", () => {
    assert.throws(() => imported(model({ inputs: [x], outputs: [y], nodes: [node("Frobnicate", ["x"], ["y"])] })), {
      code: "UnknownOperator",
      message: /Frobnicate/,
    });
  });

  it("whose functions call each other without end is refused", () => {
    const f = (name: string, calls: string) => ({
      name,
      domain: "my",
      input: ["a"],
      output: ["b"],
      opsetImport: [{ domain: "my", version: 1 }],
      node: [node(calls, ["a"], ["b"], {}, "my")],
    });
    const proto = model(
      { inputs: [x], outputs: [y], nodes: [node("F", ["x"], ["y"], {}, "my")] },
      { opsetImport: [{ domain: "my", version: 1 }], functions: [f("F", "G"), f("G", "F")] },
    );
    refuses(proto, "OnnxInvalid", /calls itself/);
  });

  it("with a chain of a hundred thousand nodes in the wrong order does not exhaust the stack", function () {
    this.timeout(20_000);
    const count = 100_000;
    const nodes = Array.from({ length: count }, (_, i) => node("Neg", [i === count - 1 ? "x" : `v${i + 1}`], [i === 0 ? "y" : `v${i}`]));
    assert.equal(imported(model({ inputs: [x], outputs: [y], nodes })).nodeCount, count);
  });
});
