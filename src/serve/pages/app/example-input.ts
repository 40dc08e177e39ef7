// A value that a model takes, to begin from.
import type { TensorView } from "../views.ts";

/** More numbers than this nobody types. */
const mostElements = 2000;
/** What stands for a size that may vary. */
const freeSize = 2;

type Nested = number | boolean | string | readonly Nested[];

/** JSON for base_handler: one item, without the batch axis; an object where there are several inputs. Undefined where it would be too long. */
export function exampleInput(inputs: readonly TensorView[]): string | undefined {
  const values: Record<string, Nested> = {};
  for (const spec of inputs) {
    const shape = (spec.shape ?? [1]).slice(1).map((d) => (typeof d === "number" ? d : freeSize));
    if (shape.reduce((a, b) => a * b, 1) > mostElements) return undefined;
    let i = 0;
    const fill = (depth: number): Nested =>
      depth === shape.length ? element(spec.dtype, i++) : Array.from({ length: shape[depth] ?? 0 }, () => fill(depth + 1));
    values[spec.name] = fill(0);
  }
  const [only] = inputs;
  return write(inputs.length === 1 && only ? (values[only.name] ?? []) : values, "");
}

function element(dtype: string, i: number): number | boolean | string {
  if (dtype === "bool") return i % 2 === 0;
  if (dtype === "string") return `text ${i + 1}`;
  return dtype.includes("float") ? ((i * 7) % 10) / 10 : i % 10;
}

/** Lists of lists have a line for each inner list. */
function write(value: Nested | Readonly<Record<string, Nested>>, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (!value.some(Array.isArray)) return `[${value.map((v) => JSON.stringify(v)).join(", ")}]`;
    return `[\n${value.map((v) => inner + write(v as Nested, inner)).join(",\n")}\n${indent}]`;
  }
  if (typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, v]) => `${inner}${JSON.stringify(name)}: ${write(v, inner)}`);
  return `{\n${fields.join(",\n")}\n${indent}}`;
}
