// Reads a symbolic dimension back from its text, as it stands in an ONNX `dim_param`.
import { addDims, type Dim, floorDivDims, maxDims, minDims, mulDims, subDims, symbol } from "./dim.ts";

/**
 * Parses `batch`, `2*seq + 1`, `floor((h - 1)/(2))`, `max(a, b)`. A text that is not such an expression (another tool's name
 * with odd characters) becomes one symbol of that name.
 */
export function parseDim(text: string): Dim {
  const tokens = text.match(/[A-Za-z_][\w.]*|\d+|[-+*/(),]|\S/g) ?? [];
  let at = 0;
  const fail = () => new SyntaxError(text);
  const take = (token: string) => {
    if (tokens[at] !== token) throw fail();
    at++;
  };
  const sum = (): Dim => {
    let value = product();
    for (;;) {
      if (tokens[at] === "+") {
        at++;
        value = addDims(value, product());
      } else if (tokens[at] === "-") {
        at++;
        value = subDims(value, product());
      } else return value;
    }
  };
  const product = (): Dim => {
    let value = atom();
    while (tokens[at] === "*") {
      at++;
      value = mulDims(value, atom());
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
    if (token === undefined) throw fail();
    if (token === "-") {
      at++;
      return mulDims(-1, atom());
    }
    if (token === "(") {
      at++;
      const value = sum();
      take(")");
      return value;
    }
    if (tokens[at + 1] === "(") {
      if (token === "floor") return pair("/", floorDivDims);
      if (token === "max") return pair(",", maxDims);
      if (token === "min") return pair(",", minDims);
      throw fail();
    }
    if (/^\d+$/.test(token)) {
      at++;
      return Number(token);
    }
    if (/^[A-Za-z_]/.test(token)) {
      at++;
      return symbol(token);
    }
    throw fail();
  };
  try {
    const value = sum();
    return at === tokens.length ? value : symbol(text);
  } catch {
    return symbol(text);
  }
}
