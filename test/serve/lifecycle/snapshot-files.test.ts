import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { resolveConfig } from "../../../src/serve/config/resolve.ts";
import type { ServerConfig } from "../../../src/serve/config/server-config.ts";
import type { ModelState } from "../../../src/serve/config/snapshot-state.ts";
import { startupModels } from "../../../src/serve/config/startup-models.ts";
import { loadConfig } from "../../../src/serve/lifecycle/load-config.ts";
import { lastSnapshot, writeSnapshot } from "../../../src/serve/lifecycle/snapshot-files.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const state: ModelState = { defaultVersion: true, marName: "m.mar", minWorkers: 1, maxWorkers: 2, batchSize: 4, responseTimeout: 2500 };
const models = (...names: string[]) => new Map(names.map((name) => [name, new Map([["1.0", state]])]));
const at =
  (...time: [number, number, number, number, number, number, number]) =>
  () =>
    new Date(...time);
const noon = at(2026, 0, 2, 12, 0, 0, 7);

describe("snapshots", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  const folder = () => inFolder("logs/config");
  const config = (text = "", environment = {}): ServerConfig =>
    resolveConfig({ cwd: inFolder(), environment, file: { path: "config.properties", text } });
  const found = () => loadConfig({}, {}, inFolder());

  it("are named by the time and what they are for, in TorchServe's folder", async () => {
    const paths = [];
    for (const occasion of ["startup", "snapshot", "shutdown"] as const)
      paths.push(await writeSnapshot(config(), occasion, models("m"), noon));
    assert.deepEqual(
      paths.map((path) => basename(path)),
      ["20260102120000007-startup.cfg", "20260102120000008-snapshot.cfg", "20260102120000009-shutdown.cfg"],
    );
    assert.deepEqual(readdirSync(folder()).length, 3);
    assert.equal(statSync(paths[0] ?? "").mode & 0o077, 0, "a keystore's password may be in it");
  });

  it("give the models back as they were, timeouts in ms, and in TorchServe's form on disk", async () => {
    const path = await writeSnapshot(config(), "startup", models("m", "__proto__"), noon);
    const { modelSnapshot, configFile } = found();
    assert.equal(configFile, path);
    assert.deepEqual(modelSnapshot, {
      name: basename(path),
      created: noon().getTime(),
      models: models("m", "__proto__"),
    });
    assert.match(readFileSync(path, "utf8"), /"responseTimeout"\\: 2\.5,?\\n/);
    assert.match(readFileSync(path, "utf8"), /"modelCount"\\: 2/);
  });

  it("win over load_models; a flag that they pass over is told", async () => {
    await writeSnapshot(config(), "startup", models("m"), noon);
    const both = loadConfig({ modelStore: "s", models: ["a.mar"] }, {}, inFolder());
    const begin = startupModels(both);
    assert.deepEqual(begin.from === "snapshot" && [...begin.state.models.keys()], ["m"]);
    assert.match(both.warnings.join(), /^--models is passed over: the snapshot .*-startup\.cfg says which models there are; --ncs starts/);
    const without = loadConfig({ modelStore: "s", models: ["a.mar"], noConfigSnapshots: true }, {}, inFolder());
    assert.equal(startupModels(without).from, "load_models");
    assert.deepEqual([without.warnings, without.snapshots], [[], false]);
  });

  it("keep what a file said, with its variables, and nothing of flags and environment", async () => {
    const text = "job_queue_size=7\nkeystore_pass= $$PASS$$\nmodels={}";
    const environment = { PASS: "secret", TS_ENABLE_ENVVARS_CONFIG: "true", TS_DISABLE_TOKEN_AUTHORIZATION: "true" };
    const flags = { enableModelApi: true, stateDir: inFolder() };
    const first = resolveConfig({ cwd: inFolder(), flags, environment, file: { path: "config.properties", text } });
    const path = await writeSnapshot(first, "startup", models("m"), noon);
    assert.doesNotMatch(readFileSync(path, "utf8"), /secret/);
    const second = loadConfig({}, { PASS: "changed" }, inFolder());
    assert.deepEqual(
      [second.jobQueueSize, second.keystorePass, second.enableModelApi, second.disableTokenAuthorization],
      [7, "changed", false, undefined],
    );
  });

  it("are read in place of config.properties, which is told", async () => {
    const path = await writeSnapshot(config(), "startup", models("m"), noon);
    inFolder("config.properties", "job_queue_size=9");
    const read = found();
    assert.equal(read.jobQueueSize, 100);
    assert.deepEqual(read.warnings, [`config.properties is not read: the snapshot ${path} of an earlier run is; --ncs starts without it`]);
    assert.equal(loadConfig({ tsConfig: "config.properties" }, {}, inFolder()).jobQueueSize, 9);
    assert.equal(loadConfig({ noConfigSnapshots: true }, {}, inFolder()).jobQueueSize, 9);
  });

  it("can be given by name, with --ncs too", async () => {
    const path = await writeSnapshot(config(), "startup", models("m"), noon);
    const named = loadConfig({ tsConfig: path, noConfigSnapshots: true }, {}, inFolder());
    assert.equal(startupModels(named).from, "snapshot");
  });

  it("are passed over when they are cut anywhere: the one before is read, and that is told", async () => {
    await writeSnapshot(config(), "startup", models("first"), noon);
    const path = await writeSnapshot(config("job_queue_size=7"), "snapshot", models("second"), noon);
    const whole = readFileSync(path);
    assert.deepEqual([...(found().modelSnapshot?.models.keys() ?? [])], ["second"]);
    for (let length = 0; length < whole.length - 1; length++) {
      writeFileSync(path, whole.subarray(0, length));
      const { file, warnings } = lastSnapshot(folder());
      assert.match(file?.path ?? "", /-startup\.cfg$/, `${length} of ${whole.length} bytes`);
      assert.equal(warnings.length, 1);
      assert.ok(warnings[0]?.startsWith(`the snapshot ${path} is damaged and is passed over: `), warnings[0]);
    }
  });

  it("are passed over when they are damaged in other ways, with the reason", async () => {
    const path = inFolder("logs/config/20260102120000000-startup.cfg");
    const damage: readonly (readonly [string, RegExp])[] = [
      ["", /it has no model_snapshot$/],
      ["\0".repeat(4096), /it has no model_snapshot$/],
      ["model_snapshot={", /no JSON/],
      ["model_snapshot=[]", /an array of 0/],
      ['model_snapshot={"modelCount":2,"models":{"m":{"1.0":{"marName":"m.mar"}}}}', /is 2 at modelCount, expected 1, which is how many/],
      ['model_snapshot={"models":{"m":{"1.0":{}}}}', /missing at models\.m\.1\.0\.marName/],
      ['model_snapshot={"models":{"m":{"1.0":{"marName":"m.mar","batchSize":0}}}}', /0 at models\.m\.1\.0\.batchSize/],
      ["a=\\u12", /is no character/],
    ];
    mkdirSync(folder(), { recursive: true });
    for (const [text, reason] of damage) {
      writeFileSync(path, text);
      const { file, warnings } = lastSnapshot(folder());
      assert.equal(file, undefined);
      assert.match(warnings.join(), reason);
    }
    rmSync(path);
    mkdirSync(path);
    assert.match(lastSnapshot(folder()).warnings.join(), /damaged/);
    // The start goes on with what else there is.
    inFolder("config.properties", "job_queue_size=9");
    assert.equal(found().jobQueueSize, 9);
  });

  it("sort behind the ones before them where the clock was set back", async () => {
    await writeSnapshot(config(), "startup", models("first"), noon);
    const later = await writeSnapshot(config(), "snapshot", models("second"), at(2025, 5, 5, 5, 5, 5, 5));
    assert.equal(basename(later), "20260102120000008-snapshot.cfg");
    assert.deepEqual([...(found().modelSnapshot?.models.keys() ?? [])], ["second"]);
    const carried = await writeSnapshot(config(), "snapshot", models("third"), at(2026, 11, 31, 23, 59, 59, 999));
    assert.equal(basename(carried), "20261231235959999-snapshot.cfg");
    assert.equal(basename(await writeSnapshot(config(), "shutdown", models(), noon)), "20270101000000000-shutdown.cfg");
  });

  it("are no other files of the folder", async () => {
    mkdirSync(folder(), { recursive: true });
    for (const name of [
      "99999999999999999-startup.cfg.tmp",
      ".20260102120000007-startup.cfg",
      "99999999999999999-other.cfg",
      "9-startup.cfg",
    ])
      writeFileSync(`${folder()}/${name}`, "x");
    assert.deepEqual(lastSnapshot(folder()), { file: undefined, warnings: [] });
    assert.deepEqual(lastSnapshot(inFolder("nowhere")), { file: undefined, warnings: [] });
  });

  it("are an error that names the file where none can be written", async () => {
    inFolder("logs", "a file");
    await assert.rejects(writeSnapshot(config(), "startup", models("m"), noon), { code: "FileNotWritable" });
  });
});

