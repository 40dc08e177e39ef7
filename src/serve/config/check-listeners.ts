// What must hold between the addresses: no two listeners on one port, and a certificate for those that encrypt.
import { ingotError } from "../../errors/error.ts";
import { type Address, formatAddress, hostAndPort, sameAddress } from "./address.ts";
import type { ServerConfig } from "./server-config.ts";

interface Listener {
  readonly key: string;
  readonly address: Address;
}

/** Throws `ServeAddressClash` or `ServeTls`. */
export function checkListeners(config: ServerConfig): void {
  const http = httpListeners(config);
  const grpc = grpcListeners(config);
  for (const [i, first] of http.entries()) for (const second of http.slice(i + 1)) if (!shared(first, second)) clash(first, second, config);
  const [inference, management] = grpc;
  for (const first of http) for (const second of grpc) clash(first, second, config);
  clash(inference, management, config);
  checkTls(config, [...http, ...grpc]);
}

/** The listeners of HTTP, by key. Equal addresses are one listener. */
export function httpListeners(config: ServerConfig): Listener[] {
  return [
    { key: "inference_address", address: config.inferenceAddress },
    { key: "management_address", address: config.managementAddress },
    ...(config.enableMetricsApi ? [{ key: "metrics_address", address: config.metricsAddress }] : []),
  ];
}

function grpcListeners(config: ServerConfig): readonly [Listener, Listener] {
  const tls = config.enableGrpcSsl;
  return [
    { key: "grpc_inference_port", address: { kind: "tcp", tls, host: config.grpcInferenceAddress, port: config.grpcInferencePort } },
    { key: "grpc_management_port", address: { kind: "tcp", tls, host: config.grpcManagementAddress, port: config.grpcManagementPort } },
  ];
}

const shared = (a: Listener, b: Listener) => formatAddress(a.address) === formatAddress(b.address);

function clash(first: Listener, second: Listener, config: ServerConfig): void {
  if (!sameAddress(first.address, second.address)) return;
  const { address } = second;
  throw ingotError("ServeAddressClash", {
    first: origin(first, config),
    second: origin(second, config),
    address: address.kind === "unix" ? address.path : hostAndPort(address.host, address.port),
    profile: `the profile is ${config.profile}.`,
  });
}

/** The key, and where its value comes from where that is not the file. */
function origin({ key }: Listener, config: ServerConfig): string {
  const from = config.origin.get(key);
  return from?.from === "environment" ? `${key} (from ${from.variable})` : key;
}

function checkTls(config: ServerConfig, listeners: readonly Listener[]): void {
  const encrypted = listeners.find(({ address }) => address.kind === "tcp" && address.tls);
  if (!encrypted) return;
  const { keystore, certificateFile, privateKeyFile } = config;
  if (keystore !== undefined || (certificateFile !== undefined && privateKeyFile !== undefined)) return;
  const problem =
    certificateFile !== undefined
      ? "there is a certificate_file without a private_key_file"
      : privateKeyFile !== undefined
        ? "there is a private_key_file without a certificate_file"
        : "there is no certificate";
  throw ingotError("ServeTls", { key: encrypted.key, problem });
}
