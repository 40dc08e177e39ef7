// Random valid graphs: a few ops of different kinds over small tensors, with nested If and Loop that capture values. For properties
// that must hold of any graph.
import { Graph, type Value } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { Generator } from "../../src/tensor/random.ts";
import { Storage } from "../../src/tensor/storage.ts";

const float = "float32";
/** All float tensors of a random graph are [2, 3]. */
const shape = [2, 3];

const unary = ["Relu", "Neg", "Abs", "Sigmoid", "Tanh", "Floor", "Softplus", "Identity", "Mish", "Erf"];
const binary = ["Add", "Sub", "Mul", "Max", "Min"];

/** A graph with the inputs x and y (float32[2, 3]) and one to three outputs. The same seed gives the same graph. */
export function randomGraph(seed: number, nodeCount = 8): Graph {
  const random = new Generator(seed);
  const graph = new Graph(registry, `random ${seed}`);
  const pool = [graph.addInput("x", tensorType(float, shape)), graph.addInput("y", tensorType(float, shape))];
  fill(graph, pool, nodeCount, 2, random);
  const outputs = pool.slice(-1 - random.integer(0, 3));
  graph.setOutputs(
    outputs,
    outputs.map((_, i) => `out${i}`),
  );
  graph.metadata.set("seed", `"${seed}"\n`);
  return graph;
}

/** Elements for x and y. */
export function randomInputs(seed: number): Storage[] {
  const random = new Generator(seed);
  return [0, 1].map(() => Storage.of(float, random.fillNormal(new Float32Array(6)), shape));
}

/** Adds `count` nodes that read from `pool`, and their outputs to it. */
function fill(graph: Graph, pool: Value[], count: number, depth: number, random: Generator): void {
  const any = () => pool[random.integer(0, pool.length)] as Value;
  const pick = <T>(list: readonly T[]) => list[random.integer(0, list.length)] as T;
  const origin = () => [
    { source: { file: "model.ts", line: random.integer(1, 99), column: 3 }, scope: pick(["", "block.0", "a b"]) || undefined },
  ];
  const add = (op: string, inputs: (Value | undefined)[], attributes = {}, outputCount = 1) =>
    graph.add(op, inputs, attributes, { outputCount, provenance: origin(), names: [pick([undefined, "mean", "x", op, "odd name"])] })
      .outputs;
  const ints = (...values: number[]) => graph.addInitializer(Storage.from("int64", values, [values.length]), pick([undefined, "mean"]));
  const numbers = (size: readonly number[]) =>
    graph.addInitializer(Storage.of(float, random.fillNormal(new Float32Array(size.reduce((a, b) => a * b, 1))), size));
  const body = (name: string, build: (g: Graph, inner: Value[]) => readonly Value[]) => {
    const g = new Graph(registry, name, graph);
    const inner = [...pool];
    g.setOutputs(build(g, inner));
    return g;
  };
  const kinds: Record<string, () => readonly Value[]> = {
    unary: () => add(pick(unary), [any()]),
    binary: () => add(pick(binary), [any(), any()]),
    broadcast: () => add("Add", [any(), numbers(pick([[3], [2, 1], [], [1, 3]]))]),
    activation: () => add("LeakyRelu", [any()], { alpha: pick([0.1, 1 / 3, Number.POSITIVE_INFINITY, -0]) }),
    softmax: () => add("Softmax", [any()], { axis: pick([0, -1]) }),
    transposed: () => add("Transpose", add("Transpose", [any()], { perm: [1, 0] }), { perm: [1, 0] }),
    clipped: () => add("Clip", [any(), undefined, numbers([])]),
    matrix: () => add("Gemm", [any(), numbers([3, 3]), numbers([3])], { alpha: 0.5 }),
    reduced: () => add("Sub", [any(), ...add("ReduceMean", [any(), ints(pick([0, 1]))], { keepdims: 1 })]),
    reshaped: () => add("Reshape", [...add("Reshape", [any(), ints(-1)]), ints(2, 3)]),
    joined: () => {
      const [a, b] = add("Split", [add("Concat", [any(), any()], { axis: 0 })[0]], { axis: 0, num_outputs: 2 }, 2) as [Value, Value];
      return [a, b];
    },
    gathered: () => add("Gather", [any(), ints(2, 0, 1)], { axis: 1 }),
    top: () => add("TopK", [any(), ints(3)], {}, 2).slice(0, 1),
    chosen: () => add("Where", [...add("Less", [any(), any()]), any(), any()]),
    halved: () => add("Cast", add("Cast", [any()], { to: 10 }), { to: 1 }),
    normalised: () => add("LayerNormalization", [any(), numbers([3])]),
    branch: () => {
      const condition = add("Less", [...add("ReduceSum", [any(), undefined], { keepdims: 0 }), numbers([])]);
      const branchOf = (name: string) =>
        body(name, (g, inner) => {
          fill(g, inner, random.integer(0, 3), depth - 1, random);
          return [inner[inner.length - 1] as Value];
        });
      return add("If", condition, { then_branch: branchOf("then"), else_branch: branchOf("else") });
    },
    loop: () => {
      const loopBody = body("body", (g, inner) => {
        g.addInput("i", tensorType("int64", []));
        const going = g.addInput("going", tensorType("bool", []));
        inner.push(g.addInput("x", tensorType(float, shape)));
        fill(g, inner, random.integer(1, 3), depth - 1, random);
        const last = inner[inner.length - 1] as Value;
        return [going, last, last];
      });
      const trips = graph.addInitializer(Storage.from("int64", [random.integer(0, 3)], []));
      const [state, rows] = add("Loop", [trips, undefined, any()], { body: loopBody }, 2) as [Value, Value];
      return add("Add", [state, ...add("ReduceSum", [rows, ints(0)], { keepdims: 0 })]);
    },
  };
  const shallow = Object.keys(kinds).filter((k) => depth > 0 || (k !== "branch" && k !== "loop"));
  for (let i = 0; i < count; i++) pool.push(...(kinds[pick(shallow)] as () => readonly Value[])());
}
