// Lists that a loop fills, as stacks.
import assert from "node:assert/strict";
import { runGraph } from "../../../src/ops/run-graph.ts";
import { sequenceScan } from "../../../src/passes/rules/sequence-scan.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, graphFrom, operators } from "../../support/check-rule.ts";

const int64 = (value: number) => Storage.from("int64", [value], []);
const turns = (n: number) => ({ feeds: [int64(n)], sizes: { n: 3 } });

interface Parts {
  readonly start?: string;
  readonly append?: string;
  /** Nodes of the body before that. */
  readonly before?: string;
  readonly behind?: string;
  readonly outputs?: string;
  readonly constants?: string;
  readonly header?: string;
}
/** Appends each state to a list. */
const loop = ({
  start = "SequenceEmpty ()",
  append = "SequenceInsert (l, t)",
  before = "",
  behind = "y = ConcatFromSequence <axis = 0, new_axis = 1> (list)",
  outputs = "float[?,n] y",
  constants = "",
  header = "int64 m, float[n] x",
}: Parts = {}) => `main (${header}) => (float[n] h, ${outputs}) <int64 zero = {0}, int64 minus = {-1}${constants}>
{ e = ${start}
  h, list, z = Loop (m, "", x, e) <body = b (int64 i, bool on, float[n] s, seq(float[n]) l) => (bool on, float[n] t, seq(float[n]) k, float[n] s)
    { t = Add (s, x) ${before} k = ${append} }>
  ${behind} }`;

describe("sequence-scan", () => {
  it("stacks what a loop appends, behind its other results", () => {
    for (const n of [1, 4]) {
      const after = checkPasses(loop(), sequenceScan, { fires: 1, ...turns(n) });
      assert.deepEqual(
        operators(after).filter((op) => op.includes("Sequence")),
        ["SequenceEmpty"],
      );
    }
    const counted = loop({ header: "float[n] x", constants: ", int64 m = {3}" });
    assert.deepEqual(operators(checkPasses(counted, sequenceScan, { fires: 1 })), ["SequenceEmpty", "Loop", "Add", "Identity"]);
  });

  it("fails for an empty list, as before", () => {
    const graph = graphFrom(loop());
    const x = Storage.from("float32", [1, 2], [2]);
    assert.throws(() => runGraph(graph, [int64(0), x]), { code: "InvalidArgument" });
    const after = checkPasses(graph, sequenceScan, { fires: 1, ...turns(2) });
    assert.throws(() => runGraph(after, [int64(0), x]), { code: "RaisedError", summary: /a list of tensors to stack is empty/ });
  });

  it("reads places and the length from the stack, in branches too", () => {
    const behind = `first = SequenceAt (list, zero) last = SequenceAt (list, minus) y = Sub (last, first)
      w = SequenceLength (list) c = Less (zero, w)
      v = If (c) <then_branch = g () => (float[n] p) { p = SequenceAt (list, zero) }, else_branch = f () => (float[n] x) {}>`;
    for (const n of [1, 3])
      checkPasses(loop({ behind, outputs: "float[n] y, int64 w, float[n] v" }), sequenceScan, { fires: 1, ...turns(n) });
  });

  it("leaves lists that begin with something, that are read in the loop or elsewhere, or filled in another way", () => {
    const refused: readonly Parts[] = [
      { start: "SequenceConstruct (x)" },
      { append: "SequenceInsert (l, t, zero)" },
      { append: "SequenceInsert (l, t) o = SequenceLength (l)" },
      { append: "SequenceInsert (g, t)", before: "g = SequenceInsert (l, s)" },
      { behind: "y = ConcatFromSequence <axis = 0> (list)", outputs: "float[?] y" },
      { behind: "y = ConcatFromSequence <axis = 1, new_axis = 1> (list)", outputs: "float[n,?] y" },
      { behind: "w = Identity (list) y = ConcatFromSequence <axis = 0, new_axis = 1> (list)", outputs: "float[?,n] y, seq(float[n]) w" },
    ];
    for (const parts of refused) checkPasses(loop(parts), sequenceScan, { fires: 0, ...turns(2) });
  });

  it("leaves tensors whose sizes change from turn to turn", () => {
    const text = `main (int64 m, float[1] x) => (float[?] y) <int64 zero = {0}>
    { e = SequenceEmpty ()
      h, list = Loop (m, "", x, e) <body = b (int64 i, bool on, float[n] s, seq(float[k]) l) => (bool on, float[o] t, seq(float[k]) k2)
        { t = Concat <axis = 0> (s, x) k2 = SequenceInsert (l, t) }>
      y = SequenceAt (list, zero) }`;
    checkPasses(text, sequenceScan, { fires: 0, feeds: [int64(3)] });
  });
});
