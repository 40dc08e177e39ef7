// Models that were made to do harm: small files that would become large graphs, large tensors, deep recursion, or reach other files.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { isUnknownDim } from "../../src/ir/dim.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { graphFromBytes, readGraph } from "../../src/onnx/read-file.ts";
import type { ModelProto, NodeProto, TensorProto } from "../../src/onnx/schema.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { evaluate, float32, imported, int64, model, node, value } from "../support/onnx-models.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { failsWith } from "../support/trace-errors.ts";

const x = value("x", [2]);
const y = value("y", ["n"]);
const refuses = (proto: ModelProto, code: string, problem: RegExp) =>
  assert.throws(() => imported(proto), { code, summary: problem } as never);

describe("a graph made to do harm", () => {
  const own = (functions: ModelProto["functions"], nodes: NodeProto[]) => {
    const opsetImport = [
      { domain: "", version: 17 },
      { domain: "own", version: 1 },
    ];
    return model({ inputs: [x], outputs: [value("y", [2])], nodes }, { opsetImport, functions });
  };
  const functionOf = (name: string, nodes: NodeProto[]) => ({
    name,
    domain: "own",
    input: ["a"],
    output: ["b"],
    node: nodes,
    opsetImport: [
      { domain: "", version: 17 },
      { domain: "own", version: 1 },
    ],
  });
  const call = (name: string, from: string, to: string) => node(name, [from], [to], {}, "own");

  it("of functions that call each other twice, forty deep, is refused before it is unfolded", () => {
    const twice = (i: number, inner: NodeProto[]) => functionOf(`F${i}`, inner);
    const functions = Array.from({ length: 40 }, (_, i) =>
      twice(i, i === 39 ? [node("Neg", ["a"], ["b"])] : [call(`F${i + 1}`, "a", "c"), call(`F${i + 1}`, "c", "b")]),
    );
    refuses(
      own(functions, [call("F0", "x", "y")]),
      "OnnxUnsupported",
      /function own\.F0, with which functions unfold to more than 51600 nodes/,
    );
    // Nor is it the nodes alone that count: calls of functions that do nothing are work as well.
    const idle = functions.map((f, i) => (i === 39 ? { ...f, input: ["b"], node: [] } : f));
    refuses(own(idle, [call("F0", "x", "y")]), "OnnxUnsupported", /unfold/);
    assert.equal(imported(own(functions.slice(30), [call("F30", "x", "y")])).nodeCount, 512);
  });

  it("of functions that call themselves, also from a branch, is refused", () => {
    refuses(own([functionOf("F", [call("F", "a", "b")])], [call("F", "x", "y")]), "OnnxInvalid", /F calls itself/);
    const branch = { name: "g", output: [value("z", [2])], node: [call("F", "a", "z")] };
    const recursive = functionOf("F", [
      node("Constant", [], ["c"], { value: Storage.from("bool", [1], []) }),
      node("If", ["c"], ["b"], { then_branch: branch, else_branch: branch }),
    ]);
    refuses(own([recursive], [call("F", "x", "y")]), "OnnxInvalid", /F calls itself/);
  });

  it("nested ten thousand deep is refused without recursion", () => {
    // GraphProto.node, NodeProto.attribute, AttributeProto.g; from the inside, so that each length is known.
    const heads: Buffer[] = [];
    let inside = 0;
    const around = (tag: number) => {
      const head = [tag];
      for (let n = inside; ; n >>>= 7) {
        head.push(n < 128 ? n : (n & 127) | 128);
        if (n < 128) break;
      }
      heads.push(Buffer.from(head));
      inside += head.length;
    };
    for (let i = 0; i < 10_000; i++) for (const tag of [0x32, 0x2a, 0x0a]) around(tag);
    around(0x3a);
    const bytes = Buffer.concat([Buffer.from([0x08, 8]), ...heads.reverse()]);
    assert.throws(() => graphFromBytes(bytes, registry), { code: "NotOnnx", summary: /more than 100 deep/ });
  });

  it("that multiplies or compares a size with itself again and again knows nothing of it, in time", () => {
    const chain = (steps: number, step: (from: string, to: string, i: number) => NodeProto[]) => {
      const nodes = Array.from({ length: steps }, (_, i) => step(`d${i}`, `d${i + 1}`, i)).flat();
      const sizes = [node("Shape", ["m"], ["s"]), node("Gather", ["s", "zero"], ["a"]), node("Gather", ["s", "one"], ["b"])];
      return imported(
        model({
          inputs: [value("m", ["h", "w"])],
          outputs: [value(`d${steps}`, [], 7)],
          nodes: [...sizes, node("Add", ["a", "b"], ["d0"]), ...nodes],
          initializers: { zero: int64([], 0), one: int64([], 1) },
        }),
      );
    };
    const squared = chain(30, (from, to) => [node("Mul", [from, from], [to])]);
    const compared = chain(60, (from, to, i) => [
      node("Div", [from, "one"], [`e${i}`]),
      node("Add", [`e${i}`, "one"], [`f${i}`]),
      node("Max", [from, `f${i}`], [to]),
    ]);
    for (const graph of [squared, compared]) assert.ok(isUnknownDim(graph.outputs[0]?.dims?.[0] ?? 0));
    // What a model really does keeps its meaning: (h + w)².
    const once = chain(1, (from, to) => [node("Mul", [from, from], [to])]);
    assert.equal(String(once.outputs[0]?.dims?.[0]), "h*h + 2*h*w + w*w");
  });

  it("with attributes called like what every object has is refused by their names", () => {
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"])
      refuses(
        model({
          inputs: [x],
          outputs: [y],
          nodes: [{ opType: "Neg", input: ["x"], output: ["y"], attribute: [{ name, type: 2, i: 1n }] }],
        }),
        "UnknownAttribute",
        new RegExp(`no attribute \`${name}\``),
      );
    const named = model({
      inputs: [value("__proto__", [2])],
      outputs: [value("constructor", [2])],
      nodes: [node("Neg", ["__proto__"], ["constructor"])],
    });
    assert.deepEqual(evaluate(named, float32([2], 1, 2))[0]?.values, [-1, -2]);
  });

  it("that lists an output twice, or one without a name, is refused", () => {
    const two = (name: string) => model({ inputs: [x], outputs: [value("y", [2]), value(name, [2])], nodes: [node("Neg", ["x"], ["y"])] });
    refuses(two("y"), "OnnxInvalid", /lists the output `y` twice/);
    refuses(two(""), "OnnxInvalid", /has no name/);
    refuses(model({ inputs: [value("", [2])], outputs: [value("x", [2])], nodes: [] }), "OnnxInvalid", /has no name/);
  });
});

