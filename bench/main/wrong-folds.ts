// Folds of BatchNormalization with one mistake each, as someone could write them: what the guarantee is measured with.
import { batchNormAffine, type ChannelAffine } from "../../src/passes/channel-arithmetic.ts";
import { scaledConvolution } from "../../src/passes/convolution-weights.ts";
import type { Match } from "../../src/passes/match.ts";
import { defineRule, type Rule } from "../../src/passes/rewriter.ts";
import type { Storage } from "../../src/tensor/storage.ts";

function fold(name: string, affine: (m: Match) => ChannelAffine): Rule {
  return defineRule({
    name,
    about: "folds BatchNormalization into the convolution before it, with a mistake",
    accuracy: "ulp",
    targets: ["portable"],
    pattern: (op, v) =>
      op.BatchNormalization(
        op.Conv(v("x"), v("w").constant(), v("b").constant().optional()).single().as("conv"),
        v("gamma").constant(),
        v("beta").constant(),
        v("mean").constant(),
        v("var").constant(),
      ),
    replacement: (op, m) => scaledConvolution(op, m, affine(m)),
  });
}

function affineOf(m: Match, epsilon: number): ChannelAffine {
  const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "var"].map((name) => m.constant(name)) as [
    Storage,
    Storage,
    Storage,
    Storage,
  ];
  return batchNormAffine(gamma, beta, mean, variance, epsilon);
}

/** ε is left out. */
export const withoutEpsilon = fold("fold-without-epsilon", (m) => affineOf(m, 0));

/** The first β that is not 0 has the wrong sign; where all are 0, the first is taken for 10⁻³. */
export const withNegatedBeta = fold("fold-with-negated-beta", (m) => {
  const { scale, shift } = affineOf(m, Number(m.attribute("epsilon")));
  const beta = m.constant("beta")?.toNumbers() ?? [];
  const channel = Math.max(
    0,
    beta.findIndex((b) => b !== 0),
  );
  return { scale, shift: shift.map((t, c) => (c === channel ? t - 2 * (beta[c] || 5e-4) : t)) };
});
