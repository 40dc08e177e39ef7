// A server in a process of its own, on a store that is made for the measurement and removed after it.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type StoredModel, storeModel } from "../../test/support/model-store.ts";

export interface BenchServer {
  /** Of the inference API. */
  readonly port: number;
  readonly managementPort: number;
  readonly child: ChildProcess;
  close(): Promise<void>;
}

/** Starts a server with models, and with lines of config.properties. */
export async function benchServer(
  models: Readonly<Record<string, StoredModel>>,
  keys: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const root = mkdtempSync(join(tmpdir(), "ingot-serve-"));
  const store = join(root, "store");
  mkdirSync(store);
  for (const [name, model] of Object.entries(models)) storeModel(store, name, model);
  const program = fileURLToPath(new URL("server-main.ts", import.meta.url));
  const child = fork(program, [store, JSON.stringify(keys)], { execArgv: ["--import", "tsx"] });
  const [addresses] = (await once(child, "message")) as [{ readonly inference: string; readonly management: string }];
  const portOf = (address: string) => Number(new URL(address).port);
  return {
    port: portOf(addresses.inference),
    managementPort: portOf(addresses.management),
    child,
    async close() {
      child.disconnect();
      await once(child, "exit");
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Bytes of memory that a process holds (Linux). */
export function residentOf(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}
