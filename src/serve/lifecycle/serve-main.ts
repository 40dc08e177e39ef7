// The program of a server in the background: started by `ingot serve --start` with its flags as JSON, and tells its parent what became of it.
import process from "node:process";
import { IngotError } from "../../errors/error.ts";
import type { ServeFlags } from "../config/flags.ts";
import { loadConfig } from "./load-config.ts";
import { pidFilePath } from "./pid-file.ts";
import { runServer } from "./run-server.ts";

/** What the program tells its parent, once. */
export type DaemonMessage =
  | { readonly kind: "listening"; readonly addresses: Readonly<Record<string, string>> }
  | { readonly kind: "failed"; readonly message: string };

/** The parent may be gone by now, and that changes nothing. */
function tell(message: DaemonMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) return resolve();
    process.send?.(message, undefined, undefined, () => {
      if (process.connected) process.disconnect();
      resolve();
    });
  });
}

const flags: ServeFlags = JSON.parse(process.argv[2] ?? "{}");
let status: number;
try {
  const config = loadConfig(flags, process.env, process.cwd());
  const pidFile = pidFilePath(flags.stateDir, process.cwd());
  status = await runServer(config, { pidFile, daemon: true, onListening: (addresses) => void tell({ kind: "listening", addresses }) });
} catch (error) {
  const message = error instanceof IngotError ? `${error.name} ${error.code}: ${error.message}` : String(error);
  // Who reads the log later learns it too.
  console.error(error instanceof IngotError ? message : error);
  await tell({ kind: "failed", message });
  status = 1;
}
process.exitCode = status;
// Something may still hold the event loop; nothing of it matters any more.
setTimeout(() => process.exit(), 2000).unref();
