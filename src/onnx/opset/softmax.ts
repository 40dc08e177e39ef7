// Before opset 13, Softmax and its kin saw their input as a matrix, cut at `axis` (1 by default), and normalised whole rows.
import type { Conversion, Conversions } from "./draft.ts";

const cutAtAxis: Conversion = {
  before: 13,
  convert(node) {
    const axis = node.takeInt("axis") ?? 1;
    const rank = node.rank(0);
    if (axis === -1 || (rank !== undefined && (axis + rank) % rank === rank - 1)) {
      node.attributes.set("axis", -1n);
      return;
    }
    const input = node.inputs[0];
    const shape = node.add("Shape", [input]);
    node.inputs[0] = node.add("Flatten", [input], { axis });
    node.attributes.set("axis", -1n);
    node.finish = ([rows]) => [node.add("Reshape", [rows, shape])];
  },
};

export const softmax: Conversions = { Softmax: [cutAtAxis], LogSoftmax: [cutAtAxis], Hardmax: [cutAtAxis] };
