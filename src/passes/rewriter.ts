// Rewrite rules: defined by pattern, check and replacement, run over a graph as a pass. Every rewrite is a validated patch.
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { type Graph, type Node, Value } from "../ir/graph.ts";
import { Patch } from "../ir/patch.ts";
import { formatProvenance } from "../ir/provenance.ts";
import type { Attributes } from "../ir/schema.ts";
import { allNodes } from "../ir/traverse.ts";
import type { OpName } from "../ops/registry.ts";
import { Storage } from "../tensor/storage.ts";
import { type Match, Matcher } from "./match.ts";
import type { Accuracy, Pass, PassContext, Target } from "./pass.ts";
import { buildPattern, type PatternOps, type PatternValue, type PatternVariables } from "./pattern.ts";

type BuildInput = Value | undefined;
type BuildCall = (...inputs: (BuildInput | Attributes)[]) => Value;

/** What a replacement is written with: operators as functions of values, and new constants. */
export type ReplacementOps = { readonly [K in OpName]: BuildCall } & {
  /** A new constant over the memory of a tensor or storage; `name` is a hint. */
  constant(elements: Tensor | Storage, name?: string): Value;
  /** Any operator by its full name; gives all its outputs. */
  call(op: string, inputs: readonly BuildInput[], attributes?: Attributes, outputCount?: number): Value[];
};

export type PatternWriter = (op: PatternOps, v: PatternVariables) => PatternValue;

export interface RuleDefinition {
  /** kebab-case. */
  readonly name: string;
  /** One line: what it does and why it is legal. */
  readonly about: string;
  readonly accuracy: Accuracy;
  /** For accuracy `approximate`: the largest max|a − e| / max|e| that one rewrite may cause. Default 1e-4. */
  readonly tolerance?: number;
  /** The targets whose graphs it may run on. */
  readonly targets: readonly Target[];
  /** The nodes it looks for, written as model code; the result is the root. Of several forms the first that fits counts. */
  readonly pattern: PatternWriter | readonly PatternWriter[];
  /** True, or the reason why the rule does not apply here. */
  readonly check?: (match: Match) => true | string;
  /**
   * What replaces the root's outputs (the first, or all of them); or the reason why the rule does not apply, where only working out the
   * replacement tells.
   */
  readonly replacement: (op: ReplacementOps, match: Match) => Value | readonly Value[] | string;
}

/** A rule is a pass of its own. */
export interface Rule extends Pass {
  readonly targets: readonly Target[];
  readonly tolerance: number | undefined;
  /** The operators at the root of its pattern. */
  readonly rootOps: readonly string[];
  /** The patch for `node`, or the reason why there is none. */
  patch(node: Node): Patch | string;
}

/**
 * Defines a rewrite rule.
 *
 * @example
 * export const reluRelu = defineRule({
 *   name: "relu-relu", about: "drops the second of two Relus; Relu(Relu(x)) = Relu(x)", accuracy: "exact", targets: ["portable", "onnxruntime"],
 *   pattern: (op, v) => op.Relu(op.Relu(v("x"))),
 *   replacement: (op, m) => op.Relu(m.value("x")),
 * });
 */
export function defineRule(definition: RuleDefinition): Rule {
  const writers = typeof definition.pattern === "function" ? [definition.pattern] : definition.pattern;
  const matchers = writers.map((write) => new Matcher(definition.name, buildPattern(write)));
  const { name, about, accuracy, targets } = definition;
  const rule: Rule = {
    get rules() {
      return [rule];
    },
    name,
    about,
    accuracy,
    targets,
    tolerance: definition.tolerance,
    rootOps: [...new Set(matchers.flatMap((m) => m.rootOps))],
    patch(node) {
      let reason: { readonly text: string; readonly progress: number } | undefined;
      for (const matcher of matchers) {
        const match = matcher.match(node);
        const made = match ? makePatch(definition, match) : matcher.reason;
        if (made instanceof Patch) return made;
        // What the rule says is about a form that fits, so it is nearer than any mismatch.
        const progress = match ? Number.POSITIVE_INFINITY : matcher.progress;
        if (!reason || progress > reason.progress) reason = { text: made, progress };
      }
      return reason?.text ?? "";
    },
    run: (graph, context) => rewrite(graph, [rule], context),
  };
  return rule;
}

