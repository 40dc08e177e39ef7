// Small changes of form: defaults that changed, names of values that changed, attributes that went away.
import { dtypes } from "../../tensor/dtype.ts";
import type { Conversion, Conversions } from "./draft.ts";

/** Writes down the old default where nothing is said and the default has changed since. */
const oldDefault = (before: number, name: string, value: bigint | string): Conversion => ({
  before,
  convert(node) {
    if (!node.attributes.has(name)) node.attributes.set(name, value);
  },
});

/** An attribute that has no meaning for inference any more. */
const dropped = (before: number, ...names: string[]): Conversion => ({
  before,
  convert(node) {
    for (const name of names) node.attributes.delete(name);
  },
});

const renamed = (before: number, name: string, values: Readonly<Record<string, string>>): Conversion => ({
  before,
  convert(node) {
    const value = node.attributes.get(name);
    if (typeof value === "string" && values[value]) node.attributes.set(name, values[value]);
  },
});

/** Names of element types as Cast took them before opset 6. */
const castNames = new Map<string, number>([
  ...Object.values(dtypes).map(({ text, onnx }): [string, number] => [text.toUpperCase(), onnx]),
  ["FLOAT16", dtypes.float16.onnx],
]);

const castByName: Conversion = {
  before: 6,
  convert(node) {
    const to = node.take("to");
    const number = typeof to === "string" ? castNames.get(to.toUpperCase()) : to;
    node.attributes.set("to", typeof number === "number" ? BigInt(number) : (number ?? node.fail(`\`to\` is ${String(to)}`)));
  },
};

const spatialOnly: Conversion = {
  before: 9,
  convert(node) {
    if ((node.takeInt("spatial") ?? 1) === 0) node.fail("it has statistics for each position (spatial = 0)");
  },
};

/** Scale and bias were one number per group; now they are one per channel. */
const perChannel: Conversion = {
  before: 21,
  convert(node) {
    const groups = Number(node.attributes.get("num_groups") ?? 0);
    const type = node.inputs[0]?.type;
    const channels = type?.kind === "tensor" ? type.shape?.[1] : undefined;
    if (typeof channels !== "number" || groups < 1 || channels % groups !== 0) return node.fail("the number of its channels is not known");
    for (const i of [1, 2]) {
      const column = node.add("Unsqueeze", [node.inputs[i], node.int64([1])]);
      const wide = node.add("Expand", [column, node.int64([groups, channels / groups])]);
      node.inputs[i] = node.add("Reshape", [wide, node.int64([channels])]);
    }
  },
};

const renameTo = (op: string): Conversion => ({
  before: Number.POSITIVE_INFINITY,
  convert(node) {
    node.op = op;
  },
});

const refused = (before: number, why: string): Conversion => ({ before, convert: (node) => node.fail(why) });

const recurrent = [dropped(7, "output_sequence")];

export const defaults: Conversions = {
  BatchNormalization: [spatialOnly, dropped(7, "is_test")],
  Cast: [castByName],
  Concat: [oldDefault(4, "axis", 1n)],
  Dropout: [dropped(7, "is_test")],
  Gemm: [dropped(7, "broadcast")],
  GridSample: [renamed(20, "mode", { bilinear: "linear", bicubic: "cubic" })],
  GroupNormalization: [perChannel],
  GRU: recurrent,
  LSTM: recurrent,
  RNN: recurrent,
  RoiAlign: [oldDefault(16, "coordinate_transformation_mode", "output_half_pixel")],
  Scatter: [renameTo("ScatterElements")],
  Tile: [refused(6, "it repeated along one axis")],
};
