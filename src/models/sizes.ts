// Sizes of Transformers: the published ones, those that a user gives instead, and what they must be to fit each other.
import { ingotError } from "../errors/error.ts";
import { suggestion } from "../errors/nearest.ts";
import { integerFrom, invalid } from "../nn/options.ts";

/** The published shape with the sizes given instead. Throws `UnknownOption` for a size that such a model does not have. */
export function withSizes<S extends object>(call: string, published: S, given: Partial<S> = {}): S {
  const known = Object.keys(published);
  const odd = Object.keys(given).find((key) => !known.includes(key));
  if (odd !== undefined) {
    throw ingotError("UnknownOption", {
      call,
      option: `shape.${odd}`,
      suggestion: suggestion(odd, known),
      known: known.join(", "),
    });
  }
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...published, ...Object.fromEntries(set) };
}

/** What every Transformer has. */
interface TransformerSizes {
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
}

/** Throws `InvalidArgument` unless layers and heads are whole numbers, and the heads share the features evenly. */
export function checkSizes(op: string, { layers, heads, hidden }: TransformerSizes): void {
  integerFrom(op, "layers", layers, 1);
  integerFrom(op, "heads", heads, 1);
  integerFrom(op, "hidden", hidden, 1);
  if (hidden % heads !== 0) throw invalid(op, "heads", `a divisor of the ${hidden} features`, heads);
}