/** The patch, or the reason why the rule does not apply to the match. */
function makePatch(definition: RuleDefinition, match: Match): Patch | string {
  const verdict = definition.check?.(match) ?? true;
  if (verdict !== true) return verdict;
  const patch = new Patch(match.graph, definition.name);
  const result = definition.replacement(replacementOps(patch), match);
  if (typeof result === "string") return result;
  const values = Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
  values.forEach((value, i) => {
    patch.shunt(match.root.outputs[i] as Value, value);
  });
  return patch;
}

function replacementOps(patch: Patch): ReplacementOps {
  const own = {
    constant: (elements: Tensor | Storage, name?: string) =>
      patch.constant(elements instanceof Storage ? elements : elements.storage, name),
    call: (op: string, inputs: readonly BuildInput[], attributes: Attributes = {}, outputCount?: number) =>
      patch.add(op, inputs, attributes, outputCount === undefined ? {} : { outputCount }).outputs,
  };
  return new Proxy(own as ReplacementOps, {
    get: (_, name: string) => {
      if (name === "constant" || name === "call") return own[name];
      return (...args: (BuildInput | Attributes)[]) => {
        const last = args[args.length - 1];
        const attributes = last !== undefined && !(last instanceof Value) ? last : undefined;
        return patch.add(name, (attributes ? args.slice(0, -1) : args) as readonly BuildInput[], attributes ?? {}).output;
      };
    },
  });
}

/**
 * Applies rules to a graph and its sub-graphs, from the first node to the last. After a rewrite the walk goes on at the first new node, so
 * that one rule's result can be another's root. False when the context asked to stop.
 * Throws `InvalidPatch` when a rule's replacement does not fit.
 */
export function rewrite(graph: Graph, rules: readonly Rule[], context: PassContext): boolean {
  const byRoot = new Map<string, Rule[]>();
  for (const rule of rules) {
    if (!context.enabled(rule.name)) continue;
    for (const op of rule.rootOps) byRoot.set(op, [...(byRoot.get(op) ?? []), rule]);
  }
  return rewriteGraph(graph, byRoot, context);
}

/** A rule that fires so often per node matches its own result for ever. */
const maxFiresPerNode = 16;

function rewriteGraph(graph: Graph, byRoot: ReadonlyMap<string, readonly Rule[]>, context: PassContext): boolean {
  let left = maxFiresPerNode * (graph.nodeCount + 1);
  const fired = new Set<string>();
  let node = graph.firstNode;
  while (node) {
    if (node.removed) {
      node = node.next;
      continue;
    }
    for (const body of node.subgraphs) if (!rewriteGraph(body, byRoot, context)) return false;
    let added: Node[] | undefined;
    for (const rule of byRoot.get(node.op) ?? []) {
      const patch = rule.patch(node);
      if (typeof patch === "string") continue;
      patch.validate();
      if (!context.step(rule.name, node)) return false;
      context.check(patch, { rule: rule.name, accuracy: rule.accuracy, tolerance: rule.tolerance }, node);
      fired.add(rule.name);
      if (left-- === 0) throw ingotError("PassesDoNotSettle", { rounds: 1, passes: [...fired].join(", ") });
      added = patch.apply();
      break;
    }
    node = added?.[0] ?? node.next;
  }
  return true;
}

/** What a rule says about one node that could have been its root. */
export interface Explanation {
  /** The operator at the root. */
  readonly op: string;
  /** Whether the rule fires here, or has fired. */
  readonly fires: boolean;
  /** Why not; empty when it fires. */
  readonly reason: string;
  /** The node's origins, as text. */
  readonly where: string;
}

/** For each node that has the operator of the rule's root: whether the rule fires there, and if not, why. */
export function explainRule(graph: Graph, rule: Rule): Explanation[] {
  const out: Explanation[] = [];
  for (const node of allNodes(graph)) {
    if (!rule.rootOps.includes(node.op)) continue;
    const patch = rule.patch(node);
    const fires = typeof patch !== "string";
    out.push({ op: node.op, fires, reason: fires ? "" : patch, where: formatProvenance(node.provenance) });
  }
  return out;
}
