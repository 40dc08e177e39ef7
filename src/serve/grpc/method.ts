// What a gRPC method is here, and a service made of such methods for grpc-js: tokens, errors and the log are in one place.
import { randomUUID } from "node:crypto";
import type {
  handleBidiStreamingCall,
  Metadata,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Method as ProtoMethod, Service } from "protobufjs";
import { faultOf } from "../fault.ts";
import { requireToken } from "../http/guards.ts";
import type { TokenKind } from "../http/router.ts";
import type { ServerParts } from "../server-parts.ts";
import { type Dialect, grpcError } from "./grpc-errors.ts";
import type { GrpcJs } from "./packages.ts";

/** One call of a method. */
export interface Call {
  readonly requestId: string;
  readonly parts: ServerParts;
  /** ms that the client still waits; Infinity where it does not say. May be negative. */
  timeLeft(): number;
  isCancelled(): boolean;
}

/**
 * Messages are plain objects with the names of the .proto file, all fields filled; of a `raw` method they are bytes, which nobody reads here.
 * What a message holds is known to its method only.
 */
export type Message = unknown;

interface Common {
  readonly token?: TokenKind;
  readonly raw?: true;
}
export interface Unary extends Common {
  readonly kind: "unary";
  answer(request: Message, call: Call): Message | Promise<Message>;
}
/** One request, and answers until it returns. */
export interface Streaming extends Common {
  readonly kind: "streaming";
  answer(request: Message, call: Call, send: (message: Message) => void): void | Promise<void>;
}
/** As many requests as come; the answers to each are sent in their order. */
export interface Duplex extends Common {
  readonly kind: "duplex";
  answer(request: Message, call: Call): Message | Promise<Message>;
}
export type Method = Unary | Streaming | Duplex;

export type Methods = Readonly<Record<string, Method>>;

export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Requests of one stream that are answered at the same time; further ones wait on the wire. */
const mostAtOnce = 32;

/** Methods that the service has and `methods` has not are UNIMPLEMENTED: grpc-js answers so. */
export function grpcService(grpc: GrpcJs, service: Service, methods: Methods, dialect: Dialect, parts: ServerParts): GrpcService {
  const definition: Record<string, ServiceDefinition[string]> = {};
  const implementation: UntypedServiceImplementation = {};
  const path = (name: string) => `/${service.fullName.slice(1)}/${name}`;
  for (const proto of service.methodsArray) {
    const method = Object.hasOwn(methods, proto.name) ? methods[proto.name] : undefined;
    definition[proto.name] = methodDefinition(path(proto.name), proto, method?.raw ?? false);
    if (method) implementation[proto.name] = new Caller(grpc, path(proto.name), method, dialect, parts).handler;
  }
  return { definition, implementation };
}

function methodDefinition(path: string, proto: ProtoMethod, raw: boolean): ServiceDefinition[string] {
  const { resolvedRequestType: request, resolvedResponseType: response } = proto;
  if (!request || !response) throw new Error(`${path} has no types`);
  const same = (bytes: Buffer) => bytes;
  return {
    path,
    originalName: proto.name,
    requestStream: proto.requestStream === true,
    responseStream: proto.responseStream === true,
    requestSerialize: (value: object) => Buffer.from(request.encode(request.fromObject(value)).finish()),
    requestDeserialize: raw
      ? same
      : (bytes: Buffer) => request.toObject(request.decode(bytes), { defaults: true, longs: Number, oneofs: true }),
    responseSerialize: raw ? same : (value: object) => Buffer.from(response.encode(response.fromObject(value)).finish()),
    responseDeserialize: (bytes: Buffer) => response.toObject(response.decode(bytes), { defaults: true, longs: Number }),
  };
}

interface AnyCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getDeadline(): Date | number;
}

class Caller {
  readonly #grpc: GrpcJs;
  readonly #path: string;
  readonly #method: Method;
  readonly #dialect: Dialect;
  readonly #parts: ServerParts;

