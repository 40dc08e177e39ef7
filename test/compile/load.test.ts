import assert from "node:assert/strict";
import { truncate, writeFile } from "node:fs/promises";
import { signatureKey } from "../../src/compile/signature.ts";
import { certificateKey } from "../../src/equivalence/certificate.ts";
import { load, nn, ones, randn, type Tensor, tensor, trace, verifyCertificate, verifyFiles, verifyModel } from "../../src/index.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import type { ModelProto, TensorProto } from "../../src/onnx/schema.ts";
import { addingBody, endlessModel } from "../support/hostile/endless-model.ts";
import { float32, int64, model, node, value } from "../support/onnx-models.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { failsWith } from "../support/trace-errors.ts";

const interpreter = { engine: "interpreter" } as const;

describe("loading", () => {
  const path = temporaryFolder();
  const write = (name: string, proto: ModelProto) => writeFile(path(name), encodeToBytes("ModelProto", proto));
  const fails = async (name: string, proto: ModelProto | string, code: string, ...patterns: RegExp[]) => {
    await (typeof proto === "string" ? writeFile(path(name), proto) : write(name, proto));
    return failsWith(() => load(path(name), interpreter), code, ...patterns);
  };
  const relu = (more: ModelProto = {}) =>
    model({ inputs: [value("x", ["n", 2])], outputs: [value("y", ["n", 2])], nodes: [node("Relu", ["x"], ["y"])] }, more);

  describe("a file that save wrote", () => {
    it("gives back the structure of inputs and outputs", async () => {
      const forward = ({ ids, mask }: { ids: Tensor; mask: Tensor }, scale: number, more: Tensor[]) => ({
        logits: ids.mul(mask).mul(scale),
        all: [ids, more[0] as Tensor],
        nothing: null,
      });
      const args = [{ ids: ones([2]), mask: tensor([1, 0]) }, 3, [tensor([7])]] as const;
      await using m = await trace(forward as never, args as never, interpreter);
      await m.save(path("nested.onnx"));
      await using again = await load(path("nested.onnx"), interpreter);
      assert.deepEqual(again.signature, m.signature);
      const out = (await again.run(args)) as ReturnType<typeof forward>;
      assert.deepEqual(out.logits.toArray(), [3, 0]);
      assert.deepEqual(out.all[1]?.toArray(), [7]);
      assert.equal(out.nothing, null);
      await failsWith(() => again.run([args[0], 4, args[2]]), "StaticInputChanged", /is 4.*traced with 3/);
      await failsWith(() => again.run([{ ids: ones([2]) }, 3, args[2]]), "InputKind", /mask is missing/);
    });

    it("keeps an argument that was left out left out", async () => {
      const forward = (x: Tensor, mask?: Tensor, scale = 2) => (mask === undefined ? x.mul(scale) : x);
      await using m = await trace(forward, [ones([2]), undefined], interpreter);
      await m.save(path("optional.onnx"));
      await using again = await load(path("optional.onnx"), interpreter);
      assert.deepEqual(((await again.run(ones([2]))) as Tensor).toArray(), [2, 2]);
      assert.deepEqual(((await again.run([ones([2]), undefined])) as Tensor).toArray(), [2, 2]);
      await failsWith(() => again.run([ones([2]), ones([2])]), "StaticInputChanged");
    });

    it("keeps fixed numbers that JSON cannot write", async () => {
      for (const limit of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]) {
        const forward = (x: Tensor, n: number) => (Number.isNaN(n) ? x : x.mul(n));
        await using m = await trace(forward, [ones([2]), limit], interpreter);
        await m.save(path("odd-number.onnx"));
        await using again = await load(path("odd-number.onnx"), interpreter);
        assert.deepEqual(((await again.run([ones([2]), limit])) as Tensor).toArray(), forward(ones([2]), limit).toArray());
        await failsWith(() => again.run([ones([2]), 0]), "StaticInputChanged", /is 0, but/);
      }
    });

    it("loads on every engine, weights apart or not", async () => {
      const x = randn([2, 3], { seed: 1 });
      await using m = await trace(new nn.Linear(3, 400), x);
      await m.save(path("apart.onnx"), { externalData: true });
      for (const engine of ["interpreter", "onnxruntime"] as const) {
        await using again = await load(path("apart.onnx"), { engine });
        assert.ok(
          ((await again.run(x)) as Tensor)
            .sub(await m.run(x))
            .abs()
            .max()
            .item() < 1e-6,
        );
      }
    });
  });

  describe("a file from elsewhere", () => {
    it("takes one argument per input, and gives several outputs by name", async () => {
      await write(
        "two.onnx",
        model({
          inputs: [value("a", [2]), value("b", [2])],
          outputs: [value("sum", [2]), value("difference", [2])],
          nodes: [node("Add", ["a", "b"], ["sum"]), node("Sub", ["a", "b"], ["difference"])],
        }),
      );
      await using m = await load(path("two.onnx"), interpreter);
      const out = (await m.run([tensor([5, 6]), tensor([1, 2])])) as Record<string, Tensor>;
      assert.deepEqual(
        [out.sum?.toArray(), out.difference?.toArray()],
        [
          [6, 8],
          [4, 4],
        ],
      );
      const named = (await m.run({ b: tensor([1, 2]), a: tensor([5, 6]) })) as Record<string, Tensor>;
      assert.deepEqual(named.difference?.toArray(), [4, 4]);
    });

    it("with a loop that does not end is refused by its name, on every engine", async () => {
      await write("endless.onnx", endlessModel);
      for (const engine of ["interpreter", "onnxruntime"] as const)
        await failsWith(
          () => load(path("endless.onnx"), { engine, check: { maxSteps: 2000 } }),
          "StepLimit",
          /Loop \(which gives `y`\).*ran 1001 times.*2000 steps/,
          /maxSteps: 20000/,
        );
      // Nobody vouches for a file: without a limit given, there is one.
      await failsWith(() => load(path("endless.onnx"), interpreter), "StepLimit", /1000000 steps/);
    }).timeout(60_000);

    it("with a loop that does not end is given up when a signal says so, by load and by each way to verify", async () => {
      await write("endless.onnx", endlessModel);
      const file = path("endless.onnx");
      const soon = () => ({ signal: AbortSignal.timeout(200) });
      const check = { maxSteps: Number.MAX_SAFE_INTEGER };
      for (const engine of ["interpreter", "onnxruntime"] as const) {
        await failsWith(() => load(file, { engine, check, ...soon() }), "RunAborted", /timeout/);
        await failsWith(() => verifyFiles(file, file, { engines: [engine], ...check, ...soon() }), "RunAborted");
        await failsWith(() => verifyModel(file, (x: Tensor) => x, { engines: [engine], ...check, ...soon() }), "RunAborted");
      }
      await using m = await trace((x: Tensor) => x.relu(), ones([2]), interpreter);
      await m.save(path("certified.onnx"));
      const fired = { signal: AbortSignal.abort(new Error("the client went away")) };
      await failsWith(() => verifyCertificate(path("certified.onnx"), fired), "RunAborted", /the client went away/);
      await failsWith(() => load(path("certified.onnx"), fired), "RunAborted", /the client went away/);
      await failsWith(() => load(file, { signal: "soon" as never }), "InvalidArgument", /`signal` to be an AbortSignal, got/);
      await failsWith(() => verifyFiles(file, file, { signl: undefined } as never), "UnknownOption", /signl/);
    }).timeout(60_000);

    it("is not held to the signal of its loading afterwards", async () => {
      await write("relu.onnx", relu());
      const control = new AbortController();
      await using m = await load(path("relu.onnx"), { ...interpreter, signal: control.signal });
      control.abort();
      assert.deepEqual(((await m.run(tensor([[-1, 2]]))) as Tensor).toArray(), [[0, 2]]);
      await using other = await m.withEngine("onnxruntime");
      assert.deepEqual(((await other.run(tensor([[-1, 2]]))) as Tensor).toArray(), [[0, 2]]);
    });

    it("with a loop that ends is loaded, if it takes no more steps than it may", async () => {
      await write(
        "ends.onnx",
        model({
          inputs: [value("n", [], 7), value("x", [2])],
          outputs: [value("y", [2])],
          nodes: [node("Loop", ["n", "", "x"], ["y"], { body: addingBody })],
        }),
      );
      const example = [tensor(5, { dtype: "int64" }), tensor([1, 2])];
      await using m = await load(path("ends.onnx"), { ...interpreter, example, check: { maxSteps: 10 } });
      assert.deepEqual(((await m.run(example)) as Tensor).toArray(), [6, 12]);
      await failsWith(() => load(path("ends.onnx"), { ...interpreter, example, check: { maxSteps: 9 } }), "StepLimit");
      const longer = [tensor(6, { dtype: "int64" }), tensor([1, 2])];
      await failsWith(() => m.run(longer, { maxSteps: 11 }), "StepLimit");
      assert.deepEqual(((await m.run(longer, { maxSteps: 12 })) as Tensor).toArray(), [7, 14]);
    });

    it("that fails on random inputs asks for an example, and takes it", async () => {
      // Indices beyond the table: random 0 and 1 do, a table of one row does not.
      await write(
        "gather.onnx",
        model({
          inputs: [value("i", [2], 7)],
          outputs: [value("y", [2, 1])],
          nodes: [node("Gather", ["table", "i"], ["y"])],
          initializers: { table: float32([1, 1], 7) },
        }),
      );
      await failsWith(() => load(path("gather.onnx"), interpreter), "NoCheckInputs", /gather\.onnx/, /index|out of range/i, /example: x/);
      const example = tensor([0, 0], { dtype: "int64" });
      await using m = await load(path("gather.onnx"), { ...interpreter, example });
      assert.deepEqual(((await m.run(example)) as Tensor).toArray(), [[7], [7]]);
    });

    it("whose dimensions are expressions of others is checked at sizes that fit", async () => {
      await write(
        "double.onnx",
        model({
          inputs: [value("a", ["n", 2]), value("b", ["2*n", 2])],
          outputs: [value("y", ["3*n", 2])],
          nodes: [node("Concat", ["a", "b"], ["y"], { axis: 0n })],
        }),
      );
      await using m = await load(path("double.onnx"), interpreter);
      assert.deepEqual(((await m.run([ones([1, 2]), ones([2, 2])])) as Tensor).shape, [3, 2]);
      await failsWith(() => m.run([ones([1, 2]), ones([3, 2])]), "InputShape", /2\*n = 2/);
    });
  });

  describe("what is no model", () => {
    it("is refused by name: missing, a folder, empty, text, cut off", async () => {
      await failsWith(() => load(path("none.onnx")), "FileNotFound", /none\.onnx/);
      await failsWith(() => load(path()), "FileNotReadable");
      await failsWith(() => load(""), "InvalidArgument", /`path`.*empty/);
      await failsWith(() => load(undefined as never), "InvalidArgument", /`path`.*undefined/);
      await fails("empty.onnx", "", "NotOnnx", /empty/);
      await fails("page.onnx", "<!doctype html><title>404</title>", "NotOnnx");
      await write("cut.onnx", relu());
      await truncate(path("cut.onnx"), 20);
      await failsWith(() => load(path("cut.onnx")), "NotOnnx", /cut\.onnx/);
    });

    it("is refused by name at every length it could be cut to", async () => {
      const bytes = encodeToBytes("ModelProto", relu());
      for (let n = 1; n < bytes.length; n++) {
        await writeFile(path("prefix.onnx"), bytes.subarray(0, n));
        const error = await load(path("prefix.onnx"), interpreter).then(
          (m) => m.close(),
          (e: unknown) => e,
        );
        assert.ok(
          error === undefined || (error instanceof Error && "code" in error && /onnx|OnnxFormat|Graph/i.test(error.name)),
          `${n}: ${error}`,
        );
      }
    });
  });

  describe("a hostile file", () => {
    const tensorOf = (fields: TensorProto): TensorProto => ({ name: "w", dataType: 1, ...fields });
    const reading = (w: TensorProto) => model({ outputs: [value("y", [2])], nodes: [node("Neg", ["w"], ["y"])], tensors: [w] });

    it("is refused by name: sizes that are none, that overflow, that the data does not have", async () => {
      await fails("negative.onnx", reading(tensorOf({ dims: [-2n], rawData: new Uint8Array(8) })), "OnnxTensor", /`w`/, /-2/);
      await fails("overflow.onnx", reading(tensorOf({ dims: [2n ** 40n, 2n ** 40n], rawData: new Uint8Array(8) })), "OnnxTensor", /`w`/);
      await fails("short.onnx", reading(tensorOf({ dims: [100n], rawData: new Uint8Array(8) })), "OnnxTensor", /`w`/);
      await fails("dtype.onnx", reading(tensorOf({ dataType: 99, dims: [2n], rawData: new Uint8Array(8) })), "OnnxUnsupported", /`w`/);
    });

    it("is refused by name: external data that leaves the folder or lies past the end", async () => {
      const external = (location: string, length: string) =>
        reading(
          tensorOf({
            dims: [2n],
            dataLocation: 1,
            externalData: Object.entries({ location, length }).map(([key, v]) => ({ key, value: v })),
          }),
        );
      await fails("climbs.onnx", external("../../etc/passwd", "8"), "OnnxExternalData", /`w`/);
      await fails("absolute.onnx", external("/etc/passwd", "8"), "OnnxExternalData");
      await writeFile(path("w.bin"), new Uint8Array(4));
      await fails("past.onnx", external("w.bin", "8"), "OnnxExternalData", /has 4/);
    });

    it("is refused by name: cycles, names defined twice or never, unknown operators", async () => {
      const of = (...nodes: ReturnType<typeof node>[]) => model({ inputs: [value("x", [2])], outputs: [value("y", [2])], nodes });
      await fails(
        "cycle.onnx",
        of(node("Add", ["x", "b"], ["a"]), node("Neg", ["a"], ["b"]), node("Neg", ["b"], ["y"])),
        "OnnxInvalid",
        /circle|cycle/i,
      );
      await fails("twice.onnx", of(node("Neg", ["x"], ["y"]), node("Abs", ["x"], ["y"])), "OnnxInvalid", /`?y`?/);
      await fails("never.onnx", of(node("Add", ["x", "z"], ["y"])), "OnnxInvalid", /`?z`?/);
      const unknown = await fails("unknown.onnx", of(node("Frobnicate", ["x"], ["y"])), "UnknownOperator", /Frobnicate/);
      assert.equal(unknown.name, "UnsupportedOpError");
    });

    it("is refused by name: sizes beyond memory", async () => {
      const sized = (...sizes: number[]) =>
        model({
          outputs: [value("y", [])],
          nodes: [node("ConstantOfShape", ["s"], ["big"]), node("ReduceSum", ["big"], ["y"], { keepdims: 0n })],
          initializers: { s: int64([sizes.length], ...sizes) },
        });
      await fails("big.onnx", sized(1e6, 1e6), "NoCheckInputs", /needs 3\.6 TiB/);
      await fails("bigger.onnx", sized(2 ** 40, 2 ** 40), "InvalidShape", /overflows/);
      const declared = model({ inputs: [value("x", [1e6, 1e6])], outputs: [value("y", [1e6, 1e6])], nodes: [node("Neg", ["x"], ["y"])] });
      await fails("declared.onnx", declared, "NoCheckInputs", /needs 3\.6 TiB/);
    });

    const withMetadata = (key: string, text: string) => relu({ metadataProps: [{ key, value: text }] });

    it("is refused by name: a signature that does not fit the graph", async () => {
      const good = {
        argumentNames: ["x"],
        argumentLayout: { kind: "list", items: [{ kind: "tensor", index: 0 }] },
        outputLayout: { kind: "tensor", index: 0 },
        returnedCount: 1,
        stateNames: [],
        symbols: [],
        mode: "eval",
      };
      const deep = '{"kind":"list","items":['.repeat(5000) + "]}".repeat(5000);
      const bad: readonly string[] = [
        "null",
        "3",
        "{",
        "{}",
        JSON.stringify({ ...good, returnedCount: 7 }),
        JSON.stringify({ ...good, outputLayout: undefined }),
        JSON.stringify({ ...good, outputLayout: { kind: "tensor", index: 5 } }),
        JSON.stringify({ ...good, argumentLayout: { kind: "list", items: [{ kind: "tensor", index: 1 }] } }),
        JSON.stringify({ ...good, argumentLayout: { kind: "list", items: [] }, argumentNames: [] }),
        JSON.stringify({ ...good, stateNames: ["s"] }),
        JSON.stringify({ ...good, symbols: [{ name: "n", min: "a" }] }),
        JSON.stringify({ ...good, outputLayout: { kind: "wat" } }),
        JSON.stringify({ ...good, outputLayout: null }),
        JSON.stringify(good).replace('"outputLayout":{"kind":"tensor","index":0}', `"outputLayout":${deep}`),
      ];
      for (const text of bad) await fails("signature.onnx", withMetadata(signatureKey, text), "InvalidCertificate", /signature is damaged/);
      await write("signature.onnx", withMetadata(signatureKey, JSON.stringify(good)));
      await using m = await load(path("signature.onnx"), interpreter);
      assert.deepEqual(((await m.run(tensor([[-1, 1]]))) as Tensor).toArray(), [[0, 1]]);
    });

    it("is refused or passed over: a certificate that does not fit the graph", async () => {
      for (const text of ["", "{", "null", '{"version":99}', '{"version":1}', '{"version":1,"cases":[{}],"rows":[],"limits":[]}'])
        await fails("certificate.onnx", withMetadata(certificateKey, text), "InvalidCertificate");
      const recipe = { name: "x", dtype: "float32", shape: [3, 2], seed: 1, kind: "normal", sha256: "" };
      const certified = (odd: object) => {
        const cases = [{ label: "c", inputs: [{ ...recipe, ...odd }], outputs: [] }];
        return withMetadata(certificateKey, JSON.stringify({ version: 1, cases, rows: [], limits: [] }));
      };
      for (const odd of [
        { dtype: "what" },
        { shape: [-1, 2] },
        { shape: [1.5, 2] },
        { kind: "integers", range: ["a", "b"] },
        { seed: "x" },
      ])
        await fails("damaged.onnx", certified(odd), "InvalidCertificate");
      // A whole certificate of another graph: the check takes inputs that this one accepts.
      await write("odd.onnx", certified({ shape: [3, 5] }));
      await using m = await load(path("odd.onnx"), interpreter);
      const [remade] = m.certificate.cases[0]?.inputs ?? [];
      assert.ok(remade && !("items" in remade));
      assert.deepEqual(remade.shape, [2, 2]);
    });
  });

  it("checks its options", async () => {
    await write("relu.onnx", relu());
    await failsWith(
      () => load(path("relu.onnx"), { threads: "x" as never }),
      "InvalidArgument",
      /load: expected `threads` to be an integer from 1, got `x` \(string\)/,
    );
    await failsWith(
      () => load(path("relu.onnx"), { exmaple: 1 } as never),
      "UnknownOption",
      /load has no option `exmaple`/,
      /Did you mean `example`/,
    );
    await failsWith(() => load(path("relu.onnx"), { check: { top: 3 } } as never), "UnknownOption", /`check\.top`/, /Did you mean `topk`/);
    await failsWith(() => load(path("relu.onnx"), { check: { rtol: -1 } }), "InvalidArgument", /`check\.rtol`.*a number from 0.*-1/);
    await failsWith(
      () => load(path("relu.onnx"), { engine: "tensorflow" as never }),
      "InvalidArgument",
      /`engine`.*onnxruntime or interpreter/,
    );
  });
});
