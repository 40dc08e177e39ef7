import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import type { Attributes } from "../../src/ir/schema.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { f32, infer, run, sym } from "../support/run-op.ts";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const close = (actual: readonly number[], expected: readonly number[], limit = 1e-6) => {
  const difference = largestDifference(actual, expected);
  assert.ok(difference <= limit, `${actual} differs from ${expected} by ${difference}`);
};

const kinds = { RNN: { gates: 1, outputs: 2 }, GRU: { gates: 3, outputs: 2 }, LSTM: { gates: 4, outputs: 3 } } as const;
type Kind = keyof typeof kinds;
const length = 5;
const hidden = 3;

/** X, W, R, B, no lengths, and initial states, for 5 steps of 2 sequences. */
function operands(kind: Kind, directions: number, seed: number, dtype: "float32" | "float64" | "float16" = "float32") {
  const tensor = randomTensors(seed);
  const { gates, outputs } = kinds[kind];
  const of = (...shape: number[]) => tensor(shape, dtype);
  const weights = [of(directions, gates * hidden, 2), of(directions, gates * hidden, hidden), of(directions, 2 * gates * hidden)];
  const initial = Array.from({ length: outputs - 1 }, () => of(directions, 2, hidden));
  return [of(length, 2, 2), ...weights, undefined, ...initial] as (Storage | undefined)[];
}

const evaluate = (kind: Kind, inputs: readonly (Storage | undefined)[], attributes: Attributes = {}) =>
  run(kind, inputs, attributes, kinds[kind].outputs);
const numbers = (list: readonly Storage[]) => list.map((s) => s.toNumbers());
/** The steps of a sequence, last first. */
const reversed = (x: Storage) => x.slice(0, (x.shape[0] as number) - 1, x.shape[0] as number, -1).contiguous();

