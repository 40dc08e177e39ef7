// The demo as a user starts it; with a small model, and else the same way.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dirname, "../..");

describe("the demo", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  const demo = (...args: readonly string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", "examples/demo.ts", ...args], { cwd: root, encoding: "utf8" });

  it("goes from a picture to a saved graph whose top-5 is that of the eager model", () => {
    const output = inFolder("model.onnx");
    const { status, stdout, stderr } = demo("--model", "resnet18", "--output", output);
    assert.equal(status, 0, stderr);
    const lists = [...stdout.matchAll(/^(?:run eagerly|run compiled|load it again).*top-5 ([\d, ]+\d)/gm)].map((m) => m[1]);
    assert.equal(lists.length, 3);
    assert.equal(new Set(lists).size, 1, lists.join(" | "));
    assert.match(stdout, /^compiled .* [+−]\d+\.\d % \(95 %: /m);
    assert.match(stdout, /The top-5 of eager, traced and reloaded agree/);
    assert.match(stderr, /^calibrate BatchNorm …$/m);
    assert.ok(existsSync(output));
  }).timeout(120_000);

  it("names a picture, a file of weights and a folder that are not there, with status 1 and no stack", () => {
    for (const [args, expected] of [
      [["absent.jpg"], /FileError FileNotFound: there is no file at absent\.jpg/],
      [["--weights", "absent.safetensors"], /FileError FileNotFound: there is no file at absent\.safetensors/],
      [["--output", inFolder("a/b/c.onnx")], /FileError FileNotWritable: .*c\.onnx cannot be written: the folder does not exist/],
    ] as const) {
      const { status, stderr } = demo(...args);
      assert.equal(status, 1);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /\n {4}at /);
    }
  });

  it("ends with status 2 and its usage for a mistake on the command line", () => {
    const { status, stderr } = demo("--model", "resnet17");
    assert.equal(status, 2);
    assert.match(stderr, /^demo: there is no model resnet17; there are .*resnet18.*\nusage: npm run demo/);
  });
});
