// A model as `ingot trace` takes it: the default export, with the inputs that it expects.
import { nn } from "ingot";

export default class Digits extends nn.Module {
  static inputs = "float32[batch=2, 1, 8, 8]";
  conv = new nn.Conv2d(1, 4, 3, { padding: 1 });
  norm = new nn.BatchNorm2d(4);
  fc = new nn.Linear(4 * 8 * 8, 10);

  forward(image) {
    return this.fc.forward(this.norm.forward(this.conv.forward(image)).relu().flatten(1));
  }
}
