// Scan before opset 9 ran over a batch of sequences `[batch, length, ...]`: now a Scan over the batch whose body is a Scan along the
// sequence.
import { Graph, type Value } from "../../ir/graph.ts";
import { copyInto } from "../../ir/traverse.ts";
import { tensorType, type ValueType } from "../../ir/type.ts";
import type { Conversions, NodeDraft } from "./draft.ts";

/** The type of one entry of a batch. */
function entryOf(type: ValueType | undefined, node: NodeDraft): ValueType {
  if (type?.kind !== "tensor") return node.fail("it scans something that is no tensor");
  return tensorType(type.dtype, type.shape?.slice(1));
}

function nest(node: NodeDraft): void {
  const body = node.take("body");
  const scanned = node.takeInt("num_scan_inputs") ?? 0;
  const directions = node.takeInts("directions");
  if (!(body instanceof Graph)) return node.fail("it has no body");
  if (node.inputs.shift()) node.fail("its sequences have lengths of their own (sequence_lens)");
  const outer = node.body("batch");
  const inputs = node.inputs.map((x, i) => outer.addInput(`x${i}`, entryOf(x?.type, node)));
  const inner = outer.add(
    "Scan",
    inputs,
    {
      body: copyInto(body, outer, new Map<Value, Value>()),
      num_scan_inputs: scanned,
      ...(directions && { scan_input_directions: directions.map(Number) }),
    },
    { outputCount: node.outputCount },
  );
  // What it captured is captured by its copy now.
  body.dropUses();
  outer.setOutputs(
    inner.outputs,
    inner.outputs.map((_, i) => `y${i}`),
  );
  node.attributes.set("body", outer);
  node.attributes.set("num_scan_inputs", BigInt(inputs.length));
}

export const scan: Conversions = { Scan: [{ before: 9, convert: nest }] };
