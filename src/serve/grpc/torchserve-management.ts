// org.pytorch.serve.grpc.management.ManagementAPIsService: what the REST API of management does, and its words.
import { refuse } from "../fault.ts";
import { describeModel } from "../http/describe-model.ts";
import { answers, longestPage, pageOfModels, requireWorkers } from "../models/management-rules.ts";
import type { RegisterRequest } from "../models/model-manager.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Methods, Unary } from "./method.ts";

/** Numbers are 0 and texts are empty where a message leaves them out. */
interface VersionRef {
  readonly model_name: string;
  readonly model_version: string;
}
interface ListRequest {
  readonly limit: number;
  readonly next_page_token: number;
}
interface ScaleRequest extends VersionRef {
  readonly min_worker: number;
  readonly max_worker: number;
  readonly synchronous: boolean;
}
interface RegistrationRequest {
  readonly url: string;
  readonly model_name: string;
  readonly handler: string;
  readonly runtime: string;
  readonly batch_size: number;
  readonly max_batch_delay: number;
  readonly response_timeout: number;
  readonly initial_workers: number;
  readonly synchronous: boolean;
}

export function torchServeManagementMethods(parts: ServerParts): Methods {
  const { registry, manager, config, log } = parts;
  const manage = <Q>(answer: (request: Q) => string | Promise<string>): Unary => ({
    kind: "unary",
    token: "management",
    answer: async (request: Q) => ({ msg: await answer(request) }),
  });
  const versionOf = ({ model_version }: VersionRef): string | undefined => model_version || undefined;
  const requireModelApi = () => {
    if (!config.enableModelApi)
      throw refuse(
        "MethodNotAllowedException",
        "Models cannot be registered and unregistered: the server was started without enable_model_api.",
      );
  };
  return {
    DescribeModel: manage(async (request: VersionRef & { readonly customized: boolean }) => {
      const { model_name: name, customized } = request;
      const version = versionOf(request);
      const versions = version === "all" ? registry.versions(name) : [registry.find(name, version)];
      return pretty(await Promise.all(versions.map(async (v) => describeModel(v, customized ? await v.describe() : undefined))));
    }),
    ListModels: manage(({ limit, next_page_token }: ListRequest) => {
      const size = limit <= 0 || limit > longestPage ? longestPage : limit;
      return pretty(pageOfModels(registry, Math.max(0, next_page_token), size));
    }),
    RegisterModel: manage(async (request: RegistrationRequest) => {
      requireModelApi();
      const { served, workers, started } = await manager.begin(registration(request));
      if (workers > 0 && !request.synchronous) {
        started.catch((error: unknown) => log.error("registration failed", { model: served.name, why: String(error) }));
        return answers.processing;
      }
      await started;
      return answers.registered(served, workers);
    }),
    ScaleWorker: manage(async (request: ScaleRequest) => {
      const { model_name: name, min_worker, max_worker, synchronous } = request;
      const version = versionOf(request);
      const minWorkers = min_worker || 1;
      const maxWorkers = max_worker || minWorkers;
      if (minWorkers < 0) throw refuse("BadRequestException", "max_worker cannot be less than min_worker.");
      requireWorkers(minWorkers, maxWorkers);
      registry.find(name, version);
      const scaled = manager.scale(name, version, minWorkers, maxWorkers);
      if (!synchronous) {
        scaled.catch((error: unknown) => log.error("scaling failed", { model: name, version, why: String(error) }));
        return answers.processing;
      }
      if ((await scaled) === "partly") return answers.scaling;
      return answers.scaled(minWorkers, name, version);
    }),
    SetDefault: manage(async ({ model_name: name, model_version: version }: VersionRef) => {
      await manager.setDefault(name, version);
      return answers.isDefault(name, version);
    }),
    UnregisterModel: manage(async (request: VersionRef) => {
      requireModelApi();
      await manager.unregister(request.model_name, versionOf(request));
      return answers.unregistered(request.model_name);
    }),
  };
}

/** What a message leaves out is 0 or empty in it, and means the default. */
function registration(request: RegistrationRequest): RegisterRequest {
  const { url, model_name, handler, batch_size, max_batch_delay, response_timeout, initial_workers, runtime } = request;
  if (!url) throw refuse("BadRequestException", "Parameter url is required.");
  return {
    url,
    ...(model_name && { modelName: model_name }),
    ...(handler && { handler }),
    ...(runtime && { runtime }),
    ...(batch_size > 0 && { batchSize: batch_size }),
    ...(max_batch_delay > 0 && { maxBatchDelay: max_batch_delay }),
    ...(response_timeout > 0 && { responseTimeout: response_timeout * 1000 }),
    ...(initial_workers > 0 && { initialWorkers: initial_workers }),
  };
}

const pretty = (value: unknown) => JSON.stringify(value, null, 2);
