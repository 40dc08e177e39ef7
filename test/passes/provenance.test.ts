// Origins survive: no pass drops the source line or the module scope of a node that still counts; outputs are the same bytes every time.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nn, randn, type Tensor, tensor, trace } from "../../src/index.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { formatOrigin } from "../../src/ir/provenance.ts";
import { allNodes } from "../../src/ir/traverse.ts";
import { registry } from "../../src/ops/registry.ts";
import { runPasses } from "../../src/passes/manager.ts";
import type { Pass } from "../../src/passes/pass.ts";
import { onnxruntimePasses, portablePasses } from "../../src/passes/pipelines.ts";
import { traceGraph } from "../../src/trace/trace-graph.ts";

class Block extends nn.Module {
  conv = new nn.Conv2d(3, 4, 3, { padding: 1 });
  bn = new nn.BatchNorm2d(4);
  relu = new nn.ReLU();
  drop = new nn.Dropout(0.5);
  forward(x: Tensor): Tensor {
    return this.drop.forward(this.relu.forward(this.bn.forward(this.conv.forward(x))));
  }
}

class Net extends nn.Module {
  first = new Block();
  second = new nn.Conv2d(4, 4, 1);
  forward(x: Tensor): Tensor {
    const scale = tensor([2])
      .add(tensor([1]))
      .mul(tensor([0.5]));
    const y = this.second.forward(this.first.forward(x)).mul(scale);
    // The same thing twice, and a shape that is known.
    return y
      .relu()
      .add(y.relu())
      .reshape([x.shape[0] as number, -1]);
  }
}

const origins = (graph: Graph) => new Set([...allNodes(graph)].flatMap((n) => n.provenance.map(formatOrigin)));

/** Runs a pipeline and looks, after every pass, which origins are gone. Only whole dead nodes may take theirs along. */
function lost(graph: Graph, passes: readonly Pass[]): string[] {
  const gone: string[] = [];
  let before = origins(graph);
  runPasses(graph, passes, {
    onPass(pass, now) {
      const after = origins(now);
      if (pass.name !== "dead-code") for (const origin of before) if (!after.has(origin)) gone.push(`${pass.name}: ${origin}`);
      before = after;
    },
  });
  return gone;
}

describe("origins", () => {
  it("are kept by every pass over a traced model, those of folded constants at their readers", () => {
    const { graph } = traceGraph(new Net().eval(), randn([2, 3, 8, 8], { seed: 1 }));
    const before = origins(graph);
    assert.ok([...before].some((o) => o.startsWith("first.bn ")) && before.size > 6, [...before].join("\n"));
    assert.deepEqual(lost(graph, portablePasses), []);
    assert.deepEqual(lost(graph, onnxruntimePasses), []);
    assert.deepEqual(
      [...before].filter((o) => !origins(graph).has(o)),
      [],
    );
  });

  it("of a folded constant go to the nodes that read it", () => {
    const graph = parseGraph(
      `main (float[2] x) => (float[2] y)
<float[2] a = {1.0, 2.0}, float[2] b = {3.0, 4.0}>
{
  c = Add (a, b)  # float[2] | scale (model.ts:1:1)
  d = Mul (c, b)  # float[2] | scale (model.ts:2:1)
  y = Add (x, d)  # float[2] | head (model.ts:3:1)
}`,
      registry,
    );
    runPasses(graph, portablePasses);
    assert.deepEqual(
      [...graph.nodes()].map((n) => n.op),
      ["Add"],
    );
    assert.deepEqual([...origins(graph)].sort(), ["head (model.ts:3:1)", "scale (model.ts:1:1)", "scale (model.ts:2:1)"]);
  });

  it("of a repeated computation go to the one that is kept", () => {
    const graph = parseGraph(
      `main (float[2] x) => (float[2] y)
{
  a = Exp (x)  # float[2] | (model.ts:1:1)
  b = Exp (x)  # float[2] | (model.ts:2:1)
  y = Add (a, b)
}`,
      registry,
    );
    runPasses(graph, portablePasses);
    const [first] = graph.nodes();
    assert.equal(first?.op, "Exp");
    assert.equal(first?.provenance.length, 2);
  });
});

describe("the saved file", () => {
  it("is the same bytes for the same model", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ingot-bytes-"));
    try {
      const model = new Net().eval();
      const files: Buffer[] = [];
      for (const name of ["a.onnx", "b.onnx"]) {
        const traced = await trace(model, randn([2, 3, 8, 8], { seed: 1 }), { engine: "interpreter" });
        await traced.save(join(folder, name));
        await traced.close();
        files.push(await readFile(join(folder, name)));
      }
      assert.ok(files[0]?.equals(files[1] as Buffer));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
