// Models that the measurements serve, as the bytes of .onnx files.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { models, nn, randn, trace } from "../../src/index.ts";

/** A chain of Linear and ReLU layers through these widths; input `x: [batch, widths[0]]`. */
export function mlp(...widths: readonly number[]): Promise<Uint8Array> {
  const layers = widths.slice(1).flatMap((width, i) => {
    const linear = new nn.Linear(widths[i] as number, width);
    return i === widths.length - 2 ? [linear] : [linear, new nn.ReLU()];
  });
  return bytesOf(new nn.Sequential(...layers).eval(), [2, widths[0] as number]);
}

/** ResNet-18 with random weights; input `x: [batch, 3, 224, 224]`. */
export const resnet18 = (): Promise<Uint8Array> => bytesOf(models.resnet18({ seed: 0 }).eval(), [2, 3, 224, 224]);

/** ResNet-152 with random weights; input `x: [batch, 3, 224, 224]`. */
export const resnet152 = (): Promise<Uint8Array> => bytesOf(models.resnet152({ seed: 0 }).eval(), [2, 3, 224, 224]);

async function bytesOf(model: nn.Module, shape: readonly number[]): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-model-"));
  try {
    const traced = await trace(model as never, randn(shape, { seed: 1 }), { dynamic: [{ 0: "batch" }], names: ["x"] });
    await traced.save(join(folder, "m.onnx"));
    await traced.close();
    return readFileSync(join(folder, "m.onnx"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
