// Examples made from input specifications: given instead of tensors, or declared by the model as `static inputs`.
import { Tensor } from "../eager/tensor.ts";
import { makeInput } from "../equivalence/check-inputs.ts";
import { standardRecipe } from "../equivalence/recipes.ts";
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { didYouMean } from "../errors/nearest.ts";
import { parameterNames } from "../source/parameter-names.ts";
import type { DynamicAxes, DynamicOption } from "../trace/dynamic.ts";
import { forwardFunction, type Model, modelName } from "../trace/model.ts";
import { parseSpecs } from "./spec.ts";

export interface Example {
  readonly example: unknown;
  /** From the keys of a record of specifications; the caller's own `names` win. */
  readonly names?: readonly string[];
  /** From the named sizes; the caller's own `dynamic` wins. */
  readonly dynamic?: DynamicOption;
}

interface ExampleOptions {
  readonly names?: readonly string[];
  readonly dynamic?: DynamicOption;
  readonly check?: { readonly seed?: number };
}

/**
 * The example that a model is traced on: as given, or seeded random tensors where specifications stand in its place, or where the model
 * declares them. Throws `InvalidSpec`, and `NoExample` when there is neither.
 */
export function exampleFor(model: Model, example: unknown, options: ExampleOptions): Example {
  const given = example === undefined ? declaredInputs(model) : example;
  if (given === undefined) throw ingotError("NoExample", { model: modelName(model) });
  if (typeof given === "string") return exampleOfSpecs([given], undefined, options);
  if (isSpecList(given)) return exampleOfSpecs(given, undefined, options);
  if (!isSpecRecord(given)) return { example: given };
  const names = argumentOrder(model, Object.keys(given));
  return exampleOfSpecs(
    names.map((name) => given[name]),
    names,
    options,
  );
}

/** Specifications of inputs: one, a list in order, or a record by argument name. */
export type InputSpecs = string | readonly string[] | Readonly<Record<string, string>>;

/**
 * What a model declares as `static inputs` (a function, as its property `inputs`), or undefined: specifications, or a function from the
 * instance to them where sizes are set by its constructor. Throws `InvalidSpec` for anything else.
 *
 * @example static inputs = ({ channels }: Net) => ({ x: `float32[batch=2, ${channels}, 64, 64]` });
 */
export function declaredInputs(model: Model): InputSpecs | undefined {
  const stated: unknown = Reflect.get(typeof model === "function" ? model : model.constructor, "inputs");
  const declared: unknown = typeof stated === "function" ? stated(model) : stated;
  if (declared === undefined || typeof declared === "string" || isSpecList(declared) || isSpecRecord(declared)) return declared;
  throw ingotError("InvalidSpec", {
    spec: describeValue(declared),
    problem: `the static inputs of ${modelName(model)} are neither a string, a list of strings nor a record of strings`,
  });
}

function isSpecList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === "string");
}

/** Tells a record of specifications from a list or a single one. */
export function isSpecRecord(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  const values = Object.values(value);
  return values.length > 0 && values.every((v) => typeof v === "string");
}

/** The names of forward's parameters up to the last one that is a key; those between that are no keys are left to their defaults. */
function argumentOrder(model: Model, keys: readonly string[]): readonly string[] {
  const parameters = parameterNames(forwardFunction(model));
  const known = parameters.filter((name) => name !== undefined);
  if (known.length === 0 || known.length < parameters.length) return keys;
  const odd = keys.find((key) => !known.includes(key));
  if (odd !== undefined) {
    const problem = `${modelName(model)} has no argument ${odd}${didYouMean(odd, known)}; it takes ${known.join(", ")}`;
    throw ingotError("InvalidSpec", { spec: odd, problem });
  }
  return known.slice(0, Math.max(...keys.map((key) => known.indexOf(key))) + 1);
}

function exampleOfSpecs(specs: readonly (string | undefined)[], names: readonly string[] | undefined, options: ExampleOptions): Example {
  const made = fromSpecs(
    specs.filter((spec) => spec !== undefined),
    options.check?.seed,
  );
  let next = 0;
  const args = specs.map((spec) => (spec === undefined ? undefined : made[next++]?.tensor));
  const axes = made.map(({ dynamic }): DynamicAxes | undefined => (Object.keys(dynamic).length > 0 ? dynamic : undefined));
  const given = options.names ?? names;
  const dynamic = options.dynamic ?? (axes.some((a) => a) ? axes : undefined);
  return { example: { args }, ...(given && { names: given }), ...(dynamic && { dynamic }) };
}

/** One tensor per specification, of seeded random numbers, with the axes that are named. Throws `InvalidSpec`. */
export function fromSpecs(specs: readonly string[], seed = 1): { readonly tensor: Tensor; readonly dynamic: DynamicAxes }[] {
  return parseSpecs(specs).map(({ dtype, shape, dynamic }, i) => ({
    tensor: Tensor.fromStorage(makeInput(standardRecipe(`input ${i}`, dtype, shape, seed + 1000 + i))),
    dynamic,
  }));
}
