// Input specifications: `float32[batch=2, 3, height=224, width=224]`, in options, on the command line and in a model's `static inputs`.
import { ingotError } from "../errors/error.ts";
import { allDTypes, type DType, dtypeInfo } from "../tensor/dtype.ts";

export interface InputSpec {
  readonly dtype: DType;
  /** The example's sizes. */
  readonly shape: readonly number[];
  /** Axis → symbolic name. */
  readonly dynamic: Readonly<Record<number, string>>;
}

/** The example's size of a symbolic dimension that none is given for: not 1, so that nothing broadcasts by accident. */
const defaultSize = 2;

/**
 * Parses a specification. dtypes may be written as NumPy names them (`float32`) or as ONNX's text does (`float`, `double`).
 * Throws `InvalidSpec`.
 *
 * @example parseSpec("float32[batch=2, 3, 224, 224]"); // { dtype: "float32", shape: [2, 3, 224, 224], dynamic: { 0: "batch" } }
 */
export function parseSpec(spec: string): InputSpec {
  return parseWith(spec, new Map());
}

/** Parses the specifications of several inputs; a size that is given once stands for its name everywhere. */
export function parseSpecs(specs: readonly string[]): InputSpec[] {
  const sizes = new Map<string, number>();
  for (const [, name, size] of specs.join(" ").matchAll(/([A-Za-z_]\w*)\s*=\s*(\d+)/g)) sizes.set(name as string, Number(size));
  return specs.map((spec) => parseWith(spec, sizes));
}

function parseWith(spec: string, sizes: ReadonlyMap<string, number>): InputSpec {
  const fail = (problem: string) => ingotError("InvalidSpec", { spec, problem });
  if (typeof spec !== "string") throw fail("it is not a string");
  const match = /^\s*([A-Za-z]\w*)\s*(?:\[([^\]]*)\])?\s*$/.exec(spec);
  if (!match) throw fail("expected a dtype and sizes in brackets");
  const name = match[1] as string;
  const dtype = allDTypes.find((d) => d === name || dtypeInfo(d).text === name);
  if (!dtype) throw fail(`${name} is not a dtype (${allDTypes.join(", ")})`);
  const text = (match[2] ?? "").trim();
  const dynamic: Record<number, string> = {};
  const shape = (text === "" ? [] : text.split(",")).map((part, axis) => {
    const dim = /^\s*(?:(\d+)|([A-Za-z_]\w*)\s*(?:=\s*(\d+))?)\s*$/.exec(part);
    if (!dim) throw fail(`"${part.trim()}" is neither a size nor a name`);
    if (dim[1] !== undefined) return Number(dim[1]);
    dynamic[axis] = dim[2] as string;
    return dim[3] === undefined ? (sizes.get(dim[2] as string) ?? defaultSize) : Number(dim[3]);
  });
  return { dtype, shape, dynamic };
}
