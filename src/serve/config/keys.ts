// The table of the keys of config.properties that have an effect here. A row says what the key takes, its default as it would stand in the
// file, and what it is for; docs/guides/serve-configuration.md is made from it.
import {
  address,
  bytes,
  choice,
  flag,
  host,
  type Kind,
  list,
  loadModels,
  milliseconds,
  minutes,
  modelStore,
  namedFiles,
  path,
  pattern,
  patterns,
  port,
  seconds,
  secret,
  text,
  whole,
} from "./kinds.ts";
import { modelsKind, snapshotKind } from "./model-kinds.ts";
import type { Profile, Settings } from "./server-config.ts";

/** A key whose value is a `T`. */
export interface Key<T> {
  readonly key: string;
  readonly kind: Kind<T>;
  /** The text of the default; undefined: the setting is undefined where nothing sets it. */
  readonly fallback: string | undefined;
  readonly about: string;
  /** Ingot's own; TorchServe does not know it. */
  readonly own?: true;
}

const row = <T>(key: string, kind: Kind<T>, fallback: string, about: string): Key<T> => ({ key, kind, fallback, about });
const optional = <T>(key: string, kind: Kind<T>, about: string): Key<T | undefined> => ({ key, kind, fallback: undefined, about });
const own = <T>(key: string, kind: Kind<T>, fallback: string, about: string): Key<T> => ({ key, kind, fallback, about, own: true });

const nothing: Kind<never[]> = { expected: "", read: () => ({ value: [] }) };
/** A kind of lists, for which an empty text is the empty list. */
const orNothing = <T>(kind: Kind<readonly T[]>): Kind<readonly T[]> => ({
  expected: kind.expected,
  read: (t, context) => (t === "" ? nothing.read(t, context) : kind.read(t, context)),
});
const filesOrNone: Kind<ReadonlyMap<string, string>> = {
  expected: namedFiles.expected,
  read: (t, context) => (t === "" ? { value: new Map() } : namedFiles.read(t, context)),
};

