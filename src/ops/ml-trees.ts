// Ensembles of decision trees, ai.onnx.ml: TreeEnsemble (version 5), and TreeEnsembleRegressor and TreeEnsembleClassifier before it. Each
// form is read into the same nodes once, and walked row by row.
import { ingotError } from "../errors/error.ts";
import type { Storage } from "../tensor/storage.ts";

/** A leaf has votes; an inner node asks for one feature and goes on to one of two nodes. */
export interface TreeNode {
  readonly feature: number;
  readonly test: ((x: number) => boolean) | undefined;
  readonly yes: number;
  readonly no: number;
  readonly votes: readonly Vote[];
}

export interface Vote {
  readonly target: number;
  readonly weight: number;
}

/** Nodes by number, and where each tree begins. */
export interface Forest {
  readonly nodes: readonly TreeNode[];
  readonly roots: readonly number[];
}

/** Comparisons with the split value of a node, by the names of the older operators and in the order of version 5's numbers. */
const comparisons = {
  BRANCH_LEQ: (x: number, v: number) => x <= v,
  BRANCH_LT: (x: number, v: number) => x < v,
  BRANCH_GTE: (x: number, v: number) => x >= v,
  BRANCH_GT: (x: number, v: number) => x > v,
  BRANCH_EQ: (x: number, v: number) => x === v,
  BRANCH_NEQ: (x: number, v: number) => x !== v,
} as const;
const byNumber = Object.values(comparisons);
const member = 6;
const isLeafName = "LEAF";

/** Missing values (NaN) take the branch that the node says. */
const withMissing = (test: (x: number) => boolean, missingIsTrue: boolean) => (x: number) => (Number.isNaN(x) ? missingIsTrue : test(x));

function broken(op: string, name: string, expected: string, actual: string): Error {
  return ingotError("InvalidArgument", { op, name, expected, actual, hint: "The lists of nodes say, place by place, what each node is." });
}

/** How the votes for one target become one number. */
interface Aggregate {
  readonly start: number;
  readonly add: (sum: number, weight: number) => number;
  readonly end: (sum: number, trees: number) => number;
}

const plain = (sum: number) => sum;
/** In the order of version 5's numbers. */
export const aggregates: Readonly<Record<string, Aggregate>> = {
  AVERAGE: { start: 0, add: (sum, w) => sum + w, end: (sum, trees) => sum / trees },
  SUM: { start: 0, add: (sum, w) => sum + w, end: plain },
  MIN: { start: Number.POSITIVE_INFINITY, add: Math.min, end: plain },
  MAX: { start: Number.NEGATIVE_INFINITY, add: Math.max, end: plain },
};

/** The votes of all trees for `x`, one number per target; 0 for a target that nothing voted for. */
export function voteOf({ nodes, roots }: Forest, x: readonly number[], targets: number, { start, add, end }: Aggregate): number[] {
  const sums = new Array<number>(targets).fill(start);
  const voted = new Array<boolean>(targets).fill(false);
  for (const root of roots) {
    let node = nodes[root] as TreeNode;
    while (node.test) node = nodes[node.test(x[node.feature] as number) ? node.yes : node.no] as TreeNode;
    for (const { target, weight } of node.votes) {
      sums[target] = add(sums[target] as number, weight);
      voted[target] = true;
    }
  }
  return sums.map((sum, i) => (voted[i] ? end(sum, roots.length) : 0));
}

/** Each vote is for one of the targets, and has a weight. Throws `InvalidArgument`. */
export function requireVotes(op: string, forest: Forest, targets: number): Forest {
  for (const { votes } of forest.nodes)
    for (const { target, weight } of votes) {
      if (!(target >= 0 && target < targets)) throw broken(op, "targets", `numbers from 0 to ${targets - 1}`, String(target));
      if (weight === undefined) throw broken(op, "weights", "one weight for each vote", "fewer");
    }
  return forest;
}

/** A walk ends: no node is reached from itself, and every node that is named exists. Throws `InvalidArgument`. */
function requireForest(op: string, { nodes, roots }: Forest): Forest {
  const state = new Uint8Array(nodes.length);
  const stack = roots.map((at) => ({ at, leaving: false }));
  for (let step = stack.pop(); step; step = stack.pop()) {
    const { at, leaving } = step;
    if (leaving) {
      state[at] = 2;
      continue;
    }
    const node = nodes[at];
    if (!node) throw broken(op, "nodes", `numbers of nodes from 0 to ${nodes.length - 1}`, String(at));
    if (state[at] === 1) throw broken(op, "nodes", "trees", `node ${at} is reached from itself`);
    if (state[at] === 2) continue;
    state[at] = 1;
    stack.push({ at, leaving: true });
    if (node.test) stack.push({ at: node.yes, leaving: false }, { at: node.no, leaving: false });
  }
  return { nodes, roots };
}

// ---- the older operators ---------------------------------------------------------------------------------------------

