// A model store in a temporary folder, and a server on it with ports that the system chooses. Archives are folders with their files as they are.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ServeFlags } from "../../src/serve/config/flags.ts";
import { resolveConfig } from "../../src/serve/config/resolve.ts";
import type { Log, LogFields } from "../../src/serve/log.ts";
import { type RunningServer, startServer } from "../../src/serve/server.ts";
import { type TinyValue, tinyModel } from "./tiny-models.ts";

const float = 1;

/** y = 2x of [batch, 3]. */
export const doubler = (): Uint8Array =>
  tinyModel({
    inputs: [{ name: "x", dtype: float, shape: ["batch", 3] } satisfies TinyValue],
    outputs: [{ name: "y", dtype: float, shape: ["batch", 3] }],
    nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
  });

export interface StoredModel {
  readonly version?: string;
  readonly handler?: string;
  readonly model?: Uint8Array;
  /** Files beside the model, by name. */
  readonly extra?: Readonly<Record<string, string | Uint8Array>>;
  /** Text of model-config.yaml. */
  readonly config?: string;
  /** Name of the folder in the store; that of the model unless given. */
  readonly folder?: string;
}

/** Puts an unpacked archive into a store. */
export function storeModel(store: string, name: string, options: StoredModel = {}): void {
  const { version = "1.0", handler = "base_handler", model = doubler(), extra = {}, config, folder = name } = options;
  const root = join(store, folder);
  mkdirSync(join(root, "MAR-INF"), { recursive: true });
  writeFileSync(join(root, "model.onnx"), model);
  for (const [file, content] of Object.entries(extra)) writeFileSync(join(root, file), content);
  if (config !== undefined) writeFileSync(join(root, "model-config.yaml"), config);
  const configFile = config === undefined ? {} : { configFile: "model-config.yaml" };
  const manifest = {
    createdOn: "18/11/2026 12:00:00",
    runtime: "python",
    model: { modelName: name, serializedFile: "model.onnx", handler, modelVersion: version, ...configFile },
    archiverVersion: "0.12.0",
  };
  writeFileSync(join(root, "MAR-INF", "MANIFEST.json"), JSON.stringify(manifest, null, 2));
}

/** A line of a server's log. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that keeps its lines. */
export function keptLog(): { readonly log: Log; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push({ level, event, fields });
  return { log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}

const anyPort = "http://127.0.0.1:0";

/** Starts a server on a store; `keys` are lines of config.properties. The log keeps a line for each request unless another one is given. */
export async function serveStore(
  store: string,
  keys: Readonly<Record<string, string>> = {},
  flags: ServeFlags = {},
  { log, lines }: ReturnType<typeof keptLog> = keptLog(),
): Promise<RunningServer & { readonly lines: readonly LogLine[] }> {
  const settings = {
    inference_address: anyPort,
    management_address: anyPort,
    metrics_address: anyPort,
    grpc_inference_port: "0",
    grpc_management_port: "0",
    model_store: store,
    default_workers_per_model: "1",
    disable_token_authorization: "true",
    ...keys,
  };
  const text = Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");
  const config = resolveConfig({
    cwd: store,
    file: { path: join(store, "config.properties"), text },
    flags: { stateDir: join(dirname(store), "state"), ...flags },
  });
  return { ...(await startServer(config, log)), lines };
}
