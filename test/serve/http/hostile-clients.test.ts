import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { formatAddress } from "../../../src/serve/config/address.ts";
import { inferenceRoutes } from "../../../src/serve/http/inference.ts";
import { Listener, type ListenerLimits } from "../../../src/serve/http/listener.ts";
import { Router } from "../../../src/serve/http/router.ts";
import { callApi } from "../../support/api-client.ts";
import { type Gate, openGate } from "../../support/gate.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { type RawConnection, rawConnection, rawRequest, statuses } from "../../support/raw-http.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const limit = 100_000;
const json = { "content-type": "application/json" };
const ping = rawRequest("GET", "/ping");

describe("hostile and clumsy clients", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;
  let gate: Gate;
  const open: RawConnection[] = [];
  const listeners: Listener[] = [];

  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    // Batches that are not full wait in the queue for the worker.
    storeModel(store, "faulty", { handler: "fault", config: "batchSize: 4\nminWorkers: 1\nmaxWorkers: 1\n" });
    gate = await openGate();
    server = await serveStore(store, {
      load_models: "all",
      max_request_size: String(limit),
      max_bytes_in_flight: String(8 * limit),
      job_queue_size: "2",
      handler_modules: `fault=${join(import.meta.dirname, "../../support/fault-handler.ts")}`,
    });
  });
  afterEach(async () => {
    for (const { socket } of open.splice(0)) socket.destroy();
    await Promise.all(listeners.splice(0).map((l) => l.close()));
  });
  after(async () => {
    await gate.close();
    await server.close();
  });

  const to = async (address = server.addresses.inference) => {
    const connection = await rawConnection(address);
    open.push(connection);
    return connection;
  };
  /** The same server behind a listener with other limits. */
  const listening = async (limits: Partial<ListenerLimits>) => {
    const listener = new Listener(new Router(inferenceRoutes), [], server.parts, undefined, { closeGrace: 0, ...limits });
    listeners.push(listener);
    return formatAddress(await listener.listen({ kind: "tcp", tls: false, host: "127.0.0.1", port: 0 }));
  };
  const predict = (text: string) =>
    callApi("POST", `${server.addresses.inference}/predictions/faulty`, { body: text, headers: { "content-type": "text/plain" } });
  const stillServes = async () => {
    const { status, json: answer } = await callApi("POST", `${server.addresses.inference}/predictions/doubler`, {
      body: "[1,2,3]",
      headers: json,
    });
    assert.deepEqual([status, answer], [200, [2, 4, 6]]);
  };
  const post = (headers: Readonly<Record<string, string | number>>, body = "", path = "/predictions/doubler") =>
    rawRequest("POST", path, { ...json, ...headers }, body);

  it("are refused a body that is too large at once, before any of it is sent", async () => {
    const client = await to();
    client.send(post({ "content-length": limit + 1 }));
    const answer = await client.closed();
    assert.deepEqual(statuses(answer), [413]);
    assert.match(answer, /connection: close/i);
    assert.match(answer, /content-length: 0\r\n/i);
  });

  it("read the answer to a body that is too large while they send it: no reset overtakes it", async () => {
    const client = await to();
    const body = Buffer.alloc(20 * 2 ** 20, "x");
    client.send(post({ "content-length": body.byteLength }));
    client.send(body);
    assert.deepEqual(statuses(await client.closed()), [413]);
  });

  it("are refused a body without a length at the limit", async () => {
    const client = await to();
    client.send(post({ "transfer-encoding": "chunked" }));
    const chunk = `${(limit / 2).toString(16)}\r\n${"1".repeat(limit / 2)}\r\n`;
    client.send(chunk + chunk);
    client.send("1\r\n1\r\n");
    assert.deepEqual(statuses(await client.closed()), [413]);
    const exact = await to();
    exact.send(post({ "transfer-encoding": "chunked", connection: "close" }));
    const list = `[1,2,3${" ".repeat(limit - 8)}]`;
    exact.send(`${list.length.toString(16)}\r\n${list}\r\n0\r\n\r\n`);
    assert.deepEqual(statuses(await exact.closed()), [200], "the limit itself is allowed");
  });

  it("are told to go on only when their body is wanted", async () => {
    const client = await to();
    client.send(post({ "content-length": 7, expect: "100-continue" }));
    await client.until("100 Continue\r\n\r\n");
    client.send("[1,2,3]");
    assert.deepEqual(statuses(await client.until("6\n]")), [100, 200]);
    for (const [request, status] of [
      [post({ "content-length": limit + 1, expect: "100-continue" }), 413],
      [post({ "content-length": 7, expect: "100-continue" }, "", "/predictions/nobody"), 404],
      [post({ "content-length": 7, expect: "100-continue" }, "", "/nowhere/at/all"), 404],
      [post({ "content-length": 7, expect: "200-maybe" }), 417],
    ] as const) {
      const refused = await to();
      refused.send(request);
      refused.socket.end();
      assert.deepEqual(statuses(await refused.closed()), [status]);
    }
  });

  it("that send the head of a request slowly, or nothing at all, are answered 408", async () => {
    const address = await listening({ headersTimeout: 40, requestTimeout: 40, connectionsCheckingInterval: 10 });
    const slow = await to(address);
    slow.send("GET /ping HTTP/1.1\r\nhost: a\r\nx-a: ");
    const silent = await to(address);
    assert.deepEqual(statuses(await slow.closed()), [408]);
    assert.deepEqual(statuses(await silent.closed()), [408]);
  });

  it("that send a body slowly are answered 408, hold no worker and no room meanwhile, and others are served", async () => {
    const held = server.parts.inFlight.held;
    const patient = await to();
    patient.send(post({ "content-length": limit }, "["));
    // What they announce is more than there is room for; what they send is not.
    const others = await Promise.all(Array.from({ length: 20 }, () => to()));
    for (const other of others) other.send(post({ "content-length": limit }, "["));
    await stillServes();
    assert.ok(server.parts.inFlight.held - held <= 21);
    const client = await to(await listening({ headersTimeout: 40, requestTimeout: 40, connectionsCheckingInterval: 10 }));
    client.send(post({ "content-length": 7 }, "["));
    assert.deepEqual(statuses(await client.closed()), [408]);
  });

  it("that go away while they send free what they held, without a line in the log", async () => {
    const lines = server.lines.length;
    const client = await to();
    client.send(post({ "content-length": limit }, "1".repeat(limit / 2)));
    await eventually(() => server.parts.inFlight.held >= limit / 2);
    client.socket.resetAndDestroy();
    await eventually(() => server.parts.inFlight.held === 0);
    assert.deepEqual(
      server.lines.slice(lines).filter(({ level }) => level !== "debug"),
      [],
    );
  });

  it("that go away while they wait never reach a worker and free their place; those that go away while they run harm nobody", async () => {
    const lines = server.lines.length;
    const running = await to();
    running.send(post({ "content-type": "text/plain", "content-length": gate.request.length }, gate.request, "/predictions/faulty"));
    await gate.arrived();
    const version = server.parts.registry.find("faulty");
    // Both places of the queue; each would come to the gate if it ever ran.
    const waiting = await Promise.all([to(), to()]);
    for (const client of waiting)
      client.send(post({ "content-type": "text/plain", "content-length": gate.request.length }, gate.request, "/predictions/faulty"));
    await eventually(() => version.queued === 2);
    assert.equal((await predict("number 1")).status, 503, "the queue is full");
    for (const client of waiting) client.socket.destroy();
    await eventually(() => server.parts.inFlight.held === gate.request.length);
    const queued = predict("number 4");
    await eventually(() => version.queued === 1);
    running.socket.destroy();
    await eventually(() => server.parts.inFlight.held === "number 4".length);
    gate.release();
    assert.equal((await queued).json, 8);
    assert.deepEqual(
      server.lines.slice(lines).filter(({ level }) => level !== "debug" && level !== "info"),
      [],
    );
  });

  it("that pipeline get their answers in order, also before a request that cannot be read", async () => {
    const client = await to();
    const body = (list: string) => post({ "content-length": list.length }, list);
    client.send(body("[1,1,1]") + ping + body("[2,2,2]") + rawRequest("GET", "/ping", { connection: "close" }));
    const answers = (await client.closed())
      .split(/(?=HTTP\/1\.1)/)
      .map((answer) => answer.slice(answer.indexOf("\r\n\r\n") + 4).replace(/\s/g, ""));
    assert.deepEqual(answers, ["[2,2,2]", '{"status":"Healthy"}', "[4,4,4]", '{"status":"Healthy"}']);
    const broken = await to();
    broken.send(`${body("[1,1,1]")}${ping}NONSENSE\r\n\r\n`);
    assert.deepEqual(statuses(await broken.closed()), [200, 200, 400]);
  });

  it("may send a hundred headers, and are answered 431 for a head of 64 KiB", async () => {
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-header-${i}`, "value"]));
    const client = await to();
    client.send(rawRequest("GET", "/ping", { ...headers, connection: "close" }));
    assert.deepEqual(statuses(await client.closed()), [200]);
    const large = await to();
    large.send(rawRequest("GET", "/ping", { "x-large": "a".repeat(64 * 1024) }));
    assert.deepEqual(statuses(await large.closed()), [431]);
  });

  it("that smuggle requests are answered 400, and what is behind is never read as a request", async () => {
    const second = "GET /ping HTTP/1.1\r\nhost: a\r\n\r\n";
    const cases = {
      "two lengths": `POST /predictions/doubler HTTP/1.1\r\nhost: a\r\ncontent-length: 7\r\ncontent-length: 8\r\n\r\n[1,2,3]${second}`,
      "length and chunks": `POST /predictions/doubler HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${second}`,
      "unknown coding": `POST /predictions/doubler HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n${second}`,
      "chunked twice named": `POST /predictions/doubler HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${second}`,
      "folded header": `POST /predictions/doubler HTTP/1.1\r\nhost: a\r\ntransfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n${second}`,
      "bad chunk": `POST /predictions/doubler HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n${second}`,
      "negative length": `POST /predictions/doubler HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n${second}`,
      "length with a plus": `POST /predictions/doubler HTTP/1.1\r\nhost: a\r\ncontent-length: +7\r\n\r\n[1,2,3]${second}`,
      "blank before a colon": `POST /predictions/doubler HTTP/1.1\r\nhost: a\r\ncontent-length : 7\r\n\r\n[1,2,3]${second}`,
      "bare line feed": `GET /ping HTTP/1.1\nhost: a\ncontent-length: 3\n\n${second}`,
      "NUL in a header": `GET /ping HTTP/1.1\r\nhost: a\r\nx-a: b\0c\r\n\r\n${second}`,
      "no host": `GET /ping HTTP/1.1\r\n\r\n${second}`,
    };
    for (const [what, text] of Object.entries(cases)) {
      const client = await to();
      client.send(text);
      const answer = await client.closed();
      assert.deepEqual(statuses(answer), [400], what);
      assert.match(answer, /connection: close/i, what);
    }
    await stillServes();
  });

  it("get no further with a path that is none", async () => {
    const status = async (path: string) => (await callApi("GET", `${server.addresses.inference}${path}`)).status;
    for (const path of ["/predictions/%ff", "/predictions/%zz", "/predictions/a%00b", "/predictions/%"])
      assert.equal(await status(path), 400, path);
    for (const path of ["/predictions/..%2f..%2fetc%2fpasswd", "/predictions/..%5c..", "/predictions/%2e%2e%2f", "/predictions/__proto__"])
      assert.equal(await status(path), 404, path);
    const raw = await to();
    raw.send("GET /predictions/a\0b HTTP/1.1\r\nhost: a\r\n\r\n");
    assert.deepEqual(statuses(await raw.closed()), [400]);
  });

  it("may keep hundreds of idle connections: others are served, and one too many is closed", async () => {
    const idle = await Promise.all(Array.from({ length: 400 }, () => to()));
    for (const client of idle) client.send(ping);
    for (const client of idle) await client.until("Healthy");
    await stillServes();
    const address = await listening({ maxConnections: 2 });
    const [first, second] = [await to(address), await to(address)];
    first.send(ping);
    second.send(ping);
    await Promise.all([first.until("Healthy"), second.until("Healthy")]);
    const third = await to(address);
    assert.equal(await third.closed(), "");
    first.socket.destroy();
    second.send(ping);
    await eventually(() => statuses(second.received()).length === 2);
  });

  it("do not keep the server from going down, whatever they have sent", async () => {
    const address = await listening({ closeGrace: 1 });
    const clients = await Promise.all(Array.from({ length: 4 }, () => to(address)));
    const [silent, half, slow, idle] = clients as [RawConnection, RawConnection, RawConnection, RawConnection];
    half.send("GET /pi");
    slow.send(post({ "content-length": 7 }, "["));
    idle.send(ping);
    await idle.until("Healthy");
    const ended = Promise.allSettled([silent, half, slow, idle].map((client) => client.closed()));
    await listeners.splice(0)[0]?.close();
    await ended;
  });
});

/** Resolves once `check` holds; looks again at each turn of the event loop, so that it waits for events and not for a time. */
async function eventually(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve));
}
