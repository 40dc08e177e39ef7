// Whole files to damage, of each format: made by the library itself, and ONNX's own test models where they are to be had.
import type { Graph } from "../../../src/ir/graph.ts";
import { encodeToBytes } from "../../../src/onnx/encode.ts";
import { exportModel } from "../../../src/onnx/export.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { npyChunks } from "../../../src/weights/npy.ts";
import { safetensorsChunks } from "../../../src/weights/safetensors.ts";
import { readBackendCases } from "../backend-cases.ts";
import { float32, int64, model, node, value } from "../onnx-models.ts";
import { PickleCall, PickleName, PicklePersistent, pickle } from "../pickle-writer.ts";
import { randomGraph } from "../random-graph.ts";
import { floatBytes, legacyStream, torchTensor, tuple } from "../torch-files.ts";
import { zipOf } from "./zip-writer.ts";

export type Format = "onnx" | "safetensors" | "checkpoint" | "legacy checkpoint" | "npz" | "npy";

/** Models of more bytes are left out: they are damaged in their weights most of the time. */
const largestModel = 20_000;

const bytesOf = (graph: Graph) => encodeToBytes("ModelProto", exportModel(graph).model);
const joined = (chunks: Iterable<Uint8Array>) => Uint8Array.from(Buffer.concat([...chunks]));
const dtypes: readonly DType[] = ["float32", "float16", "int64", "uint8", "bool"];
const tensors = (): [string, Storage][] => [
  ...dtypes.map((dtype): [string, Storage] => [`layer.${dtype}`, Storage.from(dtype, [1, 0, 1, 1, 0, 1], [2, 3])]),
  ["bias", Storage.from("float32", [1, 2, 3], [3])],
  ["scalar", Storage.from("float64", [0.5], [])],
  ["empty", Storage.from("float32", [], [0, 4])],
];

/** Control flow, functions, shape arithmetic, tensors of strings: what random graphs have not. */
function craftedModels(): Uint8Array[] {
  const body = {
    name: "body",
    input: [value("i", [], 7), value("going", [], 9), value("s", [2])],
    output: [value("going", [], 9), value("t", [2]), value("t", [2])],
    node: [node("Add", ["s", "x"], ["t"])],
  };
  const looping = model({
    inputs: [value("x", [2])],
    outputs: [value("y", [2]), value("all", ["n", 2])],
    nodes: [node("Loop", ["M", "", "x"], ["y", "all"], { body })],
    initializers: { M: int64([], 3) },
  });
  const shaped = model({
    inputs: [value("x", ["n", "m"])],
    outputs: [value("y", ["n*m"])],
    nodes: [
      node("Shape", ["x"], ["s"]),
      node("ReduceProd", ["s"], ["p"], { keepdims: 1n }),
      node("Reshape", ["x", "p"], ["r"]),
      node("ConstantOfShape", ["p"], ["z"], { value: float32([1], 2) }),
      node("Expand", ["one", "p"], ["e"]),
      node("Tile", ["r", "reps"], ["t"]),
      node("Pad", ["t", "pads"], ["d"]),
      node("Range", ["zero", "two", "step"], ["g"]),
      node("Add", ["r", "z"], ["y"]),
    ],
    initializers: {
      one: float32([1], 1),
      reps: int64([1], 2),
      pads: int64([2], 1, 1),
      zero: int64([], 0),
      two: int64([], 20),
      step: int64([], 3),
    },
  });
  const calling = model(
    {
      inputs: [value("x", [1, 2, 6, 6])],
      outputs: [value("y", [])],
      nodes: [
        node("Conv", ["x", "w"], ["c"], { pads: [1n, 1n, 1n, 1n], strides: [2n, 2n], group: 2n }),
        node("Twice", ["c"], ["d"], {}, "own"),
        node("MaxPool", ["d"], ["p"], { kernel_shape: [2n, 2n] }),
        node("ReduceSum", ["p"], ["y"], { keepdims: 0n }),
      ],
      initializers: { w: float32([2, 1, 3, 3], ...Array.from({ length: 18 }, (_, i) => i)) },
    },
    {
      opsetImport: [
        { domain: "", version: 17 },
        { domain: "own", version: 1 },
      ],
      functions: [
        {
          name: "Twice",
          domain: "own",
          input: ["a"],
          output: ["b"],
          node: [node("Add", ["a", "a"], ["b"])],
          opsetImport: [{ domain: "", version: 17 }],
        },
      ],
    },
  );
  return [looping, shaped, calling].map((proto) => encodeToBytes("ModelProto", proto));
}

function checkpointValue() {
  const half = new PickleCall("torch._utils", "_rebuild_tensor", [
    new PicklePersistent(["storage", new PickleName("torch", "FloatStorage"), "0", "cpu", 6, tuple("v", 2, 2)]),
    0,
    tuple(2),
    tuple(1),
  ]);
  const entries: [string, unknown][] = [
    ["epoch", 3],
    ["lr", 0.5],
    ["note", "ä"],
    ["big", 2n ** 70n],
    ["sizes", [new PickleCall("torch", "Size", [tuple(2, 3)]), true, null]],
    [
      "pairs",
      new PickleCall("collections", "OrderedDict", [
        [
          ["a", 1],
          ["b", tuple(2)],
        ],
      ]),
    ],
    [
      "state_dict",
      new Map<string, unknown>([
        ["w", torchTensor("0", 6, [2, 3], [3, 1])],
        ["t", torchTensor("0", 6, [3, 2], [1, 3])],
        ["half", half],
      ]),
    ],
  ];
  return pickle(new Map(entries));
}

/** The seeds of a format. With a folder of test data, ONNX's node tests are among them. */
export function seedsOf(format: Format, testData: string | undefined): Uint8Array[] {
  switch (format) {
    case "onnx": {
      const backend = testData === undefined ? [] : readBackendCases(testData, "node").map(({ model: bytes }) => bytes);
      return [
        ...Array.from({ length: 40 }, (_, i) => bytesOf(randomGraph(i, 4 + (i % 12)))),
        ...craftedModels(),
        ...backend.filter((bytes) => bytes.length <= largestModel),
      ];
    }
    case "safetensors":
      return [
        joined(safetensorsChunks(tensors(), new Map([["format", "pt"]]))),
        joined(safetensorsChunks(tensors().slice(0, 1))),
        joined(safetensorsChunks([])),
      ];
    case "checkpoint": {
      const parts = [
        { name: "archive/data.pkl", bytes: checkpointValue() },
        { name: "archive/byteorder", bytes: Buffer.from("little") },
        { name: "archive/data/0", bytes: floatBytes(1, 2, 3, 4, 5, 6) },
      ];
      return [zipOf(parts)];
    }
    case "legacy checkpoint":
      return [legacyStream(checkpointValue(), { "0": [1, 2, 3, 4, 5, 6] })];
    case "npz":
      return [zipOf(tensors().map(([name, storage]) => ({ name: `${name}.npy`, bytes: joined(npyChunks(storage)) })))];
    case "npy":
      return [...tensors().map(([, storage]) => joined(npyChunks(storage))), textArray()];
  }
}

/** Two words of three letters each, in UTF-32. */
function textArray(): Uint8Array {
  const header = `${"{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }".padEnd(117)}\n`;
  const prefix = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0]);
  const letters = [..."abcdef"].map((c) => c.charCodeAt(0));
  return Uint8Array.from(Buffer.concat([prefix, Buffer.from(header), Buffer.from(new Uint32Array(letters).buffer)]));
}
