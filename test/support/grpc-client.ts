// A gRPC client for tests, made from the .proto files as a user's would be.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import protobuf from "protobufjs";

const folder = join(import.meta.dirname, "../../src/serve/grpc/protos");

const root = new protobuf.Root();
root.resolvePath = (_, target) => (target.endsWith("empty.proto") ? join(folder, "empty.proto") : target);
root.loadSync(
  readdirSync(folder)
    .filter((name) => name !== "empty.proto")
    .map((name) => join(folder, name)),
  { keepCase: true },
);
root.resolveAll();

export type Reply = Readonly<Record<string, unknown>>;

export interface GrpcClientOptions {
  readonly creds?: ChannelCredentials;
  /** Of each call. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Of one address; messages are plain objects. Calls are named `package.Service/Method`. */
export class GrpcClient {
  readonly #client: Client;
  readonly #metadata: Metadata;

  constructor(address: string, { creds = credentials.createInsecure(), metadata = {} }: GrpcClientOptions = {}) {
    this.#client = new Client(address, creds, { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    this.#metadata = new Metadata();
    for (const [key, value] of Object.entries(metadata)) this.#metadata.set(key, value);
  }

  close(): void {
    this.#client.close();
  }

  /** Rejects with grpc-js's error, which has a `code`. `request` may be the message's bytes. */
  call(method: string, request: object = {}, options: CallOptions = {}, begun: (cancel: () => void) => void = () => {}): Promise<Reply> {
    const { serialize, deserialize } = typesOf(method);
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(`/${method}`, serialize, deserialize, request, this.#metadata, options, (error, reply) =>
        error ? reject(error) : resolve(reply as Reply),
      );
      begun(() => call.cancel());
    });
  }

  /** A call with many answers. */
  listen(method: string, request: object): ClientReadableStream<Reply> {
    const { serialize, deserialize } = typesOf(method);
    return this.#client.makeServerStreamRequest(`/${method}`, serialize, deserialize, request, this.#metadata, {});
  }

  /** A call with many requests and answers. */
  talk(method: string): ClientDuplexStream<object, Reply> {
    const { serialize, deserialize } = typesOf(method);
    return this.#client.makeBidiStreamRequest(`/${method}`, serialize, deserialize, this.#metadata, {});
  }
}

function typesOf(path: string) {
  const [service = "", name = ""] = path.split("/");
  const method = root.lookupService(service).methods[name];
  const [request, response] = [method?.resolvedRequestType, method?.resolvedResponseType];
  if (!request || !response) throw new Error(`there is no method ${path}`);
  return {
    serialize: (value: object) =>
      value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(request.encode(request.fromObject(value)).finish()),
    deserialize: (bytes: Buffer): Reply =>
      response.toObject(response.decode(bytes), { defaults: true, longs: Number, bytes: Buffer }) as Reply,
  };
}

/** For assert.rejects: an error of this status code whose text matches. */
export const grpcStatus = (code: number, details: RegExp) => (error: ServiceError) => {
  if (error.code === code && details.test(error.details)) return true;
  throw new Error(`expected status ${code} and ${details}, got ${error.code}: ${error.details}`, { cause: error });
};
