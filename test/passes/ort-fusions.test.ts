// The models of ONNX Runtime's own fusion tests: what they compute stays, a second run changes nothing, and where our rules mean to reach what
// ONNX Runtime's transformers reach, the operators left are counted.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readTar } from "../../src/conformance/tar.ts";
import { IngotError } from "../../src/errors/error.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { allNodes, cloneGraph } from "../../src/ir/traverse.ts";
import { graphFromBytes } from "../../src/onnx/read-file.ts";
import { registry } from "../../src/ops/registry.ts";
import { runPasses } from "../../src/passes/manager.ts";
import { onnxruntimePasses, portablePasses, transformerFusions } from "../../src/passes/pipelines.ts";
import { testDataFolder } from "../support/backend-cases.ts";
import { operators, sameResults } from "../support/check-rule.ts";

const lowering = [...onnxruntimePasses, ...transformerFusions];

/** Models that cannot be read, and why: the files are at fault. */
const unreadable: Readonly<Record<string, RegExp>> = {
  "fusion/attention_mask_no_cast.onnx": /no attribute `epsion`/,
  "fusion/fuse-matmul-bn-only-transpose.onnx": /scale has shape \[5\]/,
};

/** What is left of the operators that ONNX Runtime's own test counts after its transformer; each count is checked against the index. */
const reached: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "abs-id.onnx": { Identity: 0 },
  "concat_slice_basic_test.onnx": { Concat: 0, Slice: 0 },
  "cse/cse1.onnx": { MatMul: 1, Add: 2, Relu: 1 },
  "cse/cse_only_one_graph_output.onnx": { ReduceSum: 1, Add: 1 },
  "cse/cse_random.onnx": { RandomUniform: 4 },
  "dropout.onnx": { Dropout: 2 },
  "expand_elimination.onnx": { Expand: 3 },
  "fusion/bias_onnx_gelu_fusion.onnx": { Add: 0, Gelu: 0, "com.microsoft.BiasGelu": 1 },
  "fusion/constant_folding_with_scalar_shape_to_initializer.onnx": { Shape: 0, ConstantOfShape: 0 },
  "fusion/constant_folding_with_shape_to_initializer.onnx": { Shape: 0, Unsqueeze: 0 },
  "fusion/conv_add.onnx": { Add: 0 },
  "fusion/conv_add_relu.onnx": { Add: 0, Relu: 0 },
  "fusion/conv_clip11.onnx": { Clip: 1 },
  "fusion/fast_gelu2_use_graph_input.onnx": { Add: 0, Tanh: 0, Mul: 0, "com.microsoft.FastGelu": 1 },
  "fusion/fuse-conv-add-no-bias.onnx": { Add: 0, Unsqueeze: 0 },
  "fusion/fuse-conv-bn-no-bias.onnx": { BatchNormalization: 0 },
  "fusion/fuse-conv-mul-no-bias.onnx": { Mul: 0, Unsqueeze: 0 },
  "fusion/fuse-matmul-bn-directly.onnx": { BatchNormalization: 0, MatMul: 0, Gemm: 1 },
  "fusion/fuse-pad-conv.onnx": { Pad: 0, Conv: 1 },
  "fusion/fuse-pad-nopadsconv.onnx": { Pad: 0, Conv: 1 },
  "fusion/gelu_format2_1.onnx": { Div: 0, Add: 0, Erf: 0, Mul: 0, "com.microsoft.Gelu": 1 },
  "fusion/gelu_format2_1_use_graph_input.onnx": { Div: 0, Add: 0, Erf: 0, Mul: 0, "com.microsoft.Gelu": 1 },
  "fusion/gemm_sum_fusion_broadcast.onnx": { Sum: 0, Gemm: 1 },
  "fusion/gemm_sum_no_fusion_broadcast_failure.onnx": { Sum: 1, Gemm: 1 },
  "fusion/gemm_sum_no_fusion_sum_multiple_inputs.onnx": { Sum: 1, Gemm: 1 },
  "fusion/gemm_transpose_2inputs_transposed.onnx": { Transpose: 0, Gemm: 1 },
  "fusion/gemm_transpose_2outputs_from_transpose.onnx": { Transpose: 1, Gemm: 1 },
  "fusion/gemm_transpose_inputs_output_transposed.onnx": { Transpose: 0, Gemm: 1 },
  "fusion/relu_clip_fusion_gh_issue_9753.onnx": { Relu: 0, Clip: 1 },
  "fusion/reshape_fusion_concat_subgraph.onnx": { Shape: 0, Gather: 0, Unsqueeze: 0, Slice: 0, Concat: 0, Reshape: 1 },
  "fusion/reshape_fusion_multiple_values_in_initializer_tensor_2.onnx": { Shape: 0, Gather: 0, Unsqueeze: 0, Concat: 0, Reshape: 1 },
  "fusion/transpose_matmul_2d_fusion_with_preserved_transpose.onnx": { Transpose: 1, MatMul: 0, "com.microsoft.FusedMatMul": 1 },
  "fusion/transpose_matmul_4d_fusion_2_transpose.onnx": { Transpose: 0, MatMul: 0, "com.microsoft.FusedMatMul": 1 },
  "gemm_activation_fusion/gemm_activation_fusion.onnx": { LeakyRelu: 0, Gemm: 0, "com.microsoft.FusedGemm": 1 },
  "matmul_add_fusion/2Input/model.onnx": { MatMul: 0, Add: 0, Gemm: 1 },
  "matmul_add_fusion/matmul_add_not_broadcastable.onnx": { MatMul: 1, Add: 1, Gemm: 0 },
  "id-elim.onnx": { Add: 1 },
  "scalar_const_not_share.onnx": { Add: 1 },
};

