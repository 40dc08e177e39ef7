// Modules and their options as text, as PyTorch prints them: Python's tuples, floats, booleans and quotes.

/** One line when there are no children, else an indented tree. */
export function printModule(name: string, extra: string, children: readonly (readonly [label: string, text: string])[]): string {
  const own = extra === "" ? [] : extra.split("\n");
  if (children.length === 0 && own.length <= 1) return `${name}(${extra})`;
  const lines = [...own, ...children.map(([label, text]) => `${label}: ${text.replaceAll("\n", "\n  ")}`)];
  return `${name}(\n  ${lines.join("\n  ")}\n)`;
}

/** `(3, 3)`, `(3,)`; a plain number as it is. */
export function pyTuple(value: number | readonly number[]): string {
  if (typeof value === "number") return String(value);
  return value.length === 1 ? `(${value[0]},)` : `(${value.join(", ")})`;
}

/** A float as Python's repr: `1.0`, `0.1`, `1e-05`. */
export function pyFloat(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e16) return `${value}.0`;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  if (size >= 1e-4 && size < 1e16) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

export function pyBool(value: boolean): string {
  return value ? "True" : "False";
}
