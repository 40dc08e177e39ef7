// The models whose saved files the peers judge: small ones for each kind of layer and of file, and two of the zoo with statistics that make
// their answers differ from image to image.
import { join } from "node:path";
import { image, models, nn, randn, Tensor, trace } from "../src/index.ts";
import { LayerNorm } from "../src/nn/norm.ts";
import { exportModel } from "../src/onnx/export.ts";
import { writeModel } from "../src/onnx/write-file.ts";
import { writeSafetensors } from "../src/weights/safetensors.ts";

/** A saved file, with inputs and eager's outputs beside it as safetensors: `in.<name>`, `out.<position>`. */
export interface SavedModel {
  readonly name: string;
  readonly path: string;
  readonly tensors: string;
  /** Fit for a slow evaluator. */
  readonly small: boolean;
  /** Peers that cannot judge it, and why. */
  readonly skip: Readonly<Record<string, string>>;
}

class Mlp extends nn.Module {
  readonly fc1 = new nn.Linear(16, 64);
  readonly fc2 = new nn.Linear(64, 10);
  forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x).relu()).softmax(-1);
  }
}

class ConvNet extends nn.Module {
  readonly conv1 = new nn.Conv2d(3, 8, 3, { padding: 1 });
  readonly norm = new nn.BatchNorm2d(8);
  readonly conv2 = new nn.Conv2d(8, 8, 3, { padding: 1, groups: 4 });
  readonly pool = new nn.MaxPool2d(2);
  readonly fc = new nn.Linear(8, 10);
  forward(x: Tensor): Tensor {
    const h = this.norm.forward(this.conv1.forward(x)).relu();
    return this.fc.forward(this.pool.forward(this.conv2.forward(h).add(h)).mean([2, 3]));
  }
}

class Block extends nn.Module {
  readonly norm = new LayerNorm([32]);
  readonly query = new nn.Linear(32, 32);
  readonly key = new nn.Linear(32, 32);
  readonly value = new nn.Linear(32, 32);
  readonly fc = new nn.Linear(32, 10);
  readonly gelu = new nn.GELU();
  forward(x: Tensor): Tensor {
    const h = this.norm.forward(x);
    const weights = this.query
      .forward(h)
      .matmul(this.key.forward(h).transpose(1, 2))
      .mul(32 ** -0.5)
      .softmax(-1);
    return this.fc.forward(this.gelu.forward(weights.matmul(this.value.forward(h)).add(x)));
  }
}

/** Reads a sequence both ways, in two layers; its answer is a choice of 100. */
class Reader extends nn.Module {
  readonly lstm = new nn.LSTM(16, 32, { numLayers: 2, bidirectional: true, batchFirst: true });
  readonly fc = new nn.Linear(64, 100);
  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x)[0].select(1, -1));
  }
}

const picture = (seed: number) => Tensor.fromStorage(image.preprocessRgb(image.renderImage(seed)));

interface Case {
  readonly model: nn.Module & { forward(x: Tensor): Tensor };
  readonly input: Tensor;
  readonly dynamic: Readonly<Record<number, string>>;
  readonly small: boolean;
  readonly skip?: SavedModel["skip"];
}

const reader = () => ({ model: new Reader(), input: randn([3, 9, 16], { seed: 4 }), small: true });

const cases: Readonly<Record<string, () => Case>> = {
  mlp: () => ({ model: new Mlp(), input: randn([3, 16], { seed: 1 }), dynamic: { 0: "batch" }, small: true }),
  convnet: () => ({ model: new ConvNet(), input: randn([2, 3, 12, 12], { seed: 2 }), dynamic: { 0: "batch" }, small: true }),
  block: () => ({ model: new Block(), input: randn([2, 7, 32], { seed: 3 }), dynamic: { 0: "batch", 1: "seq" }, small: true }),
  lstm: () => ({
    ...reader(),
    dynamic: { 0: "batch", 1: "seq" },
    skip: { tract: "its LSTM needs a batch that the file states, as lstm-fixed does" },
  }),
  "lstm-fixed": () => ({ ...reader(), dynamic: {} }),
  resnet18: () => calibrated(models.resnet18({ seed: 0 })),
  mobilenet_v2: () => calibrated(models.mobilenetV2({ seed: 0 })),
  vit_b_16: () => ({ model: vit(), input: picture(7), dynamic: { 0: "batch" }, small: false }),
};

/** As in torchvision, the head starts at zero, which would give every class the same score. */
function vit(): Case["model"] {
  const model = models.vitB16({ seed: 0 });
  const head = randn([1000, 768], { seed: 5 }).mul(0.02);
  model.loadStateDict(new Map([["heads.head.weight", head]]), { strict: false });
  return model;
}

function calibrated(model: Case["model"]): Case {
  nn.calibrate(model, [1, 2, 3, 4, 5, 6].map(picture));
  return { model, input: picture(7), dynamic: { 0: "batch" }, small: false };
}

/** Traces and saves every case: as it is, for opset 13, and with external data. */
export async function saveModels(folder: string, progress: (what: string) => void): Promise<SavedModel[]> {
  const saved: SavedModel[] = [];
  for (const [name, make] of Object.entries(cases)) {
    progress(`saving ${name}`);
    const { model, input, dynamic, small, skip = {} } = make();
    model.eval();
    const eager = model.forward(input);
    const traced = await trace(model, input, { dynamic: [dynamic], names: ["x"] });
    const tensors = join(folder, `${name}.tensors.safetensors`);
    await writeSafetensors(tensors, [
      ["in.x", input.storage],
      ["out.0", eager.storage],
    ]);
    const add = async (kind: string, write: (path: string) => Promise<unknown>) => {
      const path = join(folder, `${name}${kind}.onnx`);
      await write(path);
      saved.push({ name: name + kind, path, tensors, small, skip });
    };
    await add("", (path) => traced.save(path));
    await add("-opset13", (path) => writeModel(path, exportModel(traced.graph, { maxOpset: 13 }).model));
    await add("-external", (path) => traced.save(path, { externalData: true }));
    await traced.close();
  }
  return saved;
}
