// What a deployment is made from, and what all kinds of it agree on: folders inside of a container, times, names, sizes.
import { stringify } from "yaml";
import { producerVersion } from "../../onnx/producer.ts";
import type { DeployedModel } from "./deployed-model.ts";

/** What all kinds of deployments are asked. */
export interface DeployOptions {
  /** Worker processes of the model. */
  readonly workers: number;
  /** Cores. */
  readonly cpu: number;
  /** Bytes; undefined: what the model's size suggests. */
  readonly memory?: number | undefined;
}

/** What is asked where containers run. */
export interface ContainerOptions extends DeployOptions {
  /** With its tag. */
  readonly image: string;
}

/** A text file of a deployment. */
export interface DeployFile {
  /** Relative, with `/` between folders. */
  readonly path: string;
  readonly text: string;
}

export const defaultImage = `ingot:${producerVersion}`;

/** In a container: the file system is read-only but for the state folder and /tmp. */
export const containerPaths = { state: "/var/lib/ingot", models: "/models", config: "/etc/ingot/config.properties" } as const;

/** The user that containers run as: `node` of the images of Node. */
export const containerUser = 1000;

/** Seconds that running requests get after SIGTERM. */
export const graceSeconds = 30;
/** Seconds after which the platform ends the process: what the server takes beyond its grace time is in them. */
export const stopSeconds = graceSeconds + 15;

/**
 * YAML that readers of version 1.1 and of 1.2 understand alike: Kubernetes and older Compose take `no` for a boolean and `12:30` for a number.
 *
 * @example
 * yamlText({ name: "no" }); // name: "no"
 */
export const yamlText = (document: object): string => stringify(document, { lineWidth: 0, compat: "yaml-1.1" });

/** The model store of a deployment, beside its files. */
export const storeFolder = "model_store";

/** A name as DNS has labels, which Kubernetes, Docker and systemd all take. */
export function dnsName(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");
  // Services of Kubernetes begin with a letter.
  return /^[a-z]/.test(label) ? label : `m-${label}`.slice(0, 63);
}

const mebibyte = 2 ** 20;

/** Bytes of memory: the acceptor's, and for each worker Node's and twice the weights, which are there twice while a model is compiled. */
export function memoryFor({ bytes }: DeployedModel, { workers, memory }: DeployOptions): number {
  return memory ?? Math.ceil((512 * mebibyte + workers * (256 * mebibyte + 2 * bytes)) / (256 * mebibyte)) * 256 * mebibyte;
}

/** Bytes that the state folder may take: the model unpacked, compiled and kept as a session, and room for the log. */
export const stateBytes = ({ bytes }: DeployedModel): number => Math.ceil((1024 * mebibyte + 4 * bytes) / mebibyte) * mebibyte;

/** As Kubernetes writes quantities: `1536Mi`. */
export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / mebibyte)}Mi`;

/**
 * The configuration of a server in a container: it listens on all addresses of its own network, and management on loopback alone. A platform that
 * routes requests to it knows no tokens.
 */
export function containerProperties({ workers }: DeployOptions, address: "fixed" | "$PORT"): string {
  const port = address === "$PORT" ? "# Where the platform sets $PORT, it replaces this port.\n" : "";
  return `# Written by \`ingot deploy\`.
${port}inference_address=http://0.0.0.0:8080
grpc_inference_address=0.0.0.0
metrics_address=http://0.0.0.0:8082
metrics_mode=prometheus
# Only this container can manage models; who may reach the others is up to the network.
disable_token_authorization=true
# A container may see more cores than it may use.
default_workers_per_model=${workers}
shutdown_grace=${graceSeconds}
log_format=json
`;
}