/** One row per setting, in the order of the documentation. */
export const keys: { readonly [S in keyof Settings]: Key<Settings[S]> } = {
  inferenceAddress: row("inference_address", address("inference"), "http://127.0.0.1:8080", "where the inference API listens"),
  managementAddress: row(
    "management_address",
    address("management"),
    "http://127.0.0.1:8081",
    "where the management API and the pages listen; equal to `inference_address`: one listener serves all",
  ),
  metricsAddress: row("metrics_address", address("metrics"), "http://127.0.0.1:8082", "where the metrics API listens"),
  grpcInferenceAddress: row("grpc_inference_address", host, "127.0.0.1", "host of the gRPC inference services"),
  grpcInferencePort: row("grpc_inference_port", port, "7070", "their port"),
  grpcManagementAddress: row("grpc_management_address", host, "127.0.0.1", "host of the gRPC management service"),
  grpcManagementPort: row("grpc_management_port", port, "7071", "its port"),
  grpcInferenceMaxConnectionAgeMs: row(
    "grpc_inference_max_connection_age_ms",
    milliseconds,
    "infinite",
    "a gRPC connection is closed when it is so old, in ms",
  ),
  grpcInferenceMaxConnectionAgeGraceMs: row(
    "grpc_inference_max_connection_age_grace_ms",
    milliseconds,
    "infinite",
    "what its calls may still take, in ms",
  ),
  grpcManagementMaxConnectionAgeMs: row("grpc_management_max_connection_age_ms", milliseconds, "infinite", "the same, for management"),
  grpcManagementMaxConnectionAgeGraceMs: row(
    "grpc_management_max_connection_age_grace_ms",
    milliseconds,
    "infinite",
    "the same, for management",
  ),
  enableGrpcSsl: row("enable_grpc_ssl", flag, "false", "encrypts gRPC"),
  keystore: optional("keystore", path, "certificate and private key in one PKCS12 file"),
  keystorePass: row("keystore_pass", secret, "changeit", "the keystore's password"),
  keystoreType: row(
    "keystore_type",
    choice("PKCS12"),
    "PKCS12",
    "`keytool -importkeystore -deststoretype pkcs12` makes one of a JKS keystore",
  ),
  certificateFile: optional("certificate_file", path, "certificate chain, PEM"),
  privateKeyFile: optional("private_key_file", path, "private key, PEM"),

  modelStore: optional("model_store", modelStore, "folder of the archives; `standalone`: none"),
  loadModels: row("load_models", loadModels, "none", "what is loaded at the start: `none`, `all`, `a.mar,b.mar`, `name=a.mar,…`"),
  models: row("models", modelsKind, "{}", 'settings of single models, as JSON: `{"NAME": {"VERSION": {"minWorkers": 1, …}}}`'),
  modelSnapshot: optional("model_snapshot", snapshotKind, "models of an earlier run, as JSON; they win over `load_models`"),
  allowedUrls: row(
    "allowed_urls",
    orNothing(patterns),
    "",
    "regular expressions, with commas, of the URLs that models may come from; none: only the model store (TorchServe: any URL)",
  ),
  useEnvAllowedUrls: row("use_env_allowed_urls", flag, "false", "lets `TS_ALLOWED_URLS` set `allowed_urls`"),
  enableModelApi: row("enable_model_api", flag, "false", "lets requests register and unregister models"),
  defaultWorkersPerModel: row(
    "default_workers_per_model",
    whole(0, 1024),
    "0",
    "workers of a model; 0: as many as there are cores for one that is loaded at the start, none for one that is registered later",
  ),
  defaultResponseTimeout: row("default_response_timeout", seconds(1), "120", "seconds after which a worker without an answer is ended"),
  defaultStartupTimeout: row("default_startup_timeout", seconds(1), "120", "seconds after which a worker that is not ready is ended"),
  unregisterModelTimeout: row(
    "unregister_model_timeout",
    seconds(0),
    "120",
    "seconds that requests of an unregistered model may still take",
  ),
  jobQueueSize: row("job_queue_size", whole(1), "100", "requests that wait for a model's workers, at most"),
  defaultServiceHandler: optional("default_service_handler", text, "handler of archives that name none"),
  serviceEnvelope: optional(
    "service_envelope",
    choice("body", "json", "kserve", "kservev2"),
    "how requests to the routes of predictions and explanations are wrapped: `json` and `kserve`: `instances` and `predictions`; `kservev2`: Open Inference Protocol v2; `body`, or not set: not at all",
  ),
  blacklistEnvVars: optional("blacklist_env_vars", pattern, "regular expression of environment variables that workers do not get"),

  maxRequestSize: row("max_request_size", bytes, "6553500", "bytes of a request's body, at most"),
  maxResponseSize: row("max_response_size", bytes, "6553500", "bytes of an answer's body, at most"),
  limitMaxImagePixels: row("limit_max_image_pixels", flag, "true", "refuses pictures of more than 178,956,970 pixels"),
  decodeInputRequest: row("decode_input_request", flag, "true", "parses JSON and text bodies before a handler sees them"),
  tsOpenInferenceProtocol: row(
    "ts_open_inference_protocol",
    flag,
    "false",
    "answers /v2 and /v2/health/…; the variable `TS_OPEN_INFERENCE_PROTOCOL=oip` does the same",
  ),
  corsAllowedOrigin: optional("cors_allowed_origin", text, "origin whose pages may call this server, or `*`"),
  corsAllowedMethods: optional("cors_allowed_methods", text, "methods that they may use"),
  corsAllowedHeaders: optional("cors_allowed_headers", text, "headers that they may send"),

  disableTokenAuthorization: optional(
    "disable_token_authorization",
    flag,
    "`true`: no request needs a token; `false`: all do; not set: management does, and inference that other machines can reach",
  ),
  tokenExpirationMin: row("token_expiration_min", minutes, "60", "minutes that a token holds"),

  enableMetricsApi: row("enable_metrics_api", flag, "true", "whether the metrics API answers"),
  metricsMode: row("metrics_mode", choice("log", "prometheus", "legacy"), "log", "where metrics go: the log, or the metrics API"),
  disableSystemMetrics: row("disable_system_metrics", flag, "false", "no metrics of processor, memory and disk"),
  metricTimeInterval: row("metric_time_interval", seconds(1), "60", "seconds between two of them"),

  enableEnvvarsConfig: row("enable_envvars_config", flag, "false", "lets the variable `TS_KEY` set any key"),
  debug: row("debug", flag, "false", "one worker for each model, and a log with all details"),

  profile: own("profile", choice("torchserve", "kserve", "triton"), "torchserve", "whose ports are the defaults"),
  logFormat: own("log_format", choice("text", "json"), "text", "one line per event: for people, or JSON"),
  logLevel: own("log_level", choice("debug", "info", "warn", "error"), "info", "the least important events that are logged"),
  accessLog: own("access_log", flag, "false", "a line for each request"),
  jsonNonfinite: own(
    "json_nonfinite",
    choice("error", "null"),
    "error",
    "what becomes of NaN and infinities in a JSON answer: the request fails, or they are `null`",
  ),
  badInputStatus: own(
    "bad_input_status",
    choice("400", "503"),
    "400",
    "what a request is answered whose input cannot be read: 400 and why, or TorchServe's 503 `Prediction failed`",
  ),
  handlerModules: own("handler_modules", filesOrNone, "", "the operator's own handlers: `name=file,…`"),
  batchPolicy: own(
    "batch_policy",
    choice("ingot", "torchserve"),
    "ingot",
    "`ingot`: an idle worker takes at once what waits; `torchserve`: it waits for a full batch",
  ),
  workerThreads: own(
    "worker_threads",
    whole(0, 1024),
    "0",
    "threads that a worker's engine computes with; 0: the cores are shared out among the workers of a model",
  ),
  shutdownGrace: own("shutdown_grace", seconds(0), "30", "seconds that running requests may still take after SIGTERM"),
  maxBytesInFlight: own("max_bytes_in_flight", whole(1), "536870912", "bytes of requests and answers in memory, at most"),
  allowedHosts: own("allowed_hosts", orNothing(list), "", "further names in a `Host` header that management and pages answer to"),
};

