import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { type LogFields, type LogOptions, openLog } from "../../src/serve/log.ts";
import { fileDescriptorSink, fileSink } from "../../src/serve/log-sink.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A log into memory, and its lines. */
function caught(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), flush: async () => {} };
  return { lines, log: openLog({ format: "text", level: "debug", now: () => time, sinks: [sink], ...options }) };
}

describe("the log", () => {
  it("writes one line for an event, readable for people", () => {
    const { lines, log } = caught();
    log.info("model registered", { model: "resnet18", version: "1.0", workers: 2, url: undefined });
    log.warn("worker died", { detail: "out of memory", pids: [1, 2], error: new Error("no", { cause: new Error("why") }) });
    log.error("stopped");
    assert.deepEqual(lines, [
      "2026-01-02T03:04:05.678Z INFO  model registered  model=resnet18 version=1.0 workers=2\n",
      '2026-01-02T03:04:05.678Z WARN  worker died  detail="out of memory" pids=[1, 2] error="no (why)"\n',
      "2026-01-02T03:04:05.678Z ERROR stopped\n",
    ]);
  });

  it("writes JSON where that is asked for; a field cannot pose as the event", () => {
    const { lines, log } = caught({ format: "json" });
    log.info("started", { event: "forged", level: "x", n: 1n, bad: Number.NaN, on: true, none: null, out: undefined });
    assert.deepEqual(JSON.parse(lines[0] ?? ""), {
      time: "2026-01-02T03:04:05.678Z",
      level: "info",
      event: "started",
      n: "1",
      bad: "NaN",
      on: true,
      none: null,
    });
    log.error("failed", { error: new Error("no") });
    assert.match((JSON.parse(lines[1] ?? "") as { error: { stack: string } }).error.stack, /log\.test\.ts/);
  });

  it("leaves out what is below its level", () => {
    const { lines, log } = caught({ level: "warn" });
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
    assert.equal(lines.length, 2);
  });

  it("adds common fields to each event of a part", () => {
    const { lines, log } = caught();
    log.with({ model: "m" }).with({ version: "1" }).info("ready", { version: "2" });
    assert.match(lines[0] ?? "", /ready {2}model=m version=2\n$/);
  });

  it("keeps each event on its line and a terminal's escapes out, whatever is in a field", () => {
    const evil = "a\n2026 INFO  forged\r\u001b[2J\u009b1m\u2028\u2029\u202e\u0000\ud800\u{e0001}";
    const { lines, log } = caught();
    log.info("request", { [evil]: evil, list: [evil] });
    log.info(evil, {});
    const json = caught({ format: "json" });
    json.log.info("request", { [evil]: evil });
    assert.equal((JSON.parse(json.lines[0] ?? "") as Record<string, unknown>)[evil], evil);
    for (const line of [...lines, ...json.lines]) assert.match(line, /^[\x20-\x7e]+\n$/);
  });

  it("is one printable line per event for any field in both forms, and JSON is read back", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.dictionary(text, text), text, (fields: LogFields, event) => {
        const plain = caught();
        plain.log.info(event, fields);
        const json = caught({ format: "json" });
        json.log.info(event, fields);
        for (const [line = ""] of [plain.lines, json.lines]) {
          assert.equal(line.indexOf("\n"), line.length - 1);
          assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u);
        }
        const read = JSON.parse(json.lines[0] ?? "") as Record<string, unknown>;
        assert.equal(read.event, event);
        for (const [name, value] of Object.entries(fields))
          if (!["time", "level", "event"].includes(name)) assert.equal(Object.getOwnPropertyDescriptor(read, name)?.value, value);
      }),
    );
  });

  it("cuts what is too long, and says how long it was", () => {
    const { lines, log } = caught();
    log.info("request", { body: "x".repeat(5000) });
    assert.match(lines[0] ?? "", /body=x{2000}… \(5000 characters\)\n$/);
  });
});

