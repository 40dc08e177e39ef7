import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { EngineName } from "../../src/engines/engines.ts";
import { nn, ones, randn, type Tensor, tensor, trace, zeros } from "../../src/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { failsWith } from "../support/trace-errors.ts";

const engines: readonly EngineName[] = ["interpreter", "onnxruntime"];
const relu = (x: Tensor) => x.relu();

for (const engine of engines)
  describe(`running on ${engine}`, () => {
    it("refuses another number of arguments, naming them", async () => {
      await using m = await trace((image: Tensor, mask: Tensor) => image.mul(mask), [ones([2]), ones([2])], { engine });
      await failsWith(() => m.run(ones([2])), "InputCount", /takes 2 arguments \(image, mask\), got 1/);
      await failsWith(() => m.run([ones([2]), ones([2]), ones([2])]), "InputCount", /got 3/);
      await failsWith(() => m.run(undefined), "InputCount", /got 0/);
    });

    it("refuses another rank, shape, dtype or kind, naming the input", async () => {
      await using m = await trace(relu, randn([1, 3, 8, 8], { seed: 1 }), { engine, names: ["image"] });
      await failsWith(() => m.run(zeros([3, 8, 8])), "InputShape", /image.*\[3, 8, 8\].*\[1, 3, 8, 8\]/, /image\.unsqueeze\(0\)/);
      await failsWith(() => m.run(zeros([2, 3, 8, 8])), "InputShape", /axis 0 is 2 instead of 1/, /dynamic: \{ image: \{ 0: "size" \} \}/);
      await failsWith(
        () => m.run(zeros([1, 3, 8, 8], { dtype: "float64" })),
        "InputDType",
        /image.*float64.*float32/,
        /image\.to\("float32"\)/,
      );
      await failsWith(() => m.run([[1, 2, 3]]), "InputKind", /image.*an array of 3\), expected a tensor.*tensor\(\.\.\.\)/);
      await failsWith(() => m.run(3), "InputKind", /image.*is 3, expected a tensor/);
      await failsWith(() => m.run("cat.jpg"), "InputKind", /`cat\.jpg`/);
      assert.throws(() => m.forward(zeros([2])), /InputShape|dimensions instead of 4/);
    });

    it("refuses another structure, naming what is missing and what is odd", async () => {
      const forward = (batch: { ids: Tensor; mask: Tensor }) => batch.ids.mul(batch.mask);
      await using m = await trace(forward, { ids: ones([2]), mask: ones([2]) }, { engine });
      await failsWith(() => m.run({ ids: ones([2]) }), "InputKind", /mask is missing/);
      await failsWith(() => m.run({ ids: ones([2]), mask: ones([2]), extra: ones([2]) }), "InputKind", /extra is not one of them/);
      await failsWith(() => m.run({ ids: ones([2]), mask: 1 }), "InputKind", /batch\.mask.*is 1/);
      assert.deepEqual((await m.run({ mask: ones([2]), ids: tensor([3, 4]) })).toArray(), [3, 4]);
    });

    it("takes arguments by name as well", async () => {
      await using m = await trace((a: Tensor, b: Tensor) => a.sub(b), [ones([2]), ones([2])], { engine });
      assert.deepEqual((await m.run({ b: tensor([1, 1]), a: tensor([5, 6]) })).toArray(), [4, 5]);
    });

    it("gives NaN for NaN: eager and compiled agree", async () => {
      const net = new nn.Linear(2, 2, { bias: false });
      net.weight = new nn.Parameter(
        tensor([
          [Number.NaN, 1],
          [1, 2],
        ]),
      );
      await using m = await trace(net, tensor([[1, 2]]), { engine });
      const out = (await m.run(tensor([[1, 2]]))).toArray() as number[][];
      assert.ok(Number.isNaN(out[0]?.[0]));
      assert.equal(out[0]?.[1], 5);
      assert.ok(m.certificate.rows.length > 0);
      await using r = await trace((x: Tensor) => x.mul(2), tensor([1, 2]), { engine });
      const nan = (await r.run(tensor([Number.NaN, 3]))).toArray() as number[];
      assert.deepEqual([Number.isNaN(nan[0]), nan[1]], [true, 6]);
    });

    it("takes and gives tensors without elements", async () => {
      await using m = await trace((x: Tensor) => x.mul(2), ones([2, 3]), { engine, dynamic: [{ 0: { name: "n", min: 0 } }] });
      const out = await m.run(zeros([0, 3]));
      assert.deepEqual([out.shape, out.toArray()], [[0, 3], []]);
      await failsWith(
        async () => {
          await using strict = await trace(relu, ones([2, 3]), { engine, dynamic: [{ 0: "n" }] });
          await strict.run(zeros([0, 3]));
        },
        "InputShape",
        /n is 0, outside 1 to/,
      );
    });

    it("runs many at once, each with its own result", async () => {
      await using m = await trace((x: Tensor) => x.mul(3).add(1), ones([4]), { engine });
      const outputs = await Promise.all(Array.from({ length: 16 }, (_, i) => m.run(tensor([i, i, i, i]))));
      outputs.forEach((y, i) => assert.deepEqual(y.toArray(), new Array(4).fill(3 * i + 1)));
    });

    it("takes and gives integers of 64 bits, booleans and strings", async () => {
      const forward = (ids: Tensor, keep: Tensor, names: Tensor) => ({ next: ids.add(1), kept: keep.logicalNot(), names });
      const args = (n: bigint, flag: boolean, text: string) => [tensor([n, 2n]), tensor([flag, true]), tensor([text, "b"])];
      await using m = await trace(forward, args(1n, true, "a") as never, { engine });
      const out = await m.run(args(2n ** 60n, false, "ä"));
      assert.deepEqual(out.next.toBigIntArray(), [2n ** 60n + 1n, 3n]);
      assert.deepEqual(out.kept.toArray(), [true, false]);
      assert.deepEqual(out.names.toArray(), ["ä", "b"]);
    });

    it("does not change its inputs", async () => {
      await using m = await trace((x: Tensor) => x.neg().relu(), ones([3]), { engine });
      const x = tensor([1, -2, 3]);
      await m.run(x);
      assert.deepEqual(x.toArray(), [1, -2, 3]);
    });

    it("stops for an AbortSignal, before and during, and can run again", async () => {
      const heavy = (x: Tensor) => {
        let y = x;
        for (let i = 0; i < 40; i++) y = y.matmul(x).mul(0.01);
        return y;
      };
      await using m = await trace(heavy, randn([160, 160], { seed: 1 }), { engine });
      const x = randn([160, 160], { seed: 2 });
      await failsWith(() => m.run(x, { signal: AbortSignal.abort() }), "RunAborted");
      const controller = new AbortController();
      const running = m.run(x, { signal: controller.signal });
      controller.abort(new Error("enough"));
      await failsWith(() => running, "RunAborted", /enough/);
      assert.deepEqual((await m.run(x, { signal: new AbortController().signal })).shape, [160, 160]);
    });

    it("is refused after close; close waits, and may be called twice", async () => {
      const m = await trace(relu, ones([2]), { engine });
      const running = m.run(tensor([-1, 1]));
      await Promise.all([m.close(), m.close()]);
      assert.deepEqual((await running).toArray(), [0, 1]);
      await failsWith(() => m.run(ones([2])), "ModuleClosed", /was closed/, /trace or load again/);
      await m.close();
    });

    it("checks its options", async () => {
      await using m = await trace(relu, ones([2]), { engine });
      await failsWith(
        () => m.run(ones([2]), { sginal: undefined } as never),
        "UnknownOption",
        /run has no option `sginal`/,
        /Did you mean `signal`/,
      );
      await failsWith(() => m.run(ones([2]), { signal: true as never }), "InvalidArgument", /`signal`.*an AbortSignal.*true/);
      await failsWith(() => m.run(ones([2]), 3 as never), "InvalidArgument", /`options`.*a record/);
    });
  });

describe("a process that compiled a module", () => {
  const path = temporaryFolder();

  it("exits by itself, closed or not", async () => {
    const entry = pathToFileURL(fileURLToPath(new URL("../../src/index.ts", import.meta.url))).href;
    await writeFile(
      path("exits.mts"),
      `import { trace, ones } from ${JSON.stringify(entry)};
const open = await trace((x) => x.relu(), ones([2]));
await open.run(ones([2]));
{ await using closed = await trace((x) => x.neg(), ones([2])); await closed.run(ones([2])); }
console.log("done");`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", path("exits.mts")], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      timeout: 60_000,
    });
    assert.match(stdout, /done/);
  }).timeout(90_000);
});
