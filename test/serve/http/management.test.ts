import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type ApiRequest, callApi } from "../../support/api-client.ts";
import { type LogLine, serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

type Server = Awaited<ReturnType<typeof serveStore>>;

describe("the management API", () => {
  const folder = temporaryFolder();
  let server: Server;
  let store: string;

  before(async () => {
    store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "noop");
    storeModel(store, "noop", { version: "1.11", folder: "noop_v11" });
    for (const name of ["a", "b", "c"]) storeModel(store, name);
    storeModel(store, "broken", { model: Buffer.from("no model") });
    storeModel(store, "configured", { config: "minWorkers: 2\nmaxWorkers: 3\nbatchSize: 4\nresponseTimeout: 7\n" });
    server = await serveStore(store, { enable_model_api: "true", default_workers_per_model: "0", unregister_model_timeout: "5" });
  });
  after(() => server.close());
  afterEach(async () => {
    for (const name of server.parts.registry.names)
      while (server.parts.registry.has(name))
        await server.parts.manager.unregister(name, server.parts.registry.versions(name).at(-1)?.version);
  });

  const ask = (method: string, path: string, options: ApiRequest = {}) => callApi(method, `${server.addresses.management}${path}`, options);
  const expectAnswer = async (method: string, path: string, status: number, body: unknown, options: ApiRequest = {}) => {
    const answer = await ask(method, path, options);
    assert.deepEqual([answer.status, answer.json], [status, body]);
    assert.equal(answer.headers["content-type"], "application/json");
    assert.equal(answer.headers.connection, status < 400 ? "keep-alive" : "close");
    return answer;
  };
  const fault = (code: number, type: string, message: string) => ({ code, type, message });
  const register = (query: string) => ask("POST", `/models?${query}`);

  describe("POST /models", () => {
    it("registers without workers unless it is told how many", () =>
      expectAnswer("POST", "/models?url=noop", 200, {
        status: 'Model "noop" Version: 1.0 registered with 0 initial workers. Use scale workers API to add workers for the model.',
      }));

    it("waits for the workers unless it is told not to", async () => {
      await expectAnswer("POST", "/models?url=noop&initial_workers=1&model_name=other", 200, {
        status: 'Model "other" Version: 1.0 registered with 1 initial workers',
      });
      assert.equal(server.parts.registry.find("other").isReady, true);
    });

    it("answers 202 and starts the workers meanwhile with synchronous=false", async () => {
      await expectAnswer("POST", "/models?url=noop&initial_workers=1&synchronous=false", 202, { status: "Processing worker updates..." });
      // Scaling is done in its turn: after the start.
      await expectAnswer("PUT", "/models/noop?min_worker=1&synchronous=true", 200, { status: "Workers scaled to 1 for model: noop" });
    });

    it("takes the same keys as JSON, numbers and texts", async () => {
      const body = JSON.stringify({
        url: "noop",
        model_name: "named",
        batch_size: 3,
        max_batch_delay: "7",
        response_timeout: 9,
        handler: "base_handler",
      });
      assert.equal((await ask("POST", "/models", { body, headers: { "content-type": "application/json; charset=utf-8" } })).status, 200);
      const { batchSize, maxBatchDelay, responseTimeout, startupTimeout } = server.parts.registry.find("named").settings;
      assert.deepEqual([batchSize, maxBatchDelay, responseTimeout, startupTimeout], [3, 7, 9_000, 120_000]);
    });

    it("goes by what the archive says where the request says nothing", async () => {
      await expectAnswer("POST", "/models?url=configured", 200, {
        status: 'Model "configured" Version: 1.0 registered with 2 initial workers',
      });
      const { minWorkers, maxWorkers, batchSize, responseTimeout } = server.parts.registry.find("configured").settings;
      assert.deepEqual([minWorkers, maxWorkers, batchSize, responseTimeout], [2, 3, 4, 7_000]);
    });

    it("passes over numbers that are none, and says so in the log", async () => {
      assert.equal((await register("url=noop&batch_size=dd&max_batch_delay=junk&initial_workers=-1&response_timeout=0")).status, 200);
      const { batchSize, maxBatchDelay, responseTimeout } = server.parts.registry.find("noop").settings;
      assert.deepEqual([batchSize, maxBatchDelay, responseTimeout], [1, 100, 120_000]);
      const ignored = server.lines.filter((line: LogLine) => line.event === "parameter ignored").map((line) => line.fields.parameter);
      assert.deepEqual(ignored.slice(-3).sort(), ["batch_size", "max_batch_delay", "response_timeout"]);
    });

    it("says what is wrong with a request, as TorchServe does", async () => {
      const bad = (message: string) => fault(400, "BadRequestException", message);
      const missing = (message: string) => fault(404, "ModelNotFoundException", message);
      await expectAnswer("POST", "/models", 400, bad("Parameter url is required."));
      await expectAnswer("POST", "/models?url=noop&runtime=python4", 400, bad("Invalid RuntimeType value: python4"));
      await expectAnswer("POST", "/models?url=&model_name=x", 404, missing("empty url"));
      await expectAnswer("POST", "/models?url=../fake.mar", 404, missing("Relative path is not allowed in url: ../fake.mar"));
      await expectAnswer("POST", "/models?url=/etc/passwd", 404, missing("Relative path is not allowed in url: /etc/passwd"));
      await expectAnswer("POST", "/models?url=absent.mar", 404, missing("Model not found at: absent.mar"));
      const json = { headers: { "content-type": "application/json" } };
      assert.match((await ask("POST", "/models", { ...json, body: "{" })).text, /The body is not valid JSON/);
      await expectAnswer("POST", "/models", 400, bad("The body must be a JSON object with the parameters."), { ...json, body: "[]" });
      await expectAnswer("POST", "/models", 400, bad("Parameter url must be a text, a number, true or false."), {
        ...json,
        body: '{"url": {}}',
      });
    });

    it("does not take names that are none in a path, nor keys of prototypes", async () => {
      assert.equal((await register("url=noop&model_name=..%2Fx")).status, 400);
      assert.equal((await register("url=noop&model_name=%3Cscript%3E")).status, 400);
      const body = '{"__proto__": {"url": "noop"}}';
      const answer = await ask("POST", "/models", { body, headers: { "content-type": "application/json" } });
      assert.equal(answer.status, 400);
      assert.equal(Object.hasOwn(Object.prototype, "url"), false);
    });

    it("refuses a body that no registration needs", async () => {
      const body = JSON.stringify({ url: "x".repeat(70_000) });
      assert.equal((await ask("POST", "/models", { body, headers: { "content-type": "application/json" } })).status, 413);
    });

    it("refuses a version that is there already", async () => {
      await register("url=noop");
      await expectAnswer(
        "POST",
        "/models?url=noop",
        409,
        fault(409, "ConflictStatusException", "Model version 1.0 is already registered for model noop"),
      );
    });

    it("unregisters a model whose workers do not start, whether somebody waits for them or not", async () => {
      const message = "Failed to start workers for model broken version: 1.0";
      await expectAnswer("POST", "/models?url=broken&initial_workers=1", 500, fault(500, "InternalServerException", message));
      assert.equal(server.parts.registry.has("broken"), false);
      assert.equal((await register("url=broken&initial_workers=1&synchronous=false")).status, 202);
      await server.parts.registry.inTurn("broken", async () => {});
      assert.equal(server.parts.registry.has("broken"), false);
      assert.ok(server.lines.some(({ fields }) => fields.detail === `unregistered: ${message}`));
    });

    it("lets one of many at once have a name, and leaves no folder of the others", async () => {
      const before = unpackedFolders();
      const answers = await Promise.all(Array.from({ length: 50 }, () => register("url=noop&model_name=crowd")));
      assert.deepEqual(answers.map((a) => a.status).sort(), [200, ...Array.from({ length: 49 }, () => 409)]);
      assert.equal(unpackedFolders(), before + 1);
    });

    it("reads file:// inside of the store only", async () => {
      assert.equal((await register(`url=${pathToFileURL(join(store, "noop"))}`)).status, 200);
      for (const url of ["file:///etc/passwd", "gopher://127.0.0.1/x", pathToFileURL(join(store, "..", "x.mar")).href, "file://host/x.mar"])
        await expectAnswer(
          "POST",
          `/models?url=${encodeURIComponent(url)}`,
          404,
          fault(404, "ModelNotFoundException", `Given URL ${url} does not match any allowed URL(s)`),
        );
    });

    it("does not follow links out of the store", async () => {
      const outside = join(folder(), "outside");
      mkdirSync(outside);
      storeModel(outside, "secret");
      symlinkSync(join(outside, "secret"), join(store, "linked"));
      const answer = await register("url=linked");
      rmSync(join(store, "linked"));
      assert.equal(answer.status, 404);
      assert.match(answer.text, /Relative path is not allowed in url: linked is a link/);
    });

    it("answers 400 with the reason for an archive that is none", async () => {
      writeFileSync(join(store, "text.mar"), "not an archive");
      const answer = await register("url=text.mar");
      assert.equal(answer.status, 400);
      assert.equal((answer.json as { type: string }).type, "InvalidModelException");
    });
  });

  describe("GET /models", () => {
    beforeEach(async () => {
      for (const name of ["c", "a", "b"]) await register(`url=${name}`);
    });
    const entry = (name: string) => ({ modelName: name, modelUrl: name });

    it("lists all in order", () => expectAnswer("GET", "/models", 200, { models: ["a", "b", "c"].map(entry) }));

    it("gives pages, with a token while there may be more", async () => {
      await expectAnswer("GET", "/models?limit=2", 200, { nextPageToken: "2", models: [entry("a"), entry("b")] });
      await expectAnswer("GET", "/models?limit=2&next_page_token=2", 200, { models: [entry("c")] });
      await expectAnswer("GET", "/models?limit=3", 200, { nextPageToken: "3", models: ["a", "b", "c"].map(entry) });
      await expectAnswer("GET", "/models?limit=1&next_page_token=12", 200, { models: [] });
    });

    it("takes limits and tokens that are none for the defaults", async () => {
      const all = { models: ["a", "b", "c"].map(entry) };
      for (const query of ["limit=101", "limit=-1", "limit=&next_page_token=", "limit=x&next_page_token=-1", "limit=1e1"])
        await expectAnswer("GET", `/models?${query}`, 200, all);
    });
  });

  describe("GET /models/{model}", () => {
    it("describes the default version, with TorchServe's fields in its order", async () => {
      await register("url=noop&initial_workers=1&runtime=python3");
      const answer = await ask("GET", "/models/noop");
      assert.equal(answer.status, 200);
      const [model] = answer.json as { workers: { startTime: string; memoryUsage: number; pid: number; id: string }[]; engine: string }[];
      assert.ok(model);
      const [worker] = model.workers;
      assert.ok(worker);
      const { startTime, memoryUsage, pid, id } = worker;
      assert.equal(answer.text, `${JSON.stringify([described(model.engine, { id, startTime, memoryUsage, pid })], null, 2)}\n`);
      assert.match(startTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.match(id, /^9\d{3}$/);
      assert.equal(pid, server.parts.registry.find("noop").slots[0]?.process?.pid);
      if (process.platform === "linux") assert.ok(memoryUsage > 1e6);
    });

    const described = (engine: string, worker: { id: string; startTime: string; memoryUsage: number; pid: number }) => ({
      modelName: "noop",
      modelVersion: "1.0",
      modelUrl: "noop",
      engine,
      runtime: "python3",
      minWorkers: 1,
      maxWorkers: 1,
      batchSize: 1,
      maxBatchDelay: 100,
      responseTimeout: 120,
      startupTimeout: 120,
      maxRetryTimeoutInSec: 300,
      clientTimeoutInMills: 0,
      parallelType: "",
      parallelLevel: 0,
      deviceType: "cpu",
      continuousBatching: false,
      useJobTicket: false,
      useVenv: false,
      stateful: false,
      sequenceMaxIdleMSec: 0,
      sequenceTimeoutMSec: 0,
      maxNumSequence: 0,
      maxSequenceJobQueueSize: 0,
      status: "Healthy",
      loadedAtStartup: false,
      workers: [
        {
          id: worker.id,
          startTime: worker.startTime,
          status: "READY",
          memoryUsage: worker.memoryUsage,
          pid: worker.pid,
          gpu: false,
          gpuUsage: "N/A",
        },
      ],
      jobQueueStatus: { remainingCapacity: 100, pendingRequests: 0 },
    });

    it("describes one version, or all with the default one first", async () => {
      await register("url=noop");
      await register("url=noop_v11");
      const versions = async (path: string) => ((await ask("GET", path)).json as { modelVersion: string }[]).map((m) => m.modelVersion);
      assert.deepEqual(await versions("/models/noop"), ["1.0"]);
      assert.deepEqual(await versions("/models/noop/1.11"), ["1.11"]);
      assert.deepEqual(await versions("/models/noop/all"), ["1.0", "1.11"]);
    });

    it("asks a worker what the model takes with customized=true", async () => {
      await register("url=noop");
      const noWorker = 'Model "noop" has no worker to serve describe request. Please use scale workers API to add workers.';
      await expectAnswer("GET", "/models/noop?customized=true", 503, fault(503, "ServiceUnavailableException", noWorker));
      await ask("PUT", "/models/noop?min_worker=1&synchronous=true");
      const answer = await ask("GET", "/models/noop/1.0?customized=true");
      const [model] = answer.json as { customizedMetadata: { inputs: unknown; batches: boolean } }[];
      assert.deepEqual(model?.customizedMetadata.inputs, [{ name: "x", dtype: "float32", shape: ["batch", 3] }]);
      assert.equal(Object.keys(model ?? {}).at(-1), "customizedMetadata");
    });

    it("says which model or version there is not", async () => {
      await register("url=noop");
      await expectAnswer("GET", "/models/absent", 404, fault(404, "ModelNotFoundException", "Model not found: absent"));
      await expectAnswer("GET", "/models/absent/all", 404, fault(404, "ModelNotFoundException", "Model not found: absent"));
      const message = "Model version: 0.0 does not exist for model: noop";
      await expectAnswer("GET", "/models/noop/0.0", 404, fault(404, "ModelVersionNotFoundException", message));
    });
  });

  describe("PUT /models/{model}", () => {
    beforeEach(() => register("url=noop"));

    it("scales, at once or meanwhile", async () => {
      await expectAnswer("PUT", "/models/noop?number_gpu=1&timeout=-1", 202, { status: "Processing worker updates..." });
      await expectAnswer("PUT", "/models/noop/1.0?min_worker=1&synchronous=true", 200, {
        status: "Workers scaled to 1 for model: noop, version: 1.0",
      });
      await expectAnswer("PUT", "/models/noop?min_worker=0&max_worker=2&model_version=1.0&synchronous=TRUE", 200, {
        status: "Workers scaled to 0 for model: noop, version: 1.0",
      });
      const { settings, slots } = server.parts.registry.find("noop");
      assert.deepEqual([settings.minWorkers, settings.maxWorkers, slots.length], [0, 2, 0]);
    });

    it("refuses numbers that cannot be", async () => {
      const less = fault(400, "BadRequestException", "max_worker cannot be less than min_worker.");
      await expectAnswer("PUT", "/models/noop?min_worker=2&max_worker=1", 400, less);
      await expectAnswer("PUT", "/models/noop?max_worker=-1", 400, less);
      assert.equal((await ask("PUT", "/models/noop?min_worker=-1")).status, 400);
      assert.equal((await ask("PUT", "/models/noop?min_worker=1000000")).status, 400);
      const message = "Model version: 0.0 does not exist for model: noop";
      await expectAnswer("PUT", "/models/noop/0.0?min_worker=1", 404, fault(404, "ModelVersionNotFoundException", message));
      await expectAnswer("PUT", "/models/absent?min_worker=1", 404, fault(404, "ModelNotFoundException", "Model not found: absent"));
    });

    it("says that workers do not start, leaves the model, and tries again when asked", async () => {
      await register("url=broken");
      const failed = fault(500, "InternalServerException", "Failed to start workers for model broken version: 1.0");
      await expectAnswer("PUT", "/models/broken?min_worker=1&synchronous=true", 500, failed);
      const [model] = (await ask("GET", "/models/broken")).json as { status: string; workers: { status: string }[] }[];
      assert.deepEqual([model?.status, model?.workers[0]?.status], ["Unhealthy", "UNLOADING"]);
      assert.equal((await callApi("GET", `${server.addresses.inference}/ping`)).status, 500);
      const starts = () => server.lines.filter(({ event, fields }) => event === "worker starting" && fields.model === "broken").length;
      const before = starts();
      await expectAnswer("PUT", "/models/broken?min_worker=1&synchronous=true", 500, failed);
      assert.equal(starts(), before + 1);
    });

    it("sets the default version", async () => {
      await register("url=noop_v11");
      await expectAnswer("PUT", "/models/noop/1.11/set-default", 200, {
        status: 'Default version successfully updated for model "noop" to "1.11"',
      });
      assert.equal(server.parts.registry.find("noop").version, "1.11");
      const message = "Model version 0.0 does not exist for model noop";
      await expectAnswer("PUT", "/models/noop/0.0/set-default", 404, fault(404, "ModelVersionNotFoundException", message));
      await expectAnswer("PUT", "/models/absent/1.0/set-default", 404, fault(404, "ModelNotFoundException", "Model not found: absent"));
    });
  });

  describe("DELETE /models/{model}", () => {
    it("unregisters, but not the default version while there are others", async () => {
      await register("url=noop");
      await register("url=noop_v11");
      const kept = fault(403, "InvalidModelVersionException", "Cannot remove default version for model noop");
      await expectAnswer("DELETE", "/models/noop", 403, kept);
      await expectAnswer("DELETE", "/models/noop/1.0", 403, kept);
      const message = "Model version: 0.0 does not exist for model: noop";
      await expectAnswer("DELETE", "/models/noop/0.0", 404, fault(404, "ModelVersionNotFoundException", message));
      await expectAnswer("DELETE", "/models/noop/1.11?synchronous=true&timeout=x", 200, { status: 'Model "noop" unregistered' });
      await expectAnswer("DELETE", "/models/noop/", 200, { status: 'Model "noop" unregistered' });
      await expectAnswer("DELETE", "/models/noop", 404, fault(404, "ModelNotFoundException", "Model not found: noop"));
    });

    it("and registration in turns never show half a model", async () => {
      const seen: unknown[] = [];
      const turns = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? register("url=noop") : ask("DELETE", "/models/noop")));
      const looks = Array.from({ length: 30 }, async () => {
        const answer = await ask("GET", "/models/noop/all");
        if (answer.status === 200) for (const model of answer.json as object[]) seen.push("modelUrl" in model && "workers" in model);
        else seen.push(answer.status === 404);
      });
      const statuses = (await Promise.all(turns)).map((t) => t.status);
      await Promise.all(looks);
      assert.ok(seen.every(Boolean));
      assert.ok(statuses.every((status) => [200, 404, 409].includes(status)));
      // Whoever was told 200 last is what holds.
      const there = server.parts.registry.has("noop");
      assert.equal((await ask("GET", "/models/noop")).status, there ? 200 : 404);
      assert.equal(unpackedFolders(), there ? 1 : 0);
    });

    it("waits for the requests that run, and they are answered", async () => {
      await register("url=noop&initial_workers=1");
      const answers = Array.from({ length: 20 }, () =>
        callApi("POST", `${server.addresses.inference}/predictions/noop`, {
          body: "[1, 2, 3]",
          headers: { "content-type": "application/json" },
        }),
      );
      const first = await Promise.race(answers);
      const gone = await ask("DELETE", "/models/noop");
      assert.deepEqual([first.status, gone.status], [200, 200]);
      for (const { status, json } of await Promise.all(answers))
        assert.ok(status === 200 || (status === 404 && (json as { type: string }).type === "ModelNotFoundException"));
    });
  });

  it("answers KServe's v1 question whether a model is ready", async () => {
    await register("url=noop");
    await expectAnswer("GET", "/v1/models/noop", 200, { name: "noop", ready: false });
    await ask("PUT", "/models/noop?min_worker=1&synchronous=true");
    await expectAnswer("GET", "/v1/models/noop", 200, { name: "noop", ready: true });
    await expectAnswer("GET", "/v1/models/absent", 404, fault(404, "ModelNotFoundException", "Model not found: absent"));
  });

  it("serves no workflows", async () => {
    for (const path of ["/workflows", "/workflows/w"])
      await expectAnswer("GET", path, 501, fault(501, "NotImplementedException", "Workflows are not supported."));
  });

  it("has no /token where no request needs one", () =>
    expectAnswer(
      "GET",
      "/token?type=management",
      404,
      fault(404, "ResourceNotFoundException", "Requested resource is not found, please refer to API document."),
    ));

  const unpackedFolders = () => readdirSync(join(store, "..", "state", ".ingot", `models-${process.pid}`)).length;
});

describe("the management API with the model API off", () => {
  const folder = temporaryFolder();
  let server: Server;
  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "noop");
    server = await serveStore(store, { load_models: "all" });
  });
  after(() => server.close());

  it("answers 405 to what registers and unregisters, and scales all the same", async () => {
    const off = { code: 405, type: "MethodNotAllowedException", message: "Requested method is not allowed, please refer to API document." };
    const ask = (method: string, path: string) => callApi(method, `${server.addresses.management}${path}`);
    for (const [method, path] of [
      ["POST", "/models?url=noop"],
      ["DELETE", "/models/noop"],
      ["DELETE", "/models/noop/1.0"],
    ] as const) {
      const answer = await ask(method, path);
      assert.deepEqual([answer.status, answer.json], [405, off]);
    }
    assert.equal((await ask("PUT", "/models/noop?min_worker=1&synchronous=true")).status, 200);
    const [model] = (await ask("GET", "/models/noop")).json as { loadedAtStartup: boolean }[];
    assert.equal(model?.loadedAtStartup, true);
  });
});
