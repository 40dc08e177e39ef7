// LSTM, GRU and RNN beside PyTorch's equations, written out step by step.
import assert from "node:assert/strict";
import fc from "fast-check";
import { randn, tensor } from "../../src/eager/create.ts";
import { cat, flip } from "../../src/eager/functions/shape.ts";
import type { NestedArray, Tensor } from "../../src/eager/tensor.ts";
import { trace } from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";

const close = (a: Tensor, b: Tensor | NestedArray, atol = 1e-5) => {
  const expected = typeof b === "object" && "shape" in b ? b : tensor(b);
  assert.ok(a.allclose(expected, { atol }), `${a}\n${expected}`);
};

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
type Row = readonly number[];
interface Weights {
  readonly ih: readonly Row[];
  readonly hh: readonly Row[];
  readonly bIh: Row;
  readonly bHh: Row;
}
interface State {
  readonly h: Row;
  readonly c: Row;
}

const product = (rows: readonly Row[], x: Row) => rows.map((row) => row.reduce((sum, w, i) => sum + w * (x[i] as number), 0));

/** Each gate's part that comes from the input, and the part that comes from the state, biases included. */
function gates({ ih, hh, bIh, bHh }: Weights, x: Row, h: Row): (gate: number, unit: number) => readonly [number, number] {
  const fromInput = product(ih, x).map((v, i) => v + (bIh[i] as number));
  const fromState = product(hh, h).map((v, i) => v + (bHh[i] as number));
  return (gate, unit) => [fromInput[gate * h.length + unit] as number, fromState[gate * h.length + unit] as number];
}

/** PyTorch's documentation, in numbers. */
const steps: Readonly<Record<"LSTM" | "GRU" | "RNN", (w: Weights, x: Row, state: State) => State>> = {
  LSTM(w, x, { h, c }) {
    const gate = gates(w, x, h);
    const sum = (g: number, u: number) => gate(g, u)[0] + gate(g, u)[1];
    const cell = c.map((old, u) => sigmoid(sum(1, u)) * old + sigmoid(sum(0, u)) * Math.tanh(sum(2, u)));
    return { h: cell.map((value, u) => sigmoid(sum(3, u)) * Math.tanh(value)), c: cell };
  },
  GRU(w, x, { h, c }) {
    const gate = gates(w, x, h);
    const sum = (g: number, u: number) => gate(g, u)[0] + gate(g, u)[1];
    const next = h.map((old, u) => {
      const [reset, update] = [sigmoid(sum(0, u)), sigmoid(sum(1, u))];
      const fresh = Math.tanh(gate(2, u)[0] + reset * gate(2, u)[1]);
      return (1 - update) * fresh + update * old;
    });
    return { h: next, c };
  },
  RNN(w, x, { h, c }) {
    const gate = gates(w, x, h);
    return { h: h.map((_, u) => Math.tanh(gate(0, u)[0] + gate(0, u)[1])), c };
  },
};

const numbers = (layer: nn.Module, key: string) => (layer.stateDict().get(key) as Tensor).toArray();
const weightsOf = (layer: nn.Module, suffix: string): Weights => ({
  ih: numbers(layer, `weight_ih_${suffix}`) as number[][],
  hh: numbers(layer, `weight_hh_${suffix}`) as number[][],
  bIh: numbers(layer, `bias_ih_${suffix}`) as number[],
  bHh: numbers(layer, `bias_hh_${suffix}`) as number[],
});

/** One direction of one layer over a sequence. */
function walk(kind: keyof typeof steps, w: Weights, xs: readonly Row[], start: State): { readonly outputs: Row[]; readonly last: State } {
  let state = start;
  const outputs = xs.map((x) => {
    state = steps[kind](w, x, state);
    return state.h;
  });
  return { outputs, last: state };
}

const kinds = { LSTM: nn.LSTM, GRU: nn.GRU, RNN: nn.RNN } as const;

/** Outputs alone, from all kinds. */
const outputOf = (layer: nn.LSTM | nn.GRU | nn.RNN, x: Tensor): Tensor => layer.forward(x)[0];

