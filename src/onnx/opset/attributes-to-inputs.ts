// Operators whose attributes became inputs, so that they may be computed.
import { Storage } from "../../tensor/storage.ts";
import type { Conversion, Conversions, NodeDraft } from "./draft.ts";

/** Puts a value at an input's place; places before it that are not there stay empty. */
function setInput(node: NodeDraft, index: number, value: ReturnType<NodeDraft["int64"]>): void {
  while (node.inputs.length <= index) node.inputs.push(undefined);
  node.inputs[index] = value;
}

/** An attribute of integers becomes input `index`, when it is given. */
const ints = (before: number, name: string, index: number): Conversion => ({
  before,
  convert(node) {
    const values = node.takeInts(name);
    if (values) setInput(node, index, node.int64(values));
  },
});

/** A float attribute becomes input `index`, a scalar of the data's dtype. */
const scalar = (before: number, name: string, index: number): Conversion => ({
  before,
  convert(node) {
    const value = node.takeFloat(name);
    if (value !== undefined) setInput(node, index, node.scalarLikeInput(value));
  },
});

const axes18 = [ints(18, "axes", 1)];

export const attributesToInputs: Conversions = {
  Reshape: [ints(5, "shape", 1)],
  Squeeze: [ints(13, "axes", 1)],
  Unsqueeze: [ints(13, "axes", 1)],
  ReduceSum: [ints(13, "axes", 1)],
  ReduceMean: axes18,
  ReduceMax: axes18,
  ReduceMin: axes18,
  ReduceProd: axes18,
  ReduceL1: axes18,
  ReduceL2: axes18,
  ReduceLogSum: axes18,
  ReduceLogSumExp: axes18,
  ReduceSumSquare: axes18,
  Clip: [scalar(11, "min", 1), scalar(11, "max", 2)],
  Dropout: [scalar(12, "ratio", 1)],
  Slice: [
    {
      before: 10,
      convert(node) {
        const starts = node.takeInts("starts") ?? node.fail("it has no `starts`");
        const ends = node.takeInts("ends") ?? node.fail("it has no `ends`");
        const axes = node.takeInts("axes") ?? starts.map((_, i) => BigInt(i));
        node.inputs.push(node.int64(starts), node.int64(ends), node.int64(axes));
      },
    },
  ],
  Split: [
    ints(13, "split", 1),
    {
      // From 18 on, the number of parts is said where their sizes are not.
      before: 18,
      convert(node) {
        if (node.inputs[1] === undefined) node.attributes.set("num_outputs", BigInt(node.outputCount));
      },
    },
  ],
  Pad: [
    {
      before: 2,
      convert(node) {
        const pads = node.take("paddings");
        if (pads !== undefined) node.attributes.set("pads", pads);
      },
    },
    ints(11, "pads", 1),
    scalar(11, "value", 2),
  ],
  TopK: [
    {
      before: 10,
      convert(node) {
        const k = node.takeInt("k") ?? node.fail("it has no `k`");
        setInput(node, 1, node.int64([k]));
      },
    },
  ],
  DFT: [
    {
      before: 20,
      convert(node) {
        const axis = node.takeInt("axis") ?? 1;
        setInput(node, 2, node.constant(Storage.from("int64", [axis], [])));
      },
    },
  ],
};
