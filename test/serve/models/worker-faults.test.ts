// What becomes of requests and workers when a handler throws, hangs or takes its process down. The workers are real processes.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { callApi } from "../../support/api-client.ts";
import { type Gate, openGate } from "../../support/gate.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("a worker whose handler fails", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;
  let gate: Gate;
  const environment = { INGOT_TEST_SECRET: "a key", INGOT_TEST_OPEN: "for all" };

  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    const one = "minWorkers: 1\nmaxWorkers: 1\nbatchSize: 8\nmaxBatchDelay: 5\n";
    storeModel(store, "neighbour");
    storeModel(store, "faulty", { handler: "fault", config: one });
    storeModel(store, "strict", { handler: "fault", config: `${one}responseTimeout: 1\n` });
    gate = await openGate();
    Object.assign(process.env, environment);
    server = await serveStore(store, {
      load_models: "all",
      // Batches as large as can be, whatever the server has learnt of their cost.
      batch_policy: "torchserve",
      blacklist_env_vars: "INGOT_TEST_SEC.*",
      handler_modules: `fault=${join(import.meta.dirname, "../../support/fault-handler.ts")}`,
    });
  });
  after(async () => {
    for (const name of Object.keys(environment)) delete process.env[name];
    await gate.close();
    await server.close();
  });

  const ask = async (body: string, model = "faulty", route = "predictions") => {
    const url = `${server.addresses.inference}/${route}/${model}`;
    const { status, json, text, headers } = await callApi("POST", url, { body, headers: { "content-type": "text/plain" } });
    return { status, json, text, headers };
  };
  const failure = (code: number, message: string) => ({ code, type: "InternalServerException", message });
  const pid = (model = "faulty") => server.parts.registry.find(model).slots[0]?.process?.pid;
  const ready = async (model = "faulty") => {
    const [slot] = server.parts.registry.find(model).slots;
    while (slot?.status !== "READY") await new Promise((resolve) => setImmediate(resolve));
  };
  /** Sends requests so that they are in one batch: they wait together while the worker is held at the gate. */
  const together = async (...bodies: readonly string[]) => {
    const version = server.parts.registry.find("faulty");
    const held = ask(gate.request);
    await gate.arrived();
    const answers = bodies.map((body) => ask(body));
    while (version.queued < bodies.length) await new Promise((resolve) => setImmediate(resolve));
    gate.release();
    await held;
    return Promise.all(answers);
  };

  it("answers 503 Prediction failed where it throws, and is used again", async () => {
    const before = pid();
    assert.deepEqual((await ask("throw")).json, failure(503, "Prediction failed"));
    assert.deepEqual((await ask("answer throw")).json, failure(503, "Prediction failed"));
    assert.deepEqual((await ask("shape")).json, failure(503, "Prediction failed"));
    assert.equal((await ask("number 2")).json, 4);
    assert.equal(pid(), before);
    const errors = server.lines.filter(({ event }) => event === "worker error").map(({ fields }) => String(fields.detail));
    assert.ok(
      errors.some((e) => e.includes("this handler throws") && e.includes("fault-handler.ts")),
      "the operator sees where",
    );
    assert.ok(errors.some((e) => e.includes("preprocess must give one tensor in an array: x float32[batch, 3]; x is float32[1, 2]")));
  });

  it("does not get the environment variables of blacklist_env_vars", async () => {
    assert.deepEqual((await ask("answer environment")).json, ["hidden", "for all"]);
  });

  it("answers what the handler says on purpose", async () => {
    assert.deepEqual((await ask("refuse too large")).json, { code: 400, type: "BadRequestException", message: "refused: too" });
    assert.deepEqual((await ask("status 530")).json, failure(530, "of its own kind"));
    const { status, json, headers } = await ask("answer reply");
    assert.deepEqual([status, json, headers["x-kind"], headers["content-type"]], [202, { ok: true }, "own", "application/json"]);
    assert.deepEqual((await ask("answer tensor")).json, [1, 2]);
    const text = await ask("answer text");
    assert.deepEqual([text.text, text.headers["content-type"]], ["plain", "text/plain; charset=utf-8"]);
    const bytes = await ask("answer bytes");
    assert.deepEqual([bytes.text, bytes.headers["content-type"]], ["\x01\x02\x03", "application/octet-stream"]);
  });

  it("answers 503 Invalid model predict output for what cannot be sent, streams among it", async () => {
    for (const what of ["nothing", "function", "stream"])
      assert.deepEqual((await ask(`answer ${what}`)).json, failure(503, "Invalid model predict output"), what);
    assert.equal((await ask("answer circle")).status, 503);
    assert.deepEqual((await ask("answer nan")).json, failure(500, "non-finite output, request binary_data"));
    assert.ok(server.lines.some(({ fields }) => String(fields.detail).includes("answers are sent whole")));
  });

  it("answers 507 where there is no memory for what the handler asks for, and is used again", async () => {
    const before = pid();
    assert.deepEqual((await ask("memory")).json, failure(507, "Out of resources"));
    assert.equal((await ask("number 3")).json, 6);
    assert.equal(pid(), before);
  });

  it("answers an explanation with 501, as its handler gives none", async () => {
    const { status, json } = await ask("number 1", "faulty", "explanations");
    assert.equal(status, 501);
    assert.match((json as { message: string }).message, /gives no explanations/);
    assert.match(
      ((await ask("[1,2,3]", "neighbour", "explanations")).json as { message: string }).message,
      /handler base_handler gives no/,
    );
  });

  it("lets the others of a batch have their answers where one throws or is refused", async () => {
    const answers = await together("number 1", "throw", "refuse it", "number 2");
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 503, 400, 200],
    );
    assert.deepEqual([answers[0]?.json, answers[3]?.json], [2, 4]);
  });

  it("takes the whole batch down where its process crashes, and no other model; another process takes over", async () => {
    const before = pid();
    const answers = await together("number 1", "crash");
    for (const { json } of answers) assert.deepEqual(json, failure(500, "Worker died."));
    assert.deepEqual((await ask("[1, 2, 3]", "neighbour")).status, 200);
    await ready();
    assert.equal((await ask("number 5")).json, 10);
    assert.notEqual(pid(), before);
    assert.ok(server.lines.some(({ event, fields }) => event === "worker died" && String(fields.detail).includes("SIGSEGV")));
  });

  it("answers 507 where the system kills it", async () => {
    assert.deepEqual((await ask("kill")).json, failure(507, "Worker died."));
    await ready();
    assert.equal((await ask("number 6")).json, 12);
  });

  it("is killed where it hangs longer than the response timeout, and another takes over", async () => {
    const before = pid("strict");
    assert.deepEqual((await ask("hang", "strict")).json, failure(500, "Worker died."));
    await ready("strict");
    assert.equal((await ask("number 7", "strict")).json, 14);
    assert.notEqual(pid("strict"), before);
  });
}).timeout(240_000);
