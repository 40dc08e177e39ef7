// Saving a compiled module as ONNX: for whom (the target decides which operators and versions may be used), checked before it is written.
import { stat } from "node:fs/promises";
import { certificateKey } from "../equivalence/certificate.ts";
import { describeValue } from "../errors/describe-value.ts";
import { IngotError, ingotError } from "../errors/error.ts";
import { suggestion } from "../errors/nearest.ts";
import type { Graph, Node } from "../ir/graph.ts";
import { allNodes, cloneGraph } from "../ir/traverse.ts";
import { exportModel } from "../onnx/export.ts";
import { fitOpset } from "../onnx/fit-opset.ts";
import { firstReleaseFor, knownReleases, limitsOfRelease, type RuntimeLimits } from "../onnx/runtime-versions.ts";
import { checkFileName, writeModel } from "../onnx/write-file.ts";
import { decomposeNodes } from "../ops/decompose-nodes.ts";
import { type Evidence, prepareChecked } from "./evidence.ts";

export interface SaveOptions {
  /**
   * Whom the file is for. `portable` (the default): standard ONNX operators only, the lowest versions that the graph needs. `onnxruntime`:
   * the graph as that engine runs it, with its fused operators. `onnxruntime@1.17`: standard operators, and nothing that this release
   * cannot read; operators that came later are written in terms of older ones.
   */
  readonly target?: string;
  /** Write at least this opset of the default ONNX domain. Default: the lowest that the graph needs. */
  readonly opset?: number;
  /** Weights in `<file>.data` beside the model. Default: only where the model would reach 2 GiB. */
  readonly externalData?: boolean;
}

export interface SaveReport {
  readonly path: string;
  readonly target: string;
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  /** Size of the model file in bytes, without a data file. */
  readonly bytes: number;
}

/** What saving needs of a compiled module. */
export interface Saveable {
  /** With the certificate and the signature in its metadata. */
  readonly graph: Graph;
  /** The graph that was checked on ONNX Runtime, if that is the module's engine. */
  readonly lowered: Graph | undefined;
  readonly evidence: Evidence;
}

type Target = { readonly kind: "portable" | "onnxruntime" } | { readonly kind: "release"; readonly limits: RuntimeLimits };

/** Throws `UnknownTarget`. */
function parseTarget(target: string): Target {
  if (target === "portable" || target === "onnxruntime") return { kind: target };
  const limits = target.startsWith("onnxruntime@") ? limitsOfRelease(target.slice("onnxruntime@".length)) : undefined;
  if (limits) return { kind: "release", limits };
  const meant = target.includes("@") ? "" : suggestion(target, ["portable", "onnxruntime"], '"');
  throw ingotError("UnknownTarget", { target, suggestion: meant, releases: knownReleases });
}

/**
 * Writes the file, all or nothing. Throws `SaveFormat` for another format's name, `UnknownTarget`, `TargetTooOld`, `NotEquivalent`,
 * `FileNotWritable`, `DiskFull`; then nothing is left of the file.
 */
export async function saveModule(module: Saveable, path: string, options: SaveOptions = {}): Promise<SaveReport> {
  if (typeof path !== "string" || path === "")
    throw ingotError("InvalidArgument", {
      op: "save",
      name: "path",
      expected: "a path that ends in .onnx",
      actual: path === "" ? "an empty string" : describeValue(path),
      hint: 'Write save("model.onnx").',
    });
  checkFileName(path);
  const { target: name = "portable", opset } = options;
  const target = parseTarget(name);
  if (target.kind === "release" && opset !== undefined && opset > target.limits.opset)
    throw ingotError("InvalidArgument", {
      op: "save",
      name: "opset",
      expected: `an opset that ${name} reads, up to ${target.limits.opset}`,
      actual: String(opset),
      hint: "Leave it out to write the lowest that the graph needs.",
    });
  const limits = target.kind === "release" ? { maxOpset: target.limits.opset } : {};
  return { target: name, ...(await saveOnnx(await graphFor(target, name, module), path, { ...options, ...limits })) };
}

/** Writes a graph as it is. Throws `SaveFormat`, `FileNotWritable`, `DiskFull`. */
export async function saveOnnx(
  graph: Graph,
  path: string,
  { opset, maxOpset, externalData }: Pick<SaveOptions, "opset" | "externalData"> & { readonly maxOpset?: number } = {},
): Promise<Omit<SaveReport, "target">> {
  const { model } = exportModel(graph, { opset, maxOpset });
  await writeModel(path, model, externalData === undefined ? {} : { externalData });
  const opsets = Object.fromEntries((model.opsetImport ?? []).map(({ domain, version }) => [domain || "ai.onnx", Number(version)]));
  return { path, irVersion: Number(model.irVersion), opsets, bytes: (await stat(path)).size };
}

/** The graph that is written for a target. One that was not checked yet is checked here. */
async function graphFor(target: Target, name: string, { graph, lowered, evidence }: Saveable): Promise<Graph> {
  if (target.kind === "onnxruntime") return withMetadata(lowered ?? (await checkedOn("onnxruntime", graph, evidence)), graph);
  let fitted = standardGraph(graph);
  if (target.kind === "release") fitted = fitRelease(fitted, name, target.limits);
  if (fitted === graph) return graph;
  await checkedOn("interpreter", fitted, evidence);
  return withMetadata(fitted, graph);
}

/** The graph with its operators of other domains written as standard ones, where they have a decomposition. */
function standardGraph(graph: Graph): Graph {
  const isForeign = (node: Node) => node.graph.schemas.get(node.op)?.domain !== "";
  if (![...allNodes(graph)].some(isForeign)) return graph;
  const standard = cloneGraph(graph).graph;
  decomposeNodes(standard, isForeign);
  return standard;
}

/** The graph at an older opset. Throws `TargetTooOld`, with the nodes that do not fit. */
function fitRelease(graph: Graph, target: string, limits: RuntimeLimits): Graph {
  try {
    return fitOpset(graph, limits.opset);
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "OpsetTooLow") throw error;
    const { lowest, count, operators } = error.params as { lowest: number; count: number; operators: string };
    const first = firstReleaseFor(lowest);
    const release = first === undefined ? "" : `: onnxruntime@${first} and later read it`;
    throw ingotError(
      "TargetTooOld",
      { model: graph.name, target, ...limits, lowest, count, operators, release },
      { frame: error.frame, notes: error.notes },
    );
  }
}

async function checkedOn(engine: "interpreter" | "onnxruntime", graph: Graph, evidence: Evidence): Promise<Graph> {
  const { executable } = await prepareChecked(graph, engine, {}, evidence);
  await executable.close();
  return executable.graph;
}

/** A copy that shares the weights and carries the signature and certificate of the portable graph. */
function withMetadata(graph: Graph, from: Graph): Graph {
  const copy = cloneGraph(graph).graph;
  for (const [key, value] of from.metadata) copy.metadata.set(key, value);
  if (!from.metadata.has(certificateKey)) copy.metadata.delete(certificateKey);
  return copy;
}
