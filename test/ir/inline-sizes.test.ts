import assert from "node:assert/strict";
import { symbol } from "../../src/ir/dim.ts";
import { Graph } from "../../src/ir/graph.ts";
import { inlineGraph } from "../../src/ir/inline.ts";
import { formatType, tensorType } from "../../src/ir/type.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { registry } from "../../src/ops/registry.ts";

describe("a graph with branches that is put into another", () => {
  it("keeps no names of its own sizes: the other may use them for other sizes", () => {
    const source = new Graph(registry, "source");
    const x = source.addInput("x", tensorType("float32", [symbol("n"), 4]));
    const condition = source.addInput("condition", tensorType("bool", []));
    const branch = (op: string) => {
      const body = new Graph(registry, op, source);
      body.setOutputs([body.add(op, [x]).output], [op]);
      return body;
    };
    source.setOutputs(
      [source.add("If", [condition], { then_branch: branch("Neg"), else_branch: branch("Abs") }, { outputCount: 1 }).output],
      ["y"],
    );

    const target = new Graph(registry, "target");
    const other = target.addInput("other", tensorType("float32", [symbol("m"), 4]));
    const n = target.addInput("wide", tensorType("float32", [symbol("n"), 4]));
    const flag = target.addInput("flag", tensorType("bool", []));
    const [y] = inlineGraph(target, source, [other, flag]);
    target.setOutputs([y as NonNullable<typeof y>, n], ["y", "wide"]);
    verifyGraph(target);
    const node = y?.producer;
    const inner = node?.subgraphs.flatMap((g) => [...g.nodes()].map((k) => formatType(k.output.type)));
    assert.deepEqual(inner, ["float[m,4]", "float[m,4]"]);
    assert.equal(formatType((y as NonNullable<typeof y>).type), "float[m,4]");
  });
});
