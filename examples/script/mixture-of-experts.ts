// A mixture of experts: each token is read by the two experts that the gate gives most weight. No other expert computes.
//
//     npx tsx examples/script/mixture-of-experts.ts
import { nn, randn, script, stack, type Tensor, zerosLike } from "../../src/index.ts";

/** Two products with an activation between them. */
export class Expert extends nn.Module {
  readonly up: nn.Linear;
  readonly down: nn.Linear;

  constructor(features: number, inner: number) {
    super();
    this.up = new nn.Linear(features, inner);
    this.down = new nn.Linear(inner, features);
  }

  forward(x: Tensor): Tensor {
    return this.down.forward(nn.functional.silu(this.up.forward(x)));
  }
}

export class MixtureOfExperts extends nn.Module {
  static readonly inputs = ({ gate }: MixtureOfExperts) => ({ tokens: `float32[count=6, ${gate.inFeatures}]` });
  readonly gate: nn.Linear;
  readonly experts: nn.ModuleList<Expert>;
  readonly active: number;

  constructor(features: number, experts: number, active = 2) {
    super();
    this.gate = new nn.Linear(features, experts);
    this.experts = new nn.ModuleList(Array.from({ length: experts }, () => new Expert(features, 2 * features)));
    this.active = active;
  }

  /** tokens [count, features] → [count, features] */
  forward(tokens: Tensor): Tensor {
    const outputs: Tensor[] = [];
    for (let t = 0; t < tokens.size(0); t++) outputs.push(this.route(tokens.select(0, t)));
    return stack(outputs);
  }

  /** One token [features]. */
  route(token: Tensor): Tensor {
    const { values, indices } = this.gate.forward(token).topk(this.active);
    const weights = values.softmax(0);
    let sum = zerosLike(token);
    for (let rank = 0; rank < this.active; rank++) {
      const chosen = indices.select(0, rank).item();
      for (const [i, expert] of [...this.experts].entries())
        if (chosen === i) sum = sum.add(expert.forward(token).mul(weights.select(0, rank)));
    }
    return sum;
  }
}

if (process.argv[1] === import.meta.filename) {
  const layer = nn.seeded(0, () => new MixtureOfExperts(8, 4));
  const scripted = await script(layer);
  const tokens = randn([6, 8], { seed: 1 });
  console.log(`experts of each token: ${JSON.stringify(layer.gate.forward(tokens).topk(2).indices.toArray())}`);
  const output = await scripted.run(tokens);
  console.log(`output [${output.shape.join(", ")}], mean ${output.mean().item().toFixed(5)}`);
  await scripted.close();
}
