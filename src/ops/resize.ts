// Resize: nearest copies elements by a table per dimension; linear and cubic run one dimension after the other in float64.
import { ingotError } from "../errors/error.ts";
import { type Dim, floorDivDims, mulDims, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { dtypeInfo, encoder, isBig, numeric } from "../tensor/dtype.ts";
import { elementCount, formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf, copyByTables } from "./cells.ts";
import { anyDType, defineOp, float, int, ints, string } from "./define.ts";
import { axisOf, contentsOf, inputShape, inputType } from "./infer.ts";
import {
  type CoordinateMode,
  coordinateModes,
  interpolate,
  type NearestMode,
  nearestModes,
  type ResizedAxis,
  tapTable,
} from "./resize-coordinates.ts";

const policies = ["stretch", "not_larger", "not_smaller"] as const;

/** Of no elements none can be made. Throws `ShapeMismatch`. */
function requireElements(op: string, shape: readonly Dim[], output: readonly Dim[]): void {
  const axis = shape.findIndex((d, i) => d === 0 && output[i] !== 0);
  if (axis < 0 || output.some((d) => typeof d !== "number" || d === 0)) return;
  throw ingotError("ShapeMismatch", {
    op,
    what: "X",
    actual: formatShape(shape.map(String)),
    expected: `elements in dimension ${axis}, which is to have ${output[axis]}`,
    hint: "Leave an empty picture out, or resize it to size 0.",
  });
}

/** Resizes along `axes` by `scales`, or to `sizes`. Empty `roi` and `scales` count as absent, as opset 11 wrote them. */
export const resize = defineOp("Resize", {
  since: [10, 11, 13, 18, 19],
  breaking: [11, 13, 18, 19],
  minVersion: ({ attributes: a }) =>
    a.coordinate_transformation_mode === "half_pixel_symmetric"
      ? 19
      : a.antialias || a.axes !== undefined || (a.keep_aspect_ratio_policy ?? "stretch") !== "stretch"
        ? 18
        : 13,
  inputs: ["X: T1", "roi?: T2", "scales?: float32", "sizes?: int64"],
  outputs: ["Y: T1"],
  types: { T1: anyDType, T2: ["float16", "float32", "float64"] },
  attributes: {
    antialias: int(0),
    axes: ints(),
    coordinate_transformation_mode: string("half_pixel"),
    cubic_coeff_a: float(-0.75),
    exclude_outside: int(0),
    extrapolation_value: float(0),
    keep_aspect_ratio_policy: string("stretch"),
    mode: string("nearest"),
    nearest_mode: string("round_prefer_floor"),
  },
  accuracy: "ulp",
  infer(c) {
    checkModes(c);
    const { dtype, shape } = inputType(c, 0);
    if (!shape) return [tensorType(dtype)];
    const axes = (c.attributes.axes as readonly number[] | undefined)?.map((a) => axisOf(c, a, shape)) ?? shape.map((_, i) => i);
    const scales = isAbsent(c, 2) ? undefined : (c.constant(2)?.toNumbers() ?? null);
    const sizes = isAbsent(c, 3) ? undefined : (contentsOf(c, 3) ?? null);
    if ((scales === undefined) === (sizes === undefined))
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "scales",
        expected: "either scales or sizes",
        actual: scales === undefined ? "neither" : "both",
        hint: "Give scales, or the sizes of the output.",
      });
    for (const [name, list] of [
      ["scales", scales],
      ["sizes", sizes],
    ] as const)
      if (list && list.length !== axes.length)
        throw ingotError("InvalidArgument", {
          op: c.op,
          name,
          expected: `${axes.length} numbers, one per axis`,
          actual: formatShape(list.map(String)),
          hint: `The input has shape ${formatShape(shape.map(String))}; name the axes to resize in \`axes\`.`,
        });
    const out = [...shape];
    if (scales !== undefined)
      for (const [i, axis] of axes.entries()) out[axis] = scales ? scaledDim(shape[axis] as Dim, scales[i] as number) : unknownDim();
    else {
      const fitted =
        sizes &&
        fittedSizes(
          axes.map((a) => shape[a] as Dim),
          sizes,
          c.attributes.keep_aspect_ratio_policy as string,
        );
      for (const [i, axis] of axes.entries()) out[axis] = fitted?.[i]?.output ?? unknownDim();
    }
    requireElements(c.op, shape, out);
    return [tensorType(dtype, out)];
  },
  eval({ X, roi, scales, sizes }, attributes, context) {
    const shape = context.shape(0);
    const axes = attributes.axes?.map((a) => normalizeAxis("Resize", a, X.shape)) ?? X.shape.map((_, i) => i);
    const given = scales && scales.size > 0 ? scales.toNumbers() : undefined;
    const fitted = given
      ? undefined
      : fittedSizes(
          axes.map((a) => X.shape[a] as number),
          sizes?.toNumbers() ?? [],
          attributes.keep_aspect_ratio_policy,
        );
    const region = roi && roi.size > 0 ? roi.toNumbers() : undefined;
    const plan = axes.map((axis, i): PlannedAxis => {
      const size = X.shape[axis] as number;
      const scale = given?.[i] ?? fitted?.[i]?.scale ?? 1;
      return { axis, size, output: shape[axis] as number, scale, start: region?.[i] ?? 0, end: region?.[i + axes.length] ?? 1 };
    });
    const coordinates = attributes.coordinate_transformation_mode as CoordinateMode;
    const moving = plan.filter((a) => a.output !== a.size || a.scale !== 1 || coordinates === "tf_crop_and_resize");
    const Y = Storage.empty(X.dtype, shape);
    if (Y.size === 0) return Y;
    const edge = coordinates === "tf_crop_and_resize" ? attributes.extrapolation_value : undefined;
    if (attributes.mode === "nearest") {
      if (edge !== undefined) cellsOf(Y).fill(cellsOf(Storage.from(X.dtype, [edge], []))[0]);
      copyByTables(X, nearestTables(X, moving, coordinates, attributes.nearest_mode as NearestMode), Y);
      return Y;
    }
    let values: ArrayLike<number> = X.toNumbers();
    const current = [...X.shape];
    const outside: (readonly boolean[] | undefined)[] = current.map(() => undefined);
    for (const a of moving) {
      const table = tapTable(a, {
        coordinates,
        mode: attributes.mode as "linear" | "cubic",
        cubicCoefficient: attributes.cubic_coeff_a,
        antialias: attributes.antialias !== 0,
        excludeOutside: attributes.exclude_outside !== 0,
      });
      values = interpolate(values, elementCount(current.slice(0, a.axis)), a.size, elementCount(current.slice(a.axis + 1)), table);
      current[a.axis] = a.output;
      outside[a.axis] = table.outside;
    }
    store(values, Y, edge === undefined ? undefined : { edge, outside });
    return Y;
  },
});

