// Optionals: values that may be absent. A tensor or a sequence where an optional is read counts as present.
import { ingotError } from "../errors/error.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, type_ } from "./define.ts";
import { OptionalValue, type RuntimeValue } from "./runtime-value.ts";

/** An optional that holds the input; without an input, an absent one of `type`. */
export const optional = defineOp("Optional", {
  since: [15],
  inputs: ["input?: any"],
  outputs: ["output: any"],
  attributes: { type: type_() },
  accuracy: "exact",
  infer(c) {
    const element = c.inputs[0] ?? (c.attributes.type as ValueType | undefined);
    if (element === undefined) throw ingotError("MissingAttribute", { op: c.op, attribute: "type", type: "type" });
    return [{ kind: "optional", element }];
  },
  eval({ input }, _, context) {
    const type = context.outputs[0];
    if (type?.kind !== "optional") throw new TypeError("Optional: its inference gave no optional type");
    return [new OptionalValue(type.element, input)];
  },
});

/** What the optional holds. */
export const optionalGetElement = defineOp("OptionalGetElement", {
  since: [15, 18],
  breaking: [15],
  inputs: ["input: any"],
  outputs: ["output: any"],
  accuracy: "exact",
  infer(c) {
    const type = c.inputs[0] as ValueType;
    return [type.kind === "optional" ? type.element : type];
  },
  eval: ({ input }) => [heldBy(input)],
});

function heldBy(value: RuntimeValue): RuntimeValue {
  if (!(value instanceof OptionalValue)) return value;
  if (value.element !== undefined) return value.element;
  throw ingotError("InvalidArgument", {
    op: "OptionalGetElement",
    name: "input",
    expected: "an optional that holds a value",
    actual: "an absent one",
    hint: "Ask with OptionalHasElement first, and read it only in the branch of an If where it is there.",
  });
}

/** True where there is a value, `[]` of bool; false without an input. */
export const optionalHasElement = defineOp("OptionalHasElement", {
  since: [15, 18],
  breaking: [15, 18],
  minVersion: ({ inputCount }) => (inputCount === 0 ? 18 : 15),
  inputs: ["input?: any"],
  outputs: ["output: B"],
  types: { B: ["bool"] },
  accuracy: "exact",
  infer: () => [tensorType("bool", [])],
  eval({ input }) {
    const present = input instanceof OptionalValue ? input.element !== undefined : input !== undefined;
    return Storage.from("bool", [present], []);
  },
});
