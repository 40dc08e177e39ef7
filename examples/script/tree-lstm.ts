// A Tree-LSTM over a parse tree: the model calls itself down the tree. The tree is known when the model is compiled, so the graph is flat.
// K. S. Tai, R. Socher and C. D. Manning, Improved Semantic Representations From Tree-Structured Long Short-Term Memory Networks, 2015.
//
//     npx tsx examples/script/tree-lstm.ts
import { chunk, nn, randn, script, type Tensor, zeros } from "../../src/index.ts";

/** A word by its place in the sentence, or the parts of a phrase. */
export type Tree = number | readonly Tree[];

interface NodeState {
  readonly h: Tensor;
  readonly c: Tensor;
}

/** The child-sum Tree-LSTM: words [count, features] and their tree give the state of the root [hidden]. */
export class TreeLSTM extends nn.Module {
  static readonly inputs = ({ tree, leaf }: TreeLSTM) => ({ words: `float32[${wordsOf(tree)}, ${leaf.inFeatures}]` });
  readonly tree: Tree;
  readonly hidden: number;
  readonly leaf: nn.Linear;
  readonly gates: nn.Linear;
  readonly forget: nn.Linear;

  constructor(tree: Tree, features: number, hidden: number) {
    super();
    this.tree = tree;
    this.hidden = hidden;
    this.leaf = new nn.Linear(features, 3 * hidden);
    this.gates = new nn.Linear(hidden, 3 * hidden);
    this.forget = new nn.Linear(hidden, hidden);
  }

  forward(words: Tensor): Tensor {
    return this.visit(this.tree, words).h;
  }

  private visit(node: Tree, words: Tensor): NodeState {
    if (typeof node === "number") return this.combine(this.leaf.forward(words.select(0, node)), zeros([this.hidden]));
    const children = node.map((child) => this.visit(child, words));
    const sum = children.map(({ h }) => h).reduce((a, b) => a.add(b));
    const kept = children.map(({ h, c }) => this.forget.forward(h).sigmoid().mul(c)).reduce((a, b) => a.add(b));
    return this.combine(this.gates.forward(sum), kept);
  }

  private combine(gates: Tensor, kept: Tensor): NodeState {
    const [input, output, update] = chunk(gates, 3, 0) as [Tensor, Tensor, Tensor];
    const c = input.sigmoid().mul(update.tanh()).add(kept);
    return { h: output.sigmoid().mul(c.tanh()), c };
  }
}

/** How many words a tree has. */
export function wordsOf(tree: Tree): number {
  return typeof tree === "number" ? 1 : tree.reduce((sum: number, part) => sum + wordsOf(part), 0);
}

if (process.argv[1] === import.meta.filename) {
  // ((the cat) (sat (on (the mat))))
  const tree: Tree = [
    [0, 1],
    [2, [3, [4, 5]]],
  ];
  const scripted = await script(nn.seeded(0, () => new TreeLSTM(tree, 6, 4)));
  const root = await scripted.run(randn([wordsOf(tree), 6], { seed: 1 }));
  console.log(`${wordsOf(tree)} words → ${(root.toArray() as number[]).map((v) => v.toFixed(4)).join(" ")}`);
  await scripted.close();
}
