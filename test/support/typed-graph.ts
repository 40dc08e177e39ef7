// Random well-typed graphs over all that the graph language has: every element type, every kind of attribute, sequences and optionals,
// sub-graphs that capture values, and names that no identifier could have. For what must hold of any text and any file.
import { Graph, type Value } from "../../src/ir/graph.ts";
import type { Attributes } from "../../src/ir/schema.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { allDTypes, type DType, dtypeInfo, integerRange, isBig, isFloat, wideDTypes } from "../../src/tensor/dtype.ts";
import { Generator } from "../../src/tensor/random.ts";
import { elementCount } from "../../src/tensor/shape.ts";
import { Storage } from "../../src/tensor/storage.ts";

/** Names that try to end a string, a list or a comment, are words of the syntax, or hold nothing that can be seen. */
const oddNames = [
  "x",
  "a b",
  "0",
  "if",
  "float",
  "y.0/w:0",
  'say "hi"',
  "back\\slash",
  "line\nbreak",
  "# no comment",
  "größe",
  "名前",
  "🙂",
  "\u2028",
  " ",
];

/** Where the numbers of a format are at their oddest. */
const oddFloats = [
  0,
  -0,
  1,
  -1.5,
  1 / 3,
  448,
  65504,
  1e30,
  5e-324,
  2 ** -133,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

export interface TypedGraph {
  readonly graph: Graph;
  /** One per graph input. */
  readonly inputs: readonly Storage[];
}

/** The same seed gives the same graph and the same inputs. */
export function typedGraph(seed: number, nodeCount = 12): TypedGraph {
  const maker = new Maker(new Generator(seed));
  return maker.graph(seed, nodeCount);
}

class Maker {
  readonly #random: Generator;
  #names = 0;

  constructor(random: Generator) {
    this.#random = random;
  }

  graph(seed: number, nodeCount: number): TypedGraph {
    const graph = new Graph(registry, `${this.#pick(oddNames)} ${seed}`);
    const inputs = Array.from({ length: 3 }, () => this.#storage(this.#pick(allDTypes)));
    const pool = inputs.map((s) => graph.addInput(this.#fresh(), tensorType(s.dtype, s.shape)));
    this.#fill(graph, pool, nodeCount, 2);
    const outputs = pool.slice(-1 - this.#random.integer(0, 4));
    graph.setOutputs(
      outputs,
      outputs.map(() => this.#fresh()),
    );
    graph.metadata.set(this.#pick(oddNames), this.#pick(oddNames));
    return { graph, inputs };
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.integer(0, list.length)] as T;
  }

  /** A name that no other has: the interface of a graph has no two alike. */
  #fresh(): string {
    return `${this.#pick(oddNames)}${this.#pick(oddNames)}${this.#names++}`;
  }

  /** A wish, which may be another's as well, or none. */
  #wish(): string | undefined {
    return this.#pick([undefined, ...oddNames]);
  }

  #storage(dtype: DType, shape: readonly number[] = this.#pick([[], [1], [3], [2, 2], [2, 0], [1, 3, 1]])): Storage {
    return Storage.from(
      dtype,
      Array.from({ length: elementCount(shape) }, () => this.#element(dtype)),
      shape,
    );
  }

  #element(dtype: DType): number | bigint | string {
    if (dtype === "string") return this.#pick(oddNames);
    if (dtype === "bool") return this.#random.integer(0, 2);
    if (isFloat(dtype)) return this.#random.integer(0, 3) === 0 ? this.#pick(oddFloats) : this.#random.uniform() * 16 - 8;
    const [least, most] = integerRange(dtype);
    const value = this.#pick([least, most, least + (BigInt(this.#random.integer(0, 2 ** 30)) % (most - least + 1n))]);
    return isBig(dtype) ? value : Number(value);
  }

  /** Adds `count` nodes (or a few more) that read from `pool`, and their outputs, all tensors, to it. */
  #fill(graph: Graph, pool: Value[], count: number, depth: number): void {
    for (let i = 0; i < count; i++) {
      const kinds = this.#kinds(graph, pool, depth);
      pool.push(...(this.#pick(Object.values(kinds)) as () => readonly Value[])());
    }
  }

  #kinds(graph: Graph, pool: readonly Value[], depth: number): Record<string, () => readonly Value[]> {
    const any = () => this.#pick(pool);
    const constant = (s: Storage) => graph.addInitializer(s, this.#wish());
    const ints = (...values: number[]) => constant(Storage.from("int64", values, [values.length]));
    const of = (dtypes: readonly DType[]) => {
      const fitting = pool.filter((v) => dtypes.includes(v.tensorType.dtype));
      return fitting.length > 0 ? this.#pick(fitting) : constant(this.#storage(this.#pick(dtypes)));
    };
    const add = (op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}, outputCount = 1) =>
      graph.add(op, inputs, attributes, { outputCount, provenance: [this.#origin()], names: [this.#wish()] }).outputs;
    const body = (name: string, build: (g: Graph, inner: Value[]) => readonly Value[]) => {
      const g = new Graph(registry, name, graph);
      g.setOutputs(build(g, [...pool]));
      return g;
    };
    const odd = () => this.#pick(oddNames);
    const simple: Record<string, () => readonly Value[]> = {
      constant: () => [constant(this.#storage(this.#pick(allDTypes)))],
      identity: () => add("Identity", [any()]),
      flat: () => add("Reshape", [any(), ints(-1)]),
      turned: () => {
        const v = any();
        return add("Transpose", [v], { perm: (v.tensorType.shape ?? []).map((_, axis) => axis).reverse() });
      },
      deeper: () => add("Unsqueeze", [any(), ints(0)]),
      sized: () => add("Shape", [any()]),
      // Text is not a number as a rule: it is not cast.
      cast: () => add("Cast", [of(allDTypes.filter((d) => d !== "string"))], { to: dtypeInfo(this.#pick(allDTypes)).onnx }),
      joined: () => {
        const [row] = add("Reshape", [of(wideDTypes), ints(-1)]);
        return add("Concat", [row, row], { axis: 0 });
      },
      chosen: () => {
        const v = of(wideDTypes);
        return add("Where", [constant(this.#storage("bool", [])), v, v]);
      },
      float: () => add("LeakyRelu", [of(["float32", "float64"])], { alpha: Math.fround(this.#pick(oddFloats)) }),
      word: () => add("Gelu", [of(["float32"])], { approximate: this.#pick(["none", "tanh"]) }),
      tensor: () =>
        add("ConstantOfShape", [ints(2, 1)], { value: this.#storage(this.#pick(allDTypes.filter((d) => d !== "string")), [1]) }),
      words: () => add("ai.onnx.ml.LabelEncoder", [of(["string"])], { keys_strings: [odd(), `${odd()}!`], values_strings: [odd(), odd()] }),
      numbers: () =>
        add("ai.onnx.ml.LabelEncoder", [of(["int64"])], {
          keys_int64s: [1, 2],
          values_floats: [Math.fround(this.#pick(oddFloats)), Math.fround(this.#random.uniform())],
          default_float: Math.fround(this.#pick(oddFloats)),
        }),
      sequence: () => {
        const v = of(wideDTypes);
        const [list] = add("SequenceConstruct", [v, v]);
        return [...add("SequenceAt", [list, constant(Storage.from("int64", [-1], []))]), ...add("SequenceLength", [list])];
      },
      optional: () => {
        const v = of(["float32", "int64", "string", "bool"]);
        return add("OptionalGetElement", add("Optional", [v]));
      },
      type: () => add("OptionalHasElement", add("Optional", [], { type: tensorType(this.#pick(["float32", "int64", "string"]), [2, 3]) })),
    };
    if (depth === 0) return simple;
    return {
      ...simple,
      branch: () => {
        const v = any();
        const branchOf = (name: string) =>
          body(name, (g, inner) => {
            this.#fill(g, inner, this.#random.integer(0, 3), depth - 1);
            return g.add("Identity", [v], {}, { names: [this.#wish()] }).outputs;
          });
        return add("If", [constant(this.#storage("bool", []))], { then_branch: branchOf(odd()), else_branch: branchOf(odd()) });
      },
      loop: () => {
        const v = of(wideDTypes);
        const turns = body(odd(), (g, inner) => {
          g.addInput(this.#fresh(), tensorType("int64", []));
          const going = g.addInput(this.#fresh(), tensorType("bool", []));
          const state = g.addInput(this.#fresh(), v.type);
          inner.push(state);
          this.#fill(g, inner, this.#random.integer(0, 3), depth - 1);
          const [next] = g.add("Identity", [state]).outputs as [Value];
          return [going, next, next];
        });
        return add("Loop", [constant(Storage.from("int64", [2], [])), undefined, v], { body: turns }, 2);
      },
    };
  }

  /** Files keep each origin on a line of its own, so the names in one have no line breaks. */
  #origin() {
    const names = oddNames.filter((name) => !name.includes("\n"));
    const source = { file: `${this.#pick(names)}.ts`, line: this.#random.integer(1, 999), column: this.#random.integer(1, 80) };
    return { source, scope: this.#pick([undefined, ...names]) };
  }
}
