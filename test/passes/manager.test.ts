// The pass manager: names, stopping, circles, the journal, and what a second run does.
import assert from "node:assert/strict";
import { parseGraph } from "../../src/ir/parse.ts";
import { printGraph } from "../../src/ir/print.ts";
import { cloneGraph } from "../../src/ir/traverse.ts";
import { registry } from "../../src/ops/registry.ts";
import { runPasses } from "../../src/passes/manager.ts";
import type { Pass } from "../../src/passes/pass.ts";
import { portablePasses } from "../../src/passes/pipelines.ts";
import { defineRule } from "../../src/passes/rewriter.ts";

const text = `main (float[2,3] x) => (float[2,3] y)
{
  a = Identity (x)
  b = Relu (a)
  c = Identity (b)
  d = Relu (c)
  y = Tanh (d)  # float[2,3] | head (model.ts:9:3)
}`;
const graph = () => parseGraph(text, registry);
const operators = (g: ReturnType<typeof graph>) => [...g.nodes()].map((n) => n.op);

const rule = (name: string, from: "Relu" | "Tanh" | "Sigmoid", to: "Relu" | "Tanh" | "Sigmoid") =>
  defineRule({
    name,
    about: "changes an activation, which is wrong",
    accuracy: "ulp",
    targets: ["portable"],
    pattern: (op, v) => op[from](v("x")),
    replacement: (op, m) => op[to](m.value("x")),
  });

describe("the pass manager", () => {
  it("comes to rest, and a second run does nothing", () => {
    const g = graph();
    const first = runPasses(g, portablePasses);
    assert.deepEqual(operators(g), ["Relu", "Tanh"]);
    assert.equal(first.journal.length, 3);
    const printed = printGraph(g);
    assert.equal(runPasses(g, portablePasses).journal.length, 0);
    assert.equal(printGraph(g), printed);
  });

  it("refuses a name that no pass or rule has, and suggests the nearest", () => {
    assert.throws(() => runPasses(graph(), portablePasses, { disable: ["fold-conv-batchnrom"] }), {
      code: "UnknownPass",
      message: /"fold-conv-batchnrom" is neither a pass nor a rule[\s\S]*Did you mean fold-conv-batchnorm\?[\s\S]*no-op/,
    });
    assert.throws(
      () => runPasses(graph(), portablePasses, { stopAt: "nothing-like-it" }),
      (error: Error) => !/Did you mean/.test(error.message),
    );
    // A rule of an engine's own pipeline is a known name everywhere.
    runPasses(graph(), portablePasses, { disable: ["fuse-conv-activation"] });
  });

  it("leaves out what is switched off", () => {
    const g = graph();
    runPasses(g, portablePasses, { disable: ["no-op"] });
    assert.deepEqual(operators(g), ["Identity", "Relu", "Identity", "Relu", "Tanh"]);
  });

  it("stops after a number of steps, and says so", () => {
    const g = graph();
    const report = runPasses(g, portablePasses, { stopAt: 1 });
    assert.equal(report.journal.length, 1);
    assert.equal(report.stopped, true);
    assert.deepEqual(operators(g), ["Relu", "Identity", "Relu", "Tanh"]);
    assert.match(String(report), /^passes: 5 → 4 nodes in 1 step \(stopped early\)/);
    assert.equal(runPasses(graph(), portablePasses, { stopAt: 0 }).journal.length, 0);
  });

  it("stops once a pass has run", () => {
    const ran: string[] = [];
    const note = (name: string): Pass => ({ name, about: "", accuracy: "exact", run: () => void ran.push(name) });
    const report = runPasses(graph(), [note("a"), note("b"), note("c")], { stopAt: "b" });
    assert.deepEqual(ran, ["a", "b"]);
    assert.equal(report.stopped, true);
  });

  it("shows the graph after each pass that changed it", () => {
    const seen: string[] = [];
    runPasses(graph(), portablePasses, { onPass: (pass, g, fired) => seen.push(`${pass.name} ${fired} ${g.nodeCount}`) });
    assert.deepEqual(seen, ["no-op 3 2"]);
  });

  it("names two rules that undo each other", () => {
    const circle = [rule("to-tanh", "Relu", "Tanh"), rule("to-relu", "Tanh", "Relu")];
    assert.throws(() => runPasses(graph(), circle, { validate: false }), {
      code: "PassesDoNotSettle",
      message: /going in circles are to-tanh, to-relu/,
    });
  });

  it("names a rule that matches its own result", () => {
    assert.throws(() => runPasses(graph(), [rule("again", "Tanh", "Tanh")], { validate: false }), {
      code: "PassesDoNotSettle",
      message: /again/,
    });
  });

  it("runs out of fuel where a graph grows for ever", () => {
    const grow = defineRule({
      name: "grow",
      about: "puts a Relu before every Tanh",
      accuracy: "exact",
      targets: ["portable"],
      pattern: (op, v) => op.Tanh(v("x")),
      replacement: (op, m) => op.Tanh(op.Relu(m.value("x"))),
    });
    assert.throws(() => runPasses(graph(), [grow], { validate: false }), { code: "PassesDoNotSettle", message: /grow/ });
  });

  it("keeps a journal that is data: step, pass, rule, node and place", () => {
    const report = runPasses(graph(), portablePasses);
    const json = JSON.parse(JSON.stringify(report)) as { journal: object[]; steps: number; validation: object };
    assert.equal(json.steps, 3);
    assert.deepEqual(json.journal[0], { number: 1, pass: "no-op", rule: "no-op", op: "Identity", where: "" });
    assert.deepEqual(json.validation, { validated: 3, skipped: {} });
  });

  it("does the same on a copy, step by step", () => {
    const [a, b] = [graph(), cloneGraph(graph()).graph];
    const [r, s] = [runPasses(a, portablePasses), runPasses(b, portablePasses)];
    assert.equal(printGraph(a), printGraph(b));
    assert.deepEqual(
      r.journal.map((step) => [step.rule, step.op]),
      s.journal.map((step) => [step.rule, step.op]),
    );
  });

  it("verifies after every pass where that is asked for", () => {
    const broken: Pass = {
      name: "broken",
      about: "",
      accuracy: "exact",
      run(g, context) {
        const [first, second] = g.nodes();
        if (!first || !second || !context.step("broken", first)) return;
        g.moveBefore(second, first);
      },
    };
    assert.throws(() => runPasses(graph(), [broken], { verify: true }), { code: "InvalidGraph" });
  });
});