/** Fewer operators are left than in ONNX Runtime's test. */
const beaten: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "cse/cse_graph_output.onnx": { Add: 1 },
  "fusion/not_where.onnx": { Where: 2, Not: 1 },
  "fusion/reshape_fusion_concat_subgraph_multiple_outputs.onnx": { Shape: 0, Gather: 0, Unsqueeze: 0, Slice: 0, Concat: 0, Reshape: 1 },
};

interface Count {
  readonly op: string;
  readonly count: number;
  readonly when: string;
}
interface IndexedCase {
  readonly path: string;
  readonly ort_tests: readonly { readonly test: string; readonly op_counts: readonly Count[] }[];
}

const countOf = (graph: Graph, op: string) => operators(graph).filter((o) => o === op).length;

/** True when an operator draws other numbers at each run. */
const isRandom = (graph: Graph) =>
  [...allNodes(graph)].some((n) => registry.get(n.op)?.pure === false || (n.op === "Dropout" && n.inputs[2] !== undefined));

describe("the models of ONNX Runtime's fusion tests", function () {
  this.timeout(120_000);
  let cases: readonly IndexedCase[] = [];
  const files = new Map<string, Uint8Array>();
  before(function () {
    const folder = testDataFolder();
    if (!folder) return this.skip();
    cases = (JSON.parse(readFileSync(join(folder, "ort-fusions", "index.json"), "utf8")) as { cases: readonly IndexedCase[] }).cases;
    for (const { path, bytes } of readTar(gunzipSync(readFileSync(join(folder, "ort-fusions", "models.tar.gz")))))
      files.set(path.replace(/^(\.\/)?transform\//, ""), bytes);
  });

  const read = (path: string): Graph => {
    const bytes = files.get(path);
    assert.ok(bytes, `${path} is not in the archive, which has ${[...files.keys()].slice(0, 3).join(", ")}, …`);
    return graphFromBytes(bytes, registry, path);
  };
  const optimised = (source: Graph) => {
    const { graph: portable } = cloneGraph(source);
    runPasses(portable, portablePasses, { verify: true });
    const { graph: lowered } = cloneGraph(portable);
    runPasses(lowered, lowering, { target: "onnxruntime", verify: true });
    return { portable, lowered };
  };

  it("compute the same after the portable passes and after lowering, and come to rest", () => {
    let compared = 0;
    for (const { path } of cases) {
      let source: Graph;
      try {
        source = read(path);
      } catch (error) {
        assert.ok(error instanceof IngotError && unreadable[path]?.test(error.message), `${path}: ${error}`);
        continue;
      }
      const { portable, lowered } = optimised(source);
      assert.equal(runPasses(portable, portablePasses).journal.length, 0, `${path}: a second run of the portable passes`);
      assert.equal(
        runPasses(lowered, [...portablePasses, ...lowering], { target: "onnxruntime" }).journal.length,
        0,
        `${path}: a second run`,
      );
      if (isRandom(source)) continue;
      sameResults(source, portable, "approximate");
      sameResults(source, lowered, "approximate");
      compared++;
    }
    assert.ok(compared >= 80, `only ${compared} of ${cases.length} models were compared`);
  });

  it("keep to standard operators in the portable passes", () => {
    for (const { path } of cases) {
      if (unreadable[path]) continue;
      const source = read(path);
      const before = operators(source).filter((op) => op.includes(".")).length;
      assert.ok(operators(optimised(source).portable).filter((op) => op.includes(".")).length <= before, path);
    }
  });

  it("are left with the operators that ONNX Runtime's tests expect", () => {
    for (const [path, counts] of Object.entries(reached)) {
      const { lowered } = optimised(read(path));
      const theirs = cases.find((c) => c.path === path)?.ort_tests.flatMap((t) => t.op_counts.filter((c) => c.when === "after")) ?? [];
      for (const [op, count] of Object.entries(counts)) {
        assert.equal(countOf(lowered, op), count, `${path}: ${op}\n${lowered}`);
        assert.ok(
          theirs.some((c) => c.op === op && c.count === count),
          `${path}: the index has no count ${count} of ${op} after the transformer`,
        );
      }
    }
  });

  it("are left with fewer where several rules come together", () => {
    for (const [path, counts] of Object.entries(beaten))
      for (const [op, count] of Object.entries(counts)) assert.equal(countOf(optimised(read(path)).lowered, op), count, `${path}: ${op}`);
  });
});
