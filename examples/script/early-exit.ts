// A ResNet of adaptive depth: behind each stage a classifier says what it sees, and when it is sure, the rest is not computed.
// S. Teerapittayanon, B. McDanel and H. T. Kung, BranchyNet, 2016.
//
//     npx tsx examples/script/early-exit.ts
import { models, nn, randn, script, type Tensor, tensor } from "../../src/index.ts";

export interface Answer {
  /** [N, classes] */
  readonly logits: Tensor;
  /** int64 []: how many stages were computed, 1 to 4. */
  readonly stages: Tensor;
}

export class EarlyExitResNet extends nn.Module {
  static readonly inputs = "float32[1, 3, 32, 32]";
  readonly backbone: models.ResNet;
  readonly exits: nn.ModuleList<nn.Linear>;
  readonly sure: number;

  /** Leaves where the likeliest class has more than `sure` of the probability, for every image of the batch. */
  constructor(backbone: models.ResNet, classes: number, sure: number) {
    super();
    this.backbone = backbone;
    this.exits = new nn.ModuleList([64, 128, 256].map((channels) => new nn.Linear(channels, classes)));
    this.sure = sure;
  }

  forward(image: Tensor): Answer {
    const { conv1, bn1, layer1, layer2, layer3, layer4, fc } = this.backbone;
    let x = bn1.forward(conv1.forward(image)).relu();
    for (const [i, stage] of [layer1, layer2, layer3].entries()) {
      x = stage.forward(x);
      const logits = this.exits.at(i).forward(x.mean([2, 3]));
      if (logits.softmax(1).amax(1).amin().item() > this.sure) return { logits, stages: tensor(i + 1, { dtype: "int64" }) };
    }
    return { logits: fc.forward(layer4.forward(x).mean([2, 3])), stages: tensor(4, { dtype: "int64" }) };
  }
}

/** ResNet-18 for 10 classes, of random weights. */
export function adaptiveResNet(sure = 0.25): EarlyExitResNet {
  return nn.seeded(0, () => new EarlyExitResNet(models.resnet18({ numClasses: 10 }), 10, sure)).eval();
}

if (process.argv[1] === import.meta.filename) {
  const scripted = await script(adaptiveResNet());
  for (const contrast of [0.1, 1.5, 2, 4]) {
    const { logits, stages } = await scripted.run(randn([1, 3, 32, 32], { seed: 1 }).mul(contrast));
    console.log(`contrast ${contrast}: class ${logits.argmax().item()} after ${stages.item()} stages`);
  }
  await scripted.close();
}
