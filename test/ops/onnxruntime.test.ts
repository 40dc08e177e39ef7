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
  "sampling, regions and windows": () => {
    const places = () =>
      Storage.of(
        "float32",
        random(2, 3, 4, 2)
          .numbers()
          .map((v) => v * 0.9) as Float32Array<ArrayBuffer>,
        [2, 3, 4, 2],
      );
    const grids = ["linear", "nearest", "cubic"].flatMap((mode) =>
      ["zeros", "border", "reflection"].flatMap((padding_mode) =>
        [0, 1].map((align_corners): Case => ["GridSample", [random(2, 2, 4, 5), places()], { mode, padding_mode, align_corners }]),
      ),
    );
    const volume = f32([1, 2, 2, 2, 3], random(24).toNumbers());
    const rois = f32([3, 4], [0, 0, 5, 6, 1.3, 2.1, 4.4, 3.2, -2, -1, 9, 8]);
    const aligned = ["half_pixel", "output_half_pixel"].flatMap((coordinate_transformation_mode) =>
      ["avg", "max"].flatMap((mode) =>
        [0, 2].map(
          (sampling_ratio): Case => [
            "RoiAlign",
            [random(2, 3, 7, 8), rois, i64([0, 1, 1])],
            { coordinate_transformation_mode, mode, sampling_ratio, output_height: 3, output_width: 2, spatial_scale: 0.8 },
          ],
        ),
      ),
    );
    const boxes = f32([1, 5, 4], [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 1, 11, 0, 10, 0, 10.1, 1, 11.1]);
    const scores = f32([1, 2, 5], [0.9, 0.75, 0.6, 0.95, 0.5, 0.1, 0.5, 0.5, 0.3, 0.2]);
    return [
      ...grids,
      ...["linear", "nearest"].map((mode): Case => ["GridSample", [random(1, 2, 3, 4, 5), volume], { mode }]),
      ...aligned,
      [
        "MaxRoiPool",
        [random(2, 3, 7, 8), f32([2, 5], [1, 0, 0, 5, 6, 0, 1.4, 2.6, 4.4, 3.2])],
        { pooled_shape: [2, 3], spatial_scale: 0.9 },
      ],
      ["NonMaxSuppression", [boxes, scores, i64([3]), list(0.5), list(0.15)]],
      ["NonMaxSuppression", [boxes, scores, i64([2]), list(0.4)], { center_point_box: 1 }],
      ["MaxUnpool", [random(1, 2, 2, 2), i64([0, 3, 9, 15, 16, 19, 24, 31], [1, 2, 2, 2])], { kernel_shape: [2, 2], strides: [2, 2] }],
      ["AffineGrid", [random(2, 2, 3), i64([2, 1, 3, 4])], { align_corners: 1 }],
      ["AffineGrid", [random(1, 3, 4), i64([1, 1, 2, 3, 4])]],
      ["CenterCropPad", [random(4, 5, 6), i64([7, 2])], { axes: [-3, 1] }],
      ["Col2Im", [random(1, 12, 6), i64([4, 5]), i64([2, 3])], { strides: [2, 1], dilations: [1, 1] }],
      ["Col2Im", [random(1, 4, 12), i64([4, 5]), i64([2, 2])], { pads: [0, 1, 0, 0], dilations: [1, 2], strides: [1, 1] }],
      ["Det", [random(2, 3, 3)]],
      ["DFT", [random(2, 6, 5, 1), undefined, i64([1], [])]],
      ["DFT", [random(2, 6, 5, 2), i64([8], []), i64([-3], [])], { inverse: 1 }],
      ["DFT", [random(2, 7, 1), undefined, i64([1], [])], { onesided: 1 }],
      ["STFT", [random(2, 32, 1), i64([5], []), random(8), undefined]],
      ["STFT", [random(1, 20, 1), i64([3], []), undefined, i64([6], [])], { onesided: 0 }],
      ...["HannWindow", "HammingWindow", "BlackmanWindow"].flatMap((op): Case[] => [
        [op, [i64([9], [])]],
        [op, [i64([8], [])], { periodic: 0 }],
      ]),
      ["MelWeightMatrix", [i64([6], []), i64([32], []), i64([8000], []), f32([], [20]), f32([], [4000])]],
    ];
  },
  "ai.onnx.ml": () => {
    const ml = (op: string) => `ai.onnx.ml.${op}`;
    const some = (n: number) => random(n).toNumbers();
    const transforms = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"];
    // Two trees over three features. A target that nothing votes for has its base value here and 0 there, and a class without votes may
    // not win there: so each class and target gets votes, or votes for classes are positive.
    const trees = {
      nodes_treeids: [0, 0, 0, 0, 0, 1, 1, 1],
      nodes_nodeids: [0, 1, 2, 3, 4, 0, 1, 2],
      nodes_featureids: [0, 1, 0, 0, 0, 2, 0, 0],
      nodes_modes: ["BRANCH_LEQ", "BRANCH_GT", "LEAF", "LEAF", "LEAF", "BRANCH_LT", "LEAF", "LEAF"],
      nodes_values: [0.1, -0.2, 0, 0, 0, 0.3, 0, 0],
      nodes_truenodeids: [1, 2, 0, 0, 0, 1, 0, 0],
      nodes_falsenodeids: [4, 3, 0, 0, 0, 2, 0, 0],
      nodes_missing_value_tracks_true: [0, 1, 0, 0, 0, 1, 0, 0],
    };
    const leaves = (name: string) => ({ [`${name}_treeids`]: [0, 0, 0, 1, 1], [`${name}_nodeids`]: [2, 3, 4, 1, 2] });
    const x = f32([4, 3], [0, 0, 0, 1, -1, Number.NaN, -2, Number.NaN, 3, 0.5, 0.5, 0.2]);
    const classes = { ...trees, ...leaves("class"), classlabels_int64s: [7, 8, 9], class_ids: [0, 1, 2, 1, 2] };
    const machine = { kernel_params: [0.3, 0.5, 2], support_vectors: some(15), rho: some(3), classlabels_ints: [4, 5, 6] };
    return [
      ...["SUM", "AVERAGE", "MIN", "MAX"].map(
        (aggregate_function): Case => [
          ml("TreeEnsembleRegressor"),
          [x],
          {
            ...trees,
            ...leaves("target"),
            target_ids: [0, 0, 0, 1, 1],
            target_weights: some(5),
            n_targets: 2,
            base_values: [0.5, 2],
            aggregate_function,
          },
        ],
      ),
      ...transforms.map(
        (post_transform): Case => [
          ml("TreeEnsembleClassifier"),
          [x],
          { ...classes, class_weights: some(5).map(Math.abs), post_transform },
          2,
        ],
      ),
      ...[
        [0.2, 0.1, 0.3, 0.4, 0.1],
        [0.2, -0.1, 0.3, 0.4, -0.5],
      ].map(
        (class_weights): Case => [
          ml("TreeEnsembleClassifier"),
          [x],
          {
            ...classes,
            classlabels_int64s: [3, 5],
            class_ids: [0, 0, 0, 0, 0],
            class_weights,
            post_transform: class_weights[1] === 0.1 ? "NONE" : "LOGISTIC",
          },
          2,
        ],
      ),
      ...transforms.map(
        (post_transform): Case => [
          ml("LinearClassifier"),
          [random(4, 3)],
          { coefficients: some(9), intercepts: some(3), classlabels_ints: [4, 5, 6], post_transform },
          2,
        ],
      ),
      [ml("LinearRegressor"), [random(4, 3)], { coefficients: some(6), intercepts: some(2), targets: 2 }],
      ...["LINEAR", "POLY", "RBF", "SIGMOID"].flatMap((kernel_type): Case[] => [
        [ml("SVMClassifier"), [random(4, 3)], { ...machine, kernel_type, coefficients: some(10), vectors_per_class: [2, 1, 2] }, 2],
        [
          ml("SVMRegressor"),
          [random(4, 3)],
          { kernel_type, kernel_params: [0.3, 0.5, 2], support_vectors: some(15), rho: some(1), coefficients: some(5), n_supports: 5 },
        ],
      ]),
      [
        ml("SVMClassifier"),
        [random(5, 3)],
        {
          ...machine,
          kernel_type: "RBF",
          coefficients: some(10),
          vectors_per_class: [2, 1, 2],
          prob_a: [-1.2, -0.8, -1],
          prob_b: [0.1, 0, -0.2],
        },
        2,
      ],
      [
        ml("SVMClassifier"),
        [random(5, 3)],
        { ...machine, classlabels_ints: [4, 5], kernel_type: "RBF", coefficients: some(5), vectors_per_class: [2, 3] },
        2,
      ],
      [
        ml("SVMClassifier"),
        [random(5, 3)],
        { classlabels_ints: [4, 5, 6], coefficients: some(9), rho: [0.3], kernel_params: [0, 0, 0] },
        2,
      ],
      [ml("SVMRegressor"), [random(5, 3)], { coefficients: some(3), rho: [0.3], one_class: 1, kernel_params: [0, 0, 0] }],
      ...["MAX", "L1", "L2"].map((norm): Case => [ml("Normalizer"), [random(4, 3)], { norm }]),
      [ml("Scaler"), [random(4, 3)], { offset: some(3), scale: some(3) }],
      [ml("Scaler"), [random(4, 3)], { offset: [1], scale: [2] }],
      [ml("Imputer"), [x], { imputed_value_floats: [1, 2, 3], replaced_value_float: Number.NaN }],
      [ml("Binarizer"), [random(4, 3)], { threshold: 0.2 }],
      [ml("FeatureVectorizer"), [random(4, 3), random(4, 2)], { inputdimensions: [3, 2] }],
      [ml("ArrayFeatureExtractor"), [random(4, 3), i64([2, 0])]],
      [ml("ArrayFeatureExtractor"), [random(3), i64([2, 0])]],
      [ml("OneHotEncoder"), [f32([2, 2], [1, 2, 3, 9])], { cats_int64s: [3, 1, 2] }],
      [ml("LabelEncoder"), [f32([3], [1, 2, 7])], { keys_floats: [1, 2], values_int64s: [10, 20], default_int64: -5 }],
    ];
  },
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
