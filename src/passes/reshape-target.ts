// The constant second input of a Reshape between two shapes whose sizes may be symbols.
import { type Dim, dimEquals } from "../ir/dim.ts";
import type { Match } from "./match.ts";
import { shapeOf } from "./value-facts.ts";

/**
 * The target (0 copies the input's size, one −1 is what is left over) that makes a Reshape of `from` give `to` for all values of the symbols;
 * undefined where no constant target says it.
 *
 * @example reshapeTarget([batch, 3, 4], [batch, 12]); // [0, 12]
 */
export function reshapeTarget(from: readonly Dim[], to: readonly Dim[]): number[] | undefined {
  let holes = 0;
  const target = to.map((d, i) => {
    const size = from[i];
    if (typeof d === "number" && d !== 0) return d;
    if (size !== undefined && dimEquals(size, d)) return 0;
    holes++;
    return -1;
  });
  // Beside a size of 0 the leftover is not defined; a 0 that is not x's own is such a leftover.
  return holes > 1 || (holes === 1 && to.includes(0)) ? undefined : target;
}

/** The target that makes a Reshape of the match's "x" give the type of its root; undefined where the types do not say. */
export function targetOf(m: Match): number[] | undefined {
  const from = shapeOf(m.value("x"));
  const to = shapeOf(m.root.output);
  return from && to && reshapeTarget(from, to);
}
