// What of ONNX's backend tests is left out, by name and with the reason. Whoever runs the suite reads it from here: a case is skipped for a
// reason in this list or not at all.

/** A case is skipped when its model uses the operator, or when it has the name. */
export type ConformanceSkip =
  | { readonly operator: string; readonly reason: string }
  | { readonly testCase: string; readonly reason: string };

const training = "a preview operator that trains; Ingot runs and optimises trained models, and the preview domain has no stable form";

export const conformanceSkips: readonly ConformanceSkip[] = [
  { operator: "ai.onnx.preview.training.Adagrad", reason: training },
  { operator: "ai.onnx.preview.training.Adam", reason: training },
  { operator: "ai.onnx.preview.training.Gradient", reason: training },
  { operator: "ai.onnx.preview.training.Momentum", reason: training },
  {
    testCase: "test_image_decoder_decode_jpeg2k_rgb",
    reason: "JPEG 2000 is not decoded: the image library that Ingot uses is built without a decoder for it",
  },
];

/**
 * Why a case is left out; undefined when it has to pass. `operators` are the full names that its model uses.
 *
 * @example
 * skipReason("test_adam", ["ai.onnx.preview.training.Adam"]);
 */
export function skipReason(testCase: string, operators: Iterable<string>): string | undefined {
  const used = new Set(operators);
  return conformanceSkips.find((skip) => ("operator" in skip ? used.has(skip.operator) : skip.testCase === testCase))?.reason;
}