interface PlannedAxis extends ResizedAxis {
  readonly axis: number;
}

const isAbsent = (c: InferContext, i: number): boolean => c.inputs[i] === undefined || inputShape(c, i)?.[0] === 0;

function checkModes(c: InferContext): void {
  const rows = [
    ["mode", ["nearest", "linear", "cubic"]],
    ["coordinate_transformation_mode", Object.keys(coordinateModes)],
    ["nearest_mode", Object.keys(nearestModes)],
    ["keep_aspect_ratio_policy", policies],
  ] as const;
  for (const [name, known] of rows) {
    const actual = c.attributes[name] as string;
    if (!(known as readonly string[]).includes(actual))
      throw ingotError("InvalidArgument", {
        op: c.op,
        name,
        expected: `one of ${known.join(", ")}`,
        actual,
        hint: "These are the modes of ONNX Resize.",
      });
  }
  const { dtype } = inputType(c, 0);
  if (c.attributes.mode !== "nearest" && !numeric.includes(dtype))
    throw ingotError("DTypeMismatch", {
      op: c.op,
      what: "X",
      actual: dtype,
      expected: "a numeric dtype to interpolate",
      convert: "float32",
    });
}

/**
 * ⌊size · scale⌋, the product rounded to float32 as the scale is: 5 · 1.4 is 7, though the float32 next to 1.4 is a little less. For a
 * symbolic size only where the scale is a fraction of a power of two, so that nothing is lost to rounding.
 */
function scaledDim(size: Dim, scale: number): Dim {
  if (typeof size === "number") return Math.floor(Math.fround(size * scale));
  for (let q = 1; q <= 1024; q *= 2) if (Number.isInteger(scale * q)) return floorDivDims(mulDims(size, scale * q), q);
  return unknownDim();
}

/** What `sizes` makes of each dimension under the policy; undefined where that is not known. Halves round up. */
function fittedSizes(from: readonly Dim[], sizes: readonly Dim[], policy: string): { output: Dim; scale: number }[] | undefined {
  const ratios = sizes.map((d, i) => (typeof d === "number" && typeof from[i] === "number" ? d / (from[i] as number) : Number.NaN));
  if (policy === "stretch") return sizes.map((output, i) => ({ output, scale: ratios[i] as number }));
  if (ratios.some(Number.isNaN)) return undefined;
  const scale = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return from.map((d) => ({ output: Math.floor(scale * (d as number) + 0.5), scale }));
}

/** Per dimension of the output, the input place that each shows; −1 outside of a cropped region. */
function nearestTables(X: Storage, moving: readonly PlannedAxis[], coordinates: CoordinateMode, mode: NearestMode): Int32Array[] {
  const tables = X.shape.map((n) => Int32Array.from({ length: n }, (_, i) => i));
  for (const a of moving)
    tables[a.axis] = Int32Array.from({ length: a.output }, (_, o) => {
      const x = coordinateModes[coordinates](o, a);
      if (coordinates === "tf_crop_and_resize" && (x < 0 || x > a.size - 1)) return -1;
      return Math.min(Math.max(nearestModes[mode](x), 0), a.size - 1);
    });
  return tables;
}

/** Rounds results into `Y`; integers are cut towards zero and clamped to what the dtype holds. */
function store(
  values: ArrayLike<number>,
  Y: Storage,
  crop: { readonly edge: number; readonly outside: readonly (readonly boolean[] | undefined)[] } | undefined,
): void {
  const to = cellsOf(Y);
  const encode = encoder(Y.dtype);
  const info = dtypeInfo(Y.dtype);
  const bits = 8 * info.bytes;
  const [low, high] =
    info.kind === "int"
      ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
      : info.kind === "uint"
        ? [0, 2 ** bits - 1]
        : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const whole = info.kind !== "float";
  for (let i = 0; i < to.length; i++) {
    let v = values[i] as number;
    if (crop && liesOutside(i, Y.shape, crop.outside)) v = crop.edge;
    if (whole) v = Math.min(Math.max(Math.trunc(v), low), high);
    to[i] = isBig(Y.dtype) ? BigInt(v) : encode(v);
  }
}

function liesOutside(at: number, shape: readonly number[], outside: readonly (readonly boolean[] | undefined)[]): boolean {
  let rest = at;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    if (outside[axis]?.[rest % size]) return true;
    rest = Math.floor(rest / size);
  }
  return false;
}
