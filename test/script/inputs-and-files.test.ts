// What goes in and what comes out: specifications or an example, a file that any runtime loads, nodes that know the line they came from.
import assert from "node:assert/strict";
import { load, nn, type ScriptError, script, type Tensor, tensor } from "../../src/index.ts";
import { formatProvenance } from "../../src/ir/provenance.ts";
import { allNodes } from "../../src/ir/traverse.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { failsWith } from "../support/trace-errors.ts";
import { controlNodes, drawEighths, faithful } from "./eager-agreement.ts";
import { markedPlace } from "./refusals.ts";

/** Doubles until the sum is over the limit, or negates. */
class Growing extends nn.Module {
  forward(x: Tensor, limit: Tensor) {
    if (x.sum().item() < 0) return x.neg(); // HERE: a branch, at x.neg
    while (x.sum().item() < limit.item()) x = x.mul(2).add(1); // HERE: a body, at x.mul
    return x;
  }
}
const inputs = { x: "float32[length=3]", limit: "float32[]" };

describe("script() takes its inputs", () => {
  it("from specifications, whose named sizes may have any value", async () => {
    await using compiled = await script(new Growing(), { inputs, engine: "interpreter" });
    assert.deepEqual(compiled.signature.argumentNames, ["x", "limit"]);
    assert.match(String(compiled.graph), /float\[length\] x/);
    for (const values of [[1], [1, 2], [0, 0, 0, 1], [-5, 1]])
      assert.deepEqual(
        ((await compiled.run([tensor(values), tensor(20)])) as Tensor).toArray(),
        new Growing().forward(tensor(values), tensor(20)).toArray(),
      );
    await failsWith(() => compiled.run([tensor([[1]]), tensor(1)]), "InputShape", /x/);
    await failsWith(() => compiled.run([tensor([1], { dtype: "int64" }), tensor(1)]), "InputDType", /x/);
  });

  it("from an example", async () => {
    await using compiled = await script(new Growing(), { example: [tensor([1, 2, 3]), tensor(4)], engine: "interpreter" });
    assert.deepEqual([...new Set(controlNodes(compiled))].sort(), ["If", "Loop"]);
    assert.deepEqual(((await compiled.run([tensor([1, 1, 1]), tensor(4)])) as Tensor).toArray(), [3, 3, 3]);
  });

  it("from what the class declares", async () => {
    class Declared extends Growing {
      static readonly inputs = inputs;
    }
    await using compiled = await script(new Declared(), { engine: "interpreter" });
    assert.deepEqual(((await compiled.run([tensor([-1, 0]), tensor(4)])) as Tensor).toArray(), [1, -0]);
  });

  it("and says what is missing, mistyped or unknown", async () => {
    const error = await failsWith(() => script(new Growing()), "InputSpecNeeded", /Growing/, /x, limit/, /inputs: \{/);
    assert.equal((error as ScriptError).name, "ScriptError");
    await failsWith(() => script(new Growing(), { inputs: { x: "float32[3]" } }), "StaticThrow", /undefined.*item/);
    await failsWith(() => script(new Growing(), { inputs: { ...inputs, y: "float32[3]" } }), "InvalidSpec", /y/);
    await failsWith(() => script(new Growing(), { inputs: { ...inputs, x: "float[3" } }), "InvalidSpec");
    await failsWith(() => script(new Growing(), { input: inputs } as object), "UnknownOption", /input/, /inputs/);
    await failsWith(() => script(42 as never), "NotAModel");
  });
});

describe("a scripted module", () => {
  const file = temporaryFolder();

  it("is saved with its control flow, and loads on both engines", async () => {
    await using compiled = await script(new Growing(), { inputs, engine: "interpreter" });
    await compiled.save(file("growing.onnx"));
    for (const engine of ["interpreter", "onnxruntime"] as const) {
      await using loaded = await load(file("growing.onnx"), { engine, example: [tensor([1, 2, 3]), tensor(4)] });
      assert.deepEqual([...new Set(controlNodes(loaded))].sort(), ["If", "Loop"]);
      for (const values of [[1, 2], [-3, 1, 1], [30]]) {
        const y = (await loaded.run([tensor(values), tensor(20)])) as Tensor;
        assert.deepEqual(y.toArray(), new Growing().forward(tensor(values), tensor(20)).toArray());
      }
    }
  });

  it("was checked against eager on other inputs, bit for bit before it was optimised", async () => {
    await using compiled = await script(new Growing(), { inputs });
    assert.ok(compiled.certificate.rows.some(({ graph, bitwise }) => graph === "scripted" && bitwise));
    assert.ok(compiled.certificate.rows.some(({ engine }) => engine === compiled.engine));
  });

  it("knows the line of each node", async () => {
    await using compiled = await script(new Growing(), { inputs, engine: "interpreter" });
    const places = [...allNodes(compiled.graph)].map((node) => `${node.op} from ${formatProvenance(node.provenance)}`);
    for (const [op, name] of [
      ["Neg", "a branch"],
      ["Mul", "a body"],
    ] as const) {
      const place = new RegExp(`^${op} from .*inputs-and-files\\.test\\.ts:${markedPlace(import.meta.url, name).line}:`);
      assert.ok(
        places.some((p) => place.test(p)),
        places.join("\n"),
      );
    }
  });

  it("composes: it is called in eager code, and can be scripted through", async () => {
    await using inner = await script(new Growing(), { inputs, engine: "interpreter" });
    const outer = (x: Tensor) => (x.sum().item() > 10 ? x : (inner.forward(x, tensor(6)) as Tensor));
    const x = tensor([1, 1]);
    assert.deepEqual(outer(x).toArray(), [3, 3]);
    await using compiled = await script(outer, { inputs: { x: "float32[length=3]" }, engine: "interpreter" });
    for (const values of [[1, 1], [-1, 0], [20]])
      assert.deepEqual(((await compiled.run(tensor(values))) as Tensor).toArray(), outer(tensor(values)).toArray());
    const parts = (v: Tensor) => {
      const twice = inner.forward(v.repeat([2]), tensor(6)) as Tensor;
      return twice.div(twice.shape[0] as number).add(v.shape[0] as number);
    };
    await faithful(parts, { v: "float32[length=3]" }, { draw: { v: (dice) => drawEighths(dice, [dice.int(2, 5)]) } });
  });
});
