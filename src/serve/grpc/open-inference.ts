// inference.GRPCInferenceService: the Open Inference Protocol v2, with Triton's extensions.
import protobuf from "protobufjs/minimal.js";
import { faultOf } from "../fault.ts";
import { findModel } from "../oip/find-model.ts";
import { isModelReady, isServerReady, modelConfig, modelMetadata, serverMetadata } from "../oip/metadata.ts";
import { loadModel, repositoryIndex, unloadModel } from "../oip/repository.ts";
import { logSettings, requireSame, type SettingRecord, traceSettings } from "../oip/settings.ts";
import { modelStatistics } from "../oip/statistics.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Call, Message, Methods, Unary } from "./method.ts";
import { inferRaw } from "./raw-inference.ts";

interface ModelRef {
  readonly name: string;
  /** Empty: the default one. */
  readonly version: string;
}
/** KServe writes the name into the first field, Triton into the second. */
interface RepositoryRequest {
  readonly repository_name: string;
  readonly model_name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}
interface Lists {
  readonly [key: string]: { readonly value: readonly string[] };
}
interface Choices {
  readonly [key: string]: Readonly<Record<string, unknown>>;
}

const open = (answer: () => Message): Unary => ({ kind: "unary", answer });
const unary = <Q>(answer: (request: Q) => Message): Unary => ({ kind: "unary", token: "inference", answer });
const manage = <Q>(answer: (request: Q) => Promise<Message>): Unary => ({ kind: "unary", token: "management", answer });

export function openInferenceMethods(parts: ServerParts): Methods {
  const { registry } = parts;
  const find = ({ name, version }: ModelRef) => findModel(registry, name, version);
  const infer = (message: Buffer, call: Call) => inferRaw(message, call, "v2-grpc", find);
  return {
    // Probes show no token.
    ServerLive: open(() => ({ live: true })),
    ServerReady: open(() => ({ ready: isServerReady(parts) })),
    ModelReady: unary((model: ModelRef) => ({ ready: isModelReady(find(model), parts) })),
    ServerMetadata: unary(() => serverMetadata(parts)),
    ModelMetadata: unary((model: ModelRef) => modelMetadata(find(model), registry)),
    ModelConfig: unary((model: ModelRef) => ({ config: modelConfig(find(model)) })),
    ModelStatistics: unary(({ name, version }: ModelRef) => modelStatistics(registry, name || undefined, version)),
    ModelInfer: { kind: "unary", token: "inference", raw: true, answer: infer },
    ModelStreamInfer: {
      kind: "duplex",
      token: "inference",
      raw: true,
      answer: (message: Buffer, call) => infer(message, call).then(streamAnswer, (error: unknown) => streamError(error)),
    },
    RepositoryIndex: unary(async ({ ready }: { readonly ready: boolean }) => ({ models: await repositoryIndex(parts, ready) })),
    RepositoryModelLoad: manage(async (request: RepositoryRequest) => {
      const name = nameOf(request);
      await loadModel(parts, name, Object.keys(request.parameters));
      return { model_name: name, isLoaded: true };
    }),
    RepositoryModelUnload: manage(async (request: RepositoryRequest) => {
      const name = nameOf(request);
      await unloadModel(parts, name);
      return { model_name: name, isUnloaded: true };
    }),
    TraceSetting: unary(({ settings, model_name }: { readonly settings: Lists; readonly model_name: string }) => {
      if (model_name) findModel(registry, model_name, undefined);
      requireSame(lists(settings), traceSettings, "requests are not traced");
      return { settings: Object.fromEntries(Object.entries(traceSettings).map(([key, value]) => [key, { value: [value].flat() }])) };
    }),
    LogSettings: unary(({ settings }: { readonly settings: Choices }) => {
      const now = logSettings(parts);
      requireSame(choices(settings), now, "set log_level and log_format in config.properties");
      return { settings: settingsMessage(now) };
    }),
  };
}

const nameOf = ({ repository_name, model_name }: RepositoryRequest): string => model_name || repository_name;

const lists = (settings: Lists) => Object.fromEntries(Object.entries(settings).map(([key, { value }]) => [key, value]));

/** protobufjs says which member of a oneof is there; none means the default. */
const choices = (settings: Choices) =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, value[String(value.parameter_choice)] ?? null]));

const settingsMessage = (settings: SettingRecord) =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => {
      if (typeof value === "boolean") return [key, { bool_param: value }];
      return [key, typeof value === "number" ? { uint32_param: value } : { string_param: String(value) }];
    }),
  );

/** A ModelStreamInferResponse around a ModelInferResponse. */
const streamAnswer = (response: Buffer): Buffer => Buffer.from(protobuf.Writer.create().uint32(0x12).bytes(response).finish());

/** A stream goes on after a request that failed. */
const streamError = (error: unknown): Buffer => Buffer.from(protobuf.Writer.create().uint32(0x0a).string(faultOf(error).message).finish());
