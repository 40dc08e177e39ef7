// What platforms ask of a server: its port from $PORT, readiness that goes before it drains, no rights, nothing written but where it may.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { ServeProcess, type ServeProcessOptions } from "./serve-process.ts";

describe("the server on a platform", function () {
  this.timeout(120_000);
  let running: ServeProcess[] = [];
  // Before the folder is removed.
  afterEach(async () => {
    for (const { child } of running) child.kill("SIGKILL");
    await Promise.all(running.map(({ ended }) => ended));
    running = [];
    chmodSync(inFolder(), 0o755);
  });
  const inFolder = temporaryFolder({ eachTest: true });
  beforeEach(() => {
    mkdirSync(inFolder("store"));
    inFolder("config.properties", anyPorts.join("\n"));
  });
  const foreground = (args: readonly string[], options?: ServeProcessOptions) => {
    const common = ["--foreground", "--ncs", "--ts-config", inFolder("config.properties"), "--model-store", inFolder("store")];
    const started = new ServeProcess(inFolder(), [...common, ...args], options);
    running.push(started);
    return started;
  };

  it("listens at $PORT, which goes before the configuration file", async () => {
    const port = await freePort();
    const server = foreground(["--state-dir", inFolder("state")], { environment: { PORT: String(port) } });
    assert.equal(await server.inference(), `http://127.0.0.1:${port}`);
    assert.equal((await fetch(`http://127.0.0.1:${port}/v2/health/ready`)).status, 200);
    server.child.kill("SIGTERM");
    assert.equal((await server.ended).code, 0);
  });

  it("refuses a $PORT that is none, with exit status 1", async () => {
    const { code, err } = await foreground(["--state-dir", inFolder("state")], { environment: { PORT: "http" } }).ended;
    assert.equal(code, 1);
    assert.match(err, /the environment variable PORT: `inference_address` is `http`, expected an integer from 0 to 65535/);
  });

  it("is not ready any more while it answers what it has, and new requests get 503", async () => {
    // A request that waits in a handler until the test lets it through.
    const held: (() => void)[] = [];
    const gate = createHttpServer((_, response) => void held.push(() => response.end()));
    gate.listen(0, "127.0.0.1");
    await once(gate, "listening");
    const reached = once(gate, "request");
    storeModel(inFolder("store"), "slow", { handler: "gated" });
    const handler = inFolder(
      "gated.mjs",
      `export const createHandler = () => ({
         preprocess: async () => { await fetch("http://127.0.0.1:${(gate.address() as AddressInfo).port}"); throw new Error("through"); },
         postprocess: () => "",
       });`,
    );
    const args = ["--models", "slow", "--handler-module", `gated=${handler}`, "--state-dir", inFolder("state")];
    const server = foreground(args);
    const inference = await server.inference();
    const status = async (path: string, init: RequestInit = {}) => (await fetch(`${inference}${path}`, init)).status;
    assert.deepEqual([await status("/v2/health/ready"), await status("/v2/models/slow/ready"), await status("/ping")], [200, 200, 200]);
    const answer = status("/predictions/slow", { method: "POST", body: "[1, 2, 3]" });
    await reached;
    server.child.kill("SIGTERM");
    await server.said(/ stopping /);
    const after = [await status("/v2/health/ready"), await status("/v2/models/slow/ready"), await status("/ping")];
    assert.deepEqual(after, [503, 503, 500]);
    assert.equal(await status("/v2/health/live"), 200, "it lives, so that nobody kills it");
    assert.equal(await status("/predictions/slow", { method: "POST", body: "[1, 2, 3]" }), 503);
    for (const release of held.splice(0)) release();
    assert.equal(await answer, 503, "the handler's own answer");
    assert.equal((await server.ended).code, 0);
    gate.close();
  });

  it("runs as another user than root, in a folder that it cannot write to, and writes to its state folder alone", async function () {
    storeModel(inFolder("store"), "doubler");
    const state = inFolder("state");
    mkdirSync(state);
    const wrapped = withoutRights(inFolder(), state);
    if (!wrapped) {
      console.log("      SKIPPED: the system gives this test no user that may not write there");
      return this.skip();
    }
    const before = readdirSync(inFolder()).sort();
    const server = foreground(["--models", "all", "--state-dir", state], wrapped);
    const inference = await server.inference();
    const json = { method: "POST", body: "[1, 2, 3]", headers: { "content-type": "application/json" } };
    assert.deepEqual(await (await fetch(`${inference}/predictions/doubler`, json)).json(), [2, 4, 6]);
    assert.ok(readdirSync(state).includes("key_file.json"));
    server.child.kill("SIGTERM");
    const { code, err } = await server.ended;
    assert.equal(code, 0, err);
    assert.doesNotMatch(err, / (WARN|ERROR) /);
    assert.deepEqual(readdirSync(inFolder()).sort(), before);
  });

  it("does not start where it may write nothing, and says what to give it", async function () {
    const wrapped = withoutRights(inFolder());
    if (!wrapped) {
      console.log("      SKIPPED: the system gives this test no user that may not write there");
      return this.skip();
    }
    const { code, err } = await foreground([], wrapped).ended;
    assert.equal(code, 1);
    assert.match(err, /ServeStateFolder: the server cannot write to its state folder .*: EACCES: permission denied/);
    assert.match(err, /hint: Give a folder that can be written to: --state-dir FOLDER\./);
  });
});

const anyPorts = [
  "inference_address=http://127.0.0.1:0",
  "management_address=http://127.0.0.1:0",
  "metrics_address=http://127.0.0.1:0",
  "grpc_inference_port=0",
  "grpc_management_port=0",
  "default_workers_per_model=1",
];

/** The user `nobody` of most systems. */
const nobody = 65534;

/** Makes a folder one that the server cannot write to, but for `state`: by its mode for who is not root, by another user for root. */
function withoutRights(folder: string, state?: string): ServeProcessOptions | undefined {
  if (process.getuid?.() !== 0) {
    chmodSync(folder, 0o555);
    return process.getuid ? {} : undefined;
  }
  chmodSync(folder, 0o755);
  if (state && spawnSync("chown", [String(nobody), state]).status !== 0) return undefined;
  // The program itself may lie where only root can read.
  const ids = { uid: nobody, gid: nobody };
  const sees = spawnSync(process.execPath, ["-e", `fs.accessSync(${JSON.stringify(import.meta.filename)})`], ids);
  return sees.status === 0 ? ids : undefined;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
