// A worker's model: compiled and checked once, by the first worker that finds nothing compiled, and opened from what that one left afterwards.
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { canKeep, type KeptExecutable, keepSession, keptFor, openKeptSession } from "../../engines/onnxruntime/kept-session.ts";
import { IngotError } from "../../errors/error.ts";
import type { ModelIo, WorkerModel } from "../wire/messages.ts";

export interface OpenModel {
  readonly executable: KeptExecutable;
  readonly io: ModelIo;
}

/** In the folder of a session, beside its weights. */
const sessionFile = "session.onnx";
const ioFile = "io.json";

/**
 * Opens a compiled model; compiles it first where that was not done. Throws what `load` throws for a file that is damaged, too new, or fails
 * its check.
 */
export async function openModel(model: WorkerModel, warn: (message: string) => void): Promise<OpenModel> {
  const kept = model.engine === "interpreter" ? undefined : await sessionFolder(model);
  if (kept !== undefined) {
    const opened = await openKept(kept, model.threads);
    if (opened) return opened;
  }
  // What compiles is not needed to open what is compiled, and takes longer to load than that.
  const { openCompiled } = await import("./compile-model.ts");
  const { graph, executable, io } = await openCompiled(model, warn);
  if (kept === undefined || executable.engine !== "onnxruntime" || !canKeep(graph)) return { executable, io };
  await executable.close();
  await keep(kept, io, (path) => keepSession(graph, path));
  return (await openKept(kept, model.threads)) ?? openCompiled(model, warn);
}

/** Where a session for this machine is; undefined where ONNX Runtime's library is not to be had. */
async function sessionFolder({ compiled }: WorkerModel): Promise<string | undefined> {
  try {
    return join(compiled, await keptFor());
  } catch {
    return undefined;
  }
}

/** A session and its types; undefined where there is none. One that is damaged is taken away, so that it is made again. */
async function openKept(folder: string, threads: number): Promise<OpenModel | undefined> {
  try {
    await access(join(folder, ioFile));
  } catch {
    return undefined;
  }
  try {
    const io = parseIo(await readFile(join(folder, ioFile), "utf8"));
    return { executable: await openKeptSession(join(folder, sessionFile), threads), io };
  } catch {
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
}

/** A file of our own; one that was cut is none. Throws Error. */
function parseIo(text: string): ModelIo {
  const io = JSON.parse(text) as Partial<ModelIo> | null;
  if (!Array.isArray(io?.inputs) || !Array.isArray(io.outputs) || typeof io.batches !== "boolean")
    throw new Error("not a description of a model");
  return io as ModelIo;
}

/** Makes the folder of a session whole or not at all: two workers may do so at the same time. */
async function keep(folder: string, io: ModelIo, write: (path: string) => Promise<void>): Promise<void> {
  const aside = `${folder}.${process.pid}.tmp`;
  try {
    await mkdir(aside, { recursive: true });
    await write(join(aside, sessionFile));
    await writeFile(join(aside, ioFile), JSON.stringify(io));
    await rename(aside, folder);
  } catch (error) {
    // Without it the next start is slower, and nothing is wrong.
    if (error instanceof IngotError || (error instanceof Error && "code" in error)) return;
    throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
