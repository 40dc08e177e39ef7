// If and Loop: their kernels run sub-graphs through the surrounding evaluation, so that captured values are seen by identity.
import { ingotError } from "../errors/error.ts";
import { type Dim, dimEquals, unknownDim } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, graph } from "./define.ts";
import { describeKind, OptionalValue, type RuntimeValue, tensorOf } from "./runtime-value.ts";
import { GrowingStack, stackValues } from "./stack-values.ts";
import { joinTypes, type LoopState, loopTypes, requireOutputs } from "./subgraph-types.ts";

/** The outputs of the branch that `cond` chooses; only that branch runs. */
export const ifOp = defineOp("If", {
  since: [1, 11, 13, 16, 19, 21, 23, 24, 25],
  breaking: [11],
  inputs: ["cond: bool"],
  outputs: ["outputs...: any"],
  attributes: { then_branch: graph.required, else_branch: graph.required },
  accuracy: "exact",
  infer(c) {
    const [yes, no] = branchesOf(c);
    requireOutputs(c.op, no, yes.outputs.length);
    const known = c.constant(0);
    if (known) return (known.toNumbers()[0] === 0 ? no : yes).outputs.map((v) => v.type);
    return yes.outputs.map((v, i) => joinTypes(c.op, `output ${i}`, v.type, (no.outputs[i] as Value).type));
  },
  inferDims(c) {
    const [yes, no] = branchesOf(c);
    return yes.outputs.map((v, i) => {
      const other = no.outputs[i]?.dims;
      return v.dims && other && v.dims.length === other.length
        ? v.dims.map((d, k) => (dimEquals(d, other[k] as Dim) ? d : unknownDim()))
        : undefined;
    });
  },
  *eval({ cond }, { then_branch, else_branch }, context) {
    return yield* context.run(oneElement("If", "cond", cond) !== 0 ? then_branch : else_branch, []);
  },
});

const branchesOf = (c: InferContext) => [c.attributes.then_branch, c.attributes.else_branch] as [Graph, Graph];

/**
 * Runs `body(iteration, cond, ...states) → (cond, ...states, ...scans)` while `cond` holds, at most `M` times; without either, until the
 * body says stop. The outputs are the last states and, for each scan output, its values stacked along a new first dimension.
 */
export const loop = defineOp("Loop", {
  since: [1, 11, 13, 16, 19, 21, 23, 24, 25],
  breaking: [11],
  inputs: ["M?: int64", "cond?: bool", "v_initial...: any"],
  outputs: ["v_final_and_scan_outputs...: any"],
  attributes: { body: graph.required },
  accuracy: "exact",
  infer(c) {
    const { body, initial } = loopParts(c);
    const count = initial.length;
    if (body.inputs.length !== count + 2 || body.outputs.length < count + 1)
      throw ingotError("InvalidGraph", {
        problem: `Loop: the body ${body.name} has ${body.inputs.length} inputs and ${body.outputs.length} outputs for ${count} states`,
        where: "",
        hint: "The body takes (iteration, cond, ...states) and gives (cond, ...states, ...scans).",
      });
    const states = initial.map(
      (type, i): LoopState => ({ initial: type, input: body.inputs[i + 2] as Value, output: body.outputs[i + 1] as Value }),
    );
    const { final, outside } = loopTypes(c.op, states);
    const trips = tripCount(c, body);
    const scans = body.outputs.slice(count + 1).map((v) => {
      const type = outside(v.type);
      return type.kind === "tensor" ? tensorType(type.dtype, type.shape && [trips, ...type.shape]) : type;
    });
    return [...final, ...scans];
  },
  *eval({ M, cond, v_initial }, { body }, context) {
    const most = M ? oneElement("Loop", "M", M) : Number.POSITIVE_INFINITY;
    let going = cond ? oneElement("Loop", "cond", cond) !== 0 : true;
    let states: readonly RuntimeValue[] = v_initial;
    const scans = body.outputs.slice(v_initial.length + 1).map(() => new GrowingStack());
    for (let i = 0; i < most && going; i++) {
      const outputs = yield* context.run(body, [...loopArguments(body, i, going), ...states]);
      going = oneElement("Loop", "the body's condition", outputs[0]) !== 0;
      states = outputs.slice(1, v_initial.length + 1);
      scans.forEach((list, k) => {
        list.add(tensorOf("Loop", `scan output ${k}`, outputs[v_initial.length + 1 + k]));
      });
    }
    const stacked = scans.map((list, k) => stackValues("Loop", list.values, k, elementOf(context.outputs[v_initial.length + k])));
    return [...states.map((state, i) => held(state, context.outputs[i])), ...stacked];
  },
});