describe("where the log is written to", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  it("is a file, with its folder, line by line in order", async () => {
    const path = inFolder("a/b/ingot.log");
    const sink = fileSink(path);
    for (let i = 0; i < 100; i++) sink.write(`${i}\n`);
    await sink.flush(10_000);
    sink.close();
    const again = fileSink(path);
    again.write("more\n");
    await again.flush(10_000);
    again.close();
    assert.equal(readFileSync(path, "utf8"), `${Array.from({ length: 100 }, (_, i) => `${i}\n`).join("")}more\n`);
  });

  it("is an error where the file cannot be made, before anything starts", () => {
    const path = inFolder("file", "");
    assert.throws(() => fileSink(`${path}/ingot.log`), { code: "FileNotWritable" });
  });

  it("is given up without a word when its reader goes away, and is no error of the server", async () => {
    const { stderr, code } = await child(
      `import { fileDescriptorSink } from ${module("serve/log-sink.ts")};
       const sink = fileDescriptorSink(1);
       process.stdin.once("data", async () => {
         for (let i = 0; i < 100; i++) { sink.write("line\\n"); await sink.flush(1000); }
         console.error("alive");
         process.exit(0);
       });
       process.stderr.write("ready\\n");`,
      (process) => {
        process.stdout.destroy();
        process.stdin.write("go");
        return undefined;
      },
    );
    assert.deepEqual([stderr, code], ["ready\nalive\n", 0]);
  });

  it("holds nobody up when its reader reads nothing: what is too much is dropped and counted", async () => {
    const { stderr, stdout, code } = await child(
      `import { fileDescriptorSink } from ${module("serve/log-sink.ts")};
       const sink = fileDescriptorSink(1);
       for (let i = 0; i < 9000; i++) sink.write("x".repeat(999) + "\\n");
       // The pipe is full by now, and the event loop turns.
       setImmediate(() => process.stderr.write("turns\\n"));
       process.stdin.once("data", async () => { await sink.flush(10_000); process.exit(0); });`,
      (process) => {
        let lines = "";
        process.stdout.on("data", (bytes: Buffer) => {
          lines += bytes;
        });
        process.stdin.write("go");
        return () => lines;
      },
    );
    assert.deepEqual([stderr, code], ["turns\n", 0]);
    const [, dropped = "0"] = /^(\d+) lines of the log were dropped here/m.exec(stdout) ?? [];
    const written = stdout.split("\n").filter((line) => line.startsWith("x")).length;
    assert.equal(written + Number(dropped), 9000);
    assert.ok(Number(dropped) > 0 && written > 4000, `${written} written, ${dropped} dropped`);
  }).timeout(60_000);

  it("goes on where a full disk has room again, and after a write that took a part only", async () => {
    const answers: (string | number)[] = ["ENOSPC", 2, "EAGAIN", 100];
    let written = "";
    const sink = fileDescriptorSink(1, {
      pause: 1,
      write: (_, bytes, done) => {
        const answer = answers.shift() ?? 0;
        if (typeof answer === "string") return void setImmediate(done, Object.assign(new Error(answer), { code: answer }), 0);
        const part = Buffer.from(bytes).subarray(0, answer).toString();
        written += part;
        setImmediate(done, null, part.length);
      },
    });
    sink.write("first\n");
    await sink.flush(10_000);
    assert.deepEqual([written, answers], ["first\n", []]);
  });
});

const module = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);

type Running = ReturnType<typeof spawnPiped>;
const spawnPiped = (program: string) => {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return spawn(process.execPath, ["--import", tsx, "--input-type=module", "-e", program], { stdio: "pipe" });
};

/** Runs a program; `act` is called when it has written to its standard error first, and may give what it reads of the standard output. */
async function child(program: string, act: (process: Running) => (() => string) | undefined) {
  const started = spawnPiped(program);
  let stderr = "";
  started.stderr.on("data", (bytes: Buffer) => {
    stderr += bytes;
  });
  await once(started.stderr, "data");
  const read = act(started);
  const [code] = (await once(started, "close")) as [number | null];
  return { stderr, code, stdout: read?.() ?? "" };
}