/** The attributes of nodes before version 5, and the votes under whichever prefix. */
export interface ListedTrees {
  readonly nodes_treeids: readonly number[];
  readonly nodes_nodeids: readonly number[];
  readonly nodes_featureids: readonly number[];
  readonly nodes_modes: readonly string[];
  readonly nodes_values: readonly number[] | undefined;
  readonly nodes_values_as_tensor: Storage | undefined;
  readonly nodes_truenodeids: readonly number[];
  readonly nodes_falsenodeids: readonly number[];
  readonly nodes_missing_value_tracks_true: readonly number[] | undefined;
  readonly votes: {
    readonly trees: readonly number[];
    readonly nodes: readonly number[];
    readonly targets: readonly number[];
    readonly weights: readonly number[];
  };
}

/** Nodes are named by (tree, node); the first one of a tree in the list is its root. */
export function forestOfLists(op: string, a: ListedTrees): Forest {
  const key = (tree: number | undefined, node: number | undefined) => `${tree}:${node}`;
  const places = new Map<string, number>();
  const roots = new Map<number, number>();
  for (const [i, tree] of a.nodes_treeids.entries()) {
    places.set(key(tree, a.nodes_nodeids[i]), i);
    if (!roots.has(tree)) roots.set(tree, i);
  }
  const votes = new Map<number, Vote[]>();
  for (const [i, tree] of a.votes.trees.entries()) {
    const at = places.get(key(tree, a.votes.nodes[i])) ?? -1;
    const vote = { target: a.votes.targets[i] as number, weight: a.votes.weights[i] as number };
    votes.set(at, [...(votes.get(at) ?? []), vote]);
  }
  const values = a.nodes_values_as_tensor?.toNumbers() ?? a.nodes_values ?? [];
  const nodes = a.nodes_treeids.map((tree, i): TreeNode => {
    const mode = a.nodes_modes[i] as string;
    const own = { feature: a.nodes_featureids[i] as number, votes: votes.get(i) ?? [] };
    if (mode === isLeafName) return { ...own, test: undefined, yes: -1, no: -1 };
    const compare = Object.hasOwn(comparisons, mode) ? comparisons[mode as keyof typeof comparisons] : undefined;
    if (!compare) throw broken(op, "nodes_modes", [...Object.keys(comparisons), isLeafName].join(", "), String(mode));
    const value = values[i] as number;
    const child = (ids: readonly number[]) => places.get(key(tree, ids[i])) ?? -1;
    const test = withMissing((x) => compare(x, value), a.nodes_missing_value_tracks_true?.[i] === 1);
    return { ...own, test, yes: child(a.nodes_truenodeids), no: child(a.nodes_falsenodeids) };
  });
  return requireForest(op, { nodes, roots: [...roots.values()] });
}

// ---- TreeEnsemble ----------------------------------------------------------------------------------------------------

/** The attributes of version 5: inner nodes and leaves are numbered apart. */
export interface SplitTrees {
  readonly nodes_featureids: readonly number[];
  readonly nodes_modes: Storage;
  readonly nodes_splits: Storage;
  readonly nodes_truenodeids: readonly number[];
  readonly nodes_trueleafs: readonly number[];
  readonly nodes_falsenodeids: readonly number[];
  readonly nodes_falseleafs: readonly number[];
  readonly nodes_missing_value_tracks_true: readonly number[] | undefined;
  readonly membership_values: Storage | undefined;
  readonly leaf_targetids: readonly number[];
  readonly leaf_weights: Storage;
  readonly tree_roots: readonly number[];
}

/** Leaves follow the inner nodes. The sets of members stand in the order of the nodes that ask for them, each ended by a NaN. */
export function forestOfSplits(op: string, a: SplitTrees): Forest {
  const inner = a.nodes_featureids.length;
  const splits = a.nodes_splits.toNumbers();
  const weights = a.leaf_weights.toNumbers();
  const members = a.membership_values?.toNumbers() ?? [];
  let next = 0;
  const memberTest = (): ((x: number) => boolean) => {
    const end = members.findIndex((v, i) => i >= next && Number.isNaN(v));
    const set = new Set(members.slice(next, end < 0 ? members.length : end));
    next = end < 0 ? members.length : end + 1;
    return (x) => set.has(x);
  };
  const nodes = a.nodes_modes.toNumbers().map((mode, i): TreeNode => {
    const compare = byNumber[mode];
    if (!compare && mode !== member) throw broken(op, "nodes_modes", "numbers from 0 to 6", String(mode));
    const value = splits[i] as number;
    const test = compare ? (x: number) => compare(x, value) : memberTest();
    const child = (ids: readonly number[], leaves: readonly number[]) => (ids[i] as number) + (leaves[i] ? inner : 0);
    return {
      feature: a.nodes_featureids[i] as number,
      test: withMissing(test, a.nodes_missing_value_tracks_true?.[i] === 1),
      yes: child(a.nodes_truenodeids, a.nodes_trueleafs),
      no: child(a.nodes_falsenodeids, a.nodes_falseleafs),
      votes: [],
    };
  });
  const leaves = a.leaf_targetids.map((target, i): TreeNode => {
    return { feature: 0, test: undefined, yes: -1, no: -1, votes: [{ target, weight: weights[i] as number }] };
  });
  return requireForest(op, { nodes: [...nodes, ...leaves], roots: a.tree_roots });
}