  constructor(grpc: GrpcJs, path: string, method: Method, dialect: Dialect, parts: ServerParts) {
    this.#grpc = grpc;
    this.#path = path;
    this.#method = method;
    this.#dialect = dialect;
    this.#parts = parts;
  }

  get handler(): UntypedServiceImplementation[string] {
    const method = this.#method;
    if (method.kind === "unary")
      return (call: ServerUnaryCall<Message, Message>, done: sendUnaryData<Message>) => void this.#unary(method, call, done);
    if (method.kind === "streaming") return (call: ServerWritableStream<Message, Message>) => void this.#streaming(method, call);
    const duplex: handleBidiStreamingCall<Message, Message> = (call) => this.#duplex(method, call);
    return duplex;
  }

  async #unary(method: Unary, rpc: ServerUnaryCall<Message, Message>, done: sendUnaryData<Message>): Promise<void> {
    const { call, since } = this.#begin(rpc);
    try {
      this.#guard(rpc.metadata);
      done(null, await method.answer(rpc.request, call));
      this.#tell(call, since, 200);
    } catch (error) {
      done(grpcError(this.#grpc, error, this.#dialect, this.#parts, call.requestId));
      this.#tell(call, since, faultOf(error).status);
    }
  }

  async #streaming(method: Streaming, rpc: ServerWritableStream<Message, Message>): Promise<void> {
    const { call, since } = this.#begin(rpc);
    try {
      this.#guard(rpc.metadata);
      await method.answer(rpc.request, call, (message) => rpc.write(message));
      rpc.end();
      this.#tell(call, since, 200);
    } catch (error) {
      rpc.emit("error", grpcError(this.#grpc, error, this.#dialect, this.#parts, call.requestId));
      this.#tell(call, since, faultOf(error).status);
    }
  }

  #duplex(method: Duplex, rpc: ServerDuplexStream<Message, Message>): void {
    const { call, since } = this.#begin(rpc);
    let ended = false;
    const fail = (error: unknown) => {
      if (ended) return;
      ended = true;
      rpc.emit("error", grpcError(this.#grpc, error, this.#dialect, this.#parts, call.requestId));
      this.#tell(call, since, faultOf(error).status);
    };
    try {
      this.#guard(rpc.metadata);
    } catch (error) {
      return fail(error);
    }
    let running = 0;
    let last = Promise.resolve();
    rpc.on("data", (request: Message) => {
      if (++running >= mostAtOnce) rpc.pause();
      const answer = Promise.resolve().then(() => method.answer(request, call));
      // It is awaited in its turn; until then, its failure is nobody's.
      answer.catch(() => {});
      last = last.then(async () => {
        try {
          const message = await answer;
          if (!ended) rpc.write(message);
        } catch (error) {
          fail(error);
        }
        if (--running < mostAtOnce) rpc.resume();
      });
    });
    rpc.on("end", () => {
      void last.then(() => {
        if (ended) return;
        ended = true;
        rpc.end();
        this.#tell(call, since, 200);
      });
    });
    rpc.on("error", () => {
      ended = true;
    });
    rpc.on("cancelled", () => {
      ended = true;
    });
  }

  #begin(rpc: AnyCall): { readonly call: Call; readonly since: number } {
    const call: Call = {
      requestId: randomUUID(),
      parts: this.#parts,
      timeLeft: () => Number(rpc.getDeadline()) - Date.now(),
      isCancelled: () => rpc.cancelled,
    };
    return { call, since: performance.now() };
  }

  #guard(metadata: Metadata): void {
    const { token } = this.#method;
    const [authorization] = metadata.get("authorization");
    if (token !== undefined) requireToken(this.#parts.tokens.check(authorization?.toString(), token));
  }

  #tell({ requestId }: Call, since: number, status: number): void {
    this.#parts.observer.answered({ method: "GRPC", path: this.#path, requestId, status, ms: performance.now() - since });
  }
}
