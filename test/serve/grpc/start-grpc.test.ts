import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { credentials, status } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import "protobufjs/ext/descriptor.js";
import { certificate, keystore, privateKey } from "../../support/certificate.ts";
import { GrpcClient, type GrpcClientOptions, grpcStatus, type Reply } from "../../support/grpc-client.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const service = "inference.GRPCInferenceService";

describe("a server's gRPC ports", () => {
  const folder = temporaryFolder();
  const closing: (() => unknown)[] = [];
  let runs = 0;
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const start = async (keys: Readonly<Record<string, string>> = {}) => {
    const store = join(folder(), String(runs++), "store");
    mkdirSync(store, { recursive: true });
    storeModel(store, "doubler");
    const server = await serveStore(store, keys);
    closing.push(() => server.close());
    return server;
  };
  const connect = (address: string, options?: GrpcClientOptions) => {
    const client = new GrpcClient(address, options);
    closing.push(() => client.close());
    return client;
  };

  describe("tell their health", () => {
    it("of the server and of each service", async () => {
      const server = await start();
      for (const address of Object.values(server.grpcAddresses)) {
        const client = connect(address);
        const check = (name: string) => client.call("grpc.health.v1.Health/Check", { service: name });
        assert.deepEqual(await check(""), { status: 1 });
        assert.deepEqual(await check("grpc.health.v1.Health"), { status: 1 });
        await assert.rejects(check("nothing"), grpcStatus(status.NOT_FOUND, /There is no service nothing/));
      }
    });

    it("again whenever it changes, to those that watch", async () => {
      const server = await start();
      const client = connect(server.grpcAddresses.inference);
      const watch = client.listen("grpc.health.v1.Health/Watch", { service: service });
      const statuses = statusesOf(watch);
      assert.equal((await statuses.next()).value, 1);
      await server.drain(1000);
      assert.equal((await statuses.next()).value, 2);
      assert.deepEqual(await client.call("grpc.health.v1.Health/Check", { service: "" }), { status: 2 });
      const unknown = statusesOf(client.listen("grpc.health.v1.Health/Watch", { service: "nothing" }));
      assert.equal((await unknown.next()).value, 3);
    });
  });

  describe("describe themselves by reflection", () => {
    for (const version of ["v1", "v1alpha"])
      it(`of ${version}, so that a client needs no .proto files`, async () => {
        const server = await start();
        const stream = connect(server.grpcAddresses.inference).talk(`grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
        const replies = repliesOf(stream);
        const ask = async (request: object): Promise<Reply> => {
          stream.write(request);
          return (await replies.next()).value as Reply;
        };
        const { list_services_response: list } = await ask({ list_services: "" });
        const services = (list as { service: { name: string }[] }).service.map((s) => s.name);
        assert.ok(services.includes(service) && services.includes("org.pytorch.serve.grpc.inference.InferenceAPIsService"));
        for (const symbol of [...services, "inference.ModelInferRequest.InferInputTensor", `${service}.ModelInfer`]) {
          const { file_descriptor_response: found, error_response } = await ask({ file_containing_symbol: symbol });
          assert.ok(found, `${symbol}: ${JSON.stringify(error_response)}`);
        }
        const { file_descriptor_response: file } = await ask({ file_by_filename: "open-inference.proto" });
        const [bytes] = (file as { file_descriptor_proto: Buffer[] }).file_descriptor_proto;
        assert.ok(bytes);
        const request = rebuilt(bytes).lookupType("inference.ModelInferRequest");
        assert.match(request.fieldsById[7]?.name ?? "", /^raw_?input_?contents$/i);
        assert.equal(request.fieldsById[5]?.resolvedType?.fullName, ".inference.ModelInferRequest.InferInputTensor");
        const { error_response: error } = await ask({ file_containing_symbol: "inference.Nothing" });
        assert.deepEqual(error, { error_code: status.NOT_FOUND, error_message: "There is no inference.Nothing." });
        stream.end();
      });
  });

  it("ask for tokens in the metadata, each for its own", async () => {
    const server = await start({ disable_token_authorization: "false" });
    const keys = JSON.parse(readFileSync(server.parts.tokens.file ?? "", "utf8")) as Record<"inference" | "management", { key: string }>;
    const withKey = (address: string, key: string) => connect(address, { metadata: { protocol: "gRPC", authorization: `Bearer ${key}` } });
    const { inference, management } = server.grpcAddresses;
    const list = "org.pytorch.serve.grpc.management.ManagementAPIsService/ListModels";
    const ping = "org.pytorch.serve.grpc.inference.InferenceAPIsService/Ping";
    // Probes show none.
    assert.deepEqual(await connect(inference).call(`${service}/ServerReady`), { ready: true });
    const failed = /Token Authorization failed/;
    await assert.rejects(connect(inference).call(`${service}/ServerMetadata`), grpcStatus(status.UNAUTHENTICATED, failed));
    await assert.rejects(connect(inference).call(ping), grpcStatus(status.CANCELLED, failed));
    await assert.rejects(withKey(management, keys.inference.key).call(list), grpcStatus(status.CANCELLED, failed));
    await assert.rejects(
      withKey(inference, keys.inference.key).call(`${service}/RepositoryModelUnload`, { model_name: "doubler" }),
      grpcStatus(status.UNAUTHENTICATED, failed),
    );
    assert.ok((await withKey(inference, keys.inference.key).call(`${service}/ServerMetadata`)).name);
    assert.ok((await withKey(management, keys.management.key).call(list)).msg);
  });

  it("refuse to change models where the model API is off", async () => {
    const server = await start();
    const client = connect(server.grpcAddresses.inference);
    await assert.rejects(
      client.call(`${service}/RepositoryModelUnload`, { model_name: "doubler" }),
      grpcStatus(status.FAILED_PRECONDITION, /without enable_model_api/),
    );
    await assert.rejects(
      connect(server.grpcAddresses.management).call("org.pytorch.serve.grpc.management.ManagementAPIsService/UnregisterModel", {
        model_name: "doubler",
      }),
      grpcStatus(status.FAILED_PRECONDITION, /without enable_model_api/),
    );
  });

  it("encrypt with a certificate and key, and with a keystore", async () => {
    const files = { cert: folder("cert.pem", certificate), key: folder("key.pem", privateKey), p12: folder("store.p12", keystore) };
    for (const keys of [{ certificate_file: files.cert, private_key_file: files.key }, { keystore: files.p12 }]) {
      const server = await start({ enable_grpc_ssl: "true", ...(keys as Record<string, string>) });
      const creds = credentials.createSsl(Buffer.from(certificate));
      assert.deepEqual(await connect(server.grpcAddresses.inference, { creds }).call(`${service}/ServerLive`), { live: true });
      await assert.rejects(
        connect(server.grpcAddresses.inference).call(`${service}/ServerLive`, {}, { deadline: Date.now() + 5000 }),
        (error: { code?: number }) => error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED,
      );
    }
  });

  it("close connections that are older than they may be, and clients connect again", async () => {
    const server = await start({ grpc_inference_max_connection_age_ms: "50", grpc_inference_max_connection_age_grace_ms: "50" });
    const client = connect(server.grpcAddresses.inference);
    const watched = new Promise((resolve) => client.listen("grpc.health.v1.Health/Watch", { service: "" }).on("error", resolve).resume());
    await watched;
    assert.deepEqual(await client.call(`${service}/ServerLive`), { live: true });
  });

  it("are an error of the start where another program has one", async () => {
    const server = await start();
    const [, taken = ""] = server.grpcAddresses.management.split(":");
    await assert.rejects(start({ grpc_inference_port: taken }), { code: "EADDRINUSE" });
  });
});

async function* repliesOf(stream: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const reply of stream) yield reply;
}

async function* statusesOf(stream: AsyncIterable<unknown> & { on(event: "error", listener: () => void): unknown }): AsyncGenerator<number> {
  for await (const reply of stream) yield (reply as { status: number }).status;
}

/** A file descriptor as another program reads it. */
function rebuilt(bytes: Buffer): protobuf.Root {
  const { FileDescriptorSet, FileDescriptorProto } = (protobuf as unknown as { descriptor: Record<string, protobuf.Type> }).descriptor;
  assert.ok(FileDescriptorSet && FileDescriptorProto);
  const set = FileDescriptorSet.create({ file: [FileDescriptorProto.decode(bytes)] });
  const root = (protobuf.Root as unknown as { fromDescriptor(set: protobuf.Message): protobuf.Root }).fromDescriptor(set);
  root.resolveAll();
  return root;
}
