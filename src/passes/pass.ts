// A pass: a function over a graph, with one line that says what it does and why it is legal. Every single rewrite asks for a step first, so
// that a run can stop after any number of them and the first wrong one can be found by bisection.
import type { Graph, Node } from "../ir/graph.ts";
import type { Provenance } from "../ir/provenance.ts";

/** Whom a graph is for: `portable` keeps to standard operators; an engine's own name may use what that engine has. */
export type Target = "portable" | "onnxruntime";

/** How close a rewrite keeps results: bit for bit, to a few units in the last place, or within a tolerance. */
export type Accuracy = "exact" | "ulp" | "approximate";

/** One rewrite that was done. */
export interface Step {
  /** From 1. */
  readonly number: number;
  readonly pass: string;
  /** The rule inside the pass; the pass itself where it has no rules. */
  readonly rule: string;
  /** The node at its root: `Conv`. */
  readonly op: string;
  readonly provenance: Provenance;
}

export interface PassContext {
  readonly target: Target;
  /**
   * Asks to do one rewrite, rooted at `node`. False when the run is to stop here: the rewrite must not be done.
   * @example if (!context.step("fold-conv-batchnorm", node)) return;
   */
  step(rule: string, node: Node): boolean;
  /** Whether a rule is switched on; passes with several rules ask before each. */
  enabled(rule: string): boolean;
}

export interface Pass {
  /** kebab-case, as in `--disable fold-conv-batchnorm`. */
  readonly name: string;
  /** One line: what it does and why it is legal. */
  readonly about: string;
  readonly accuracy: Accuracy;
  /** Changes the graph; the number of rewrites is counted by `context.step`. */
  run(graph: Graph, context: PassContext): void;
}
