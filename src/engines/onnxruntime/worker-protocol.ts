// What the session in a worker thread and its owner say to each other.

import type { OrtData } from "./element-types.ts";
import type { ExitGate } from "./exit-gate.ts";
import type { LogLevel } from "./log-level.ts";
import type { OrtPort } from "./session-io.ts";

/** What the binding can be told. */
export interface WorkerSessionOptions {
  readonly intraOpThreads?: number;
  readonly interOpThreads?: number;
  readonly optimizationLevel?: "disabled" | "basic" | "extended" | "all";
}

export interface WorkerStart {
  /** package.json of onnxruntime-node: where to load the binding from. */
  readonly packageFile: string;
  readonly model: Uint8Array | string;
  readonly options: WorkerSessionOptions;
  readonly log: LogLevel;
  readonly gate: ExitGate;
}

export type Request =
  | {
      readonly kind: "run";
      readonly id: number;
      readonly feeds: readonly (readonly [string, OrtData])[];
      readonly outputNames: readonly string[];
    }
  /** A run that need not begin any more. */
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "close" };

export type Reply =
  | { readonly kind: "ready"; readonly inputs: readonly OrtPort[]; readonly outputs: readonly OrtPort[] }
  | { readonly kind: "unloadable"; readonly message: string }
  | { readonly kind: "done"; readonly id: number; readonly outputs: readonly OrtData[] }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };
