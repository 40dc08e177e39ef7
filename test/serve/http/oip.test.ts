import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type ServiceError, status } from "@grpc/grpc-js";
import { GrpcClient } from "../../support/grpc-client.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { tinyModel } from "../../support/tiny-models.ts";

const request = { inputs: [{ name: "x", shape: [2, 3], datatype: "FP32", data: [1, 2, 3, -4, 5, 6.5] }] };

describe("the Open Inference Protocol over HTTP", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;

  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    storeModel(store, "doubler", { version: "2.0", folder: "doubler2" });
    storeModel(store, "log", { model: logarithm() });
    storeModel(store, "spare", { folder: "in-another-folder" });
    server = await serveStore(store, { load_models: "doubler,doubler2,log", enable_model_api: "true" });
  });
  after(() => server.close());

  const at = (path: string) => `${server.addresses.inference}${path}`;
  const get = async (path: string) => (await fetch(at(path))).json();
  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(at(path), { method: "POST", body, headers });
  const infer = (body: unknown, path = "/v2/models/doubler/infer") => post(path, typeof body === "string" ? body : JSON.stringify(body));
  const refused = async (response: Response, status: number, message: RegExp) => {
    assert.equal(response.status, status);
    assert.equal(response.headers.get("content-type"), "application/json");
    const body = (await response.json()) as { error: string };
    assert.deepEqual(Object.keys(body), ["error"]);
    assert.match(body.error, message);
  };

  it("tells about the server and its health", async () => {
    const metadata = (await get("/v2")) as { name: string; extensions: string[]; extenstion?: unknown };
    assert.equal(metadata.name, "ingot");
    assert.ok(metadata.extensions.includes("binary_tensor_data"));
    assert.equal(metadata.extenstion, undefined);
    assert.deepEqual(await get("/v2/health/live"), { live: true });
    assert.deepEqual(await get("/v2/health/ready"), { ready: true });
  });

  it("tells about models, their versions and tensors", async () => {
    assert.deepEqual(await get("/v2/models"), { models: ["doubler", "log"] });
    const metadata = {
      name: "doubler",
      versions: ["1.0", "2.0"],
      platform: "onnx_onnxv1",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 3] }],
      outputs: [{ name: "y", datatype: "FP32", shape: [-1, 3] }],
    };
    assert.deepEqual(await get("/v2/models/doubler"), metadata);
    assert.deepEqual(await get("/v2/models/doubler/versions/2.0"), metadata);
    assert.deepEqual(await get("/v2/models/doubler/ready"), { name: "doubler", ready: true });
    assert.deepEqual(await get("/v2/models/doubler/versions/2.0/ready"), { name: "doubler", ready: true });
  });

  it("infers, with the default version or the one that is named", async () => {
    const response = await infer({ ...request, id: "q" });
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      model_name: "doubler",
      model_version: "1.0",
      id: "q",
      outputs: [{ name: "y", datatype: "FP32", shape: [2, 3], data: [2, 4, 6, -8, 10, 13] }],
    });
    const second = (await (await infer(request, "/v2/models/doubler/versions/2.0/infer")).json()) as { model_version: string };
    assert.equal(second.model_version, "2.0");
  });

  it("infers with binary data, compressed both ways", async () => {
    const bytes = Buffer.from(Float32Array.of(...Array.from({ length: 600 }, (_, i) => i)).buffer);
    const x = { name: "x", shape: [200, 3], datatype: "FP32", parameters: { binary_data_size: bytes.byteLength } };
    const json = Buffer.from(JSON.stringify({ inputs: [x], parameters: { binary_data_output: true } }));
    const response = await post("/v2/models/doubler/infer", gzipSync(Buffer.concat([json, bytes])), {
      "inference-header-content-length": String(json.byteLength),
      "content-type": "application/octet-stream",
      "content-encoding": "gzip",
      "accept-encoding": "gzip",
    });
    assert.equal(response.status, 200, JSON.stringify(server.lines));
    assert.equal(response.headers.get("content-encoding"), "gzip");
    // fetch has decompressed it.
    const body = Buffer.from(await response.arrayBuffer());
    const tensor = body.subarray(Number(response.headers.get("inference-header-content-length")));
    assert.equal(tensor.byteLength, 2400);
    assert.equal(tensor.readFloatLE(4 * 599), 1198);
  });

  it("says what it does not have", async () => {
    await refused(await infer(request, "/v2/models/other/infer"), 404, /^Model with name other does not exist\.$/);
    await refused(
      await infer(request, "/v2/models/doubler/versions/9/infer"),
      404,
      /^Model with name doubler and version 9 does not exist\.$/,
    );
    await refused(await fetch(at("/v2/models/other")), 404, /does not exist/);
    await refused(await fetch(at("/v2/models/other/ready")), 404, /does not exist/);
    await refused(await fetch(at("/v2/models/other/stats")), 404, /does not exist/);
    await refused(await fetch(at("/v2/models/doubler/infer")), 405, /method is not allowed/);
    await refused(await infer(request, "/v2/models/doubler/explain"), 501, /not supported/);
    await refused(await post("/v2/systemsharedmemory/region/r/register", "{}"), 501, /Shared memory is not supported/);
  });

  it("says what is wrong with a request, and answers its neighbours", async () => {
    const bad = { inputs: [{ name: "x", shape: [1, 2], datatype: "FP32", data: [1, 2] }] };
    const [wrong, good] = await Promise.all([infer(bad), infer(request)]);
    await refused(wrong, 400, /Input x has shape \[1, 2\]; the model takes \[batch, 3\]/);
    assert.equal(good.status, 200);
    await refused(await infer("["), 400, /not valid JSON/);
    await refused(await infer("[".repeat(1e6)), 400, /not valid JSON: expected an object/);
    await refused(await infer(`{"a":${"[".repeat(1e6)}`), 400, /nested more than \d+ levels/);
    await refused(await infer(""), 400, /has no body/);
    await refused(await infer("x".repeat(7e6)), 413, /larger than max_request_size/);
  });

  it("refuses outputs that JSON cannot carry, and sends them as binary data", async () => {
    const zero = { inputs: [{ name: "x", shape: [1, 3], datatype: "FP32", data: [0, 1, 1] }] };
    await refused(await infer(zero, "/v2/models/log/infer"), 500, /non-finite output, request binary_data/);
    const binary = await infer({ ...zero, parameters: { binary_data_output: true } }, "/v2/models/log/infer");
    assert.equal(binary.status, 200);
    const tensor = Buffer.from(await binary.arrayBuffer()).subarray(Number(binary.headers.get("inference-header-content-length")));
    assert.equal(tensor.readFloatLE(0), Number.NEGATIVE_INFINITY);
  });

  it("refuses a client that would not wait long enough", async () => {
    const late = { ...request, parameters: { timeout: 1 } };
    await refused(await infer(late), 504, /timeout is 1 µs, and it waited/);
  });

  it("counts what it did, for each version", async () => {
    interface Stats {
      readonly model_stats: readonly {
        readonly name: string;
        readonly version: string;
        readonly inference_count: number;
        readonly execution_count: number;
        readonly last_inference: number;
        readonly inference_stats: Readonly<Record<string, { readonly count: number; readonly ns: number }>>;
        readonly batch_stats: readonly { readonly batch_size: number; readonly compute_infer: { readonly count: number } }[];
      }[];
    }
    const before = ((await get("/v2/models/doubler/versions/1.0/stats")) as Stats).model_stats[0];
    for (let i = 0; i < 3; i++) await infer(request);
    await infer({ inputs: [] });
    const after = ((await get("/v2/models/doubler/versions/1.0/stats")) as Stats).model_stats[0];
    assert.ok(before && after);
    assert.equal(after.inference_count - before.inference_count, 3);
    assert.equal(after.execution_count - before.execution_count, 3);
    assert.equal((after.inference_stats.fail?.count ?? 0) - (before.inference_stats.fail?.count ?? 0), 1);
    assert.ok((after.inference_stats.compute_infer?.ns ?? 0) > 0);
    assert.ok(Math.abs(after.last_inference - Date.now()) < 60_000);
    assert.equal(after.batch_stats[0]?.batch_size, 1);
    const all = (await get("/v2/models/stats")) as Stats;
    assert.deepEqual(
      all.model_stats.map(({ name, version }) => `${name} ${version}`),
      ["doubler 1.0", "doubler 2.0", "log 1.0"],
    );
  });

  it("tells a model's configuration as Triton does", async () => {
    const config = (await get("/v2/models/doubler/config")) as Record<string, unknown>;
    assert.equal(config.max_batch_size, 1);
    assert.deepEqual(config.input, [{ name: "x", data_type: "TYPE_FP32", dims: [3] }]);
    assert.deepEqual(config.instance_group, [{ name: "doubler", kind: "KIND_CPU", count: 1 }]);
  });

  it("tells its logging and trace settings, and that they stay", async () => {
    const settings = (await get("/v2/logging")) as Record<string, unknown>;
    assert.equal(settings.log_info, true);
    assert.equal((await post("/v2/logging", JSON.stringify({ log_info: true }))).status, 200);
    await refused(await post("/v2/logging", '{"log_info":false}'), 400, /Setting log_info is true and cannot be changed/);
    await refused(await post("/v2/logging", '{"nothing":1}'), 400, /There is no setting nothing/);
    assert.deepEqual(((await get("/v2/trace/setting")) as Record<string, unknown>).trace_level, ["OFF"]);
    await refused(await post("/v2/trace/setting", '{"trace_level":["TIMESTAMPS"]}'), 400, /requests are not traced/);
  });

  it("answers KServe's protocol v1", async () => {
    assert.deepEqual(await get("/v1/models"), { models: ["doubler", "log"] });
    assert.deepEqual(await get("/v1/models/doubler"), { name: "doubler", ready: true });
    const response = await post("/v1/models/doubler:predict", '{"instances": [[1, 2, 3], [4, 5, 6]]}');
    assert.deepEqual(await response.json(), {
      predictions: [
        [2, 4, 6],
        [8, 10, 12],
      ],
    });
    await refused(await post("/v1/models/doubler:predict", "{}"), 400, /Expected "instances" to be a list/);
    await refused(await post("/v1/models/other:predict", "{}"), 404, /Model with name other does not exist/);
  });

  it("serves what the store has and takes it away again", async () => {
    const index = async (body = "") => (await post("/v2/repository/index", body)).json();
    const spare = { name: "in-another-folder", version: "", state: "UNAVAILABLE", reason: "unloaded" };
    assert.deepEqual(await index(), [
      { name: "doubler", version: "1.0", state: "READY", reason: "" },
      { name: "doubler", version: "2.0", state: "READY", reason: "" },
      { name: "log", version: "1.0", state: "READY", reason: "" },
      spare,
    ]);
    await refused(await post("/v2/repository/models/nothing/load", ""), 404, /Model with name nothing does not exist in the model store/);
    await refused(
      await post("/v2/repository/models/spare/load", '{"parameters":{"config":"{}"}}'),
      400,
      /Loading with config is not supported/,
    );
    assert.deepEqual(await (await post("/v2/repository/models/spare/load", "")).json(), { name: "spare", load: true });
    assert.equal((await infer(request, "/v2/models/spare/infer")).status, 200);
    assert.deepEqual(
      ((await index('{"ready":true}')) as { name: string }[]).map((e) => e.name),
      ["doubler", "doubler", "log", "spare"],
    );
    assert.equal((await post("/v2/repository/models/spare/unload", "")).status, 200);
    await refused(await infer(request, "/v2/models/spare/infer"), 404, /does not exist/);
    await refused(await post("/v2/repository/models/spare/unload", ""), 404, /does not exist/);
  });

  it("is not ready while it drains", async () => {
    const store = join(folder(), "drained", "store");
    mkdirSync(store, { recursive: true });
    storeModel(store, "doubler");
    const draining = await serveStore(store, { load_models: "all" });
    try {
      await draining.drain(1000);
      assert.equal((await fetch(`${draining.addresses.inference}/v2/health/ready`)).status, 503);
      assert.equal((await fetch(`${draining.addresses.inference}/v2/health/live`)).status, 200);
      const model = await fetch(`${draining.addresses.inference}/v2/models/doubler/ready`);
      assert.equal(model.status, 503);
    } finally {
      await draining.close();
    }
  });
});

describe("the Open Inference Protocol of a server that may not change its models", () => {
  const folder = temporaryFolder();

  it("refuses to load and unload; with TorchServe's switch it has TorchServe's name", async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler", { config: "minWorkers: 0\nmaxWorkers: 0\n" });
    const server = await serveStore(store, { load_models: "all", ts_open_inference_protocol: "true" });
    try {
      const url = server.addresses.inference;
      for (const action of ["load", "unload"]) {
        const response = await fetch(`${url}/v2/repository/models/doubler/${action}`, { method: "POST" });
        assert.equal(response.status, 405);
        assert.match(((await response.json()) as { error: string }).error, /without enable_model_api/);
      }
      // It has no workers.
      const idle = await fetch(`${url}/v2/models/doubler/infer`, { method: "POST", body: JSON.stringify(request) });
      assert.equal(idle.status, 503);
      assert.match(((await idle.json()) as { error: string }).error, /has no worker to serve inference request/);
      assert.equal((await fetch(`${url}/v2/models/doubler/ready`)).status, 503);
      assert.equal((await fetch(`${url}/v2/models/doubler`)).status, 503);
      const metadata = (await (await fetch(`${url}/v2`)).json()) as Record<string, unknown>;
      assert.equal(metadata.name, "Torchserve");
      assert.deepEqual(metadata.extenstion, ["kserve", "kubeflow"]);
    } finally {
      await server.close();
    }
  });
});

describe("a full queue", () => {
  const folder = temporaryFolder();

  it("is 429 over HTTP and RESOURCE_EXHAUSTED over gRPC, with the time to wait, and harms nobody who is in it", async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    const server = await serveStore(store, { load_models: "all", job_queue_size: "1" });
    const client = new GrpcClient(server.grpcAddresses.inference);
    try {
      const pid = server.parts.registry.find("doubler").slots[0]?.process?.pid;
      assert.ok(pid);
      // A worker that stands still: what it has not got waits, and there is room for one.
      process.kill(pid, "SIGSTOP");
      const url = `${server.addresses.inference}/v2/models/doubler/infer`;
      const calls = Array.from({ length: 12 }, () => fetch(url, { method: "POST", body: JSON.stringify(request) }));
      const refused = await Promise.race(calls);
      assert.equal(refused.status, 429);
      assert.ok(Number(refused.headers.get("retry-after")) >= 1);
      assert.match(((await refused.json()) as { error: string }).error, /has no worker to serve/);
      const x = { name: "x", datatype: "FP32", shape: [1, 3], contents: { fp32_contents: [1, 2, 3] } };
      await assert.rejects(
        client.call("inference.GRPCInferenceService/ModelInfer", { model_name: "doubler", inputs: [x] }),
        (error: ServiceError) => {
          assert.equal(error.code, status.RESOURCE_EXHAUSTED);
          assert.ok(Number(error.metadata.get("grpc-retry-pushback-ms")[0]) >= 1000);
          return true;
        },
      );
      process.kill(pid, "SIGCONT");
      const statuses = (await Promise.all(calls)).map((response) => response.status);
      assert.deepEqual([...new Set(statuses)].sort(), [200, 429]);
    } finally {
      client.close();
      await server.close();
    }
  });
});

/** y = log x. */
function logarithm(): Uint8Array {
  return tinyModel({
    inputs: [{ name: "x", dtype: 1, shape: ["batch", 3] }],
    outputs: [{ name: "y", dtype: 1, shape: ["batch", 3] }],
    nodes: [{ op: "Log", inputs: ["x"], outputs: ["y"] }],
  });
}
