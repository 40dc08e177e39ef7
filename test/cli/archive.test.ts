// ingot archive, labels and compat, by the very lines that people of torch-model-archiver write.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { thisProgram } from "../../src/cli/this-program.ts";
import { goodManifest, manifestPart, reluModel } from "../support/archive-files.ts";
import { zipOf } from "../support/hostile/zip-writer.ts";
import { Workplace } from "./command-line.ts";

describe("ingot archive", () => {
  const home = process.cwd();
  let place: Workplace;
  beforeEach(() => {
    place = new Workplace();
    process.chdir(place.folder);
    place.write("deployable_model.onnx", reluModel);
    mkdirSync("model_store");
  });
  afterEach(() => {
    process.chdir(home);
    place.remove();
  });
  /** A line as it is typed, in the folder. */
  const type = (line: string) => place.ingot(...line.replace(/^ingot /, "").split(" "));
  const line =
    "ingot archive --model-name my_fancy_model --version 1.0 --serialized-file deployable_model.onnx --export-path model_store --extra-files index_to_name.json --handler image_classifier";

  it("does what the first line of every guide says, and takes --version for the model's", async () => {
    place.write("index_to_name.json", (await type("ingot labels imagenet")).out);
    const { status, out, err } = await type(line);
    assert.deepEqual([status, err], [0, ""]);
    assert.match(out, /^model_store\/my_fancy_model\.mar: .*deployable_model\.onnx, index_to_name\.json, MAR-INF\/MANIFEST\.json\n$/);
    const inspected = await type("ingot archive inspect model_store/my_fancy_model.mar --json");
    const { manifest, inputs, outputs, files } = JSON.parse(inspected.out);
    assert.deepEqual(manifest.model, {
      modelName: "my_fancy_model",
      serializedFile: "deployable_model.onnx",
      handler: "image_classifier",
      modelVersion: "1.0",
    });
    assert.deepEqual(inputs, [{ name: "x", type: "float[n,2]", dtype: "float32", shape: ["n", 2] }]);
    assert.deepEqual(outputs, [{ name: "y", type: "float[n,2]", dtype: "float32", shape: ["n", 2] }]);
    assert.equal(files.length, 3);
  });

  it("takes every option in its short and in its long form", async () => {
    place.write("c.yaml", "batchSize: 4\nminWorkers: two\n");
    place.write("r.txt", "numpy\n");
    const { status, err } = await type(
      "ingot archive --model-name m -v 2 --serialized-file=deployable_model.onnx --handler base_handler -r r.txt -c c.yaml --runtime python3 --archive-format tgz --export-path model_store",
    );
    assert.equal(status, 0, err);
    assert.match(err, /^ingot: warning: c\.yaml: minWorkers must be an integer from 0/);
    const { out } = await type("ingot archive inspect model_store/m.tar.gz");
    for (const text of ["m, version 2", "runtime python3", "x: float[n,2]", "c.yaml (config)", "r.txt (requirements)", "batchSize: 4"])
      assert.ok(out.includes(text), `${text}\n${out}`);
  });

  it("asks for --force before it replaces an archive", async () => {
    const twice = `${line.replace("--extra-files index_to_name.json ", "")}`;
    assert.equal((await type(twice)).status, 0);
    const { status, err } = await type(twice);
    assert.equal(status, 1);
    assert.match(err, /model_store\/my_fancy_model\.mar already exists\.\n {2}hint: Please specify --force\/-f option/);
    assert.equal((await type(`${twice} -f`)).status, 0);
  });

  it("names the options that are needed, with status 2", async () => {
    const { status, err } = await type("ingot archive --model-name m");
    assert.equal(status, 2);
    assert.match(err, /required: --version, --handler/);
  });

  it("inspects what only TorchServe can serve, and ends with status 1 for what nobody can", async () => {
    const manifest = { ...goodManifest, model: { ...goodManifest.model, serializedFile: "m.pt" } };
    place.write("m.mar", zipOf([{ name: "m.pt", bytes: Buffer.from("x") }, manifestPart(manifest)]));
    const { status, out } = await type("ingot archive inspect m.mar");
    assert.equal(status, 0);
    assert.match(out, /m\.pt \(model\)/);
    place.write("n.mar", zipOf([{ name: "../m.pt", bytes: Buffer.from("x") }]));
    const refused = await type("ingot archive inspect n.mar");
    assert.equal(refused.status, 1);
    assert.match(refused.err, /^ingot: ArchiveError ArchiveUnsafePath: n\.mar/);
  });

  it("takes back what it has begun when Ctrl-C ends it", async () => {
    // 16 GB of nothing: no machine has packed that before the signal comes.
    place.write("large.bin", "");
    truncateSync("large.bin", 16e9);
    const [node = "", ...words] = thisProgram();
    const args = [..."archive --model-name m --version 1 --handler base_handler --export-path model_store".split(" ")];
    const watcher = watch("model_store");
    const child = spawn(node, [...words, ...args, "--serialized-file", "deployable_model.onnx", "--extra-files", "large.bin"], {
      cwd: place.folder,
      stdio: "ignore",
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await Promise.race([new Promise((resolve) => watcher.once("change", resolve)), ended]);
    watcher.close();
    assert.equal(readdirSync("model_store").length, 1, "the temporary file is there");
    child.kill("SIGINT");
    assert.equal(await ended, 130);
    assert.deepEqual(readdirSync("model_store"), []);
  }).timeout(60_000);
});

describe("ingot labels", () => {
  const place = new Workplace();
  after(() => place.remove());

  it("prints ImageNet's classes in TorchServe's form", async () => {
    const { status, out } = await place.ingot("labels", "imagenet");
    assert.equal(status, 0);
    assert.ok(out.startsWith('{\n  "0": ["n01440764", "tench"],\n'));
    const classes = JSON.parse(out) as Record<string, [string, string]>;
    assert.deepEqual(
      Object.keys(classes),
      Array.from({ length: 1000 }, (_, i) => String(i)),
    );
    assert.deepEqual(classes["281"], ["n02123045", "tabby"]);
    assert.deepEqual(classes["999"], ["n15075141", "toilet_tissue"]);
    const ids = Object.values(classes).map(([id]) => id);
    assert.deepEqual(ids, [...new Set(ids)].sort(), "ids are WordNet's, in their order");
    const names = Object.values(classes).map(([, name]) => name);
    assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i).sort(), ["crane", "maillot"]);
    for (const [id, name] of Object.values(classes)) assert.match(`${id} ${name}`, /^n\d{8} [A-Za-z][A-Za-z_'-]+$/);
  });

  it("names the data sets that there are", async () => {
    const { status, err } = await place.ingot("labels", "cifar");
    assert.equal(status, 2);
    assert.match(err, /Allowed choices are imagenet/);
  });
});

describe("ingot compat install", () => {
  const place = new Workplace();
  after(() => place.remove());

  it("writes commands of TorchServe's names that call this program", async () => {
    const { status, out } = await place.ingot("compat", "install", "./bin dir");
    assert.equal(status, 0);
    assert.equal(out, "bin dir/torch-model-archiver\nbin dir/torchserve\n");
    for (const name of ["torch-model-archiver", "torchserve"]) assert.equal(statSync(place.path(`bin dir/${name}`)).mode & 0o777, 0o755);
    assert.match(readFileSync(place.path("bin dir/torchserve"), "utf8"), /^#!\/bin\/sh\n[\s\S]*\nexec .* serve "\$@"\n$/);
    place.write("m.onnx", reluModel);
    const args = "--model-name m --version 1.0 --serialized-file m.onnx --handler base_handler".split(" ");
    const ran = spawnSync(join(place.folder, "bin dir/torch-model-archiver"), args, { cwd: place.folder, encoding: "utf8" });
    assert.equal(ran.status, 0, ran.stderr);
    assert.ok(existsSync(place.path("m.mar")));
  });

  it("replaces a command only with --force", async () => {
    mkdirSync(place.path("other"));
    writeFileSync(place.path("other/torchserve"), "theirs");
    assert.equal((await place.ingot("compat", "install", "./other")).status, 1);
    assert.equal(place.read("other/torchserve"), "theirs");
    assert.equal(existsSync(place.path("other/torch-model-archiver")), false);
    assert.equal((await place.ingot("compat", "install", "./other", "--force")).status, 0);
    assert.match(place.read("other/torchserve"), /ingot compat install/);
  });
});
