import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { GrpcClient, grpcStatus, type Reply } from "../../support/grpc-client.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const service = "inference.GRPCInferenceService";
const floats = (...values: number[]) => Buffer.from(Float32Array.of(...values).buffer);
const x = { name: "x", datatype: "FP32", shape: [1, 3] };

describe("the Open Inference Protocol over gRPC", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;
  let client: GrpcClient;

  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    storeModel(store, "spare");
    server = await serveStore(store, { load_models: "doubler", enable_model_api: "true", max_request_size: "100000" });
    client = new GrpcClient(server.grpcAddresses.inference);
  });
  after(async () => {
    client.close();
    await server.close();
  });

  const call = (method: string, request: object = {}) => client.call(`${service}/${method}`, request);
  const infer = (request: object) => call("ModelInfer", { model_name: "doubler", ...request });

  it("tells about the server, its models and their health", async () => {
    assert.deepEqual(await call("ServerLive"), { live: true });
    assert.deepEqual(await call("ServerReady"), { ready: true });
    assert.deepEqual(await call("ModelReady", { name: "doubler" }), { ready: true });
    assert.equal((await call("ServerMetadata")).name, "ingot");
    assert.deepEqual(await call("ModelMetadata", { name: "doubler", version: "1.0" }), {
      name: "doubler",
      versions: ["1.0"],
      platform: "onnx_onnxv1",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 3] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1, 3] }],
    });
    const { config } = (await call("ModelConfig", { name: "doubler" })) as { config: Reply };
    assert.equal(config.max_batch_size, 1);
    assert.deepEqual(config.input, [{ name: "x", data_type: 11, dims: [3] }]);
    await assert.rejects(call("ModelReady", { name: "other" }), grpcStatus(status.NOT_FOUND, /^Model with name other does not exist\.$/));
    await assert.rejects(
      call("ModelMetadata", { name: "doubler", version: "9" }),
      grpcStatus(status.NOT_FOUND, /version 9 does not exist/),
    );
  });

  it("infers with raw contents and answers so", async () => {
    const reply = await infer({ id: "a", inputs: [x], raw_input_contents: [floats(1, -2, 0.5)] });
    assert.deepEqual(reply, {
      model_name: "doubler",
      model_version: "1.0",
      id: "a",
      parameters: {},
      outputs: [{ name: "y", datatype: "FP32", shape: [1, 3], parameters: {}, contents: null }],
      raw_output_contents: [floats(2, -4, 1)],
    });
  });

  it("infers with typed contents and answers so", async () => {
    const reply = await infer({ inputs: [{ ...x, contents: { fp32_contents: [1, -2, 0.5] } }] });
    const { outputs, raw_output_contents, id } = reply as { outputs: { contents: Reply }[]; raw_output_contents: unknown[]; id: string };
    assert.deepEqual(outputs[0]?.contents.fp32_contents, [2, -4, 1]);
    assert.deepEqual(raw_output_contents, []);
    assert.match(id, /^[0-9a-f-]{36}$/);
  });

  it("says what is wrong with a request", async () => {
    const refused = (request: object, message: RegExp) => assert.rejects(infer(request), grpcStatus(status.INVALID_ARGUMENT, message));
    const contents = { fp32_contents: [1, 2, 3] };
    await refused(
      { inputs: [{ ...x, contents }], raw_input_contents: [floats(1, 2, 3)] },
      /Input x has contents, and there are raw_input_contents/,
    );
    await refused({ inputs: [x], raw_input_contents: [floats(1, 2, 3), floats(1)] }, /There are 2 raw_input_contents for 1 inputs/);
    await refused({ inputs: [x], raw_input_contents: [floats(1, 2)] }, /Input x has 8 bytes; FP32 \[1, 3\] has 12/);
    await refused({ inputs: [{ ...x, shape: [-1, 3] }], raw_input_contents: [floats(1, 2)] }, /negative dimension/);
    await refused(
      { inputs: [{ ...x, datatype: "INT64", contents: { int64_contents: [1, 2, 3] } }] },
      /datatype INT64; the model takes FP32/,
    );
    await refused(
      { inputs: [{ ...x, contents: { int_contents: [1, 2, 3] } }] },
      /belong into fp32_contents, and there are some in int_contents/,
    );
    await refused({ inputs: [{ ...x, contents: { fp32_contents: [1, 2] } }] }, /Input x has 2 elements/);
    await refused({ inputs: [] }, /Input x \(FP32 \[batch, 3\]\) is missing/);
    await refused({ inputs: [{ ...x, contents }], outputs: [{ name: "z" }] }, /The model has no output z/);
    const damaged = Buffer.from([0x0a, 0x07, ...Buffer.from("doubler"), 0x2a, 0x7f]);
    await assert.rejects(call("ModelInfer", damaged), grpcStatus(status.INVALID_ARGUMENT, /damaged/));
    await assert.rejects(infer({ model_name: "other", inputs: [x] }), grpcStatus(status.NOT_FOUND, /does not exist/));
  });

  it("refuses a message that is larger than it may be, and goes on", async () => {
    const big = { ...x, shape: [20_000, 3] };
    await assert.rejects(
      infer({ inputs: [big], raw_input_contents: [Buffer.alloc(240_000)] }),
      grpcStatus(status.RESOURCE_EXHAUSTED, /larger than max/),
    );
    assert.ok(await infer({ inputs: [x], raw_input_contents: [floats(1, 2, 3)] }));
  });

  it("refuses a message of a million empty fields without reading them all", async () => {
    await assert.rejects(
      client.call(`${service}/ModelInfer`, Buffer.alloc(99_000, Buffer.from([0x3a, 0x00]))),
      grpcStatus(status.INVALID_ARGUMENT, /damaged/),
    );
  });

  it("refuses what comes after its deadline", async () => {
    const request = { model_name: "doubler", inputs: [x], raw_input_contents: [floats(1, 2, 3)] };
    await assert.rejects(
      client.call(`${service}/ModelInfer`, request, { deadline: Date.now() - 1 }),
      grpcStatus(status.DEADLINE_EXCEEDED, /./),
    );
    const late = { ...request, parameters: { timeout: { int64_param: 1 } } };
    await assert.rejects(infer(late), grpcStatus(status.DEADLINE_EXCEEDED, /timeout is 1 µs/));
  });

  it("answers a stream in its order, and goes on after a request that failed", async () => {
    const stream = client.talk(`${service}/ModelStreamInfer`);
    const replies: Reply[] = [];
    stream.on("data", (reply: Reply) => replies.push(reply));
    const ended = new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
    for (let i = 0; i < 50; i++)
      stream.write({ model_name: i === 7 ? "other" : "doubler", id: String(i), inputs: [x], raw_input_contents: [floats(i, 0, 0)] });
    stream.end();
    await ended;
    assert.equal(replies.length, 50);
    for (const [i, { error_message, infer_response }] of replies.entries()) {
      if (i === 7) assert.equal(error_message, "Model with name other does not exist.");
      else {
        const { id, raw_output_contents } = infer_response as { id: string; raw_output_contents: Buffer[] };
        assert.equal(id, String(i));
        assert.equal(raw_output_contents[0]?.readFloatLE(0), 2 * i);
      }
    }
  });

  it("counts what it did", async () => {
    const statistics = async () => ((await call("ModelStatistics", { name: "doubler" })).model_stats as Reply[])[0];
    const before = await statistics();
    await infer({ inputs: [x], raw_input_contents: [floats(1, 2, 3)] });
    const after = await statistics();
    assert.ok(before && after);
    assert.equal(Number(after.inference_count) - Number(before.inference_count), 1);
    assert.ok(((after.inference_stats as Reply).compute_infer as { ns: number }).ns > 0);
  });

  it("tells its log and trace settings, and that they stay", async () => {
    const { settings } = (await call("LogSettings")) as { settings: Record<string, Reply> };
    assert.equal(settings.log_info?.bool_param, true);
    await call("LogSettings", { settings: { log_info: { bool_param: true } } });
    await assert.rejects(
      call("LogSettings", { settings: { log_info: { bool_param: false } } }),
      grpcStatus(status.INVALID_ARGUMENT, /Setting log_info is true and cannot be changed/),
    );
    const trace = (await call("TraceSetting")) as { settings: Record<string, Reply> };
    assert.deepEqual(trace.settings.trace_level?.value, ["OFF"]);
  });

  it("loads and unloads models of the store", async () => {
    const names = async () => ((await call("RepositoryIndex", { ready: true })).models as Reply[]).map((m) => m.name);
    assert.deepEqual(await names(), ["doubler"]);
    assert.deepEqual(await call("RepositoryModelLoad", { model_name: "spare" }), { model_name: "spare", isLoaded: true });
    assert.deepEqual(await names(), ["doubler", "spare"]);
    // KServe's message has the name in its first field.
    assert.deepEqual(await call("RepositoryModelUnload", { repository_name: "spare" }), { model_name: "spare", isUnloaded: true });
    assert.deepEqual(await names(), ["doubler"]);
    await assert.rejects(call("RepositoryModelLoad", { model_name: "nothing" }), grpcStatus(status.NOT_FOUND, /in the model store/));
    await assert.rejects(
      call("RepositoryModelLoad", { model_name: "spare", parameters: { config: { string_param: "{}" } } }),
      grpcStatus(status.INVALID_ARGUMENT, /Loading with config is not supported/),
    );
  });
});

