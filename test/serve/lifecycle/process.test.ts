// The server as a process: how it starts, what it says, how it ends.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type Ended, ServeProcess, type ServeProcessOptions } from "./serve-process.ts";

const anyPorts = [
  "inference_address=http://127.0.0.1:0",
  "management_address=http://127.0.0.1:0",
  "metrics_address=http://127.0.0.1:0",
  "grpc_inference_port=0",
  "grpc_management_port=0",
  "default_workers_per_model=1",
];

describe("ingot serve as a process", function () {
  this.timeout(120_000);
  let running: ServeProcess[] = [];
  // Before the folder is removed, with its pid file.
  afterEach(async () => {
    if (existsSync(inFolder(".model_server.pid"))) await here("--stop").ended;
    for (const { child } of running) child.kill("SIGKILL");
    await Promise.all(running.map(({ ended }) => ended));
    running = [];
  });
  const inFolder = temporaryFolder({ eachTest: true });
  beforeEach(() => {
    mkdirSync(inFolder("store"));
    inFolder("config.properties", anyPorts.join("\n"));
  });

  /** With its pid file in the test's folder: a server of somebody else's is left alone. */
  const serve = (args: readonly string[], options?: ServeProcessOptions) => {
    const started = new ServeProcess(inFolder(), [...args, "--state-dir", "."], options);
    running.push(started);
    return started;
  };
  const here = (...args: string[]) => serve(args);
  const foreground = (...args: string[]) => here("--foreground", "--ncs", "--model-store", "store", ...args);
  const pidFile = () => inFolder(".model_server.pid");
  const lines = ({ out }: Ended) => out.trimEnd().split("\n");

  describe("in the background", () => {
    it("is there when --start returns, and gone when --stop does", async () => {
      storeModel(inFolder("store"), "doubler");
      const start = ["--start", "--ncs", "--model-store", "store", "--models", "all", "--json"];
      const started = await serve(start, { program: "ingot" }).ended;
      assert.equal(started.code, 0, started.err);
      const { pid, addresses, log } = JSON.parse(started.out) as { pid: number; addresses: { inference: string }; log: string };
      const json = { method: "POST", body: "[1, 2, 3]", headers: { "content-type": "application/json" } };
      const answer = await fetch(`${addresses.inference}/predictions/doubler`, json);
      assert.deepEqual(await answer.json(), [2, 4, 6]);
      assert.equal(readFileSync(pidFile(), "utf8").split("\n")[0], String(pid));
      assert.match(readFileSync(log, "utf8"), / INFO {2}listening {2}inference=http:/);

      const again = await here("--start", "--ncs", "--model-store", "store").ended;
      assert.equal(again.code, 1);
      assert.match(again.err, /TorchServe is already running, please use torchserve --stop to stop TorchServe\./);

      const stopped = await here("--stop").ended;
      assert.deepEqual([stopped.code, lines(stopped)], [0, ["TorchServe has stopped."]]);
      await assert.rejects(fetch(`${addresses.inference}/ping`));
      assert.ok(!existsSync(pidFile()));
      assert.match(readFileSync(log, "utf8"), / INFO {2}stopped\n$/);

      const none = await here("--stop").ended;
      assert.deepEqual([none.code, lines(none)], [0, ["TorchServe is not currently running."]]);
    });

    it("is an error of --start where the server cannot listen, with what it said and exit status 1", async () => {
      const taken = createTcpServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      const { port } = taken.address() as AddressInfo;
      try {
        inFolder("config.properties", [...anyPorts, `metrics_address=http://127.0.0.1:${port}`].join("\n"));
        const { code, err } = await here("--start", "--ncs", "--model-store", "store").ended;
        assert.equal(code, 1);
        assert.match(err, /ServeDidNotStart: the server did not start: ServeError ServeCannotListen: metrics_address: the server cannot/);
        assert.ok(err.includes(`cannot listen at 127.0.0.1:${port}: another program listens there`), err);
        assert.ok(!existsSync(pidFile()), "nothing is left that --stop would look for");
      } finally {
        taken.close();
      }
    });

    it("is an error of --start where its process ends before it says anything", async () => {
      writeFileSync(inFolder("ends.cjs"), 'if (/serve-main/.test(process.argv[1])) { console.error("last words"); process.exit(7); }');
      const died = await serve(["--start", "--ncs", "--model-store", "store"], {
        environment: { NODE_OPTIONS: "--require=./ends.cjs" },
      }).ended;
      assert.equal(died.code, 1);
      assert.match(died.err, /the server did not start: its process ended: exit code 7\n {2}last words\n/);
    });
  });

  describe("in the foreground", () => {
    it("logs what it does, one line for an event, and ends with 0 on SIGTERM; SIGHUP does nothing", async () => {
      const server = foreground("--log-format", "json");
      await server.said(/"event":"listening"/);
      server.child.kill("SIGHUP");
      const [, inference = ""] = await server.said(/"inference":"([^"]+)"/);
      assert.equal((await fetch(`${inference}/ping`)).status, 200);
      server.child.kill("SIGTERM");
      const { code, err, out } = await server.ended;
      assert.equal(code, 0);
      const events = err
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { event: string }).event);
      assert.deepEqual(events, ["starting", "tokens", "listening", "stopping", "stopped"]);
      assert.equal(out, "");
      assert.ok(!existsSync(pidFile()));
    });

    it("ends with 0 on SIGINT, and is stopped by --stop too", async () => {
      const server = foreground();
      await server.inference();
      server.child.kill("SIGINT");
      assert.equal((await server.ended).code, 0);
      const second = foreground();
      await second.inference();
      assert.deepEqual(lines(await here("--stop").ended), ["TorchServe has stopped."]);
      assert.equal((await second.ended).code, 0);
    });

    it("starts on an empty store without a warning or an error", async () => {
      const server = foreground("--models", "all");
      await server.inference();
      server.child.kill("SIGTERM");
      assert.doesNotMatch((await server.ended).err, / (WARN|ERROR) /);
    });

    it("tells unknown keys and those without effect, once each", async () => {
      inFolder("config.properties", [...anyPorts, "vmargs=-Xmx1g", "io_ratio=50", "job_que_size=1"].join("\n"));
      const server = foreground();
      await server.inference();
      server.child.kill("SIGTERM");
      const { err } = await server.ended;
      assert.match(err, / WARN {2}config\.properties:9: unknown key `job_que_size` \(did you mean job_queue_size\?\)\n/);
      assert.match(err, / INFO {2}keys of TorchServe without effect here {2}keys=\[vmargs, io_ratio\]\n/);
    });

    it("is an error where the port is taken, which names port and key; exit status 1", async () => {
      const taken = createTcpServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      const { port } = taken.address() as AddressInfo;
      try {
        inFolder("config.properties", [...anyPorts, `inference_address=http://127.0.0.1:${port}`].join("\n"));
        const { code, err } = await foreground().ended;
        assert.equal(code, 1);
        const message = `inference_address: the server cannot listen at 127.0.0.1:${port}: another program listens there`;
        assert.ok(err.includes(message), err);
      } finally {
        taken.close();
      }
    });

    it("answers what runs when it is told to stop; exit status 0", async () => {
      const gate = new Gate();
      const server = await busyServer(gate);
      server.child.kill("SIGTERM");
      await server.said(/ stopping /);
      gate.open();
      assert.equal((await gate.answer).status, 503, "an answer of the handler, and no broken connection");
      assert.equal((await server.ended).code, 0);
      gate.close();
    });

    it("ends at once on a second signal, as shells count it", async () => {
      const gate = new Gate();
      const server = await busyServer(gate);
      server.child.kill("SIGTERM");
      await server.said(/ stopping /);
      server.child.kill("SIGTERM");
      assert.equal((await server.ended).code, 143);
      assert.ok(!existsSync(pidFile()));
      gate.close();
      await assert.rejects(gate.answer);
    });
  });

  it("begins with the models that the run before ended with, without --ncs", async () => {
    storeModel(inFolder("store"), "doubler");
    const run = (...args: string[]) =>
      here("--foreground", "--model-store", "store", "--disable-token-auth", "--enable-model-api", ...args);
    const before = run("--log-level", "debug");
    const [, management = ""] = await before.said(/ listening .*management=(\S+)/);
    const registered = await fetch(`${management}/models?url=doubler&initial_workers=1`, { method: "POST" });
    assert.equal(registered.status, 200);
    await before.said(/ snapshot saved {2}file=\S+-snapshot\.cfg/);
    // It need not come to its end for that.
    before.child.kill("SIGKILL");
    await before.ended;
    const after = run("--models", "all");
    const inference = await after.inference();
    assert.equal((await fetch(`${inference}/ping`)).status, 200);
    const json = { method: "POST", body: "[1, 2, 3]", headers: { "content-type": "application/json" } };
    assert.deepEqual(await (await fetch(`${inference}/predictions/doubler`, json)).json(), [2, 4, 6]);
    await after.said(/ WARN {2}--models is passed over: the snapshot /);
  });

  describe("refuses to start", () => {
    const refused = async (...args: string[]) => {
      const { code, err } = await here("--ncs", ...args).ended;
      assert.equal(code, 1);
      return err;
    };

    it("with TorchServe's words for a file that is not there, in the background and here", async () => {
      assert.match(await refused("--start", "--ts-config", "nowhere"), /--ts-config file not found: nowhere\n/);
      assert.match(await refused("--foreground", "--log-config", "nowhere"), /--log-config file not found: nowhere\n/);
    });

    it("with TorchServe's words for a model without a store", async () => {
      assert.match(await refused("--start", "--models", "a.mar"), /--model-store is required to load model locally\.\n/);
    });

    it("where its tokens cannot be written, and least of all without asking for them", async () => {
      // A folder in the file's place: it holds root up too.
      mkdirSync(inFolder("key_file.json/x"), { recursive: true });
      const err = await refused("--foreground", "--model-store", "store");
      assert.match(err, /ServeKeyFile: the tokens cannot be written to .*key_file\.json/);
      assert.doesNotMatch(err, / listening /);
      const open = foreground("--disable-token-auth");
      await open.inference();
      open.child.kill("SIGTERM");
      assert.equal((await open.ended).code, 0);
    });

    it("with file and line of each wrong value", async () => {
      inFolder("config.properties", "debug=1\njob_queue_size=x\n");
      const err = await refused("--start", "--model-store", "store");
      assert.match(err, /config\.properties:2: `job_queue_size` is `x`, expected an integer from 1\n/);
      assert.match(err, /config\.properties:1: `debug` is `1`, expected true or false\n/);
      assert.deepEqual(readdirSync(inFolder()).sort(), ["config.properties", "store"], "nothing was started or written");
    });
  });

  describe("the pid file", () => {
    it("of a server that was killed is an orphan, for --stop and for --start", async () => {
      const server = foreground();
      await server.inference();
      server.child.kill("SIGKILL");
      await server.ended;
      const stopped = await here("--stop").ended;
      assert.deepEqual(lines(stopped), ["Removing orphan pid file.", "TorchServe is not currently running."]);
      writeFileSync(pidFile(), "999999999\n");
      const next = foreground();
      await next.said(/ INFO {2}Removing orphan pid file\. /);
      await next.inference();
      next.child.kill("SIGTERM");
      assert.equal((await next.ended).code, 0);
    });

    it("that names another process leads to no signal", async () => {
      const other = spawn(process.execPath, ["-e", 'process.on("SIGTERM", () => process.exit(9)); setInterval(() => {}, 1000)']);
      try {
        await once(other, "spawn");
        writeFileSync(pidFile(), `${other.pid}\n${JSON.stringify({ identity: "boot 1", grace: 1000 })}\n`);
        assert.deepEqual(lines(await here("--stop").ended), ["Removing orphan pid file.", "TorchServe is not currently running."]);
        writeFileSync(pidFile(), `${other.pid}`);
        const [first, second] = lines(await here("--stop").ended);
        assert.ok(first?.includes(`it names process ${other.pid}`), first);
        assert.equal(second, "TorchServe is not currently running.");
        assert.ok(existsSync(pidFile()), "it is not ours to remove");
        assert.equal(other.exitCode, null);
      } finally {
        writeFileSync(pidFile(), "");
        other.kill("SIGKILL");
        await once(other, "close");
      }
    });
  });

  /** A server with a request that waits in a handler until the gate opens. */
  async function busyServer(gate: Gate): Promise<ServeProcess> {
    storeModel(inFolder("store"), "slow", { handler: "gated" });
    inFolder(
      "gated.mjs",
      `export const createHandler = () => ({
         preprocess: async () => { await fetch("${await gate.listen()}"); throw new Error("through"); },
         postprocess: () => "",
       });`,
    );
    const server = foreground("--models", "slow", "--handler-module", "gated=gated.mjs");
    gate.send(`${await server.inference()}/predictions/slow`);
    await gate.reached;
    return server;
  }
});

/** Holds a request up, and says when it came. */
class Gate {
  readonly reached: Promise<unknown>;
  answer: Promise<Response> = Promise.reject(new Error("nothing was sent"));
  readonly #server: Server;
  #held: (() => void)[] = [];

  constructor() {
    this.answer.catch(() => {});
    this.#server = createServer((_, response) => void this.#held.push(() => response.end()));
    this.reached = once(this.#server, "request");
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  send(url: string): void {
    this.answer = fetch(url, { method: "POST", body: "[1, 2, 3]" });
    this.answer.catch(() => {});
  }

  open(): void {
    for (const release of this.#held.splice(0)) release();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
