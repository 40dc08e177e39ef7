// The packages of gRPC, loaded when a server starts and not before: they take a tenth of a second, and most commands need neither.

export type GrpcJs = typeof import("@grpc/grpc-js");
export type Protobuf = typeof import("protobufjs");

export const loadGrpcJs = (): Promise<GrpcJs> => import("@grpc/grpc-js");

export const loadProtobuf = async (): Promise<Protobuf> => (await import("protobufjs")).default;
