// Small models that tests trace, save and run.
import { nn, type Tensor } from "../../src/index.ts";

/** conv → batch norm → ReLU → conv with a residual sum → ReLU → mean → linear: what the fusions for ONNX Runtime look for. */
export class Residual extends nn.Module {
  readonly conv1 = new nn.Conv2d(3, 8, 3, { padding: 1, bias: false });
  readonly bn1 = new nn.BatchNorm2d(8);
  readonly conv2 = new nn.Conv2d(8, 8, 3, { padding: 1 });
  readonly fc = new nn.Linear(8, 6);

  forward(x: Tensor): Tensor {
    const a = this.bn1.forward(this.conv1.forward(x)).relu();
    const b = this.conv2.forward(a).add(a).relu();
    return this.fc.forward(b.mean([2, 3]));
  }
}

/** Normalises, projects, and goes through GELU: operators of opsets 17 and 20. */
export class Modern extends nn.Module {
  readonly norm = new nn.LayerNorm(4);
  readonly act = new nn.GELU();

  forward(x: Tensor): Tensor {
    return this.act.forward(this.norm.forward(x));
  }
}
