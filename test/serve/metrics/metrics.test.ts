import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { torchserveMetrics } from "../../../src/serve/metrics/torchserve-metrics.ts";
import { callApi } from "../../support/api-client.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { rawConnection, statuses } from "../../support/raw-http.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

type Server = Awaited<ReturnType<typeof serveStore>>;

describe("metrics", () => {
  const folder = temporaryFolder();
  let runs = 0;
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  const start = async (mode: string, keys: Readonly<Record<string, string>> = {}) => {
    const root = join(folder(), String(runs++));
    const store = join(root, "store");
    mkdirSync(store, { recursive: true });
    storeModel(store, "doubler");
    const server = await serveStore(store, { load_models: "all", metrics_mode: mode, ...keys });
    servers.push(server);
    return { server, logs: join(root, "state", "logs") };
  };
  const predict = (server: Server, path: string, body = "[1, 2, 3]") =>
    callApi("POST", `${server.addresses.inference}/predictions/${path}`, { body, headers: { "content-type": "application/json" } });
  const scrape = async (server: Server, query = "") => {
    const answer = await callApi("GET", `${server.addresses.metrics}/metrics${query}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    return answer.text;
  };
  /** Values by name with labels. */
  const valuesOf = (text: string) =>
    new Map(
      text
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))] as const),
    );

  it("are values with metrics_mode=prometheus, under TorchServe's names, labels and units", async () => {
    const { server } = await start("prometheus");
    await predict(server, "doubler");
    await predict(server, "doubler/1.0");
    await predict(server, "doubler", "[1]");
    await predict(server, "absent");
    const raw = await rawConnection(server.addresses.inference);
    raw.send("no HTTP\r\n\r\n");
    assert.deepEqual(statuses(await raw.closed()), [400]);
    raw.socket.destroy();
    const text = await scrape(server);
    for (const [name, { type, unit }] of Object.entries(torchserveMetrics)) {
      assert.ok(text.includes(`# HELP ${name} Torchserve prometheus ${type} metric with unit: ${unit}\n`), name);
      assert.ok(text.includes(`# TYPE ${name} ${type}\n`), name);
    }
    const values = valuesOf(text);
    const host = hostname();
    const ofModel = (version: string) => `{model_name="doubler",model_version="${version}",hostname="${host}"}`;
    assert.equal(values.get(`Requests2XX{Level="Host",Hostname="${host}"}`), 2);
    assert.equal(values.get(`Requests4XX{Level="Host",Hostname="${host}"}`), 3);
    assert.equal(values.get(`ts_inference_requests_total${ofModel("default")}`), 2);
    assert.equal(values.get(`ts_inference_requests_total${ofModel("1.0")}`), 1);
    const latency = values.get(`ts_inference_latency_microseconds${ofModel("1.0")}`) ?? 0;
    assert.ok(latency > (values.get(`ts_queue_latency_microseconds${ofModel("1.0")}`) ?? Number.NaN));
    for (const name of ["QueueTime", "WorkerThreadTime"])
      assert.ok((values.get(`${name}{Level="Host",Hostname="${host}"}`) ?? -1) >= 0, name);
    for (const name of ["HandlerTime", "PredictionTime"])
      assert.ok((values.get(`${name}{ModelName="doubler",Level="Model",Hostname="${host}"}`) ?? -1) > 0, name);
    assert.ok((values.get(`WorkerLoadTime{WorkerName="W-9000-doubler_1.0",Level="Host",Hostname="${host}"}`) ?? 0) > 0);
    // Ours.
    assert.equal(values.get('ingot_request_seconds_count{model_name="doubler",model_version="1.0"}'), 3);
    assert.equal(values.get('ingot_failed_requests_total{model_name="doubler",model_version="1.0",status="400"}'), 1);
    assert.equal(values.get('ingot_workers{model_name="doubler",model_version="1.0",status="READY"}'), 1);
    assert.equal(values.get('ingot_queued_requests{model_name="doubler",model_version="1.0"}'), 0);
  });

  it("are picked by name[]", async () => {
    const { server } = await start("prometheus", { load_models: "none" });
    const text = await scrape(server, "?name[]=Requests2XX&name[]=QueueTime&name[]=ingot_batch_size_bucket&name[]=absent");
    assert.deepEqual([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name).sort(), [
      "QueueTime",
      "Requests2XX",
      "ingot_batch_size",
    ]);
    assert.ok(!(await scrape(server, "?name[]=absent")).includes("#"));
  });

  it("have the state of the machine in them", async () => {
    const { server } = await start("prometheus", { load_models: "none" });
    const labels = `{Level="Host",Hostname="${hostname()}"}`;
    let values = valuesOf(await scrape(server));
    // They are read beside all else: a few requests later they are there.
    for (let i = 0; i < 1000 && !values.has(`DiskAvailable${labels}`); i++) values = valuesOf(await scrape(server));
    for (const name of ["CPUUtilization", "MemoryUtilization", "DiskUtilization"]) {
      const value = values.get(`${name}${labels}`) ?? -1;
      assert.ok(value >= 0 && value <= 100, `${name} ${value}`);
    }
    for (const name of ["MemoryUsed", "MemoryAvailable", "DiskUsage", "DiskAvailable"])
      assert.ok((values.get(`${name}${labels}`) ?? 0) > 0, name);
  });

  it("are lines of TorchServe's logs otherwise, and the API says so", async () => {
    const { server, logs } = await start("log");
    await predict(server, "doubler");
    await predict(server, "absent");
    assert.match(await scrape(server), /^# metrics_mode is log: .*\n$/);
    await server.close();
    const host = hostname().replaceAll(".", "\\.");
    const lines = readFileSync(join(logs, "ts_metrics.log"), "utf8");
    const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d,\\d{3} - ";
    const end = `\\|#hostname:${host},timestamp:\\d+$`;
    for (const line of [
      `Requests2XX\\.Count:1\\.0\\|#Level:Host${end}`,
      `Requests4XX\\.Count:1\\.0\\|#Level:Host${end}`,
      `ts_inference_requests_total\\.Count:1\\.0\\|#model_name:doubler,model_version:default${end}`,
      `WorkerLoadTime\\.Milliseconds:[\\d.]+\\|#WorkerName:W-9000-doubler_1\\.0,Level:Host${end}`,
      `QueueTime\\.Milliseconds:[\\d.e-]+\\|#Level:Host\\|#hostname:${host},requestID:[0-9a-f-]{36},timestamp:\\d+$`,
      `CPUUtilization\\.Percent:[\\d.]+\\|#Level:Host${end}`,
    ])
      assert.match(lines, new RegExp(`^${time}${line}`, "m"));
    const ofModels = readFileSync(join(logs, "model_metrics.log"), "utf8");
    assert.match(
      ofModels,
      new RegExp(`^${time}HandlerTime\\.ms:[\\d.]+\\|#ModelName:doubler,Level:Model\\|#hostname:${host},requestID:`, "m"),
    );
  });

  it("are both with metrics_mode=legacy", async () => {
    const { server, logs } = await start("legacy", { disable_system_metrics: "true" });
    await predict(server, "doubler");
    const text = await scrape(server);
    assert.ok(text.includes("# TYPE ts_inference_requests_total counter"));
    assert.ok(!text.includes("Requests2XX"));
    await server.close();
    const lines = readFileSync(join(logs, "ts_metrics.log"), "utf8");
    assert.match(lines, /Requests2XX\.Count:1\.0/);
    assert.doesNotMatch(lines, /ts_inference_requests_total|CPUUtilization/);
  });

  it("have no port where the metrics API is off, and write no log where nothing is logged", async () => {
    const { server, logs } = await start("prometheus", { enable_metrics_api: "false", load_models: "none" });
    assert.equal(server.addresses.metrics, "");
    assert.equal(existsSync(join(logs, "ts_metrics.log")), false);
  });
});