describe("attributes and sizes made to do harm", () => {
  const one = (op: string, inputs: Readonly<Record<string, Storage>>, attributes: Parameters<typeof node>[3] = {}, opset = 17) =>
    model({ outputs: [y], nodes: [node(op, Object.keys(inputs), ["y"], attributes)], initializers: inputs, opset });
  const image = float32([1, 2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
  const kernel = float32([2, 2, 1, 1], 1, 2, 3, 4);
  const huge = 2 ** 40;

  it("make no tensor beyond every memory: what it would take is said before", () => {
    const terabytes: Readonly<Record<string, readonly [proto: ModelProto, size: RegExp]>> = {
      Tile: [one("Tile", { a: image, r: int64([4], 1, 1, huge, 1) }), /TiB/],
      ConstantOfShape: [one("ConstantOfShape", { s: int64([1], huge) }), /4\.0 TiB/],
      Range: [one("Range", { a: int64([], 0), b: int64([], huge), c: int64([], 1) }), /8\.0 TiB/],
      Pad: [one("Pad", { a: float32([2], 1, 2), p: int64([2], huge, huge) }), /8\.0 TiB/],
      OneHot: [one("OneHot", { i: int64([1], 0), d: int64([], huge), v: float32([2], 0, 1) }), /4\.0 TiB/],
    };
    for (const [op, [proto, size]] of Object.entries(terabytes))
      assert.throws(
        () => evaluate(proto),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "TensorTooLarge", `${op}: ${error.message}`);
          assert.match(error.message, size, op);
          return true;
        },
      );
  });

  it("that overflow are no sizes", () => {
    const codes = ["InvalidShape", "InvalidArgument", "OnnxTensor", "TensorTooLarge", "ReshapeMismatch", "ShapeMismatch"];
    const protos = [
      one("ConstantOfShape", { s: int64([3], huge, huge, huge) }),
      one("ConstantOfShape", { s: int64([1], -1) }),
      one("Expand", { a: float32([1], 1), s: int64([2], huge, huge) }),
      one("Tile", { a: float32([1], 1), r: int64([1], -3) }),
      one("Reshape", { a: float32([1], 1), s: int64([2], huge, huge) }),
      one("Reshape", { a: float32([1], 1), s: int64([2], -1, -1) }),
      one("Pad", { a: float32([2], 1, 2), p: int64([2], -9, 0) }),
      one("Range", { a: float32([], 0), b: float32([], 1), c: float32([], 0) }),
      one("Resize", { a: image, "": float32([0]), s: float32([4], 1, 1, 1e9, 1e9) }),
    ];
    for (const [i, proto] of protos.entries())
      assert.throws(
        () => evaluate(proto),
        (error: Error & { code?: string }) => codes.includes(error.code ?? "") || assert.fail(`${i}: ${error.stack}`),
      );
  });

  it("that are negative, or larger than any tensor has, are refused by the operator", () => {
    const cell = { a: float32([1, 1, 1], 1), w: float32([1, 4, 1], 1, 1, 1, 1), r: float32([1, 4, 1], 1, 1, 1, 1) };
    const protos: readonly (readonly [what: string, make: () => ModelProto])[] = [
      ["axis", () => one("Softmax", { a: image }, { axis: 4n })],
      ["axis", () => one("Softmax", { a: image }, { axis: -(2n ** 63n) })],
      ["axis", () => one("Concat", { a: image, b: image.slice(0, 0, 1) }, { axis: 2n ** 62n })],
      ["axes", () => one("Unsqueeze", { a: image, i: int64([1], 99) })],
      ["axes", () => one("Squeeze", { a: image, i: int64([1], -99) })],
      ["perm", () => one("Transpose", { a: image }, { perm: [0n, 1n, 2n, 2n ** 40n] })],
      ["perm", () => one("Transpose", { a: image }, { perm: [0n, 0n, 0n, 0n] })],
      ["group", () => one("Conv", { a: image, w: kernel }, { group: -1n })],
      ["group", () => one("Conv", { a: image, w: kernel }, { group: 0n })],
      ["group", () => one("Conv", { a: image, w: kernel }, { group: 2n ** 40n })],
      ["pads", () => one("Conv", { a: image, w: kernel }, { pads: [-9n, 0n, 0n, 0n] })],
      ["pads", () => one("Conv", { a: image, w: kernel }, { pads: [2n ** 52n, 0n, 0n, 0n] })],
      ["pads", () => one("MaxPool", { a: image }, { kernel_shape: [1n, 1n], pads: [2n ** 40n, 0n, 2n ** 40n, 0n] })],
      ["strides", () => one("Conv", { a: image, w: kernel }, { strides: [0n, 0n] })],
      ["strides", () => one("MaxPool", { a: image }, { kernel_shape: [1n, 1n], strides: [-1n, 1n] })],
      ["dilations", () => one("Conv", { a: image, w: kernel }, { dilations: [0n, -5n] })],
      ["kernel_shape", () => one("AveragePool", { a: image }, { kernel_shape: [-1n, 2n ** 50n] })],
      ["kernel_shape", () => one("MaxPool", { a: image }, { kernel_shape: [0n, 0n] })],
      ["blocksize", () => one("SpaceToDepth", { a: image }, { blocksize: 0n })],
      ["blocksize", () => one("DepthToSpace", { a: image }, { blocksize: -2n })],
      ["num_groups", () => one("GroupNormalization", { a: image, s: float32([2], 1, 1), b: float32([2], 0, 0) }, { num_groups: 0n }, 21)],
      ["k", () => one("TopK", { a: image, k: int64([1], -1) })],
      ["k", () => one("TopK", { a: image, k: int64([1], 2 ** 40) })],
      ["k", () => one("TopK", { a: image, k: int64([2, 2], 1, 1, 1, 1) })],
      ["split", () => one("Split", { a: image, s: int64([2], -1, 2) }, { axis: 1n })],
      ["num_outputs", () => one("Split", { a: image }, { axis: 1n, num_outputs: 0n }, 18)],
      ["num_outputs", () => one("Split", { a: image }, { axis: 1n, num_outputs: -(2n ** 40n) }, 18)],
      ["indices", () => one("Gather", { a: image, i: int64([1], 2 ** 40) })],
      ["indices", () => one("GatherND", { a: image, i: int64([1, 4], 0, 0, 0, -99) })],
      ["indices", () => one("ScatterND", { a: image, i: int64([1, 4], 0, 0, 0, 99), u: float32([1], 1) })],
      ["batch_dims", () => one("GatherND", { a: image, i: int64([1, 4], 0, 0, 0, 0) }, { batch_dims: -3n })],
      ["to", () => one("Cast", { a: image }, { to: 2n ** 40n })],
      ["hidden_size", () => one("LSTM", cell, { hidden_size: -1n })],
      ["output_shape", () => one("ConvTranspose", { a: image, w: kernel }, { output_shape: [2n ** 40n, 2n ** 40n] })],
      ["output_padding", () => one("ConvTranspose", { a: image, w: kernel }, { output_padding: [2n ** 50n, 0n] })],
    ];
    const accepted = protos.flatMap(([what, make]) => {
      const proto = make();
      try {
        const [result] = evaluate(proto);
        return [`${proto.graph?.node?.[0]?.opType} with ${what}: ${JSON.stringify(result).slice(0, 80)}`];
      } catch (error) {
        assert.ok(error instanceof Error && "code" in error, `${proto.graph?.node?.[0]?.opType} with ${what}: ${(error as Error).stack}`);
        return [];
      }
    });
    assert.deepEqual(accepted, []);
  });

  it("that say nothing of the shape of a result are refused with what was given", () => {
    const counts = one("TopK", { a: image, k: int64([2, 2], 1, 1, 1, 1) });
    assert.throws(() => evaluate(counts), { code: "ResultShapeUnknown", summary: /TopK.*float\[1,2,2,2\], int64\[2,2\]/ } as never);
  });

  it("are not counted one by one where an input only declares them", () => {
    const declared = (
      op: string,
      inputs: Readonly<Record<string, readonly [number[], number]>>,
      more: Readonly<Record<string, Storage>> = {},
    ) =>
      model({
        inputs: Object.entries(inputs).map(([name, [shape, dtype]]) => value(name, shape, dtype)),
        outputs: [value("y", ["n"], op === "SplitToSequence" ? 7 : 1)],
        nodes:
          op === "SplitToSequence"
            ? [node(op, ["a", "s"], ["parts"], { axis: 0n }), node("SequenceLength", ["parts"], ["y"])]
            : [node(op, [...Object.keys(inputs), ...Object.keys(more)], ["y"])],
        initializers: more,
      });
    const sizes: readonly [number[], number] = [[2 ** 31 - 1], 7];
    for (const op of ["Unsqueeze", "Reshape", "Expand"])
      refuses(declared(op, { a: [[3, 7, 5], 1], s: sizes }), "InvalidShape", /21474836\d\d axes/);
    refuses(declared("ConstantOfShape", { s: sizes }), "InvalidShape", /2147483647 axes/);
    assert.equal(imported(declared("SplitToSequence", { a: [[2 ** 40], 1] }, { s: int64([], 1) })).nodeCount, 2);
  });

  it("are not walked to their end where only a part of it has a place", () => {
    const region = (ratio: bigint, size: number) =>
      one("RoiAlign", { a: image, r: float32([1, 4], 0, 0, size, size), i: int64([1], 0) }, { sampling_ratio: ratio });
    for (const proto of [region(0n, 1e9), region(2n ** 31n, 1)])
      assert.throws(() => evaluate(proto), { code: "InvalidArgument", summary: /at most 16384 samples along a bin/ } as never);
    // Bands of mel up to 1e30 Hz, of a spectrum of five bins: they have no bins, and take no time.
    const inputs = { b: int64([], 3), l: int64([], 8), r: int64([], 8000), f: float32([], 0), t: float32([], 1e30) };
    assert.deepEqual(evaluate(one("MelWeightMatrix", inputs))[0]?.shape, [5, 3]);
  });

  it("make no tensor of more axes than one may have", () => {
    const many = new Array<number>(3000).fill(1);
    assert.throws(() => evaluate(one("Reshape", { a: float32([1], 1), s: int64([3000], ...many) })), {
      code: "InvalidShape",
      summary: /3000 axes.*0 to 64/,
    } as never);
    const dims = many.map(BigInt);
    const tensor: TensorProto = { name: "w", dataType: 1, dims, rawData: new Uint8Array(4) };
    refuses(model({ outputs: [y], nodes: [node("Neg", ["w"], ["y"])], tensors: [tensor] }), "OnnxTensor", /`w`.*3000 axes/);
  });
});