describe("recurrent layers, one unit by hand", () => {
  const one = (layer: nn.LSTM | nn.GRU | nn.RNN, gateCount: number, ih: Row) => {
    const column = (values: Row) => tensor(values.map((v) => [v]));
    layer.loadStateDict({
      weight_ih_l0: column(ih),
      weight_hh_l0: column(new Array<number>(gateCount).fill(0)),
      bias_ih_l0: tensor(new Array<number>(gateCount).fill(0)),
      bias_hh_l0: tensor(new Array<number>(gateCount).fill(0)),
    });
    return layer;
  };

  it("an LSTM with its input gate open, its output gate half open and its forget gate closed", () => {
    // Gates input, forget, cell, output: c = σ(50)·tanh(1) = tanh(1), then h = σ(0)·tanh(c).
    const lstm = one(new nn.LSTM(1, 1), 4, [50, -50, 1, 0]) as nn.LSTM;
    const [output, [h, c]] = lstm.forward(tensor([[[1]]]), [tensor([[[7]]]), tensor([[[9]]])]);
    close(c, [[[Math.tanh(1)]]]);
    close(h, [[[0.5 * Math.tanh(Math.tanh(1))]]]);
    close(output, h);
  });

  it("a GRU keeps its state as far as its update gate is open", () => {
    // Gates reset, update, new: z = σ(0) = 1/2, n = tanh(1), h = (n + 3) / 2.
    const gru = one(new nn.GRU(1, 1), 3, [0, 0, 1]) as nn.GRU;
    close(gru.forward(tensor([[[1]]]), tensor([[[3]]]))[1], [[[(Math.tanh(1) + 3) / 2]]]);
  });

  it("an RNN with tanh and with ReLU", () => {
    close(outputOf(one(new nn.RNN(1, 1), 1, [2]), tensor([[[1]], [[-1]]])), [[[Math.tanh(2)]], [[Math.tanh(-2)]]]);
    close(outputOf(one(new nn.RNN(1, 1, { nonlinearity: "relu" }), 1, [2]), tensor([[[1]], [[-1]]])), [[[2]], [[0]]]);
  });
});