describe("finding the configuration file", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  const load = (flags = {}, environment = {}) => loadConfig(flags, environment, inFolder());

  it("takes TS_CONFIG_FILE before --ts-config before ./config.properties before none", () => {
    assert.deepEqual([load().configFile, load().jobQueueSize], [undefined, 100]);
    inFolder("config.properties", "job_queue_size=1");
    inFolder("flag.properties", "job_queue_size=2");
    inFolder("environment.properties", "job_queue_size=3");
    assert.deepEqual([load().configFile, load().jobQueueSize], ["config.properties", 1]);
    assert.equal(load({ tsConfig: "flag.properties" }).jobQueueSize, 2);
    assert.equal(load({ tsConfig: "flag.properties" }, { TS_CONFIG_FILE: inFolder("environment.properties") }).jobQueueSize, 3);
  });

  it("says in TorchServe's words that a named file is not there, or is a folder", () => {
    const missing = (flags: object, environment = {}) => {
      try {
        load(flags, environment);
      } catch (error) {
        return error instanceof Error && "summary" in error ? error.summary : error;
      }
      return undefined;
    };
    assert.equal(missing({ tsConfig: "x.properties" }), "--ts-config file not found: x.properties");
    assert.equal(missing({ tsConfig: "." }), "--ts-config file not found: .");
    assert.equal(missing({}, { TS_CONFIG_FILE: "y" }), "--ts-config file not found: y");
    assert.equal(missing({ logConfig: "log4j2.xml" }), "--log-config file not found: log4j2.xml");
    assert.equal(missing({ cppLogConfig: "cpp.cfg" }), "--cpp-log-config file not found: cpp.cfg");
  });

  it("says that log4j's configuration has no effect", () => {
    inFolder("log4j2.xml", "<Configuration/>");
    assert.deepEqual(load({ logConfig: "log4j2.xml" }).warnings, [
      "--log-config has no effect: it is log4j's; --log-format and --log-level are ours",
    ]);
  });

  it("reads UTF-8, and Latin-1 where a file is no UTF-8", () => {
    inFolder("config.properties", "cors_allowed_headers=é你");
    assert.equal(load().corsAllowedHeaders, "é你");
    inFolder("config.properties", Buffer.from("cors_allowed_headers=é", "latin1"));
    assert.equal(load().corsAllowedHeaders, "é");
  });
});
