// One port with gRPC services. The connections are taken by a server of our own, so that TLS and addresses are as they are for HTTP, and then
// given to grpc-js.
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { ChannelOptions, Server } from "@grpc/grpc-js";
import type { TlsFiles } from "../http/listener.ts";
import type { GrpcService } from "./method.ts";
import type { GrpcJs } from "./packages.ts";

export interface GrpcOptions {
  /** Bytes of a message. */
  readonly maxRequestSize: number;
  readonly maxResponseSize: number;
  /** ms; Infinity: connections may get as old as they like. */
  readonly maxConnectionAge: number;
  readonly maxConnectionAgeGrace: number;
}

export class GrpcListener {
  readonly #net: NetServer;
  readonly #sockets = new Set<Socket>();
  #grpc: Server | undefined;
  #injector: ReturnType<Server["createConnectionInjector"]> | undefined;

  constructor(tls: TlsFiles | undefined) {
    const take = (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      // What a connection dies of is told to its calls.
      socket.on("error", () => socket.destroy());
      this.#injector?.injectConnection(socket);
    };
    if (!tls) this.#net = createServer({ noDelay: true }, take);
    else {
      this.#net = createTlsServer({ ...tls, ALPNProtocols: ["h2"] }, take);
      this.#net.on("tlsClientError", (_, socket: Socket) => socket.destroy());
    }
  }

  /** Binds; resolves with the port. Throws what `listen` throws, such as EADDRINUSE. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#net.once("error", reject);
      this.#net.listen({ host, port, backlog: 1024 }, () => {
        this.#net.removeListener("error", reject);
        const found = this.#net.address();
        resolve(typeof found === "object" && found ? found.port : port);
      });
    });
  }

  /** Serves, those too that connected before. Once. */
  serve(grpc: GrpcJs, services: readonly GrpcService[], options: GrpcOptions): void {
    const server = new grpc.Server(channelOptions(options));
    for (const { definition, implementation } of services) server.addService(definition, implementation);
    this.#grpc = server;
    this.#injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    for (const socket of this.#sockets) this.#injector.injectConnection(socket);
  }

  /** Takes no more connections, and ends those that there are. */
  close(): Promise<void> {
    this.#injector?.destroy();
    this.#grpc?.forceShutdown();
    return new Promise((resolve) => {
      this.#net.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }
}

function channelOptions(options: GrpcOptions): ChannelOptions {
  const { maxRequestSize, maxResponseSize, maxConnectionAge, maxConnectionAgeGrace } = options;
  return {
    "grpc.max_receive_message_length": maxRequestSize,
    "grpc.max_send_message_length": maxResponseSize,
    "grpc.max_concurrent_streams": 1000,
    "grpc.enable_channelz": 0,
    ...(Number.isFinite(maxConnectionAge) && { "grpc.max_connection_age_ms": maxConnectionAge }),
    ...(Number.isFinite(maxConnectionAgeGrace) && { "grpc.max_connection_age_grace_ms": maxConnectionAgeGrace }),
  };
}
