// The command line as a whole: help, usage errors, exit status; and once as the process that a user starts.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ProgressLine, type Streams } from "../../src/cli/console.ts";
import { smallModel, Workplace } from "./command-line.ts";

const root = join(import.meta.dirname, "../..");
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
const commands = ["trace", "optimize", "inspect", "run", "verify", "bench", "conformance", "archive", "labels", "compat"];

describe("ingot", () => {
  const place = new Workplace();
  after(() => place.remove());

  it("prints its version and its help with status 0", async () => {
    assert.deepEqual(await place.ingot("--version"), { status: 0, out: `${version}\n`, err: "" });
    const { status, out } = await place.ingot("--help");
    assert.equal(status, 0);
    for (const command of commands) assert.match(out, new RegExp(`^  ${command} `, "m"));
  });

  for (const command of commands)
    it(`${command} --help ends with examples that begin with its name`, async () => {
      const { status, out } = await place.ingot(command, "--help");
      assert.equal(status, 0);
      const examples = out.split("\nExamples:\n")[1]?.trimEnd().split("\n") ?? [];
      assert.ok(examples.length >= 2);
      for (const line of examples) assert.ok(line.startsWith(`  ingot ${command} `), line);
    });

  it("suggests the command and the option that were meant, with status 2", async () => {
    const command = await place.ingot("tarce");
    assert.deepEqual([command.status, command.out], [2, ""]);
    assert.match(command.err, /^ingot: unknown command 'tarce'\n\(Did you mean trace\?\)\n/);
    const option = await place.ingot("inspect", "m.onnx", "--txet");
    assert.equal(option.status, 2);
    assert.match(option.err, /^ingot: unknown option '--txet'\n\(Did you mean --text\?\)\n\(ingot inspect --help/);
  });

  it("ends with status 2 for a missing argument or a value that an option does not take", async () => {
    for (const args of [
      ["trace"],
      ["run", "m.onnx", "--topk", "0"],
      ["run", "m.onnx", "--threads", "two"],
      ["run", "m.onnx", "--engine", "openvino"],
      ["bench", "m.onnx", "--engine", "openvino"],
      ["bench", "m.onnx", "--seconds", "-1"],
      ["trace", "m.ts", "--mode", "training"],
      [],
    ]) {
      const { status, err } = await place.ingot(...args);
      assert.equal(status, 2, args.join(" "));
      assert.ok(err.length > 0, args.join(" "));
    }
  });

  it("gives errors as JSON with --json", async () => {
    const { status, out, err } = await place.ingot("inspect", "absent.onnx", "--json");
    assert.deepEqual([status, err], [1, ""]);
    const { error } = JSON.parse(out);
    assert.deepEqual([error.name, error.code, error.message], ["FileError", "FileNotFound", "there is no file at absent.onnx"]);
    assert.ok(error.hint.length > 0);
  });
});

describe("ingot as a process", () => {
  const place = new Workplace();
  before(() => place.write("model.ts", smallModel));
  after(() => place.remove());

  it("traces a TypeScript model from a folder that has nothing else, and writes nothing but JSON with --json --quiet", () => {
    const args = ["--import", tsx, join(root, "src/cli/main.ts"), "trace", "model.ts", "--json", "--quiet"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: place.folder, encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""], stderr);
    assert.equal(JSON.parse(stdout).path, "model.onnx");
  });

  it("ends with the status of a usage error", () => {
    const args = ["--import", tsx, join(root, "src/cli/main.ts"), "trace"];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: place.folder, encoding: "utf8" });
    assert.equal(status, 2);
    assert.match(stderr, /missing required argument 'model'/);
  });
});

describe("the progress line", () => {
  const record = (terminal: boolean) => {
    const written: string[] = [];
    const streams: Streams = { out: () => {}, err: (text) => written.push(text), terminal, colors: { out: false, err: false } };
    return { written, streams };
  };

  it("rewrites one line on a terminal, and clears it at the end", () => {
    const { written, streams } = record(true);
    const progress = new ProgressLine({}, streams);
    progress.show("timing", "40 %");
    progress.done();
    assert.deepEqual(written, ["\r\x1b[Ktiming … 40 %", "\r\x1b[K"]);
  });

  it("says nothing in a log about what is over in a moment, nor with --quiet", () => {
    const log = record(false);
    const progress = new ProgressLine({}, log.streams);
    progress.show("reading");
    progress.done();
    const quiet = record(true);
    new ProgressLine({ quiet: true }, quiet.streams).show("reading");
    assert.deepEqual([log.written, quiet.written], [[], []]);
  });
});
