// Scan of opset 8 had a batch: every state, slice and output began with it. Now that is a Scan over the batch around one over the sequence.
import { Graph } from "../../ir/graph.ts";
import { copyInto } from "../../ir/traverse.ts";
import { tensorType, type ValueType } from "../../ir/type.ts";
import type { Conversion, Conversions } from "./draft.ts";

/** The type of one element of a batch. */
function withoutBatch(type: ValueType | undefined): ValueType {
  return type?.kind === "tensor" ? tensorType(type.dtype, type.shape?.slice(1)) : tensorType("float32");
}

const batched: Conversion = {
  before: 9,
  convert(node) {
    const [lengths, ...inputs] = node.inputs;
    if (lengths) node.fail("its sequences have lengths of their own (sequence_lens)");
    const body = node.take("body");
    if (!(body instanceof Graph)) return node.fail("it has no body");
    const directions = node.takeInts("directions");
    const scans = node.takeInt("num_scan_inputs") ?? node.fail("it has no `num_scan_inputs`");
    const outer = node.subgraph("batch");
    const elements = inputs.map((v, i) => outer.addInput(`element_${i}`, withoutBatch(v?.type)));
    const inner = copyInto(body, outer, new Map());
    body.dropUses();
    const attributes = {
      body: inner,
      num_scan_inputs: scans,
      ...(directions && { scan_input_directions: directions.map(Number) }),
    };
    const scan = outer.add("Scan", elements, attributes, { outputCount: inner.outputs.length });
    outer.setOutputs(scan.outputs);
    node.inputs.splice(0, node.inputs.length, ...inputs);
    node.attributes.set("body", outer);
    node.attributes.set("num_scan_inputs", BigInt(inputs.length));
  },
};

export const scan: Conversions = { Scan: [batched] };