describe("a call that nobody waits for", () => {
  const folder = temporaryFolder();

  it("leaves the queue without reaching a worker", async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    const server = await serveStore(store, { load_models: "all" });
    const client = new GrpcClient(server.grpcAddresses.inference);
    try {
      const request = { model_name: "doubler", inputs: [x], raw_input_contents: [floats(1, 2, 3)] };
      const served = server.parts.registry.find("doubler");
      const pid = served.slots[0]?.process?.pid;
      assert.ok(pid);
      // A worker that stands still: what comes now is with it, or waits.
      process.kill(pid, "SIGSTOP");
      const calls: Promise<unknown>[] = [];
      // A connection keeps its order: what was sent before an answered call has come.
      const arrived = () => client.call(`${service}/ServerLive`);
      while (served.queued === 0) {
        calls.push(client.call(`${service}/ModelInfer`, request));
        await arrived();
      }
      let cancel = () => {};
      const cancelled = client.call(`${service}/ModelInfer`, request, {}, (end) => {
        cancel = end;
      });
      await arrived();
      assert.equal(served.queued, 2);
      const rejected = assert.rejects(cancelled, grpcStatus(status.CANCELLED, /./));
      cancel();
      await rejected;
      await arrived();
      process.kill(pid, "SIGCONT");
      await Promise.all(calls);
      await client.call(`${service}/ModelInfer`, request);
      const { model_stats } = await client.call(`${service}/ModelStatistics`, { name: "doubler" });
      assert.equal((model_stats as Reply[])[0]?.inference_count, calls.length + 1);
    } finally {
      client.close();
      await server.close();
    }
  });
});
