// The gRPC listeners of a server: inference and management.
import { hostAndPort } from "../config/address.ts";
import type { ServerConfig } from "../config/server-config.ts";
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

export interface GrpcPorts {
  /** `host:port` of each. */
  readonly addresses: Readonly<Record<GrpcPort, string>>;
  /** Loads what gRPC takes and serves; who connected before has waited. */
  serve(parts: ServerParts, changes: Changes): Promise<void>;
  close(): Promise<void>;
}

type Served = readonly [service: string, methods: Methods, dialect: Dialect];

/** Binds both ports. Throws what `listen` throws where one is taken; then neither is bound. */
export async function listenGrpc(config: ServerConfig, tls: TlsFiles | undefined): Promise<GrpcPorts> {
  const [inference, management] = [new GrpcListener(tls), new GrpcListener(tls)];
  const close = async () => {
    await Promise.all([inference.close(), management.close()]);
  };
  try {
    const { grpcInferenceAddress, grpcManagementAddress } = config;
    return {
      addresses: {
        inference: hostAndPort(grpcInferenceAddress, await inference.listen(grpcInferenceAddress, config.grpcInferencePort)),
        management: hostAndPort(grpcManagementAddress, await management.listen(grpcManagementAddress, config.grpcManagementPort)),
      },
      serve: (parts, changes) => serve(inference, management, parts, changes),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serve(inference: GrpcListener, management: GrpcListener, parts: ServerParts, changes: Changes): Promise<void> {
  const [grpc, protos] = await Promise.all([loadGrpcJs(), loadProtos()]);
  // What goes wrong is told by our own log.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const { config } = parts;
  const sizes = { maxRequestSize: config.maxRequestSize, maxResponseSize: config.maxResponseSize };
  inference.serve(
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
  );
  management.serve(
    grpc,
    withBasics(grpc, parts, changes, protos, [
      ["org.pytorch.serve.grpc.management.ManagementAPIsService", torchServeManagementMethods(parts), "torchserve"],
    ]),
    {
      ...sizes,
      maxConnectionAge: config.grpcManagementMaxConnectionAgeMs,
      maxConnectionAgeGrace: config.grpcManagementMaxConnectionAgeGraceMs,
    },
  );
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
