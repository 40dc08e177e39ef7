// A model in TypeScript, with a helper and types of its own.
import { nn, type Tensor } from "ingot";

const widths: readonly number[] = [8, 16, 4];

export default class Mlp extends nn.Module {
  static inputs = "float32[batch=3, 8]";
  readonly layers = new nn.ModuleList(widths.slice(1).map((width, i) => new nn.Linear(widths[i] ?? 0, width)));

  forward(x: Tensor): Tensor {
    let h: Tensor = x;
    for (const [i, layer] of [...this.layers].entries()) h = i === 0 ? layer.forward(h).relu() : layer.forward(h);
    return h.softmax(-1);
  }
}
