// onnxruntime-node's own session, as its users run it: the thing to compare with.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveOnnx } from "../../src/compile/save.ts";
import { randn, type Tensor } from "../../src/index.ts";
import { Graph } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";

export interface NativeSession {
  run(): Promise<Float32Array>;
  release(): Promise<void>;
}

/** A session on a saved graph (`matmul`: 512³) with all of ONNX Runtime's optimisations; undefined where the package is missing. */
export async function nativeSession(
  source: "matmul" | Graph,
  threads: number,
  input?: Tensor,
  level: "disabled" | "basic" | "extended" | "all" = "all",
): Promise<NativeSession | undefined> {
  const ort = await import("onnxruntime-node").catch(() => undefined);
  if (!ort) return undefined;
  const graph = source === "matmul" ? matmulGraph() : source;
  const feed = input ?? randn([512, 512], { seed: 1 });
  const folder = mkdtempSync(join(tmpdir(), "ingot-bench-"));
  try {
    const path = join(folder, "model.onnx");
    await saveOnnx(graph, path);
    const session = await ort.InferenceSession.create(path, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: level,
      logSeverityLevel: 3,
    });
    const name = session.inputNames[0] as string;
    const dims = [...feed.shape];
    const value =
      feed.dtype === "int64"
        ? new ort.Tensor("int64", feed.data as BigInt64Array, dims)
        : new ort.Tensor("float32", feed.data as Float32Array, dims);
    const feeds = { [name]: value };
    const output = session.outputNames[0] as string;
    return {
      run: async () => (await session.run(feeds))[output]?.data as Float32Array,
      release: () => session.release(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function matmulGraph(): Graph {
  const g = new Graph(registry, "matmul");
  const x = g.addInput("x", tensorType("float32", [512, 512]));
  g.setOutputs([g.add("MatMul", [x, x]).output], ["y"]);
  return g;
}
