import assert from "node:assert/strict";
import { nn, randn, type Tensor, tensor, trace } from "../../src/index.ts";
import type { Node } from "../../src/ir/graph.ts";
import { formatProvenance } from "../../src/ir/provenance.ts";
import { failsWith, markedLine } from "../support/trace-errors.ts";

const raw = { engine: "interpreter", passes: [] } as const;
const nodesOf = (m: { graph: { nodes(): Iterable<Node> } }) => [...m.graph.nodes()];
const weightsOf = (m: { graph: { initializers: Iterable<{ name?: string | undefined }> } }) => [...m.graph.initializers].map((v) => v.name);
const x = randn([2, 3], { seed: 1 });

class Block extends nn.Module {
  readonly fc = new nn.Linear(3, 3);
  forward(a: Tensor): Tensor {
    return this.fc.forward(a).relu(); // HERE: relu
  }
}

class Net extends nn.Module {
  readonly first = new Block();
  readonly stack = new nn.Sequential(new Block(), new Block());
  forward(a: Tensor): Tensor {
    return this.stack.forward(this.first.forward(a)).neg(); // HERE: neg
  }
}

describe("nodes of a traced graph", () => {
  it("carry the path of the module that made them", async () => {
    const m = await trace(new Net(), x, raw);
    const scopes = nodesOf(m).map((n) => `${n.op} ${n.provenance[0]?.scope ?? "-"}`);
    assert.deepEqual(
      scopes.filter((s) => !s.startsWith("Transpose")),
      ["Gemm first.fc", "Relu first", "Gemm stack.0.fc", "Relu stack.0", "Gemm stack.1.fc", "Relu stack.1", "Neg -"],
    );
  });

  it("carry the line of the TypeScript that called them", async () => {
    const m = await trace(new Net(), x, raw);
    const lineOf = (op: string) => nodesOf(m).find((n) => n.op === op)?.provenance[0]?.source;
    assert.match(lineOf("Relu")?.file ?? "", /scopes\.test\.ts$/);
    assert.equal(lineOf("Relu")?.line, markedLine(import.meta.url, "relu"));
    assert.equal(lineOf("Neg")?.line, markedLine(import.meta.url, "neg"));
    assert.match(formatProvenance(nodesOf(m).at(-1)?.provenance ?? []), /scopes\.test\.ts:\d+:\d+/);
  });

  it("come twice where a sub-module is called twice, with one set of weights", async () => {
    class Twice extends nn.Module {
      readonly block = new Block();
      forward(a: Tensor) {
        return this.block.forward(this.block.forward(a));
      }
    }
    const model = new Twice();
    const m = await trace(model, x, raw);
    assert.equal(nodesOf(m).filter((n) => n.op === "Relu").length, 2);
    assert.deepEqual(weightsOf(m).sort(), ["block.fc.bias", "block.fc.weight"]);
    assert.deepEqual((await m.run(x)).toArray(), model.forward(x).toArray());
  });
});

describe("weights of a traced graph", () => {
  it("bear their state-dict names; a shared one is one initializer", async () => {
    class Tied extends nn.Module {
      readonly a = new nn.Linear(3, 3, { bias: false });
      readonly b = new nn.Linear(3, 3, { bias: false });
      constructor() {
        super();
        this.b.weight = this.a.weight;
      }
      forward(t: Tensor) {
        return this.b.forward(this.a.forward(t));
      }
    }
    const m = await trace(new Tied(), x, raw);
    assert.deepEqual(weightsOf(m), ["a.weight"]);
  });

  it("called as ONNX itself calls things do not collide with what nodes compute", async () => {
    class Named extends nn.Module {
      declare mean: Tensor;
      declare output: Tensor;
      constructor() {
        super();
        this.registerBuffer("mean", tensor([1, 2, 3]));
        this.registerBuffer("output", tensor([1, 1, 1]));
      }
      forward(a: Tensor) {
        const mean = a.mean([0]);
        return a.sub(mean).add(this.mean).mul(this.output);
      }
    }
    const model = new Named();
    const m = await trace(model, x, raw);
    assert.deepEqual((await m.run(x)).toArray(), model.forward(x).toArray());
  });

  it("of modules and tensors that a function captures bear the variables' names", async () => {
    const fc = new nn.Linear(3, 3, { bias: false });
    const shift = tensor([1, 2, 3]);
    const m = await trace((a: Tensor) => fc.forward(a).add(shift), x, raw);
    assert.deepEqual(weightsOf(m).sort(), ["fc.weight", "shift"]);
    assert.equal(nodesOf(m)[0]?.provenance[0]?.scope, "fc");
  });
});

describe("a compiled module", () => {
  it("is a module: it runs in eager code, and is traced through", async () => {
    const inner = await trace(new Block(), x, { engine: "interpreter" });
    class Outer extends nn.Module {
      readonly inner = inner;
      forward(a: Tensor) {
        return this.inner.forward(a).add(1);
      }
    }
    const outer = new Outer();
    const m = await trace(outer, x, { engine: "interpreter" });
    assert.deepEqual((await m.run(x)).toArray(), outer.forward(x).toArray());
    assert.ok(nodesOf(m).some((n) => n.op === "Relu"));
    assert.ok(weightsOf(m).includes("fc.weight"));
  });

  it("goes on computing, and being traced, after close", async () => {
    const inner = await trace(new Block(), x, { engine: "interpreter" });
    const before = (await inner.run(x)).toArray();
    await inner.close();
    assert.deepEqual(inner.forward(x).toArray(), before);
    const m = await trace((a: Tensor) => inner.forward(a).neg(), x, { engine: "interpreter" });
    assert.deepEqual((await m.run(x)).neg().toArray(), before);
  });

  it("has no weights of its own to convert: that is refused, not ignored", async () => {
    const m = await trace(new Block(), x, { engine: "interpreter" });
    await failsWith(() => m.half(), "CompiledIsFixed", /Block/, /before it is traced/);
    assert.equal(m.to("float32"), m);
  });
});
