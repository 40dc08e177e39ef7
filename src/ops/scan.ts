// Scan: a loop over slices of its inputs. Unlike Loop it always runs to the end, so the sizes of its outputs are known.
import { ingotError } from "../errors/error.ts";
import { type Dim, isUnknownDim, unknownDim } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { Attributes, InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, graph, int, ints } from "./define.ts";
import { axisOf } from "./infer.ts";
import { type RuntimeValue, tensorOf } from "./runtime-value.ts";
import { GrowingStack, stackValues } from "./stack-values.ts";
import { type LoopState, loopTypes } from "./subgraph-types.ts";

/**
 * Runs `body(...states, ...slices) → (...states, ...scans)` once per place along the scan axes of the last `num_scan_inputs` inputs. The
 * outputs are the last states and the stacked scans. A direction of 1 reads or stacks from the end.
 */
export const scan = defineOp("Scan", {
  since: [8, 9, 11, 16, 19, 21, 23, 24, 25],
  breaking: [9, 11],
  inputs: ["initial_state_and_scan_inputs...: any"],
  outputs: ["final_state_and_scan_outputs...: any"],
  attributes: {
    body: graph.required,
    num_scan_inputs: int.required,
    scan_input_axes: ints(),
    scan_input_directions: ints(),
    scan_output_axes: ints(),
    scan_output_directions: ints(),
  },
  accuracy: "exact",
  infer(c) {
    const { body, states: count, scans } = partsOf(c.attributes, c.inputs.length);
    checkBody(body, count, scans);
    const states = c.inputs
      .slice(0, count)
      .map((type, i): LoopState => ({ initial: type as ValueType, input: body.inputs[i] as Value, output: body.outputs[i] as Value }));
    const { final, outside } = loopTypes(c.op, states);
    const trips = tripCount(c, count);
    const outputAxes = c.attributes.scan_output_axes as readonly number[] | undefined;
    const stacked = body.outputs.slice(count).map((v, i) => {
      const type = outside(v.type);
      if (type.kind !== "tensor" || !type.shape) return type;
      const axis = axisOf(c, outputAxes?.[i] ?? 0, type.shape, type.shape.length + 1);
      return tensorType(type.dtype, [...type.shape.slice(0, axis), trips, ...type.shape.slice(axis)]);
    });
    return [...final, ...stacked];
  },
  *eval({ initial_state_and_scan_inputs: inputs }, attributes, context) {
    const { body, states: count } = partsOf(attributes as Attributes, inputs.length);
    const scanned = inputs.slice(count).map((value, i) => {
      const x = tensorOf("Scan", `scanned input ${i}`, value);
      return { x, axis: normalizeAxis("Scan", attributes.scan_input_axes?.[i] ?? 0, x.shape) };
    });
    const trips = scanned[0]?.x.shape[scanned[0].axis] ?? 0;
    let states: readonly RuntimeValue[] = inputs.slice(0, count);
    const stacks = body.outputs.slice(count).map(() => new GrowingStack());
    for (let t = 0; t < trips; t++) {
      const slices = scanned.map(({ x, axis }, i) =>
        dropAxis(x.slice(axis, attributes.scan_input_directions?.[i] === 1 ? trips - 1 - t : t, 1), axis),
      );
      const outputs = yield* context.run(body, [...states, ...slices]);
      states = outputs.slice(0, count);
      for (const [i, list] of stacks.entries()) {
        const value = outputs[count + i];
        if (value instanceof Storage) list.add(value);
      }
    }
    const results = stacks.map(({ values }, i) => {
      const ordered = attributes.scan_output_directions?.[i] === 1 ? [...values].reverse() : values;
      const y = stackValues("Scan", ordered, i, (body.outputs[count + i] as Value).type);
      const axis = normalizeAxis("Scan", attributes.scan_output_axes?.[i] ?? 0, y.shape);
      // The stack has its new dimension first: a view that moves it to its place.
      const rest = y.shape.map((_, k) => k).slice(1);
      return axis === 0 ? y : y.transpose([...rest.slice(0, axis), 0, ...rest.slice(axis)]);
    });
    return [...states, ...results];
  },
});

interface Parts {
  readonly body: Graph;
  /** How many states there are, and how many inputs are scanned. */
  readonly states: number;
  readonly scans: number;
}

function partsOf(attributes: Attributes, inputCount: number): Parts {
  const scans = attributes.num_scan_inputs as number;
  return { body: attributes.body as Graph, states: inputCount - scans, scans };
}

function checkBody(body: Graph, states: number, scans: number): void {
  const fits = scans >= 1 && states >= 0 && body.inputs.length === states + scans && body.outputs.length >= states;
  if (!fits)
    throw ingotError("InvalidGraph", {
      problem: `Scan: the body ${body.name} has ${body.inputs.length} inputs and ${body.outputs.length} outputs for ${states} states and ${scans} scanned inputs`,
      where: "",
      hint: "The body takes (...states, ...slices) and gives (...states, ...scans).",
    });
}

/** The size of the scan axes, which must agree. Throws `ShapeMismatch`. */
function tripCount(c: InferContext, states: number): Dim {
  const axes = c.attributes.scan_input_axes as readonly number[] | undefined;
  let trips: Dim | undefined;
  c.inputs.slice(states).forEach((type, i) => {
    if (type?.kind !== "tensor" || !type.shape) return;
    const size = type.shape[axisOf(c, axes?.[i] ?? 0, type.shape)] as Dim;
    if (typeof size === "number" && typeof trips === "number" && size !== trips)
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what: `scanned input ${i}`,
        actual: formatShape(type.shape.map(String)),
        expected: `size ${trips} along its scan axis`,
        hint: "All scanned inputs have the same size along the axes that are scanned.",
      });
    if (trips === undefined || isUnknownDim(trips) || typeof size === "number") trips = size;
  });
  return trips ?? unknownDim();
}

function dropAxis(x: Storage, axis: number): Storage {
  const without = <V>(list: readonly V[]) => list.filter((_, i) => i !== axis);
  return Storage.strided(x.dtype, x.data, without(x.shape), without(x.strides), x.offset);
}
