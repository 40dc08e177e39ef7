// The program of the process that runs cases: one after the other, as they are sent. It is a process of its own, so that a case that never
// ends, takes all memory or crashes native code ends only itself.
import process from "node:process";
import type { EngineName } from "../engines/engines.ts";
import type { CaseFiles } from "./cases.ts";
import { runCase } from "./run-case.ts";

export interface CaseRequest {
  readonly files: CaseFiles;
  readonly engine: EngineName;
}

/** The first message of the process. */
export interface Ready {
  readonly ready: true;
}

process.on("message", async ({ files, engine }: CaseRequest) => {
  process.send?.(await runCase(files, engine));
});
// Without its parent there is nothing to do.
process.on("disconnect", () => process.exit());
process.send?.({ ready: true } satisfies Ready);
