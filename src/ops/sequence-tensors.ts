// Between tensors and sequences: cutting a tensor into a sequence, joining one into a tensor, and running a graph for each tensor.
import { ingotError } from "../errors/error.ts";
import { type Dim, unknownDim } from "../ir/dim.ts";
import { Graph, type Value } from "../ir/graph.ts";
import { inlineGraph } from "../ir/inline.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { dtypeInfo } from "../tensor/dtype.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { concat } from "./concat.ts";
import { anyDType, defineOp, graph, int } from "./define.ts";
import { evaluateOp } from "./evaluate.ts";
import { axisOf, constantInts, inputShape, inputType, sequenceElement } from "./infer.ts";
import { type RuntimeValue, tensorOf } from "./runtime-value.ts";
import { type LoopState, loopTypes } from "./subgraph-types.ts";

// ---- SplitToSequence -------------------------------------------------------------------------------------------------

/**
 * Cuts `input` along `axis` into pieces: of size `split` (the last may be smaller), of the sizes in `split`, or, without it, of size 1.
 * Only there `keepdims = 0` takes the dimension away. The pieces are views.
 */
export const splitToSequence = defineOp("SplitToSequence", {
  since: [11, 24],
  breaking: [11],
  inputs: ["input: T", "split?: I"],
  outputs: ["output_sequence: any"],
  types: { T: anyDType, I: ["int32", "int64"] },
  attributes: { axis: int(0), keepdims: int(1) },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    if (!shape) return [{ kind: "sequence", element: tensorType(dtype) }];
    const axis = axisOf(c, c.attributes.axis as number, shape);
    const size = c.inputs[1] === undefined ? 1 : pieceSize(c, shape[axis] as Dim);
    const dropped = c.inputs[1] === undefined && c.attributes.keepdims === 0;
    const element = tensorType(dtype, [...shape.slice(0, axis), ...(dropped ? [] : [size]), ...shape.slice(axis + 1)]);
    return [{ kind: "sequence", element }];
  },
  eval({ input, split }, attributes) {
    const axis = normalizeAxis("SplitToSequence", attributes.axis, input.shape);
    const total = input.shape[axis] as number;
    const sizes = split ? pieces(split.toNumbers(), split.rank, total) : new Array<number>(total).fill(1);
    let start = 0;
    const list = sizes.map((n) => {
      const piece = input.slice(axis, start, n);
      start += n;
      if (split || attributes.keepdims !== 0) return piece;
      const without = <V>(values: readonly V[]) => values.filter((_, i) => i !== axis);
      return Storage.strided(piece.dtype, piece.data, without(piece.shape), without(piece.strides), piece.offset);
    });
    return [list];
  },
});

/** The size that all pieces have, where there is one. */
function pieceSize(c: InferContext, total: Dim): Dim {
  const sizes = constantInts(c, 1);
  const rank = inputShape(c, 1)?.length;
  if (!sizes || rank === undefined || typeof total !== "number") return unknownDim();
  // Only declared, the size may be any: pieces are not counted one by one. The last one is smaller where they do not fit.
  const step = sizes[0] as number;
  if (rank === 0 && step > 0) return total <= step ? total : total % step === 0 ? step : unknownDim();
  const all = new Set(pieces(sizes, rank, total));
  const [only] = all;
  return all.size === 1 && only !== undefined ? only : unknownDim();
}

/** The sizes of the pieces. Throws `InvalidArgument`. */
function pieces(split: readonly number[], rank: number, total: number): number[] {
  const sum = split.reduce((a, b) => a + b, 0);
  const step = split[0] ?? 0;
  const fits = rank === 0 ? step > 0 : rank === 1 && sum === total && split.every((n) => n >= 0);
  if (!fits)
    throw ingotError("InvalidArgument", {
      op: "SplitToSequence",
      name: "split",
      expected: `a size from 1, or a list of sizes whose sum is ${total}`,
      actual: rank === 0 ? step : formatShape(split),
      hint: "A scalar is the size of each piece; a list has the size of every piece.",
    });
  if (rank === 1) return [...split];
  return Array.from({ length: Math.ceil(total / step) }, (_, i) => Math.min(step, total - i * step));
}

// ---- ConcatFromSequence ----------------------------------------------------------------------------------------------

