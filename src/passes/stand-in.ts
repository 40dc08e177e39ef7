// Letting readers of one value read another that equals it: not every value can take another's place in the file.
import type { Value } from "../ir/graph.ts";
import type { Match } from "./match.ts";
import type { ReplacementOps } from "./rewriter.ts";

/** True, or the reason why `value` cannot take the place of the output of the match's root. */
export function canStandFor(m: Match, value: Value): true | string {
  if (!m.root.output.isGraphOutput) return true;
  if (!value.producer) return "it connects an input or a constant to an output of the graph";
  if (value.isGraphOutput || value.producer.graph !== m.graph) return "its input is an output of the graph already";
  return true;
}

/** `value` where it can take the root's place, else an Identity of it: an output of the graph needs a node of its own. */
export function standIn(op: ReplacementOps, m: Match, value: Value): Value {
  return canStandFor(m, value) === true ? value : op.Identity(value);
}
