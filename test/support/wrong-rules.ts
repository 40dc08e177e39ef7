// Rules with one mistake each, written as a user would write them: what the checks of rewrites are tested with.
import { attributeOf } from "../../src/passes/match.ts";
import { defineRule, type Rule } from "../../src/passes/rewriter.ts";
import { Storage } from "../../src/tensor/storage.ts";

const targets = ["portable"] as const;

interface Fold {
  readonly epsilon: boolean;
  /** The channel whose β has the wrong sign; −1 for none. */
  readonly negated: number;
}

/** Folds BatchNormalization into the convolution before it, leaving out ε or negating the β of one channel. */
export function wrongBatchNormFold(name: string, { epsilon, negated }: Fold): Rule {
  return defineRule({
    name,
    about: "folds BatchNormalization into the convolution before it, wrongly",
    accuracy: "ulp",
    targets,
    pattern: (op, v) =>
      op.BatchNormalization(
        op.Conv(v("x"), v("w").constant(), v("b").constant().optional()).single().as("conv"),
        v("gamma").constant(),
        v("beta").constant(),
        v("mean").constant(),
        v("var").constant(),
      ),
    replacement(op, m) {
      const numbers = (key: string) => m.constant(key)?.toNumbers() ?? [];
      const [gamma, beta, mean, variance, bias] = ["gamma", "beta", "mean", "var", "b"].map(numbers) as [
        number[],
        number[],
        number[],
        number[],
        number[],
      ];
      const weight = m.constant("w") as Storage;
      const perChannel = weight.size / gamma.length;
      const e = epsilon ? Number(m.attribute("epsilon")) : 0;
      const scale = gamma.map((g, c) => g / Math.sqrt((variance[c] as number) + e));
      const scaled = Float32Array.from(weight.numbers(), (w, i) => w * (scale[Math.floor(i / perChannel)] as number));
      const moved = Float32Array.from(
        beta,
        (b, c) => ((bias[c] ?? 0) - (mean[c] as number)) * (scale[c] as number) + (c === negated ? -b : b),
      );
      return op.Conv(
        m.value("x"),
        op.constant(Storage.of("float32", scaled, weight.shape)),
        op.constant(Storage.of("float32", moved, [moved.length])),
        m.node("conv").attributes,
      );
    },
  });
}

/** Folds an addition behind a Gemm into its C, ignoring that Gemm multiplies C by beta. */
export const gemmAddIgnoringBeta = defineRule({
  name: "gemm-add-ignoring-beta",
  about: "adds a constant to Gemm's C, wrongly",
  accuracy: "ulp",
  targets,
  pattern: (op, v) => op.Add(op.Gemm(v("a"), v("b"), v("c").constant()).single().as("gemm"), v("k").constant()),
  replacement(op, m) {
    const [c, k] = [m.constant("c"), m.constant("k")].map((s) => s?.toNumbers()) as [number[], number[]];
    const sum = Storage.from(
      "float32",
      c.map((x, i) => x + (k[i] as number)),
      [c.length],
    );
    return op.Gemm(m.value("a"), m.value("b"), op.constant(sum), m.node("gemm").attributes);
  },
});

/** Joins two transpositions, composing their permutations in the wrong order. */
export const transposesInWrongOrder = defineRule({
  name: "transposes-in-wrong-order",
  about: "joins two transpositions, wrongly",
  accuracy: "exact",
  targets,
  pattern: (op, v) => op.Transpose(op.Transpose(v("x")).as("first")),
  replacement(op, m) {
    const inner = m.attribute("perm", "first") as readonly number[];
    const outer = attributeOf(m.root, "perm") as readonly number[];
    return op.Transpose(m.value("x"), { perm: inner.map((i) => outer[i] as number) });
  },
});

/** Fuses a residual sum into the convolution and forgets the activation behind it. */
export const reluDropped = defineRule({
  name: "relu-dropped",
  about: "removes a Relu behind a sum, wrongly",
  accuracy: "exact",
  targets,
  pattern: (op, v) => op.Relu(op.Add(v("a"), v("b"))),
  replacement: (op, m) => op.Add(m.value("a"), m.value("b")),
});
