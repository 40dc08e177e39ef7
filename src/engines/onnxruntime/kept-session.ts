// A session kept on disk as ONNX Runtime has optimised it: the next process opens it in a few milliseconds, and processes share its weights,
// which are mapped pages. Such a file fits one release of ONNX Runtime on one kind of processor; `keptFor` names both.
import { createHash } from "node:crypto";
import { cpus } from "node:os";
import { basename } from "node:path";
import type { Graph } from "../../ir/graph.ts";
import { allNodes } from "../../ir/traverse.ts";
import { encodeToBytes } from "../../onnx/encode.ts";
import { exportModel } from "../../onnx/export.ts";
import { raiseOp } from "../../onnx/raise-nodes.ts";
import { asStorage } from "../../ops/run-graph.ts";
import type { RuntimeValue } from "../../ops/runtime-value.ts";
import type { Executable, RunOptions } from "../engine.ts";
import { hasLoops } from "../step-time.ts";
import { ortEnvironment } from "./environment.ts";
import { isLent } from "./lent-weights.ts";
import { fromOrtResult, toOrtTensor } from "./ort-data.ts";
import { OrtSession } from "./session.ts";

/** What a kept session runs: a graph of tensors, without loops. */
export type KeptExecutable = Pick<Executable, "engine" | "run" | "close">;

/** Whether a graph's session can be kept: its values are tensors, it has no loop, whose time somebody has to watch, and it raises nothing. */
export function canKeep(graph: Graph): boolean {
  const raises = () => [...allNodes(graph)].some((node) => node.op === raiseOp);
  return [...graph.inputs, ...graph.outputs].every((v) => v.type.kind === "tensor") && !hasLoops(graph) && !raises();
}

/** Which machines a kept session fits, as a part of a file's name. Throws `EngineMissing` and `EngineLibraryMissing`. */
export async function keptFor(): Promise<string> {
  const { library } = await ortEnvironment();
  const processor = createHash("sha256")
    .update(`${process.platform} ${process.arch} ${cpus()[0]?.model ?? ""}`)
    .digest("hex");
  return `${library.version}-${processor.slice(0, 12)}`;
}

/**
 * Writes the session of a graph to `path`, and its weights to `path.bin`. The two belong together under these names. Throws `EngineRejectedModel`,
 * and what a full disk makes ONNX Runtime say.
 */
export async function keepSession(graph: Graph, path: string): Promise<void> {
  const { model, lent } = exportModel(graph, { lend: isLent, valueInfo: false });
  const session = await OrtSession.create(encodeToBytes("ModelProto", model), {
    initializers: new Map([...lent].map(([name, storage]) => [name, toOrtTensor(storage)])),
    optimizedModelPath: path,
    config: {
      "session.optimized_model_external_initializers_file_name": `${basename(path)}.bin`,
      // Weights that kernels lay out anew are written that way: else each process would make its own copy of them.
      "session.save_external_prepacked_constant_initializers": "1",
    },
  });
  await session.close();
}

/** Opens a kept session. Throws `EngineRejectedModel` where the files are damaged. */
export async function openKeptSession(path: string, threads: number): Promise<KeptExecutable> {
  const session = await OrtSession.create(path, {
    intraOpThreads: threads,
    optimizationLevel: "disabled",
    // Copied into memory of the session's own, weights would no longer be shared pages.
    config: { "session.use_device_allocator_for_initializers": "0" },
  });
  const names = session.inputs.map((p) => p.name);
  return {
    engine: "onnxruntime",
    close: () => session.close(),
    async run(inputs: readonly RuntimeValue[], { signal }: RunOptions = {}) {
      const feeds = new Map(names.map((name, i) => [name, toOrtTensor(asStorage(inputs[i]))]));
      const outputs = await session.run(feeds, undefined, { signal });
      return outputs.map((data, i) => fromOrtResult(data, session.outputs[i]?.name ?? ""));
    },
  };
}
