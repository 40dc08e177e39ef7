// The keys of model-config.yaml that the server itself understands. Everything else in the file is the handler's and is kept as it is.

/** What a value must be, and what TypeScript makes of it. */
interface KindTypes {
  readonly integer: number;
  readonly boolean: boolean;
  readonly text: string;
  readonly integers: readonly number[];
  readonly record: Readonly<Record<string, unknown>>;
}

export interface KeyRule {
  readonly kind: keyof KindTypes;
  /** What TorchServe takes where neither the file nor the server's configuration says; absent: it depends on the machine, or there is none. */
  readonly default?: number | boolean | string;
  /** The smallest integer. */
  readonly from?: number;
  /** The texts that are allowed. */
  readonly among?: readonly string[];
}

/** Times are in seconds, but for `maxBatchDelay` and the keys that end in `Mills` or `MSec`. */
export const configKeys = {
  minWorkers: { kind: "integer", from: 0 },
  maxWorkers: { kind: "integer", from: 0 },
  batchSize: { kind: "integer", from: 1, default: 1 },
  maxBatchDelay: { kind: "integer", from: 0, default: 100 },
  responseTimeout: { kind: "integer", from: 1, default: 120 },
  startupTimeout: { kind: "integer", from: 1, default: 120 },
  deviceType: { kind: "text", among: ["cpu", "gpu", "neuron"] },
  deviceIds: { kind: "integers", from: 0 },
  parallelType: { kind: "text", among: ["pp", "tp", "pptp", "custom"] },
  parallelLevel: { kind: "integer", from: 1 },
  torchrun: { kind: "record" },
  maxRetryTimeoutInSec: { kind: "integer", from: 0, default: 300 },
  clientTimeoutInMills: { kind: "integer", from: 0, default: 0 },
  jobQueueSize: { kind: "integer", from: 1, default: 100 },
  useJobTicket: { kind: "boolean", default: false },
  sequenceMaxIdleMSec: { kind: "integer", from: 0, default: 0 },
  sequenceTimeoutMSec: { kind: "integer", from: 0, default: 0 },
  maxSequenceJobQueueSize: { kind: "integer", from: 1, default: 1 },
  maxNumSequence: { kind: "integer", from: 1, default: 1 },
  continuousBatching: { kind: "boolean", default: false },
  sequenceBatching: { kind: "boolean", default: false },
  asyncCommunication: { kind: "boolean", default: false },
  useVenv: { kind: "boolean", default: false },
} as const satisfies Readonly<Record<string, KeyRule>>;

export type ConfigKey = keyof typeof configKeys;

type ConfigValue<K extends ConfigKey> = (typeof configKeys)[K] extends { readonly among: readonly (infer T)[] }
  ? T
  : KindTypes[(typeof configKeys)[K]["kind"]];

/** The server's keys where the file has them with a value of the right type, and `backend`: all others, as they are. */
export type ModelConfig = { readonly [K in ConfigKey]?: ConfigValue<K> } & {
  readonly backend: Readonly<Record<string, unknown>>;
};