/** Iteration number and condition as the body declares them: old exporters write `[1]` for the scalars. */
export function loopArguments(body: Graph, iteration: number, going: boolean): [iteration: Storage, going: Storage] {
  const shape = (i: number) => {
    const type = body.inputs[i]?.type;
    return type?.kind === "tensor" && type.shape?.length === 1 ? [1] : [];
  };
  return [Storage.from("int64", [iteration], shape(0)), Storage.from("bool", [going], shape(1))];
}

/** Without an iteration, a state that the body takes out of an optional is still in it. Throws `InvalidArgument` for an absent one. */
function held(state: RuntimeValue, type: ValueType | undefined): RuntimeValue {
  if (!(state instanceof OptionalValue) || type?.kind === "optional") return state;
  if (state.element !== undefined) return state.element;
  throw ingotError("InvalidArgument", {
    op: "Loop",
    name: "v_initial",
    expected: "an optional that holds a value, as no iteration makes one",
    actual: "an absent one",
    hint: "Let the loop run at least once, or start with a value.",
  });
}

function loopParts(c: InferContext): { body: Graph; initial: ValueType[] } {
  return { body: c.attributes.body as Graph, initial: c.inputs.slice(2).filter((t) => t !== undefined) };
}

/** How often the body runs, where nothing but `M` can stop it. */
function tripCount(c: InferContext, body: Graph): Dim {
  const condition = c.constant(1);
  const starts = c.inputs[1] === undefined || condition?.toNumbers()[0] === 1;
  // Exporters write the largest int64 for "no limit": a count that no loop reaches tells nothing.
  const count = c.constant(0)?.dense()[0];
  const most = count === undefined ? c.dims(0)?.[0] : Number.isSafeInteger(Number(count)) ? Number(count) : undefined;
  if (condition?.toNumbers()[0] === 0) return 0;
  if (!starts || most === undefined || !staysTrue(body.outputs[0], body)) return unknownDim();
  return typeof most === "number" ? Math.max(0, most) : most;
}

/** True for a condition that is passed through unchanged, or is the constant true. */
export function staysTrue(value: Value | undefined, body: Graph): boolean {
  if (value === undefined || value === body.inputs[1]) return value !== undefined;
  if (value.constant) return value.constant.toNumbers()[0] === 1;
  const { producer } = value;
  if (producer?.op === "Identity") return staysTrue(producer.inputs[0], body);
  const constant = producer?.op === "Constant" ? producer.attributes.value : undefined;
  return constant instanceof Storage && constant.toNumbers()[0] === 1;
}

/** The type of what was stacked, from that of the stack. */
function elementOf(type: ValueType | undefined): ValueType | undefined {
  return type?.kind === "tensor" ? tensorType(type.dtype, type.shape?.slice(1)) : type;
}

/** The single element of a condition or a count, as a number. Throws `ShapeMismatch`. */
function oneElement(op: string, what: string, value: RuntimeValue | undefined): number {
  if (value instanceof Storage && value.size === 1) return Number((value.dense() as ArrayLike<number | bigint>)[0]);
  throw ingotError("ShapeMismatch", {
    op,
    what,
    actual: value instanceof Storage ? formatShape(value.shape) : `none: it is ${describeKind(value)}`,
    expected: "one element",
    hint: "Reduce it to a single element first, with any() or all().",
  });
}
