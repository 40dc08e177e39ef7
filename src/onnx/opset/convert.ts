// The table of conversions: which operators changed their form, and what turns an old form into the newest one.
import { attributesToInputs } from "./attributes-to-inputs.ts";
import { broadcastAxis } from "./broadcast-axis.ts";
import { defaults } from "./defaults.ts";
import type { Conversion, Conversions, NodeDraft } from "./draft.ts";
import { labelEncoder } from "./label-encoder.ts";
import { resize } from "./resize.ts";
import { scan } from "./scan.ts";
import { softmax } from "./softmax.ts";

const families: readonly Conversions[] = [defaults, attributesToInputs, broadcastAxis, softmax, resize, labelEncoder, scan];

const table = new Map<string, readonly Conversion[]>();
for (const family of families)
  for (const [op, conversions] of Object.entries(family)) table.set(op, [...(table.get(op) ?? []), ...conversions]);

/** Up to opset 5, operators could name inputs that they overwrote; no runtime ever did. */
const overwriteMark = "consumed_inputs";

/** Brings a node of ONNX's own domains to the newest form of its operator. Throws `OnnxOpset` where there is none. */
export function convertToNewest(node: NodeDraft): void {
  if (node.version < 6 && !node.op.includes(".")) node.attributes.delete(overwriteMark);
  for (const { before, convert } of table.get(node.op) ?? []) if (node.version < before) convert(node);
}