describe("recurrent operators", () => {
  it("RNN: one number at a time", () => {
    const [y, last] = evaluate("RNN", [f32([2, 1, 1], [1, 2]), f32([1, 1, 1], [0.5]), f32([1, 1, 1], [-1]), f32([1, 2], [0.1, 0.2])]);
    const first = Math.tanh(0.5 + 0.3);
    const second = Math.tanh(1 - first + 0.3);
    close(y?.toNumbers() ?? [], [first, second]);
    close(last?.toNumbers() ?? [], [second]);
  });

  it("GRU: update, reset and candidate, with the reset before or after the weights", () => {
    const [x, h, rb] = [0.7, 0.4, 0.25];
    const w = f32([1, 3, 1], [0.5, -0.6, 0.8]);
    const r = f32([1, 3, 1], [0.3, 0.9, -0.7]);
    const b = f32([1, 6], [0, 0, 0, 0, 0, rb]);
    const [z, reset] = [sigmoid(0.5 * x + 0.3 * h), sigmoid(-0.6 * x + 0.9 * h)];
    const state = (candidate: number) => (1 - z) * candidate + z * h;
    const inputs = [f32([1, 1, 1], [x]), w, r, b, undefined, f32([1, 1, 1], [h])];
    close(numbers(evaluate("GRU", inputs))[1] ?? [], [state(Math.tanh(0.8 * x - 0.7 * reset * h + rb))]);
    close(numbers(evaluate("GRU", inputs, { linear_before_reset: 1 }))[1] ?? [], [state(Math.tanh(0.8 * x + reset * (-0.7 * h + rb)))]);
  });

  it("LSTM: input, output, forget and cell, with peepholes", () => {
    const [x, h, c] = [0.7, 0.4, -0.3];
    const inputs = [
      f32([1, 1, 1], [x]),
      f32([1, 4, 1], [0.5, -0.6, 0.8, 0.2]),
      f32([1, 4, 1], [0.3, 0.9, -0.7, 0.6]),
      undefined,
      undefined,
      f32([1, 1, 1], [h]),
      f32([1, 1, 1], [c]),
      f32([1, 3], [0.1, 0.2, 0.3]),
    ];
    const input = sigmoid(0.5 * x + 0.3 * h + 0.1 * c);
    const forget = sigmoid(0.8 * x - 0.7 * h + 0.3 * c);
    const cell = (f: number) => f * c + input * Math.tanh(0.2 * x + 0.6 * h);
    const output = (next: number) => sigmoid(-0.6 * x + 0.9 * h + 0.2 * next) * Math.tanh(next);
    close(numbers(evaluate("LSTM", inputs)).flat(), [output(cell(forget)), output(cell(forget)), cell(forget)]);
    const coupled = cell(1 - input);
    close(numbers(evaluate("LSTM", inputs, { input_forget: 1 })).flat(), [output(coupled), output(coupled), coupled]);
  });

  it("the clip bounds what goes into the activations", () => {
    const inputs = [f32([1, 1, 1], [9]), f32([1, 1, 1], [1]), f32([1, 1, 1], [0])];
    close(numbers(evaluate("RNN", inputs, { clip: 0.5 }))[1] ?? [], [Math.tanh(0.5)]);
  });

  it("named activations take their parameters in order, defaults where none are left", () => {
    const inputs = [f32([1, 1, 1], [-2]), f32([1, 1, 1], [1]), f32([1, 1, 1], [0])];
    const out = (activations: string[], more: Attributes = {}) => numbers(evaluate("RNN", inputs, { activations, ...more }))[1] ?? [];
    close(out(["leakyrelu"]), [-0.02]);
    close(out(["LeakyRelu"], { activation_alpha: [0.5] }), [-1]);
    close(out(["Affine"], { activation_alpha: [3], activation_beta: [1] }), [-5]);
    close(out(["HardSigmoid"]), [0.1]);
    close(out(["Elu"]), [Math.expm1(-2)]);
    close(out(["ThresholdedRelu"]), [0]);
    close(out(["Softplus"]), [Math.log1p(Math.exp(-2))]);
    assert.throws(() => out(["Gelu"]), { code: "InvalidArgument" });
  });

  for (const kind of ["RNN", "GRU", "LSTM"] as const) {
    it(`${kind}: backwards is forwards on the reversed sequence, and both ways are the two`, () => {
      fc.assert(
        fc.property(fc.nat(1e6), (seed) => {
          const inputs = operands(kind, 2, seed);
          const side = (d: number) => inputs.map((s, i) => (i === 0 ? s : s?.slice(0, d, 1).contiguous()));
          const both = evaluate(kind, inputs, { direction: "bidirectional" });
          const forward = evaluate(kind, side(0));
          const backward = evaluate(kind, side(1), { direction: "reverse" });
          const turned = side(1);
          turned[0] = reversed(inputs[0] as Storage);
          const mirror = evaluate(kind, turned);
          close(backward[1]?.toNumbers() ?? [], mirror[1]?.toNumbers() ?? []);
          close(backward[0]?.toNumbers() ?? [], reversed(mirror[0] as Storage).toNumbers());
          close(both[0]?.slice(1, 0, 1).toNumbers() ?? [], forward[0]?.toNumbers() ?? []);
          close(both[0]?.slice(1, 1, 1).toNumbers() ?? [], backward[0]?.toNumbers() ?? []);
        }),
        { numRuns: 20 },
      );
    });

    it(`${kind}: a shorter sequence ends at its length, zeros after it, in either direction`, () => {
      for (const direction of ["forward", "reverse"]) {
        const inputs = operands(kind, 1, 5);
        const x = inputs[0] as Storage;
        const second = (s: Storage | undefined, axis: number) => s?.slice(axis, 1, 1).contiguous();
        inputs[4] = Storage.from("int32", [length, 2], [2]);
        const padded = evaluate(kind, inputs, { direction });
        const alone = inputs.map((s, i) => (i >= 5 ? second(s, 1) : i === 4 ? undefined : s));
        alone[0] = x.slice(0, 0, 2).slice(1, 1, 1).contiguous();
        const short = evaluate(kind, alone, { direction });
        const y = padded[0]?.slice(2, 1, 1) as Storage;
        close(y.slice(0, 0, 2).toNumbers(), short[0]?.toNumbers() ?? []);
        assert.ok(
          y
            .slice(0, 2, 3)
            .toNumbers()
            .every((v) => v === 0),
        );
        padded.slice(1).forEach((s, i) => {
          close(s.slice(1, 1, 1).toNumbers(), short[i + 1]?.toNumbers() ?? []);
        });
      }
    });

    it(`${kind}: layout 1 has the batch first`, () => {
      const inputs = operands(kind, 2, 6);
      const plain = evaluate(kind, inputs, { direction: "bidirectional" });
      const turned = inputs.map((s, i) => (i === 0 || i >= 5 ? s?.transpose([1, 0, 2]).contiguous() : s));
      const batched = evaluate(kind, turned, { direction: "bidirectional", layout: 1 });
      assert.deepEqual(batched.map((s) => [...s.shape]).slice(0, 2), [
        [2, length, 2, hidden],
        [2, 2, hidden],
      ]);
      close(batched[0]?.toNumbers() ?? [], plain[0]?.transpose([2, 0, 1, 3]).toNumbers() ?? []);
      close(batched[1]?.toNumbers() ?? [], plain[1]?.transpose([1, 0, 2]).toNumbers() ?? []);
    });

    it(`${kind}: computes the same in float64 and, rounded, in float16`, () => {
      const wide = evaluate(kind, operands(kind, 1, 7, "float64"));
      close(numbers(evaluate(kind, operands(kind, 1, 7)))[0] ?? [], numbers(wide)[0] ?? []);
      const half = evaluate(kind, operands(kind, 1, 7, "float16"));
      assert.equal(half[0]?.dtype, "float16");
      close(numbers(half)[0] ?? [], numbers(wide)[0] ?? [], 4e-3);
    });
  }

  it("know their types for symbolic sizes and say which weights do not fit", () => {
    const weights = [sym(2, 16, 3), sym(2, 16, 4)];
    const both = { hidden_size: 4, direction: "bidirectional" };
    assert.deepEqual(infer("LSTM", [sym("t", "b", 3), ...weights], both, 3), ["float[t,2,b,4]", "float[2,b,4]", "float[2,b,4]"]);
    assert.deepEqual(infer("LSTM", [sym("b", "t", 3), ...weights], { ...both, layout: 1 }, 2), ["float[b,t,2,4]", "float[b,2,4]"]);
    const refuses = (inputs: Parameters<typeof infer>[1], attributes: Attributes, code: string, words: RegExp) =>
      assert.throws(
        () => infer("LSTM", inputs, attributes, 1),
        (e) => e instanceof IngotError && e.code === code && words.test(e.message),
      );
    refuses([sym("t", "b", 3), sym(1, 16, 3), sym(1, 16, 4)], both, "ShapeMismatch", /W/);
    refuses([sym("t", "b", 3), ...weights, sym(2, 16)], both, "ShapeMismatch", /B/);
    refuses([sym("t", "b", 3), ...weights], { ...both, direction: "sideways" }, "InvalidArgument", /direction/);
    refuses([sym("t", "b", 3), ...weights], { ...both, activations: ["Tanh"] }, "InvalidArgument", /activations/);
  });
});
