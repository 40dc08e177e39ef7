// Products with reciprocals.
import assert from "node:assert/strict";
import fc from "fast-check";
import { mulReciprocal } from "../../../src/passes/rules/reciprocal.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const text = (first: string, second: string, one = "1", type = "float") => `main (${type}[3] x, ${type}[3] z) => (${type}[3] y)
<${type} one = {${one}}> { p = Exp (x) r = ${first} y = ${second} }`;

describe("mul-reciprocal", () => {
  it("divides, whichever way the reciprocal is written", () => {
    for (const first of ["Reciprocal (p)", "Div (one, p)"])
      for (const second of ["Mul (r, z)", "Mul (z, r)"]) {
        const graph = checkPasses(text(first, second), mulReciprocal, { fires: 1 });
        assert.deepEqual(operators(graph), ["Exp", "Div"]);
        assert.equal(graph.lastNode?.inputs[0]?.name, "z");
      }
  });

  it("says no to 2 / x, a second reader, integers, and a 1 that broadcasts", () => {
    refuses(text("Div (one, p)", "Mul (r, z)", "2"), mulReciprocal, /not 1/);
    refuses(text("Reciprocal (p)", "Mul (r, z)").replace("[3] y", "[3] y, float[3] r"), mulReciprocal, /./);
    refuses(text("Div (one, x)", "Mul (r, z)", "1", "int32").replace("p = Exp (x)", ""), mulReciprocal, /integers/);
    refuses(
      text("Div (one, p)", "Mul (r, z)", "1, 1").replace("float one", "float[2,1] one").replace("float[3] y", "float[2,3] y"),
      mulReciprocal,
      /shape of x/,
    );
  });

  it("computes the same for random shapes and dtypes", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const type = dice.pick(["float", "double", "float16"]);
        const source = text(dice.pick(["Reciprocal (p)", "Div (one, p)"]), dice.pick(["Mul (r, z)", "Mul (z, r)"]), "1", type);
        checkPasses(source.replace("[3] z", dice.pick(["[3] z", "[1] z", "[n,3] z", "[n,1] z"])).replace("[3] y", "[] y"), mulReciprocal, {
          seed,
          fires: 1,
        });
      }),
      { numRuns: 60 },
    );
  });
});
