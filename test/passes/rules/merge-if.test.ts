// Ifs that ask the same.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseGraph } from "../../../src/ir/parse.ts";
import { registry } from "../../../src/ops/registry.ts";
import { runPasses } from "../../../src/passes/manager.ts";
import { deadCode } from "../../../src/passes/rules/dead-code.ts";
import { deadState } from "../../../src/passes/rules/dead-state.ts";
import { mergeIf } from "../../../src/passes/rules/merge-if.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { type CheckOptions, checkPasses, Dice, operators } from "../../support/check-rule.ts";

const ways: readonly CheckOptions[] = [0, 1].map((c) => ({ feeds: [Storage.from("bool", [c], [])] }));
const branches = (yes: string, no: string) =>
  `<then_branch = g () => (float[2] p) { ${yes} }, else_branch = h () => (float[2] q) { ${no} }>`;
const ifs = (graph: ReturnType<typeof checkPasses>) => operators(graph).filter((op) => op === "If").length;

/** Both ways through a graph whose first input is the condition. */
function merged(text: string, fires: number): ReturnType<typeof checkPasses> {
  const [one] = ways.map((way) => checkPasses(text, mergeIf, { ...way, fires }));
  return one as ReturnType<typeof checkPasses>;
}

describe("merge-if", () => {
  it("puts the branches behind each other, the second's reading what the first's gave", () => {
    const after = merged(
      `main (bool c, float[2] x) => (float[2] a, float[2] b)
      { a = If (c) ${branches("p = Relu (x)", "q = Neg (x)")}
        b = If (c) ${branches("p = Exp (a)", "q = Add (a, x)")} }`,
      1,
    );
    assert.deepEqual(operators(after), ["If", "Relu", "Exp", "Neg", "Add"]);
  });

  it("moves the first down past what does not read it, and the second up past what it does not read", () => {
    const down = `main (bool c, float[2] x) => (float[2] a, float[2] b)
      { a = If (c) ${branches("p = Relu (x)", "q = Neg (x)")}
        e = Exp (x)
        b = If (c) ${branches("p = Add (a, e)", "q = Mul (a, e)")} }`;
    assert.deepEqual(operators(merged(down, 1)), ["Exp", "If", "Relu", "Add", "Neg", "Mul"]);
    const up = `main (bool c, float[2] x) => (float[2] e, float[2] b)
      { a = If (c) ${branches("p = Relu (x)", "q = Neg (x)")}
        e = Exp (a)
        b = If (c) ${branches("p = Add (a, x)", "q = Mul (a, x)")} }`;
    assert.deepEqual(operators(merged(up, 1)), ["If", "Relu", "Add", "Neg", "Mul", "Exp"]);
  });

  it("leaves two apart where what stands between reads the first, also in a body, and is read by the second", () => {
    const between = [
      "e = Exp (a)",
      'e = Loop (m, "", x) <body = f (int64 i, bool on, float[2] s) => (bool on, float[2] t) { t = Add (s, a) }>',
    ];
    for (const node of between)
      merged(
        `main (bool c, float[2] x) => (float[2] b) <int64 m = {3}>
        { a = If (c) ${branches("p = Relu (x)", "q = Neg (x)")}
          ${node}
          b = If (c) ${branches("p = Add (a, e)", "q = Mul (x, x)")} }`,
        0,
      );
  });

  it("leaves Ifs apart that ask different things", () => {
    merged(
      `main (bool c, bool d, float[2] x) => (float[2] b)
      { a = If (c) ${branches("p = Relu (x)", "q = Neg (x)")} b = If (d) ${branches("p = Exp (a)", "q = Abs (a)")} }`,
      0,
    );
  });

  it("exchanges the branches where the second asks the opposite, however often it is turned around", () => {
    const text = (condition: string) => `main (bool c, float[2] x) => (float[2] b)
      { n = Not (c) nn = Not (n) nnn = Not (nn)
        a = If (n) ${branches("p = Relu (x)", "q = Neg (x)")}
        b = If (${condition}) ${branches("p = Exp (a)", "q = Abs (a)")} }`;
    for (const condition of ["c", "nn"])
      assert.deepEqual(operators(merged(text(condition), 1)).slice(3), ["If", "Relu", "Abs", "Neg", "Exp"]);
    assert.deepEqual(operators(merged(text("nnn"), 1)).slice(3), ["If", "Relu", "Exp", "Neg", "Abs"]);
  });

  it("merges a row of them, in bodies too, with what branches hand on, constants of their own and values given twice", () => {
    const after = merged(
      `main (bool c, float[2] x) => (float[2] r) <int64 m = {3}>
      { r = Loop (m, "", x) <body = f (int64 i, bool on, float[2] s) => (bool on, float[2] t)
        { a, k = If (c) <then_branch = g () => (float[2] s, float[2] o) <float[2] o = {1, 2}> {}, else_branch = h () => (float[2] q, float[2] q) { q = Tanh (s) }>
          b = If (c) <then_branch = g () => (float[2] p) <float[2] o = {3, 4}> { p = Add (a, o) }, else_branch = h () => (float[2] x) {}>
          t = If (c) ${branches("p = Mul (b, k)", "q = Sub (a, b)")} }> }`,
      2,
    );
    assert.equal(ifs(after), 1);
  });

  it("knows in a branch what the second asks there, and asks in the other", () => {
    const text = (asked: string) => `main (bool c, bool d, float[2] x) => (float[2] b)
      { a, f = If (c) <then_branch = g () => (float[2] p, bool e) { p = Relu (x) e = Identity (d) },
                       else_branch = h () => (float[2] q, bool t) <bool t = {1}> { q = Neg (x) }>
        n = Not (f)
        b = If (${asked}) ${branches("p = Exp (a)", "q = Abs (a)")} }`;
    for (const feeds of [0, 1, 2, 3].map((k) => [k & 1, k >> 1].map((v) => Storage.from("bool", [v], [])))) {
      const after = checkPasses(text("f"), mergeIf, { feeds, fires: 1 });
      assert.deepEqual(operators(after), ["If", "Relu", "Identity", "If", "Exp", "Abs", "Neg", "Exp", "Not"]);
      checkPasses(text("n"), mergeIf, { feeds, fires: 1 });
    }
    // Written twice, it would be long.
    const long = text("f").replace("p = Exp (a)", "p0 = Exp (a) p1 = Exp (p0) p2 = Exp (p1) p3 = Exp (p2) p = Exp (p3)");
    checkPasses(long, mergeIf, { fires: 0 });
  });

  it("lets nothing with an effect change places with another", () => {
    const raise = (condition: string, message: string, out: string) =>
      `${out} = If (${condition}) <then_branch = g () => (float[2] x) { e = ingot.Raise <message = "${message}"> () }, else_branch = h () => (float[2] x) {}>`;
    const text = (between: string) => `main (bool c, bool d, float[2] x) => (float[2] y)
      { ${raise("c", "first", "u")}
        ${between}
        ${raise("c", "third", "w")}
        y = Neg (x) }`;
    const calm: CheckOptions = { feeds: [0, 0].map((v) => Storage.from("bool", [v], [])) };
    checkPasses(text(raise("d", "second", "v")), mergeIf, { ...calm, fires: 0 });
    const after = checkPasses(text("z = Exp (x)"), mergeIf, { ...calm, fires: 1 });
    assert.deepEqual(operators(after), ["Exp", "If", "ingot.Raise", "ingot.Raise", "Neg"]);
    // One without an effect passes by.
    const quiet = `main (bool c, bool d, float[2] x) => (float[2] y)
      { a = If (c) ${branches("p = Relu (x)", "q = Neg (x)")} ${raise("d", "second", "v")} ${raise("c", "third", "w")} y = Neg (a) }`;
    checkPasses(quiet, mergeIf, { ...calm, fires: 1 });
  });

  it("leaves branches apart whose sizes only fit where the way is not known", () => {
    const text = `main (bool c, float[2] x, float[3] z) => (float[?] b)
      { a = If (c) <then_branch = g () => (float[2] x) {}, else_branch = h () => (float[3] z) {}>
        b = If (c) <then_branch = g () => (float[?] p) { p = Add (a, z) }, else_branch = h () => (float[?] q) { q = Add (a, x) }> }`;
    const graph = parseGraph(text, registry);
    assert.equal(runPasses(graph, [mergeIf], { verify: true }).journal.length, 0);
  });

  it("keeps names, and the origins of both", () => {
    const graph = parseGraph(
      `main (bool c, float[2] x) => (float[2] first, float[2] second)
      { first = If (c) ${branches("p = Relu (x)", "q = Neg (x)")}
        second = If (c) ${branches("p = Exp (first)", "q = Abs (first)")} }`,
      registry,
    );
    [...graph.nodes()].forEach((node, i) => {
      node.provenance = [{ source: { file: "model.ts", line: i + 1, column: 1 }, scope: undefined }];
    });
    runPasses(graph, [mergeIf], { verify: true });
    const [node, ...others] = [...graph.nodes()];
    assert.deepEqual([others.length, node?.outputs.map((v) => v.name)], [0, ["first", "second"]]);
    assert.deepEqual(
      node?.provenance.map(({ source }) => source?.line),
      [1, 2],
    );
  });

  it("gives what rows of Ifs and other nodes give, whatever reads what", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.boolean(), (seed, c) => {
        const dice = new Dice(seed);
        const values = ["x"];
        const answers = ["c", "c", "n", "d"];
        const nodes = Array.from({ length: dice.int(2, 6) }, (_, i) => {
          const read = () => dice.pick(values);
          const side = (out: string) => `${out} = ${dice.pick(["Add", "Mul", "Sub"])} (${read()}, ${read()})`;
          const answer = (out: string) => `${out} = Identity (${dice.pick(["c", "d", "yes", "yes"])})`;
          const asked = dice.pick(answers);
          if (dice.flip()) answers.push(`f${i}`);
          const node = dice.flip()
            ? `v${i}, f${i} = If (${asked}) <then_branch = g () => (float[2] p, bool r) { ${side("p")} ${answer("r")} }, else_branch = h () => (float[2] q, bool s) { ${side("q")} ${answer("s")} }>`
            : `v${i} = ${dice.pick(["Exp", "Neg", "Abs"])} (${read()}) f${i} = Not (${asked})`;
          values.push(`v${i}`);
          return node;
        });
        const text = `main (bool c, bool d, float[2] x) => (${values
          .slice(1)
          .map((v) => `float[2] ${v}`)
          .join(", ")}) <bool yes = {1}>
        { n = Not (c) ${nodes.join("\n")} }`;
        const feeds = [c, dice.flip()].map((v) => Storage.from("bool", [Number(v)], []));
        checkPasses(text, mergeIf, { feeds, seed });
        checkPasses(text, [mergeIf, deadState, deadCode], { feeds, seed });
      }),
      { numRuns: 80 },
    );
  });
});
