// The gRPC listeners of a server: inference and management.
import { hostAndPort } from "../config/address.ts";
import type { TlsFiles } from "../http/listener.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Changes } from "./changes.ts";
import type { Dialect } from "./grpc-errors.ts";
import { GrpcListener } from "./grpc-listener.ts";
import { healthMethods } from "./health.ts";
import { type GrpcService, grpcService, type Methods } from "./method.ts";
import { openInferenceMethods } from "./open-inference.ts";
import { type GrpcJs, loadGrpcJs } from "./packages.ts";
import { loadProtos, type Protos } from "./protos.ts";
import { reflectionMethods } from "./reflection.ts";
import { torchServeInferenceMethods } from "./torchserve-inference.ts";
import { torchServeManagementMethods } from "./torchserve-management.ts";

export type GrpcPort = "inference" | "management";

export interface RunningGrpc {
  /** `host:port` of each. */
  readonly addresses: Readonly<Record<GrpcPort, string>>;
  close(): Promise<void>;
}

type Served = readonly [service: string, methods: Methods, dialect: Dialect];

/** Throws what `listen` throws where a port is taken; then nothing of it listens. */
export async function startGrpc(parts: ServerParts, changes: Changes, tls: TlsFiles | undefined): Promise<RunningGrpc> {
  const [grpc, protos] = await Promise.all([loadGrpcJs(), loadProtos()]);
  // What goes wrong is told by our own log.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const { config } = parts;
  const sizes = { maxRequestSize: config.maxRequestSize, maxResponseSize: config.maxResponseSize };
  const inference = new GrpcListener(
    grpc,
    withBasics(grpc, parts, changes, protos, [
      ["inference.GRPCInferenceService", openInferenceMethods(parts), "oip"],
      ["org.pytorch.serve.grpc.inference.InferenceAPIsService", torchServeInferenceMethods(parts), "torchserve"],
    ]),
    {
      ...sizes,
      maxConnectionAge: config.grpcInferenceMaxConnectionAgeMs,
      maxConnectionAgeGrace: config.grpcInferenceMaxConnectionAgeGraceMs,
    },
    tls,
  );
  const management = new GrpcListener(
    grpc,
    withBasics(grpc, parts, changes, protos, [
      ["org.pytorch.serve.grpc.management.ManagementAPIsService", torchServeManagementMethods(parts), "torchserve"],
    ]),
    {
      ...sizes,
      maxConnectionAge: config.grpcManagementMaxConnectionAgeMs,
      maxConnectionAgeGrace: config.grpcManagementMaxConnectionAgeGraceMs,
    },
    tls,
  );
  const close = async () => {
    changes.close();
    await Promise.all([inference.close(), management.close()]);
  };
  try {
    const { grpcInferenceAddress, grpcManagementAddress } = config;
    return {
      addresses: {
        inference: hostAndPort(grpcInferenceAddress, await inference.listen(grpcInferenceAddress, config.grpcInferencePort)),
        management: hostAndPort(grpcManagementAddress, await management.listen(grpcManagementAddress, config.grpcManagementPort)),
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Services, and those that every port has: health and reflection. */
function withBasics(grpc: GrpcJs, parts: ServerParts, changes: Changes, protos: Protos, served: readonly Served[]): GrpcService[] {
  const basics = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"] as const;
  const [health, reflection, oldReflection] = basics;
  const names = [...served.map(([name]) => name), ...basics];
  const reflect = reflectionMethods(protos, names);
  const all: readonly Served[] = [
    ...served,
    [health, healthMethods(parts, changes, new Set(names)), "oip"],
    [reflection, reflect, "oip"],
    [oldReflection, reflect, "oip"],
  ];
  return all.map(([name, methods, dialect]) => grpcService(grpc, protos.service(name), methods, dialect, parts));
}
