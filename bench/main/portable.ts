// The saved file: standard operators only, loads everywhere, and its certificate can be replayed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randn, Tensor, topk, trace, verifyCertificate } from "../../src/index.ts";
import { resnet152 } from "../../src/models/index.ts";
import { Storage } from "../../src/tensor/storage.ts";
import type { Measured } from "../figure.ts";
import { nativeSession } from "./native-session.ts";

export async function* portable(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("tracing and saving ResNet-152");
  const x = randn([1, 3, 224, 224], { seed: 1 });
  const model = resnet152({ seed: 0 }).eval();
  const expected = String(topk(model.forward(x), 5).indices);
  const traced = await trace(model, x);
  const foreign = [...traced.graph.nodes()].filter((n) => n.op.includes(".")).length;
  yield { name: "operators outside ONNX's standard in the saved ResNet-152", value: foreign, unit: "nodes", bar: "= 0", spread: "" };
  let same = 0;
  const levels = ["disabled", "basic", "extended", "all"] as const;
  for (const level of levels) {
    progress(`onnxruntime-node, optimisation ${level}`);
    const native = await nativeSession(traced.graph, 1, x, level);
    if (!native) return progress("onnxruntime-node is not installed");
    const y = Tensor.fromStorage(Storage.of("float32", (await native.run()) as Float32Array<ArrayBuffer>, [1, 1000]));
    if (String(topk(y, 5).indices) === expected) same++;
    await native.release();
  }
  yield {
    name: "optimisation levels of onnxruntime-node that load the file and give eager's top-5",
    value: same,
    unit: "of 4",
    bar: "= 4",
    spread: levels.join(", "),
  };
  const folder = mkdtempSync(join(tmpdir(), "ingot-bench-"));
  try {
    progress("replaying the certificate");
    const path = join(folder, "resnet152.onnx");
    await traced.save(path);
    const report = await verifyCertificate(path);
    yield {
      name: "certificate of resnet152.onnx replayed without the model's code",
      value: report.ok ? 1 : 0,
      unit: "(1 = agrees)",
      bar: "= 1",
      spread: report.rows.map((r) => r.engine).join(", "),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await traced.close();
  }
}
