// The server's configuration: one record with every setting, checked. Names are the keys of config.properties in camel case; times are in ms
// and sizes in bytes unless a name says otherwise; paths are absolute.
import type { Address } from "./address.ts";
import type { LoadModels } from "./load-models.ts";
import type { ModelVersions } from "./model-settings.ts";
import type { SnapshotState } from "./snapshot-state.ts";

/** Which ports the listeners have where no key says: TorchServe's, KServe's or Triton's. */
export type Profile = "torchserve" | "kserve" | "triton";

/** What the keys of config.properties say. `keys.ts` has the row of each. */
export interface Settings {
  readonly inferenceAddress: Address;
  /** Equal to `inferenceAddress`: one listener serves all APIs. */
  readonly managementAddress: Address;
  readonly metricsAddress: Address;
  readonly grpcInferenceAddress: string;
  readonly grpcInferencePort: number;
  readonly grpcManagementAddress: string;
  readonly grpcManagementPort: number;
  /** ms; a gRPC connection is closed when it is so old; Infinity: never. */
  readonly grpcInferenceMaxConnectionAgeMs: number;
  /** ms that calls of an aged connection may still take. */
  readonly grpcInferenceMaxConnectionAgeGraceMs: number;
  readonly grpcManagementMaxConnectionAgeMs: number;
  readonly grpcManagementMaxConnectionAgeGraceMs: number;
  readonly enableGrpcSsl: boolean;
  readonly keystore: string | undefined;
  readonly keystorePass: string;
  readonly keystoreType: "PKCS12";
  /** PEM: the server's certificate and those that vouch for it. */
  readonly certificateFile: string | undefined;
  /** PEM: PKCS 8, or OpenSSL's older form. */
  readonly privateKeyFile: string | undefined;

  /** Folder of archives; undefined: models come by URL only. */
  readonly modelStore: string | undefined;
  readonly loadModels: LoadModels;
  /** Settings of single models, by name and version. They come before the defaults, and model-config.yaml before them. */
  readonly models: ModelVersions;
  /** The models of an earlier run; they win over `loadModels`. See `startupModels`. */
  readonly modelSnapshot: SnapshotState | undefined;
  /** Full-match expressions of the URLs that models may be registered from; none: the model store only. */
  readonly allowedUrls: readonly RegExp[];
  readonly useEnvAllowedUrls: boolean;
  readonly enableModelApi: boolean;
  /** Workers of a model that is loaded at the start. 0: as many as there are cores; of one registered later: none. See `workersAtStart`. */
  readonly defaultWorkersPerModel: number;
  /** ms; a worker that has not answered after so long is ended. */
  readonly defaultResponseTimeout: number;
  /** ms; a worker that is not ready after so long is ended. */
  readonly defaultStartupTimeout: number;
  /** ms that an unregistered model's running requests may still take. */
  readonly unregisterModelTimeout: number;
  /** Requests that wait for a model's workers, at most. */
  readonly jobQueueSize: number;
  /** Handler of archives that name none. */
  readonly defaultServiceHandler: string | undefined;
  /** The shape of requests and answers of handlers: `body`, `json`, `kserve`, `kservev2`; undefined: as the route has it. */
  readonly serviceEnvelope: "body" | "json" | "kserve" | "kservev2" | undefined;
  /** Names of environment variables that worker processes do not get. */
  readonly blacklistEnvVars: RegExp | undefined;

  /** Bytes of a request's body, at most. */
  readonly maxRequestSize: number;
  /** Bytes of an answer's body, at most. */
  readonly maxResponseSize: number;
  /** Whether pictures of more than 2 × 89,478,485 pixels are refused. */
  readonly limitMaxImagePixels: boolean;
  /** Whether JSON and text bodies are parsed before a handler sees them. */
  readonly decodeInputRequest: boolean;
  /** Whether the routes /v2 and /v2/health/… answer. */
  readonly tsOpenInferenceProtocol: boolean;
  readonly corsAllowedOrigin: string | undefined;
  readonly corsAllowedMethods: string | undefined;
  readonly corsAllowedHeaders: string | undefined;

  /** undefined: not set, so that inference on loopback needs no token. See `tokenRule`. */
  readonly disableTokenAuthorization: boolean | undefined;
  /** Minutes that the tokens for inference and management hold. */
  readonly tokenExpirationMin: number;

  readonly enableMetricsApi: boolean;
  readonly metricsMode: "log" | "prometheus" | "legacy";
  readonly disableSystemMetrics: boolean;
  /** ms between two samples of the machine's state. */
  readonly metricTimeInterval: number;

  readonly enableEnvvarsConfig: boolean;
  /** One worker for each model, and the log's level is `debug`. */
  readonly debug: boolean;

  // From here on: keys that TorchServe does not have.
  readonly profile: Profile;
  readonly logFormat: "text" | "json";
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** Whether each request has a line in the log. */
  readonly accessLog: boolean;
  /** What stands in JSON for NaN and the infinities of an output: the request fails, or `null`. */
  readonly jsonNonfinite: "error" | "null";
  /** Status of a request whose input cannot be read: 400 with the reason, or TorchServe's 503 `Prediction failed`. */
  readonly badInputStatus: "400" | "503";
  /** The operator's own handlers: name to file. */
  readonly handlerModules: ReadonlyMap<string, string>;
  /** `ingot`: an idle worker takes at once what waits; `torchserve`: it waits `maxBatchDelay` for a full batch. */
  readonly batchPolicy: "ingot" | "torchserve";
  /** Threads of a worker's engine; 0: the workers of a model share the cores out. */
  readonly workerThreads: number;
  /** ms that running requests may still take after SIGTERM. */
  readonly shutdownGrace: number;
  /** Bytes of all requests and answers that are in memory, at most. */
  readonly maxBytesInFlight: number;
  /** Names in a `Host` header that management and pages answer to, besides loopback and the host of their own address. */
  readonly allowedHosts: readonly string[];
}

/** Where a setting's value comes from; `text` is as it was written. */
export type Origin =
  | { readonly from: "default" | "profile"; readonly text: string | undefined }
  | {
      readonly from: "file";
      readonly text: string;
      /** With its `$$NAME$$` as they stand there. */
      readonly written: string;
      readonly file: string;
      readonly line: number;
    }
  | { readonly from: "flag"; readonly text: string; readonly flag: string }
  | { readonly from: "environment"; readonly text: string; readonly variable: string };

/** The settings, the places that the server writes to, and how all of that was found. */
export interface ServerConfig extends Settings {
  /** Folder for what the server writes; where it was started, unless `--state-dir` says otherwise. */
  readonly stateDir: string;
  /** Folder of logs and, in `config/`, of snapshots: LOG_LOCATION, or `logs` in `stateDir`. */
  readonly logLocation: string;
  /** Whether LOG_LOCATION is set, so that a server in the foreground writes its log there too. */
  readonly logToFile: boolean;
  /** Folder of the metrics log: METRICS_LOCATION, or `logLocation`. */
  readonly metricsLocation: string;
  /** Whether snapshots are written (`--no-config-snapshots` is not given). */
  readonly snapshots: boolean;
  /** The file that was read. */
  readonly configFile: string | undefined;
  /** Sentences for the log: unknown keys, keys set twice, variables that have no effect. */
  readonly warnings: readonly string[];
  /** The keys that were set and have no effect here, as they are named in one line of the log. */
  readonly withoutEffect: readonly string[];
  /** By key of config.properties. */
  readonly origin: ReadonlyMap<string, Origin>;
}
