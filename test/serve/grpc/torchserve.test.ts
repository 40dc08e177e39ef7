import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { GrpcClient, grpcStatus, type Reply } from "../../support/grpc-client.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const inference = "org.pytorch.serve.grpc.inference.InferenceAPIsService";
const management = "org.pytorch.serve.grpc.management.ManagementAPIsService";

describe("TorchServe's gRPC services", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;
  let predictor: GrpcClient;
  let manager: GrpcClient;

  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    storeModel(store, "doubler", { version: "2.0", folder: "second" });
    storeModel(store, "other");
    server = await serveStore(store, { load_models: "doubler", enable_model_api: "true" });
    predictor = new GrpcClient(server.grpcAddresses.inference);
    manager = new GrpcClient(server.grpcAddresses.management);
  });
  after(async () => {
    predictor.close();
    manager.close();
    await server.close();
  });

  const predict = (request: object) => predictor.call(`${inference}/Predictions`, { model_name: "doubler", ...request });
  const input = { data: Buffer.from("[1, 2.5, -3]") };
  const manage = async (method: string, request: object = {}) => (await manager.call(`${management}/${method}`, request)).msg as string;
  const textOf = ({ prediction }: Reply) => (prediction as Buffer).toString();

  it("answer Ping as the REST API does", async () => {
    assert.deepEqual(await predictor.call(`${inference}/Ping`), { health: '{\n  "status": "Healthy"\n}\n' });
  });

  it("predict with the model's handler", async () => {
    assert.deepEqual(JSON.parse(textOf(await predict({ input }))), [2, 5, -6]);
    assert.deepEqual(JSON.parse(textOf(await predict({ model_version: "1.0", input: { body: input.data } }))), [2, 5, -6]);
  });

  it("predict once where a stream of answers is asked for", async () => {
    const replies: Reply[] = [];
    const stream = predictor.listen(`${inference}/StreamPredictions`, { model_name: "doubler", input });
    await new Promise((resolve, reject) =>
      stream
        .on("data", (r: Reply) => replies.push(r))
        .on("end", resolve)
        .on("error", reject),
    );
    assert.deepEqual(
      replies.map(textOf).map((t) => JSON.parse(t) as unknown),
      [[2, 5, -6]],
    );
  });

  it("say aloud that sequences are not served", async () => {
    const stream = predictor.talk(`${inference}/StreamPredictions2`);
    stream.write({ model_name: "doubler", input });
    const error = await new Promise<Error>((resolve) => stream.on("error", resolve).on("data", () => {}));
    grpcStatus(status.UNIMPLEMENTED, /sequences of requests, which are not served/)(error as Parameters<ReturnType<typeof grpcStatus>>[0]);
  });

  it("say what is wrong", async () => {
    await assert.rejects(predict({ model_name: "nobody", input }), grpcStatus(status.NOT_FOUND, /^Model not found: nobody$/));
    await assert.rejects(
      predict({ model_version: "9", input }),
      grpcStatus(status.NOT_FOUND, /^Model version: 9 does not exist for model: doubler$/),
    );
    await assert.rejects(predict({ input: { data: Buffer.from("[1, 2]") } }), grpcStatus(status.INVALID_ARGUMENT, /Input x/));
    await assert.rejects(predict({ input: { data: Buffer.from("[1, 2") } }), grpcStatus(status.INVALID_ARGUMENT, /not valid JSON/));
    await assert.rejects(predict({}), grpcStatus(status.INVALID_ARGUMENT, /The request has no input/));
  });

  it("manage models", async () => {
    assert.deepEqual(JSON.parse(await manage("ListModels")), { models: [{ modelName: "doubler", modelUrl: "doubler" }] });
    const [described] = JSON.parse(await manage("DescribeModel", { model_name: "doubler" })) as Reply[];
    assert.ok(described);
    assert.equal(described.modelVersion, "1.0");
    assert.equal((described.workers as unknown[]).length, 1);
    assert.equal(
      await manage("RegisterModel", { url: "second", initial_workers: 1, synchronous: true }),
      'Model "doubler" Version: 2.0 registered with 1 initial workers',
    );
    assert.equal(
      await manage("SetDefault", { model_name: "doubler", model_version: "2.0" }),
      'Default version successfully updated for model "doubler" to "2.0"',
    );
    assert.equal(
      await manage("ScaleWorker", { model_name: "doubler", model_version: "2.0", min_worker: 2, synchronous: true }),
      "Workers scaled to 2 for model: doubler, version: 2.0",
    );
    const all = JSON.parse(await manage("DescribeModel", { model_name: "doubler", model_version: "all" })) as Reply[];
    assert.deepEqual(
      all.map((v) => v.modelVersion),
      ["2.0", "1.0"],
    );
    await assert.rejects(
      manage("UnregisterModel", { model_name: "doubler", model_version: "2.0" }),
      grpcStatus(status.PERMISSION_DENIED, /default version/),
    );
    assert.equal(await manage("UnregisterModel", { model_name: "doubler", model_version: "1.0" }), 'Model "doubler" unregistered');
  });

  it("say what is wrong with management requests, in TorchServe's codes", async () => {
    await assert.rejects(manage("DescribeModel", { model_name: "nobody" }), grpcStatus(status.NOT_FOUND, /^Model not found: nobody$/));
    await assert.rejects(manage("RegisterModel", {}), grpcStatus(status.INVALID_ARGUMENT, /^Parameter url is required\.$/));
    await assert.rejects(manage("RegisterModel", { url: "nothing.mar" }), grpcStatus(status.NOT_FOUND, /Model not found at: nothing\.mar/));
    await assert.rejects(
      manage("ScaleWorker", { model_name: "doubler", min_worker: 3, max_worker: 2 }),
      grpcStatus(status.INVALID_ARGUMENT, /max_worker cannot be less than min_worker/),
    );
    await assert.rejects(
      manage("SetDefault", { model_name: "doubler", model_version: "7" }),
      grpcStatus(status.NOT_FOUND, /does not exist/),
    );
  });

  it("are apart: management is on its own port", async () => {
    await assert.rejects(predictor.call(`${management}/ListModels`), grpcStatus(status.UNIMPLEMENTED, /./));
    await assert.rejects(manager.call(`${inference}/Ping`), grpcStatus(status.UNIMPLEMENTED, /./));
  });
});
