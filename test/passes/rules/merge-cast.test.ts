// Conversions in a row.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { mergeCast } from "../../../src/passes/rules/merge-cast.ts";
import { noOp } from "../../../src/passes/rules/no-op.ts";
import { allDTypes, dtypeInfo } from "../../../src/tensor/dtype.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const chain = (from: string, middle: number, to: number) =>
  `main (${from}[4] x) => (y) { a = Cast <to = ${middle}> (x) y = Cast <to = ${to}> (a) }`;
const [float32, int32, float16, float64, uint8, text] = [1, 6, 10, 11, 2, 8];

describe("merge-cast", () => {
  it("converts float16 to double directly", () => {
    assert.deepEqual(operators(checkPasses(chain("float16", float32, float64), mergeCast, { fires: 1 })), ["Cast"]);
  });

  it("leaves nothing of widening and narrowing back, together with no-op", () => {
    const there = `main (float16[4] x) => (float16[4] y) { n = Neg (x) a = Cast <to = 1> (n) b = Cast <to = 10> (a) y = Neg (b) }`;
    assert.deepEqual(operators(checkPasses(there, [mergeCast, noOp])), ["Neg", "Neg"]);
  });

  it("never goes around a rounding, a truncation, text, or a saturation", () => {
    refuses(chain("float", float16, float32), mergeCast, /float16 does not hold every float32/);
    refuses(chain("float", int32, float32), mergeCast, /int32 does not hold every float32/);
    refuses(chain("double", float32, float16), mergeCast, /float32 does not hold every float64/);
    refuses(chain("int32", float32, float64), mergeCast, /float32 does not hold every int32/);
    refuses(chain("float16", float32, text), mergeCast, /text/);
    refuses(chain("int8", float32, uint8), mergeCast, /wraps around/);
  });

  it("keeps every bit for all dtypes, at the ends of their ranges too", () => {
    const numbers = [
      0,
      -0,
      1,
      -1,
      0.5,
      -1.5,
      127,
      128,
      255,
      256,
      -128,
      257.5,
      32767,
      65504,
      -32768,
      65536,
      1e9,
      2 ** 31,
      -(2 ** 31),
      3e9,
      Number.NaN,
      1e30,
      Number.POSITIVE_INFINITY,
    ];
    const named = allDTypes.filter((d) => d !== "string");
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const from = dice.pick(named);
        const fits = numbers.filter((v) => dtypeInfo(from).kind === "float" || (Number.isInteger(v) && Math.abs(v) < 2 ** 53));
        let value = graph.addInput("x", tensorType(from, [fits.length]));
        for (let i = dice.int(2, 4); i > 0; i--) value = graph.add("Cast", [value], { to: dtypeInfo(dice.pick(named)).onnx }).output;
        graph.setOutputs([value]);
        checkPasses(graph, [mergeCast, noOp], { feeds: [Storage.from(from, fits, [fits.length])] });
      }),
      { numRuns: 400 },
    );
  });
});