describe("external data made to do harm", () => {
  const path = temporaryFolder();
  const elsewhere = temporaryFolder();
  const at = (name: string, location: string, offset: number, length?: number): TensorProto => ({
    name,
    dataType: 1,
    dims: [BigInt((length ?? 8) / 4)],
    dataLocation: 1,
    externalData: Object.entries({ location, offset: String(offset), ...(length !== undefined && { length: String(length) }) }).map(
      ([key, v]) => ({ key, value: v }),
    ),
  });
  const read = (...tensors: TensorProto[]) => {
    const names = tensors.map((t) => t.name ?? "");
    writeFileSync(
      path("m.onnx"),
      encodeToBytes("ModelProto", model({ outputs: [y], nodes: [node("Concat", names, ["y"], { axis: 0n })], tensors })),
    );
    return readGraph(path("m.onnx"), registry);
  };

  it("is read from files of the model's folder only", async () => {
    mkdirSync(path("inside"), { recursive: true });
    writeFileSync(path("w.bin"), new Uint8Array(8));
    symlinkSync(elsewhere("w.bin", new Uint8Array(8)), path("link.bin"));
    symlinkSync("..", path("up"));
    symlinkSync(path("w.bin"), path("inside/back.bin"));
    const graph = await read(at("a", "inside/back.bin", 0, 8));
    assert.equal((runGraph(graph, [])[0] as Storage).size, 2);
    for (const location of [
      "../w.bin",
      "inside/../../w.bin",
      "/etc/passwd",
      "C:\\w.bin",
      "\\\\host\\w.bin",
      "up/w.bin",
      "link.bin",
      "a\0b",
      "inside",
      "",
    ])
      await failsWith(() => read(at("a", location, 0, 8)), location === "up/w.bin" ? "FileNotFound" : "OnnxExternalData", /w\.bin|`a`/);
  });

  it("of another size than its tensor, past the end, or at no place at all is refused", async () => {
    writeFileSync(path("w.bin"), new Uint8Array(16));
    await failsWith(() => read({ ...at("a", "w.bin", 0, 8), dims: [3n] }), "OnnxTensor", /needs 12 bytes, it has 8/);
    await failsWith(() => read(at("a", "w.bin", 12, 8)), "OnnxExternalData", /at 12 with 8 bytes, but "w\.bin" has 16/);
    await failsWith(() => read(at("a", "w.bin", 2 ** 52, 8)), "OnnxExternalData", /has 16/);
    await failsWith(() => read(at("a", "w.bin", 0, 2 ** 50)), "OnnxExternalData", /has 16/);
    for (const offset of ["-1", "1e3", "0x10", "9".repeat(30)]) {
      const tensor = at("a", "w.bin", 0, 8);
      await failsWith(
        () =>
          read({
            ...tensor,
            externalData: [
              { key: "location", value: "w.bin" },
              { key: "offset", value: offset },
            ],
          }),
        "OnnxExternalData",
        /its offset is/,
      );
    }
  });

  it("that overlaps is refused: many tensors of one place would be much memory of a small file", async () => {
    writeFileSync(path("w.bin"), new Uint8Array(64));
    const graph = await read(at("a", "w.bin", 0, 32), at("b", "w.bin", 32, 32), at("c", "w.bin", 0, 32));
    assert.equal((runGraph(graph, [])[0] as Storage).size, 24);
    const shifted = Array.from({ length: 8 }, (_, i) => at(`t${i}`, "w.bin", 4 * i, 32));
    await failsWith(() => read(...shifted), "OnnxExternalData", /take 96 bytes of "w\.bin", which has 64: their places overlap/);
  });
});
