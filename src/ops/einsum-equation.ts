// The language of Einsum: "bij,bjk->bik", with "..." for any number of leading axes and the output left out when it is plain.
import { ingotError } from "../errors/error.ts";

/** Axes by label, one list per operand. The axes of an ellipsis are called `.0`, `.1`, …, aligned at the right. */
export interface EinsumEquation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/**
 * Parses an equation for operands of the given ranks. Throws `InvalidArgument` that quotes the equation.
 *
 * @example
 * parseEinsum("...ij->...ji", [4]); // { inputs: [[".0", ".1", "i", "j"]], output: [".0", ".1", "j", "i"] }
 */
export function parseEinsum(equation: string, ranks: readonly number[]): EinsumEquation {
  const fail = (expected: string) =>
    ingotError("InvalidArgument", {
      op: "Einsum",
      name: "equation",
      expected,
      actual: `"${equation}"`,
      hint: 'An equation names the axes of each input by letters, such as "bij,bjk->bik"; ... stands for any leading axes.',
    });
  const [left = "", right, ...more] = equation.replaceAll(/\s/g, "").split("->");
  if (more.length > 0) throw fail("an equation with at most one ->");
  const terms = left.split(",");
  if (terms.length !== ranks.length) throw fail(`an equation with one term for each of the ${ranks.length} inputs`);
  const widths = terms.map((term, i) => {
    if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term)) throw fail("terms of letters with at most one ...");
    const rest = (ranks[i] as number) - term.replace("...", "").length;
    if (rest < 0 || (rest > 0 && !term.includes("..."))) throw fail(`a term of ${ranks[i]} axes for input ${i}, not ${term}`);
    return rest;
  });
  const widest = Math.max(0, ...widths);
  const labels = (term: string, width: number) => {
    const [before = "", after] = term.split("...");
    const middle = after === undefined ? [] : Array.from({ length: width }, (_, i) => `.${widest - width + i}`);
    return [...before, ...middle, ...(after ?? "")];
  };
  const inputs = terms.map((term, i) => labels(term, widths[i] as number));
  if (right === undefined) return { inputs, output: implicitOutput(inputs, widest) };
  if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(right)) throw fail("an output of letters with at most one ...");
  const output = labels(right, widest);
  const known = new Set(inputs.flat());
  if (output.some((label, i) => !known.has(label) || output.indexOf(label) !== i))
    throw fail("an output whose letters stand in the inputs, each once");
  return { inputs, output };
}

/** The axes of the ellipsis, then the letters that stand once, in alphabetical order. */
function implicitOutput(inputs: readonly (readonly string[])[], widest: number): string[] {
  const all = inputs.flat();
  const once = [...new Set(all)].filter((label) => !label.startsWith(".") && all.indexOf(label) === all.lastIndexOf(label));
  return [...Array.from({ length: widest }, (_, i) => `.${i}`), ...once.sort()];
}
