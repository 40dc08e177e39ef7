// Upsample became Resize, and Resize of opset 10 computed coordinates in one fixed way that is now called "asymmetric".
import { Storage } from "../../tensor/storage.ts";
import type { Conversion, Conversions, NodeDraft } from "./draft.ts";

/** `[X, scales]` and nothing said about coordinates → `[X, (no roi), scales]` with what was meant. */
function asymmetric(node: NodeDraft, scales: NodeDraft["inputs"][number]): void {
  node.op = "Resize";
  node.inputs.splice(1, node.inputs.length, undefined, scales);
  const mode = node.attributes.get("mode") ?? "nearest";
  if (mode === "bilinear") node.attributes.set("mode", "linear");
  node.attributes.set("coordinate_transformation_mode", "asymmetric");
  if (mode === "nearest") node.attributes.set("nearest_mode", "floor");
}

const floats = (node: NodeDraft, values: readonly number[]) => node.constant(Storage.from("float32", values, [values.length]));

const upsample: Conversion = {
  before: Number.POSITIVE_INFINITY,
  convert(node) {
    if (node.version >= 9) return asymmetric(node, node.inputs[1]);
    const height = node.takeFloat("height_scale");
    const width = node.takeFloat("width_scale");
    const scales = node.takeFloats("scales") ?? (height !== undefined && width !== undefined ? [1, 1, height, width] : undefined);
    asymmetric(node, floats(node, scales ?? node.fail("it has no scales")));
  },
};

const resize10: Conversion = {
  before: 11,
  convert: (node) => asymmetric(node, node.inputs[1]),
};

const tfHalfPixel: Conversion = {
  before: 13,
  convert(node) {
    if (node.attributes.get("coordinate_transformation_mode") === "tf_half_pixel_for_nn")
      node.fail('the coordinates "tf_half_pixel_for_nn" exist no more');
  },
};

export const resize: Conversions = { Upsample: [upsample], Resize: [resize10, tfHalfPixel] };
