// Examples made from input specifications: given instead of tensors, or declared by the model as `static inputs`.
import { Tensor } from "../eager/tensor.ts";
import { type InputRecipe, makeInput } from "../equivalence/check-inputs.ts";
import { isFloat } from "../tensor/dtype.ts";
import type { DynamicAxes, DynamicOption } from "../trace/dynamic.ts";
import { parseSpec } from "./spec.ts";

export interface ExampleFromSpecs {
  readonly example: unknown;
  /** From the named sizes; the caller's own `dynamic` wins. */
  readonly dynamic: DynamicOption | undefined;
}

/** Turns specifications into seeded random tensors; anything else is an example already. Throws `InvalidSpec`. */
export function exampleFromSpecs(
  example: unknown,
  options: { readonly dynamic?: DynamicOption; readonly check?: { readonly seed?: number } },
): ExampleFromSpecs {
  const specs =
    typeof example === "string"
      ? [example]
      : Array.isArray(example) && example.length > 0 && example.every((e) => typeof e === "string")
        ? (example as string[])
        : undefined;
  if (!specs) return { example, dynamic: options.dynamic };
  const parsed = specs.map(parseSpec);
  const tensors = parsed.map((spec, i) => {
    const recipe: InputRecipe = {
      name: `input ${i}`,
      dtype: spec.dtype,
      shape: spec.shape,
      seed: (options.check?.seed ?? 1) + 1000 + i,
      ...(isFloat(spec.dtype)
        ? { kind: "normal" }
        : spec.dtype === "string"
          ? { kind: "choice", choices: ["a", "b"] }
          : { kind: "integers", range: ["0", "1"] }),
    };
    return Tensor.fromStorage(makeInput(recipe));
  });
  const axes = parsed.map(({ dynamic }): DynamicAxes | undefined => (Object.keys(dynamic).length > 0 ? dynamic : undefined));
  return { example: { args: tensors }, dynamic: options.dynamic ?? (axes.some((a) => a) ? axes : undefined) };
}