describe("recurrent layers", () => {
  for (const kind of ["LSTM", "GRU", "RNN"] as const) {
    const make = (options: nn.RecurrentOptions = {}, input = 3, hidden = 4, seed = 0) =>
      nn.seeded(seed, () => new kinds[kind](input, hidden, options)).eval();

    it(`${kind} follows PyTorch's equations, through two layers and both directions`, () => {
      fc.assert(
        fc.property(fc.nat(1000), fc.integer({ min: 1, max: 5 }), (seed, length) => {
          const layer = make({ numLayers: 2, bidirectional: true }, 3, 2, seed);
          const states = [randn([4, 1, 2], { seed: seed + 1 }), randn([4, 1, 2], { seed: seed + 2 })] as const;
          const x = randn([length, 1, 3], { seed });
          const start = (i: number): State => {
            const [h, c] = states.map((s) => s.index(i, 0).toArray() as number[]) as [number[], number[]];
            return { h, c };
          };
          let rows = x.squeeze(1).toArray() as Row[];
          const ended: Row[] = [];
          for (let l = 0; l < 2; l++) {
            const forth = walk(kind, weightsOf(layer, `l${l}`), rows, start(2 * l));
            const back = walk(kind, weightsOf(layer, `l${l}_reverse`), rows.toReversed(), start(2 * l + 1));
            ended.push(forth.last.h, back.last.h);
            rows = forth.outputs.map((row, t) => [...row, ...(back.outputs[length - 1 - t] as Row)]);
          }
          const [output, last] = layer instanceof nn.LSTM ? layer.forward(x, states) : layer.forward(x, states[0]);
          close(
            output.squeeze(1),
            rows.map((row) => [...row]),
          );
          close(
            (Array.isArray(last) ? last[0] : last).squeeze(1),
            ended.map((row) => [...row]),
          );
        }),
        { numRuns: 10 },
      );
    });

    it(`${kind} goes on from the state that it ended in`, () => {
      const layer = make({ numLayers: 2 });
      const x = randn([6, 2, 3], { seed: 1 });
      const [first, rest] = [x.slice(0, 0, 2), x.slice(0, 2)];
      if (layer instanceof nn.LSTM) {
        const [a, state] = layer.forward(first);
        close(cat([a, layer.forward(rest, state)[0]], 0), layer.forward(x)[0]);
      } else {
        const [a, state] = layer.forward(first);
        close(cat([a, layer.forward(rest, state)[0]], 0), layer.forward(x)[0]);
      }
    });

    it(`${kind} takes the batch first, or no batch`, () => {
      const [layer, batchFirst] = [make(), make({ batchFirst: true })];
      const x = randn([5, 2, 3], { seed: 1 });
      close(outputOf(batchFirst, x.transpose(0, 1)).transpose(0, 1), outputOf(layer, x));
      close(outputOf(layer, x.select(1, 1)), outputOf(layer, x).select(1, 1));
    });

    it(`${kind} backwards is forwards on the sequence turned round`, () => {
      const both = make({ bidirectional: true });
      const back = make();
      back.loadStateDict(
        Object.fromEntries([...back.stateDict().keys()].map((key) => [key, both.stateDict().get(`${key}_reverse`) as Tensor])),
      );
      const x = randn([5, 2, 3], { seed: 1 });
      close(outputOf(both, x).narrow(2, 4, 4), flip(outputOf(back, flip(x, 0)), 0));
    });

    it(`${kind} without biases adds none`, () => {
      const layer = make({ bias: false });
      assert.deepEqual([...layer.stateDict().keys()], ["weight_ih_l0", "weight_hh_l0"]);
      const withZeros = make();
      for (const [key, value] of withZeros.stateDict())
        withZeros.setParameter(key, key.startsWith("bias") ? value.mul(0) : (layer.stateDict().get(key) as Tensor));
      const x = randn([5, 2, 3], { seed: 1 });
      close(outputOf(layer, x), outputOf(withZeros, x));
    });

    it(`${kind} traces for every length and batch, from zeros and from a state, checked on both engines`, async () => {
      const layer = make({ numLayers: 2, bidirectional: true, batchFirst: true });
      const state = (batch: number) => {
        const [h, c] = [randn([4, batch, 4], { seed: 3 }), randn([4, batch, 4], { seed: 4 })] as const;
        return kind === "LSTM" ? [h, c] : h;
      };
      const x = (batch: number, length: number) => randn([batch, length, 3], { seed: 1 });
      const states = kind === "LSTM" ? [{ 1: "batch" }, { 1: "batch" }] : [{ 1: "batch" }];
      const traced = await trace(layer, x(2, 5), { dynamic: [{ 0: "batch", 1: "seq" }] });
      const behind = await trace(layer, [x(2, 5), state(2)], { dynamic: [{ 0: "batch", 1: "seq" }, ...states] });
      try {
        const [fromZeros] = (await traced.run(x(3, 9))) as [Tensor, unknown];
        close(fromZeros, outputOf(layer, x(3, 9)));
        const [fromState] = (await behind.run([x(3, 9), state(3)])) as [Tensor, unknown];
        const [eager] = (layer as { forward(x: Tensor, state: unknown): [Tensor, unknown] }).forward(x(3, 9), state(3));
        close(fromState, eager);
        assert.ok(!fromState.allclose(fromZeros));
      } finally {
        await traced.close();
        await behind.close();
      }
    });
  }

  it("have PyTorch's parameters in its order, and print as its layers do", () => {
    const lstm = new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true, dropout: 0.5 });
    assert.deepEqual(
      [...lstm.stateDict()].map(([key, value]) => `${key} ${value.shape.join("×")}`),
      [0, 1].flatMap((layer) =>
        ["", "_reverse"].flatMap((way) => [
          `weight_ih_l${layer}${way} 20×${layer === 0 ? 3 : 10}`,
          `weight_hh_l${layer}${way} 20×5`,
          `bias_ih_l${layer}${way} 20`,
          `bias_hh_l${layer}${way} 20`,
        ]),
      ),
    );
    assert.equal(String(lstm), "LSTM(3, 5, num_layers=2, dropout=0.5, bidirectional=True)");
    assert.equal(String(new nn.GRU(3, 5, { batchFirst: true, bias: false })), "GRU(3, 5, bias=False, batch_first=True)");
  });

  it("drop outputs between layers in train mode only", () => {
    const layer = nn.seeded(0, () => new nn.LSTM(3, 4, { numLayers: 2, dropout: 1, seed: 1 }));
    const x = randn([5, 2, 3], { seed: 1 });
    // The second layer sees zeros: what comes out does not depend on what goes in.
    close(layer.forward(x)[0], layer.forward(x.mul(3))[0]);
    assert.ok(
      !layer
        .eval()
        .forward(x)[0]
        .allclose(layer.forward(x.mul(3))[0]),
    );
  });

  it("refuse inputs and states that do not fit", () => {
    const layer = new nn.LSTM(3, 4);
    assert.throws(() => layer.forward(randn([5, 2, 2], { seed: 1 })), {
      code: "ShapeMismatch",
      summary: /\[5, 2, 2\], expected \[\.\.\., 3\]/,
    });
    assert.throws(() => layer.forward(randn([3], { seed: 1 })), { code: "RankMismatch" });
    const state = randn([1, 3, 4], { seed: 1 });
    assert.throws(() => layer.forward(randn([5, 2, 3], { seed: 1 }), [state, state]), {
      code: "ShapeMismatch",
      summary: /\[1, 3, 4\], expected \[1, 2, 4\]/,
    });
    assert.throws(() => new nn.GRU(3, 0), { code: "InvalidArgument" });
    assert.throws(() => new nn.RNN(3, 2, { dropout: 2 }), { code: "InvalidArgument" });
  });
});
