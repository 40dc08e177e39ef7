// The graph of a served model, written by a process of its own: the acceptor's event loop reads no model files.
import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { childProgram } from "../../kernels/worker-program.ts";
import { refuse } from "../fault.ts";
import type { ServedVersion } from "../models/served-version.ts";
import { compiledGraph } from "../wire/messages.ts";

/** ms; a graph that takes longer is given up. */
const longest = 60_000;
/** Bytes of JSON; a model of 3,000 nodes has about one million. */
const most = 128 * 1024 * 1024;

/** Graphs that are kept, and bytes of one that is: pages ask for the same ones again. A file's name holds a hash of what is in it. */
const kept = { graphs: 4, bytes: 8 * 1024 * 1024 } as const;

/** Those that are being read and those that are kept, by file, the newest last. */
const graphs = new Map<string, Promise<Uint8Array>>();

/** JSON of a `ServedGraph`. Throws ServeFault 503 for a model that no worker has compiled yet, 500 where it cannot be read. */
export async function readServedGraph(served: ServedVersion): Promise<Uint8Array> {
  const { name, version, io, parts } = served;
  const path = join(parts.model.compiled, compiledGraph);
  try {
    await access(path);
  } catch {
    throw refuse(
      "ServiceUnavailableException",
      `Model ${name} ${version} is not compiled yet: its first worker does that. Add a worker, or wait for it.`,
    );
  }
  const key = `${io?.engine} ${path}`;
  const known = graphs.get(key);
  graphs.delete(key);
  const graph = known ?? describe(path, io?.engine ?? "");
  graphs.set(key, graph);
  for (const [oldest] of graphs) if (graphs.size > kept.graphs) graphs.delete(oldest);
  try {
    const bytes = await graph;
    if (bytes.byteLength > kept.bytes) graphs.delete(key);
    return bytes;
  } catch (error) {
    graphs.delete(key);
    throw error;
  }
}

function describe(path: string, engine: string): Promise<Uint8Array> {
  const { file, execArgv } = childProgram(new URL("../worker/graph-main.js", import.meta.url));
  const child = spawn(process.execPath, [...execArgv, file, path, engine], { stdio: ["ignore", "pipe", "pipe"], timeout: longest });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let complaint = "";
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > most) child.kill();
    else chunks.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  return new Promise((resolve, reject) => {
    const failed = (cause: string) =>
      reject(refuse("InternalServerException", "The graph of the model cannot be shown.", { cause: new Error(cause) }));
    child.on("error", (error) => failed(error.message));
    child.on("close", (code) => (code === 0 ? resolve(Buffer.concat(chunks, bytes)) : failed(complaint)));
  });
}
