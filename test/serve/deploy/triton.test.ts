import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "../../../src/compile/load.ts";
import type { IngotError } from "../../../src/errors/error.ts";
import { symbol } from "../../../src/ir/dim.ts";
import { tensorType, type ValueType } from "../../../src/ir/type.ts";
import { deploy } from "../../../src/serve/deploy/deploy.ts";
import type { DeployedModel } from "../../../src/serve/deploy/deployed-model.ts";
import { tritonConfig, tritonVersion } from "../../../src/serve/deploy/triton.ts";
import { modelWithData } from "../../support/archive-files.ts";
import { storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { parseTextFormat } from "./text-format.ts";

const described = (inputs: Record<string, ValueType>, outputs: Record<string, ValueType>, config = {}): DeployedModel => {
  const ports = (types: Record<string, ValueType>) => Object.entries(types).map(([name, type]) => ({ name, type }));
  const rest = { version: "1.0", handler: "base_handler", path: "m.mar", file: "m.mar", bytes: 1 };
  return { name: "m", ...rest, config, ports: { inputs: ports(inputs), outputs: ports(outputs) } };
};
const options = { workers: 2, maxBatchSize: 16 };
const batch = symbol("batch");

describe("config.pbtxt", () => {
  it("has the batch axis as max_batch_size, and dims without it", () => {
    const model = described(
      { x: tensorType("float32", [batch, 3, symbol("height")]), ids: tensorType("int64", [batch]) },
      { y: tensorType("string", [batch, 5]) },
    );
    assert.deepEqual(parseTextFormat(tritonConfig(model, options)), {
      name: "m",
      backend: "onnxruntime",
      default_model_filename: "model.onnx",
      max_batch_size: 16,
      input: [
        { name: "x", data_type: "TYPE_FP32", dims: [3, -1] },
        { name: "ids", data_type: "TYPE_INT64", dims: [1], reshape: { shape: [] } },
      ],
      output: [{ name: "y", data_type: "TYPE_STRING", dims: [5] }],
      instance_group: [{ kind: "KIND_CPU", count: 2 }],
      dynamic_batching: {},
    });
  });

  it("puts no requests together where the first axes are not one free size", () => {
    for (const shape of [
      [4, 3],
      [symbol("other"), 3],
    ]) {
      const config = parseTextFormat(
        tritonConfig(described({ x: tensorType("bool", [batch, 3]) }, { y: tensorType("bfloat16", shape) }), options),
      );
      assert.equal(config.max_batch_size, 0);
      assert.deepEqual(config.input, [{ name: "x", data_type: "TYPE_BOOL", dims: [-1, 3] }]);
      assert.ok(!("dynamic_batching" in config));
    }
  });

  it("takes batch size and delay from the archive's configuration", () => {
    const x = { x: tensorType("float16", [batch]) };
    const config = parseTextFormat(tritonConfig(described(x, x, { batchSize: 4, maxBatchDelay: 20 }), options));
    assert.equal(config.max_batch_size, 4);
    assert.deepEqual(config.dynamic_batching, { max_queue_delay_microseconds: 20_000 });
    assert.ok(!("dynamic_batching" in parseTextFormat(tritonConfig(described(x, x, { batchSize: 1 }), options))));
  });

  it("keeps quotes and backslashes of names", () => {
    const x = { 'a"b\\c\nd': tensorType("float32", [1]) };
    const [input] = parseTextFormat(tritonConfig(described(x, x), options)).input as { name: string }[];
    assert.equal(input?.name, 'a"b\\c\nd');
  });

  it("refuses what Triton has no type for, by name", () => {
    const y = { y: tensorType("float32", [1]) };
    const refused = (type: ValueType) => {
      try {
        tritonConfig(described({ odd: type }, y), options);
      } catch (error) {
        return (error as IngotError).summary;
      }
      return assert.fail("it was not refused");
    };
    assert.equal(refused(tensorType("int4", [1])), "Triton cannot serve m: its input odd is int4[1], and it has no int4");
    assert.match(refused(tensorType("float32")), /odd is float\[\], and it must know how many axes there are$/);
    assert.match(
      refused({ kind: "sequence", element: tensorType("float32", [1]) }),
      /odd is seq\(float\[1\]\), and it takes tensors only$/,
    );
  });

  it("makes whole numbers of versions", () => {
    assert.deepEqual(["1.0", "2", "10.3.1", "v3", "0.9"].map(tritonVersion), [1, 2, 10, 1, 1]);
  });
});

describe("a model repository", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  it("holds a model that runs, under Triton's names", async () => {
    storeModel(inFolder(), "doubler", { version: "3.1", handler: "image_classifier", extra: { "index_to_name.json": "{}" } });
    const output = inFolder("repository");
    const target = { kind: "triton", options } as const;
    const { files, notes } = await deploy({ model: inFolder("doubler"), output }, () => target);
    assert.deepEqual(files, [join(output, "doubler/config.pbtxt"), join(output, "doubler/3")]);
    assert.equal(notes.length, 2);
    assert.match(notes.join("\n"), /version 3\.1 is 3 there[\s\S]*what the handler image_classifier does/);
    const config = parseTextFormat(readFileSync(join(output, "doubler/config.pbtxt"), "utf8"));
    assert.equal(config.max_batch_size, 16);
    const module = await load(join(output, "doubler/3", String(config.default_model_filename)));
    await module.close();
    await assert.rejects(
      deploy({ model: inFolder("doubler"), output }, () => target),
      { code: "DeployExists" },
    );
    await deploy({ model: inFolder("doubler"), output, force: true }, () => target);
  });

  it("holds data files where the model looks for them", async () => {
    const model = inFolder("data.onnx", modelWithData("weights.bin"));
    inFolder("weights.bin", new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer));
    mkdirSync(inFolder("made"));
    writeFileSync(inFolder("made/old"), "kept");
    await deploy({ model, output: inFolder("made"), name: "with_data" }, () => ({ kind: "triton", options }));
    assert.equal(readFileSync(inFolder("made/with_data/1/weights.bin")).length, 16);
    assert.equal(readFileSync(inFolder("made/old"), "utf8"), "kept");
    const module = await load(inFolder("made/with_data/1/model.onnx"));
    await module.close();
  });
});
