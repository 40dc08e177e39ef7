import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { findCases } from "../../src/conformance/cases.ts";
import { readTar } from "../../src/conformance/tar.ts";
import { IngotError } from "../../src/errors/error.ts";
import { writeTar } from "../support/tar-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const bytes = (text: string) => Buffer.from(text);

describe("finding test cases", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  const write = (files: Record<string, Uint8Array>) => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(inFolder(path)), { recursive: true });
      writeFileSync(inFolder(path), content);
    }
  };
  const tree = {
    "node/test_b/model.onnx": bytes("b"),
    "node/test_b/test_data_set_0/input_0.pb": bytes("b0"),
    "node/test_a/model.onnx": bytes("a"),
    "node/test_a/test_data_set_10/input_0.pb": bytes("a10"),
    "node/test_a/test_data_set_2/input_0.pb": bytes("a2"),
    "node/README.md": bytes("no case"),
  };
  const problem = (path: string): string => {
    try {
      findCases(path);
    } catch (error) {
      assert.ok(error instanceof IngotError);
      return `${error.code}: ${error.summary}`;
    }
    return assert.fail("it found cases");
  };

  it("finds folders of cases, nested, in the order of their paths, with data sets in the order of their numbers", () => {
    write(tree);
    const found = findCases(inFolder());
    assert.deepEqual(
      found.map((c) => c.name),
      ["test_a", "test_b"],
    );
    const { model, dataSets } = (found[0] as (typeof found)[number]).read();
    assert.equal(String(model), "a");
    assert.deepEqual(
      dataSets.map((set) => [set.name, String(set.files.get("input_0.pb"))]),
      [
        ["test_data_set_2", "a2"],
        ["test_data_set_10", "a10"],
      ],
    );
  });

  it("finds the same in an archive, packed or not", () => {
    write({ "c.tar": writeTar(tree), "c.tar.gz": gzipSync(writeTar(tree)), "c.tgz": gzipSync(writeTar(tree)) });
    for (const name of ["c.tar", "c.tar.gz", "c.tgz"])
      assert.deepEqual(
        findCases(inFolder(name)).map((c) => [c.name, c.read().dataSets.length]),
        [
          ["test_a", 2],
          ["test_b", 1],
        ],
      );
  });

  it("takes the folder of one case", () => {
    write(tree);
    const [found] = findCases(inFolder("node/test_b"));
    assert.equal(found?.name, "test_b");
    assert.equal(String(found?.read().model), "b");
  });

  it("takes a model with its outputs beside it, as ONNX keeps its light models, and no other .onnx file", () => {
    write({ "light/light_net.onnx": bytes("m"), "light/light_net_output_0.pb": bytes("y"), "light/stray.onnx": bytes("?") });
    const found = findCases(inFolder());
    assert.deepEqual(
      found.map((c) => c.name),
      ["light_net"],
    );
    const files = found[0]?.read();
    assert.deepEqual([...(files?.dataSets[0]?.files.keys() ?? [])], ["output_0.pb"]);
    assert.equal(files?.inputsByRule, true);
  });

  it("keeps a case whose model is missing: that is a failure, not nothing", () => {
    write({ "test_a/test_data_set_0/input_0.pb": bytes("x") });
    assert.equal(findCases(inFolder())[0]?.read().model, undefined);
  });

  it("says what is wrong with a path", () => {
    const long = writeTar(tree);
    const broken = Buffer.from(long);
    broken[0] = 0x7a;
    write({ "a.zip": bytes("?"), "cut.tar": long.subarray(0, 700), "broken.tar": broken, "text.tar.gz": bytes("not packed") });
    mkdirSync(inFolder("empty"));
    assert.match(problem(inFolder("absent")), /^FileNotFound/);
    assert.match(problem(inFolder("empty")), /^ConformanceCases: .*there is no folder with a model.onnx/);
    assert.match(problem(inFolder("a.zip")), /neither a folder nor a tar archive/);
    assert.match(problem(inFolder("cut.tar")), /^ConformanceCases: .*it is cut off/);
    assert.match(problem(inFolder("broken.tar")), /at byte 0 there is no tar header/);
    assert.match(problem(inFolder("text.tar.gz")), /^ConformanceCases: .*incorrect header check/);
  });
});

describe("reading a tar archive", () => {
  it("gives names of any length, and views of the bytes", () => {
    const name = `${"x".repeat(150)}/model.onnx`;
    const files = [...readTar(writeTar({ [name]: bytes("m"), empty: bytes(""), full: Buffer.alloc(512, 1) }))];
    assert.deepEqual(
      files.map((f) => [f.path, f.bytes.length]),
      [
        [name, 1],
        ["empty", 0],
        ["full", 512],
      ],
    );
  });
});