/** Joins the tensors along `axis`, or with `new_axis` stacks them along a new one. */
export const concatFromSequence = defineOp("ConcatFromSequence", {
  since: [11],
  inputs: ["input_sequence: seq(T)"],
  outputs: ["concat_result: T"],
  types: { T: anyDType },
  attributes: { axis: int.required, new_axis: int(0) },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = sequenceElement(c, 0);
    if (!shape) return [tensorType(dtype)];
    const stacked = c.attributes.new_axis === 1;
    const axis = axisOf(c, c.attributes.axis as number, shape, shape.length + (stacked ? 1 : 0));
    return [tensorType(dtype, [...shape.slice(0, axis), unknownDim(), ...shape.slice(stacked ? axis : axis + 1)])];
  },
  eval({ input_sequence: list }, { axis, new_axis }) {
    const first = list[0];
    if (!first)
      throw ingotError("InvalidArgument", {
        op: "ConcatFromSequence",
        name: "input_sequence",
        expected: "a sequence of at least one tensor",
        actual: "an empty one",
        hint: "The shape of the result follows from the tensors: check the length of the sequence first.",
      });
    if (new_axis !== 1) return [joined(list, axis)];
    const rank = first.rank + 1;
    const place = axis < 0 ? axis + rank : axis;
    return [
      joined(
        list.map((x) => x.reshape([...x.shape.slice(0, place), 1, ...x.shape.slice(place)])),
        place,
      ),
    ];
  },
});

/** The rules and the kernel of Concat. */
function joined(list: readonly Storage[], axis: number): RuntimeValue {
  return evaluateOp(concat, list, { axis })[0] as RuntimeValue;
}

// ---- SequenceMap -----------------------------------------------------------------------------------------------------

/**
 * Runs `body` for each tensor of the first sequence, with the tensors at the same place of further sequences; additional tensors are given
 * to every run as they are. Gives one sequence per output of the body.
 */
export const sequenceMap = defineOp("SequenceMap", {
  since: [17],
  inputs: ["input_sequence: seq(T)", "additional_inputs...: any"],
  outputs: ["out_sequence...: any"],
  types: { T: anyDType },
  attributes: { body: graph.required },
  accuracy: "exact",
  infer(c) {
    const body = c.attributes.body as Graph;
    if (body.inputs.length !== c.inputs.length)
      throw ingotError("InvalidGraph", {
        problem: `SequenceMap: the body ${body.name} has ${body.inputs.length} inputs for ${c.inputs.length} inputs of the node`,
        where: "",
        hint: "The body takes one tensor of each sequence, and each additional tensor.",
      });
    // What the body reads does not change it: its size names mean what the node's inputs say, the same for every run.
    const states = c.inputs.map((type, i): LoopState => {
      const input = body.inputs[i] as Value;
      return { initial: type?.kind === "sequence" ? type.element : (type as ValueType), input, output: input };
    });
    const { outside } = loopTypes(c.op, states);
    return body.outputs.map((v) => ({ kind: "sequence", element: outside(v.type) }));
  },
  *eval({ input_sequence: list, additional_inputs: more }, { body }, context) {
    const outputs: RuntimeValue[][] = body.outputs.map(() => []);
    for (let i = 0; i < list.length; i++) {
      const rest = more.map((value, k) => (Array.isArray(value) ? elementAt(value, i, k + 1) : value));
      for (const [k, result] of (yield* context.run(body, [list[i] as Storage, ...rest])).entries()) outputs[k]?.push(result);
    }
    return outputs;
  },
  decompose(builder, [sequence, ...more], { body }, outputs) {
    return loopOver(builder, body, sequence as Value, more as Value[], outputs);
  },
});

function elementAt(list: readonly RuntimeValue[], i: number, input: number): Storage {
  if (i < list.length) return tensorOf("SequenceMap", `input ${input}`, list[i]);
  throw ingotError("InvalidArgument", {
    op: "SequenceMap",
    name: `input ${input}`,
    expected: `a sequence of at least ${i + 1} tensors, as long as the first`,
    actual: `${list.length} tensors`,
    hint: "All sequences are walked together and have the same length.",
  });
}

/** The map as a Loop that grows one sequence per output. */
function loopOver(builder: Graph, body: Graph, sequence: Value, more: readonly Value[], outputs: readonly Value[]): readonly Value[] {
  const dtypes = body.outputs.map((v) => v.tensorType.dtype);
  const loop = new Graph(builder.schemas, "map", builder);
  const place = loop.addInput("place", tensorType("int64", []));
  const going = loop.addInput("going", tensorType("bool", []));
  const grown = dtypes.map((dtype, k) => loop.addInput(`list_${k}`, { kind: "sequence", element: tensorType(dtype) }));
  const at = (list: Value) => loop.add("SequenceAt", [list, place]).output;
  const results = inlineGraph(loop, body, [at(sequence), ...more.map((v) => (v.type.kind === "sequence" ? at(v) : v))]);
  const lists = results.map((v, k) => loop.add("SequenceInsert", [grown[k], v]).output);
  loop.setOutputs([going, ...lists], ["going_on", ...lists.map((_, k) => `longer_${k}`)]);
  const inputs = [
    builder.add("SequenceLength", [sequence]).output,
    builder.addInitializer(Storage.from("bool", [true], [])),
    ...dtypes.map((dtype) => builder.add("SequenceEmpty", [], { dtype: dtypeInfo(dtype).onnx }).output),
  ];
  return builder.add("Loop", inputs, { body: loop }, { outputCount: outputs.length }).outputs;
}
