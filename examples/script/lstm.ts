// An LSTM written out: one turn of the loop per word, as many turns as the input is long.
//
//     npx tsx examples/script/lstm.ts
import { chunk, nn, randn, script, stack, type Tensor, zeros } from "../../src/index.ts";

/** Hidden and cell state, [N, hidden] each. */
export type State = readonly [h: Tensor, c: Tensor];

/** One layer of LSTM cells over inputs [L, N, features]; gives the outputs [L, N, hidden] and the state after the last word. */
export class UnrolledLSTM extends nn.Module {
  static readonly inputs = ({ fromInput }: UnrolledLSTM) => ({ x: `float32[length=5, batch=2, ${fromInput.inFeatures}]` });
  readonly fromInput: nn.Linear;
  readonly fromHidden: nn.Linear;
  readonly hidden: number;

  constructor(features: number, hidden: number) {
    super();
    this.hidden = hidden;
    this.fromInput = new nn.Linear(features, 4 * hidden);
    this.fromHidden = new nn.Linear(hidden, 4 * hidden);
  }

  forward(x: Tensor): { readonly output: Tensor; readonly state: State } {
    let state: State = [zeros([x.size(1), this.hidden]), zeros([x.size(1), this.hidden])];
    const outputs: Tensor[] = [];
    for (let t = 0; t < x.size(0); t++) {
      state = this.cell(x.select(0, t), state);
      outputs.push(state[0]);
    }
    return { output: stack(outputs), state };
  }

  cell(x: Tensor, [h, c]: State): State {
    const gates = this.fromInput.forward(x).add(this.fromHidden.forward(h));
    const [input, forget, cell, output] = chunk(gates, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const kept = forget.sigmoid().mul(c).add(input.sigmoid().mul(cell.tanh()));
    return [output.sigmoid().mul(kept.tanh()), kept];
  }
}

if (process.argv[1] === import.meta.filename) {
  const scripted = await script(nn.seeded(0, () => new UnrolledLSTM(3, 4)));
  for (const length of [1, 5, 40]) {
    const { output, state } = await scripted.run(randn([length, 2, 3], { seed: length }));
    console.log(`${length} words: output [${output.shape.join(", ")}], last state ${state[0].mean().item().toFixed(4)}`);
  }
  await scripted.close();
}
