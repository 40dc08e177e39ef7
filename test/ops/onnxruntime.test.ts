// Each operator against ONNX Runtime's kernel, through a written model: numbers, and that the version written is one that has the form.
import { Generator } from "../../src/tensor/random.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { type Case, describeAgreement } from "../support/onnxruntime-agreement.ts";
import { f32, i64 } from "../support/run-op.ts";

const generator = new Generator(5);
const random = (...shape: number[]) =>
  Storage.of("float32", generator.fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))), shape);
const list = (...values: number[]) => f32([values.length], values);
const bools = (...values: number[]) => Storage.from("bool", values, [values.length]);
const ms = (op: string) => `com.microsoft.${op}`;

const families: Readonly<Record<string, () => readonly Case[]>> = {
  "fused operators": () => [
    [ms("FusedConv"), [random(1, 3, 8, 8), random(4, 3, 3, 3), random(4), random(1, 4, 6, 6)], { activation: "Relu" }],
    [ms("FusedConv"), [random(1, 3, 8, 8), random(4, 3, 3, 3), undefined, random(1, 4, 6, 6)], { activation: "Tanh" }],
    [ms("FusedConv"), [random(1, 3, 8, 8), random(4, 3, 3, 3), random(4)], { activation: "Clip", activation_params: [-0.5, 0.5] }],
    [ms("FusedConv"), [random(1, 3, 8, 8), random(4, 3, 3, 3), random(4)], { activation: "HardSigmoid", activation_params: [0.3, 0.4] }],
    [ms("FusedConv"), [random(1, 3, 8), random(4, 3, 3)], { activation: "LeakyRelu", activation_params: [0.3], pads: [1, 1] }],
    [
      ms("FusedGemm"),
      [random(3, 4), random(5, 4), random(5)],
      { transB: 1, alpha: 0.5, beta: 2, activation: "LeakyRelu", activation_alpha: 0.1 },
    ],
    [ms("FusedMatMul"), [random(2, 3, 4), random(2, 5, 4)], { transB: 1, alpha: 0.25 }],
    [ms("FusedMatMul"), [random(3, 2, 4), random(2, 4, 5)], { transBatchA: 1 }],
    [ms("FusedMatMul"), [random(4, 2, 3), random(2, 4, 5)], { transBatchA: 1, transA: 1 }],
    [ms("FusedMatMul"), [random(2, 3, 4), random(5, 2, 4)], { transBatchB: 1, transB: 1 }],
    [ms("TransposeMatMul"), [random(2, 4, 3), random(2, 4, 5)], { transA: 1, alpha: 0.5 }],
    [ms("Gelu"), [random(3, 5)]],
    [ms("BiasGelu"), [random(3, 5), random(5)]],
    [ms("FastGelu"), [random(3, 5), random(5)]],
    [ms("QuickGelu"), [random(3, 5)]],
    [ms("SkipLayerNormalization"), [random(2, 3, 8), random(2, 3, 8), random(8), random(8), random(8)], { epsilon: 1e-5 }],
  ],
  convolutions: () => [
    ["Conv", [random(1, 4, 9), random(6, 2, 3)], { group: 2, auto_pad: "SAME_LOWER", strides: [2] }],
    ["Conv", [random(1, 2, 5, 6, 7), random(3, 2, 2, 3, 2), random(3)], { dilations: [1, 2, 1], pads: [1, 0, 0, 0, 1, 1] }],
    [
      "ConvTranspose",
      [random(1, 4, 5, 5), random(4, 3, 3, 3), random(6)],
      { group: 2, strides: [2, 3], output_padding: [1, 1], pads: [1, 0, 1, 2] },
    ],
    ["ConvTranspose", [random(1, 4, 5), random(4, 3, 3)], { strides: [2], auto_pad: "SAME_UPPER" }],
    ["ConvTranspose", [random(1, 4, 5), random(4, 3, 3)], { strides: [2], auto_pad: "SAME_LOWER" }],
    ["ConvTranspose", [random(1, 4, 5), random(4, 3, 4)], { strides: [3], output_shape: [13], auto_pad: "SAME_UPPER" }],
  ],
  pools: () => [
    ["MaxPool", [random(1, 2, 7, 7)], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, pads: [1, 0, 1, 0], dilations: [1, 2] }, 2],
    ["MaxPool", [random(2, 2, 4, 5, 6)], { kernel_shape: [2, 2, 2], storage_order: 1 }, 2],
    ["MaxPool", [random(1, 1, 6)], { kernel_shape: [1], strides: [4], ceil_mode: 1 }],
    ["AveragePool", [random(1, 2, 7, 8)], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, pads: [1, 1, 1, 1] }],
    [
      "AveragePool",
      [random(1, 2, 7, 8)],
      { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, pads: [1, 1, 1, 1], count_include_pad: 1 },
    ],
    ["AveragePool", [random(1, 2, 8)], { kernel_shape: [2], dilations: [3] }],
    ["LpPool", [random(1, 2, 8)], { kernel_shape: [3], dilations: [2], pads: [1, 1], p: 3 }],
    ["GlobalLpPool", [random(1, 2, 8)], { p: 3 }],
    ["GlobalAveragePool", [random(1, 2, 8, 3)]],
    ["GlobalMaxPool", [random(1, 2, 8, 3)]],
  ],
  "shape operators": () => [
    ["Reshape", [random(2, 3, 4), i64([0, -1])]],
    ["Reshape", [random(0, 3), i64([3, 0])], { allowzero: 1 }],
    ["Flatten", [random(2, 3, 4)], { axis: -1 }],
    ["Squeeze", [random(1, 3, 1), i64([-1])]],
    ["Unsqueeze", [random(3), i64([0, -1])]],
    ["Expand", [random(3, 1), i64([2, 1, 4])]],
    ["Transpose", [random(2, 3, 4)], { perm: [2, 0, 1] }],
    ["Shape", [random(2, 3, 4)], { start: -2, end: 9 }],
    ["Slice", [random(5, 6), i64([4, -9]), i64([-9, 3]), i64([0, 1]), i64([-2, 2])]],
    ["Split", [random(7, 2)], { num_outputs: 3 }, 3],
    ["Split", [random(7, 2), i64([3, 4])], {}, 2],
    ["Concat", [random(2, 3), random(2, 1)], { axis: -1 }],
    ["Tile", [random(2, 3), i64([2, 3])]],
    ["Range", [f32([], [1]), f32([], [5.2]), f32([], [0.7])]],
    ["EyeLike", [random(3, 4)], { k: -1 }],
    ["OneHot", [i64([1, -1, 7]), i64([3], []), list(0, 5)], { axis: 0 }],
    ["NonZero", [f32([2, 2], [0, 1, 2, 0])]],
    ["Compress", [random(3, 4), bools(1, 0, 1)], { axis: -1 }],
    ["Unique", [f32([2, 3], [3, 1, 3, 2, 1, 2])], { axis: 1 }, 4],
    ["Unique", [list(3, 1, 3, 2)], { sorted: 0 }, 4],
    ["Trilu", [random(2, 3, 4), i64([1], [])], { upper: 0 }],
    ["ReverseSequence", [random(4, 3, 2), i64([2, 4, 1])]],
    ["DepthToSpace", [random(1, 8, 2, 3)], { blocksize: 2, mode: "CRD" }],
    ["DepthToSpace", [random(1, 8, 2, 3)], { blocksize: 2 }],
    ["SpaceToDepth", [random(1, 2, 4, 6)], { blocksize: 2 }],
  ],
  "indexing and padding": () => [
    ["Gather", [random(4, 3), i64([-1, 2], [1, 2])], { axis: 1 }],
    ["GatherElements", [random(4, 3), i64([-1, 2, 0, 1], [2, 2])]],
    ["GatherND", [random(2, 3, 4), i64([1, 0], [2, 1])], { batch_dims: 1 }],
    ...["none", "add", "mul", "max", "min"].flatMap((reduction): Case[] => [
      ["ScatterElements", [random(4, 3), i64([-1, 2, 2, 1], [2, 2]), random(2, 2)], { reduction }],
      ["ScatterND", [random(4, 3), i64([3, 1], [2, 1]), random(2, 3)], { reduction }],
    ]),
    ...["constant", "edge", "reflect", "wrap"].map((mode): Case => ["Pad", [random(4, 5), i64([1, 2, 3, 4])], { mode }]),
    ["Pad", [random(4, 5), i64([-1, 2, -1, 0]), f32([], [7])]],
    ["Pad", [random(4, 5), i64([1, 2]), undefined, i64([-1])]],
  ],
  Resize: () => {
    const modes = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize"];
    const all = modes.flatMap((coordinate_transformation_mode) =>
      ["nearest", "linear", "cubic"].flatMap((mode): Case[] => {
        const roi = coordinate_transformation_mode === "tf_crop_and_resize" ? list(0, 0, 0.1, 0.2, 1, 1, 0.8, 1.3) : undefined;
        const attributes = { mode, coordinate_transformation_mode };
        // Under align_corners and a scale that does not fit, ONNX Runtime uses the rounded length where ONNX's own cases use the exact one.
        const scales = coordinate_transformation_mode === "align_corners" ? [1, 1, 2, 1.5] : [1, 1, 0.6, 0.7];
        return [
          ["Resize", [random(1, 1, 5, 6), roi, list(...scales)], attributes],
          ["Resize", [random(1, 1, 5, 6), roi, undefined, i64([1, 1, 3, 9])], attributes],
        ];
      }),
    );
    return [
      ...all,
      ...["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].map(
        (nearest_mode): Case => [
          "Resize",
          [random(1, 1, 5, 6), undefined, list(1, 1, 0.7, 0.5)],
          { nearest_mode, coordinate_transformation_mode: "asymmetric" },
        ],
      ),
      ["Resize", [random(1, 1, 8, 9), undefined, undefined, i64([1, 1, 3, 5])], { mode: "linear", antialias: 1 }],
      ["Resize", [random(1, 1, 8, 9), undefined, undefined, i64([1, 1, 3, 5])], { mode: "cubic", antialias: 1, exclude_outside: 1 }],
      [
        "Resize",
        [random(1, 1, 8, 9), undefined, undefined, i64([3, 5])],
        { mode: "linear", axes: [2, 3], keep_aspect_ratio_policy: "not_larger" },
      ],
    ];
  },
};

describeAgreement("operators agree with ONNX Runtime", families);
