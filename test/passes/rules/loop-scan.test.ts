// Loops over rows as Scans, for ONNX Runtime.
import assert from "node:assert/strict";
import { onnxruntimeEngine } from "../../../src/engines/onnxruntime/onnxruntime-engine.ts";
import { asStorage, runGraph } from "../../../src/ops/run-graph.ts";
import { loopScan } from "../../../src/passes/rules/loop-scan.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, graphFrom, operators } from "../../support/check-rule.ts";

/** Adds the rows of x, and of w where it stands in the body, to a state. */
const loop = (
  body = "row = Gather (x, i) t = Add (s, row)",
  header = "float[n,2] x, float[n,2] w",
  state = "float[2] s",
) => `main (${header}) => (float[2] y, float[?,2] z)
<int64[1] axes = {0}, float[2] k = {1, 2}>
{ s0 = Shape <end = 1> (x) m = Squeeze (s0, axes)
  y, z = Loop (m, "", k) <body = b (int64 i, bool on, ${state}) => (bool on, float[2] t, float[2] s) { ${body} }> }`;
const target = "onnxruntime" as const;
const rows = (n: number) => ({ target, sizes: { n } });

describe("loop-scan", () => {
  it("scans the rows where there are some, and loops for none", () => {
    for (const n of [0, 1, 4]) {
      const after = checkPasses(loop(), loopScan, { fires: 1, ...rows(n) });
      assert.deepEqual(operators(after), ["Shape", "Squeeze", "Greater", "If", "Scan", "Add", "Loop", "Gather", "Add"]);
    }
  });

  it("scans alone where the number of rows is known", () => {
    const text = loop(undefined, "float[3,2] x").replace("m = Squeeze (s0, axes)", "").replace("<int64[1]", "<int64 m = {3}, int64[1]");
    assert.deepEqual(operators(checkPasses(text, loopScan, { fires: 1, target })), ["Shape", "Scan", "Add"]);
  });

  it("scans several tensors, and the iteration where something else reads it", () => {
    for (const n of [0, 3]) {
      const body = "row = Gather (x, i) other = Gather (w, i) f = Cast <to = 1> (i) a = Add (s, row) c = Mul (a, other) t = Add (c, f)";
      assert.ok(operators(checkPasses(loop(body), loopScan, { fires: 1, ...rows(n) })).includes("Range"));
    }
  });

  it("leaves loops of other lengths, that may end early, whose states change shape, or that raise", () => {
    checkPasses(loop("row = Gather (w, i) t = Add (s, row)", "float[n,2] x, float[o,2] w"), loopScan, {
      fires: 0,
      target,
      sizes: { n: 2, o: 3 },
    });
    checkPasses(loop("row = Gather <axis = 1> (w, i) t = Add (s, row)", "float[n,2] x, float[2,n] w"), loopScan, {
      fires: 0,
      target,
      sizes: { n: 2, o: 3 },
    });
    checkPasses(
      loop("row = Gather (x, i) t = Add (s, row) go = Less (i, i)").replace("(bool on, float[2] t", "(bool go, float[2] t"),
      loopScan,
      { fires: 0, target, sizes: { n: 2, o: 3 } },
    );
    checkPasses(loop(undefined, undefined, "float[m] s"), loopScan, { fires: 0, target, sizes: { n: 2, o: 3 } });
    const raising =
      'row = Gather (x, i) t = Add (s, row) c = Less (i, i) r = If (c) <then_branch = g () => (bool e) { e = ingot.Raise <message = "m"> () }, else_branch = h () => (bool on) {}>';
    checkPasses(loop(raising), loopScan, { fires: 0, target, sizes: { n: 2, o: 3 } });
  });

  it("is for ONNX Runtime alone, which gives the same", async function () {
    checkPasses(loop(), loopScan, { fires: 0 });
    if (onnxruntimeEngine.unavailable()) this.skip();
    const graph = graphFrom(loop());
    await using executable = await onnxruntimeEngine.prepare(graph);
    assert.ok(operators(executable.graph).includes("Scan"));
    for (const n of [0, 1, 5]) {
      const x = Storage.from(
        "float32",
        Array.from({ length: 2 * n }, (_, i) => i - 2),
        [n, 2],
      );
      const [want, got] = [runGraph(graph, [x, x]), await executable.run([x, x])].map((r) =>
        r.map((v) => [asStorage(v).shape, asStorage(v).toNumbers()]),
      );
      assert.deepEqual(got, want);
    }
  });
});
