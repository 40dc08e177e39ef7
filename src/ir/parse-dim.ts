// Reads a symbolic dimension back from its text, as it stands in an ONNX `dim_param`.
import { addDims, type Dim, floorDivDims, maxDims, minDims, mulDims, subDims, symbol, unknownDim } from "./dim.ts";

/** Texts come from files. Longer ones, and expressions that multiply out to more terms or deeper brackets, are taken as a mere name. */
const limits = { characters: 1000, terms: 64, depth: 50 };

/**
 * Parses `batch`, `2*seq + 1`, `floor((h - 1)/(2))`, `max(a, b)`. A text that is not such an expression (another tool's name
 * with odd characters) becomes one symbol of that name; one that begins with `?` is an unknown size.
 */
export function parseDim(text: string): Dim {
  const value = text.length <= limits.characters ? parseExpression(text) : undefined;
  if (value !== undefined) return value;
  return text.startsWith("?") ? unknownDim() : symbol(text);
}

function parseExpression(text: string): Dim | undefined {
  const tokens = text.match(/[A-Za-z_][\w.]*|\d+|[-+*/(),]|\S/g) ?? [];
  let at = 0;
  let depth = 0;
  const fail = (): never => {
    throw new SyntaxError(text);
  };
  const take = (token: string) => {
    if (tokens[at] !== token) return fail();
    at++;
  };
  const kept = (value: Dim): Dim => {
    const terms = typeof value === "number" ? [{ coefficient: value }] : value.terms;
    if (terms.length > limits.terms || !terms.every((t) => Number.isSafeInteger(t.coefficient))) return fail();
    return value;
  };
  const sum = (): Dim => {
    if (++depth > limits.depth) return fail();
    let value = product();
    while (tokens[at] === "+" || tokens[at] === "-") value = kept((tokens[at++] === "+" ? addDims : subDims)(value, product()));
    depth--;
    return value;
  };
  const product = (): Dim => {
    let value = atom();
    while (tokens[at] === "*") {
      at++;
      value = kept(mulDims(value, atom()));
    }
    return value;
  };
  const pair = (separator: string, make: (a: Dim, b: Dim) => Dim): Dim => {
    at++;
    take("(");
    const a = sum();
    take(separator);
    const b = sum();
    take(")");
    return make(a, b);
  };
  const atom = (): Dim => {
    const token = tokens[at];
    if (token === undefined) return fail();
    if (token === "-") {
      at++;
      return mulDims(-1, tokens[at] === "-" ? fail() : atom());
    }
    if (token === "(") {
      at++;
      const value = sum();
      take(")");
      return value;
    }
    if (tokens[at + 1] === "(") {
      if (token === "floor") return pair("/", (a, b) => (b === 0 ? fail() : floorDivDims(a, b)));
      if (token === "max") return pair(",", maxDims);
      if (token === "min") return pair(",", minDims);
      return fail();
    }
    if (/^\d+$/.test(token)) {
      at++;
      return kept(Number(token));
    }
    if (/^[A-Za-z_]/.test(token)) {
      at++;
      return symbol(token);
    }
    return fail();
  };
  try {
    const value = sum();
    return at === tokens.length ? value : undefined;
  } catch {
    return undefined;
  }
}
