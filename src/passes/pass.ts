// A pass: a function over a graph, with one line that says what it does and why it is legal. Every single rewrite asks for a step first, so
// that a run can stop after any number of them and the first wrong one can be found by bisection.
import type { Graph, Node } from "../ir/graph.ts";
import type { Patch } from "../ir/patch.ts";
import type { Provenance } from "../ir/provenance.ts";

import type { Rule } from "./rewriter.ts";

/** Whom a graph is for: `portable` keeps to standard operators; an engine's own name may use what that engine has. */
export type Target = "portable" | "onnxruntime";

/** How close a rewrite keeps results: bit for bit, to a few units in the last place, or within a tolerance. */
export type Accuracy = "exact" | "ulp" | "approximate";

/** What a rewrite promises. */
export interface RewriteClaim {
  readonly rule: string;
  readonly accuracy: Accuracy;
  /** For `approximate`: the largest max|a − e| / max|e| that it may cause. Default 1e-4. */
  readonly tolerance?: number | undefined;
}

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
  /**
   * Compares a patch, before it is applied, with the nodes it replaces, and counts it. Without a claim it is only counted: where the kernel
   * that would run later made the result. Throws `RewriteNotEquivalent`. Compares nothing where the validation of rewrites is switched off.
   */
  check(patch: Patch, claim: RewriteClaim | undefined, node: Node): void;
}

export interface Pass {
  /** kebab-case, as in `--disable fold-conv-batchnorm`. */
  readonly name: string;
  /** One line: what it does and why it is legal. */
  readonly about: string;
  readonly accuracy: Accuracy;
  /** The rules in it, where it is made of rules. */
  readonly rules?: readonly Rule[];
  /** Changes the graph; the number of rewrites is counted by `context.step`. */
  run(graph: Graph, context: PassContext): void;
}