/** What a profile sets where nothing else does: ports on loopback, and the protocol of its clients. */
export const profiles: { readonly [P in Profile]: Partial<Record<keyof Settings, string>> } = {
  torchserve: {},
  // KServe's gRPC port is the one that TorchServe manages on.
  kserve: {
    grpcInferencePort: "8081",
    managementAddress: "http://127.0.0.1:8083",
    tsOpenInferenceProtocol: "true",
  },
  triton: {
    inferenceAddress: "http://127.0.0.1:8000",
    grpcInferencePort: "8001",
    metricsAddress: "http://127.0.0.1:8002",
    managementAddress: "http://127.0.0.1:8003",
    tsOpenInferenceProtocol: "true",
  },
};

/** Keys of TorchServe that are accepted and do nothing here, and what they are about there. */
export const keysWithoutEffect: Readonly<Record<string, string>> = {
  vmargs: "the Java machine",
  prefer_direct_buffer: "the Java machine",
  plugins_path: "Java archives",
  number_of_netty_threads: "Netty, TorchServe's HTTP library",
  netty_client_threads: "Netty",
  use_native_io: "Netty",
  io_ratio: "Netty",
  async_logging: "log4j; the log here never waits",
  number_of_gpu: "GPUs",
  ipex_enable: "IPEX, Intel's extension of PyTorch",
  ipex_gpu_enable: "IPEX",
  cpu_launcher_enable: "IPEX",
  cpu_launcher_args: "IPEX",
  install_py_dep_per_model: "Python packages",
  python: "Python",
  model_server_home: "the folder of TorchServe's own files",
  cpp_log_config: "workers in C++",
  initial_worker_port: "sockets of workers; they are pipes here",
  initial_distribution_port: "torchrun",
  workflow_store: "workflows, which are not served",
  metrics_config: "metrics that Python handlers define",
  metrics_format: "there is one, Prometheus's",
  model_metrics_auto_detect: "metrics that Python handlers define",
  system_metrics_cmd: "a Python program that measures the machine; the server does",
  ts_header_key_sequence_id: "sequences of requests, which are not served",
  ts_header_key_sequence_start: "sequences of requests",
  ts_header_key_sequence_end: "sequences of requests",
  snapshot_store: "there is one, folders",
  NUM_WORKERS: "written by old releases of TorchServe",
  version: "written by TorchServe into its snapshots",
  tsConfigFile: "written by TorchServe into its snapshots",
};

/** The variable that sets a key where `enable_envvars_config` is true; keys that begin with `ts_` do not get a second one. */
export const variableOf = (key: string): string => `TS_${key.toUpperCase().replace(/^TS_/, "")}`;
