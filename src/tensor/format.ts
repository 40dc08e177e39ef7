// Tensors as text, laid out as PyTorch prints them (torch/_tensor_str.py): four decimals, scientific notation where the range asks for it,
// the middle left out beyond 1000 elements. Booleans are JavaScript's `true` and `false`, and the dtype is named when it is not the usual one.
import { decoder } from "./dtype.ts";
import type { Storage } from "./storage.ts";

export interface FormatOptions {
  /** Digits after the decimal point; 4 by default. */
  readonly precision?: number;
  /** More elements than this are summarised; 1000 by default. */
  readonly threshold?: number;
  /** Elements shown at each end of a summarised dimension; 3 by default. */
  readonly edgeItems?: number;
  /** Columns of text; 80 by default. */
  readonly lineWidth?: number;
}

type Element = number | bigint | string;
type Show = (element: Element) => string;

interface Layout {
  readonly elements: ArrayLike<Element>;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly summarise: boolean;
  readonly edgeItems: number;
  readonly lineWidth: number;
  readonly show: Show;
  readonly width: number;
}

const unnamed = new Set(["float32", "int64", "bool", "string"]);

/**
 * The text of a tensor's values, shape and dtype.
 *
 * @example
 * formatStorage(Storage.from("float32", [1, 2.5, 3, 4], [2, 2]));
 * // tensor([[1.0000, 2.5000],
 * //         [3.0000, 4.0000]])
 */
export function formatStorage(storage: Storage, options: FormatOptions = {}): string {
  const { precision = 4, threshold = 1000, edgeItems = 3, lineWidth = 80 } = options;
  const { dtype, shape } = storage;
  const prefix = "tensor(";
  const suffixes = unnamed.has(dtype) ? [] : [`dtype=${dtype}`];
  if (storage.size === 0) {
    if (shape.length !== 1) suffixes.unshift(`size=[${shape.join(", ")}]`);
    return `${prefix}${["[]", ...suffixes].join(", ")})`;
  }
  const summarise = storage.size > threshold;
  const place = { elements: storage.data as ArrayLike<Element>, shape, strides: storage.strides, summarise, edgeItems };
  const shown: Element[] = [];
  collect(place, 0, storage.offset, shown);
  const show = shower(dtype, shown, precision);
  const width = Math.max(...shown.map((e) => show(e).length));
  const body = render({ ...place, lineWidth, show, width }, 0, storage.offset, prefix.length);
  return closeWith(body, suffixes, prefix, lineWidth);
}

/** The indices of a dimension that are shown, with -1 for the gap. */
function indices(size: number, { summarise, edgeItems }: Pick<Layout, "summarise" | "edgeItems">): number[] {
  if (!summarise || size <= 2 * edgeItems) return Array.from({ length: size }, (_, i) => i);
  const first = Array.from({ length: edgeItems }, (_, i) => i);
  return [...first, -1, ...first.map((i) => size - edgeItems + i)];
}

function collect(place: Omit<Layout, "show" | "width" | "lineWidth">, axis: number, at: number, out: Element[]): void {
  if (axis === place.shape.length) {
    out.push(place.elements[at] as Element);
    return;
  }
  const stride = place.strides[axis] as number;
  for (const i of indices(place.shape[axis] as number, place)) if (i >= 0) collect(place, axis + 1, at + i * stride, out);
}

function render(layout: Layout, axis: number, at: number, indent: number): string {
  const { elements, shape, strides, show, width, lineWidth } = layout;
  const cell = (p: number) => show(elements[p] as Element).padStart(width);
  if (shape.length === 0) return cell(at);
  const stride = strides[axis] as number;
  const shown = indices(shape[axis] as number, layout);
  if (axis < shape.length - 1) {
    const gap = `,${"\n".repeat(shape.length - 1 - axis)}${" ".repeat(indent + 1)}`;
    return `[${shown.map((i) => (i < 0 ? "..." : render(layout, axis + 1, at + i * stride, indent + 1))).join(gap)}]`;
  }
  const cells = shown.map((i) => (i < 0 ? " ..." : cell(at + i * stride)));
  const perLine = Math.max(1, Math.floor((lineWidth - indent) / (width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += perLine) lines.push(cells.slice(i, i + perLine).join(", "));
  return `[${lines.join(`,\n${" ".repeat(indent + 1)}`)}]`;
}

function closeWith(body: string, suffixes: readonly string[], prefix: string, lineWidth: number): string {
  let text = prefix + body;
  for (const suffix of suffixes) {
    const last = text.length - (text.lastIndexOf("\n") + 1);
    text += last + suffix.length + 2 > lineWidth ? `,\n${" ".repeat(prefix.length)}${suffix}` : `, ${suffix}`;
  }
  return `${text})`;
}

function shower(dtype: Storage["dtype"], shown: readonly Element[], precision: number): Show {
  if (dtype === "string") return (e) => JSON.stringify(e);
  if (dtype === "bool") return (e) => (e === 0 ? "false" : "true");
  if (!dtype.includes("float")) return String;
  const decode = decoder(dtype);
  const showNumber = floatShower(
    shown.map((e) => decode(e as number)),
    precision,
  );
  return (e) => showNumber(decode(e as number));
}

/** One notation for all: whole numbers with a bare point, fixed decimals, or scientific when sizes differ too much for these. */
function floatShower(values: readonly number[], precision: number): (value: number) => string {
  const sizes = values.filter((v) => Number.isFinite(v) && v !== 0).map(Math.abs);
  const largest = Math.max(...sizes, 0);
  const smallest = Math.min(...sizes, largest);
  const whole = sizes.every(Number.isInteger);
  const wide = sizes.length > 0 && (largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4));
  const magnitude = wide
    ? (a: number) => scientific(a, precision)
    : whole
      ? (a: number) => `${a.toFixed(0)}.`
      : (a: number) => a.toFixed(precision);
  return (value) => {
    if (Number.isNaN(value)) return "nan";
    const sign = value < 0 || Object.is(value, -0) ? "-" : "";
    return sign + (Number.isFinite(value) ? magnitude(Math.abs(value)) : "inf");
  };
}

/** `1.5000e-07`: an exponent of at least two digits, as C prints it. */
function scientific(value: number, precision: number): string {
  return value.toExponential(precision).replace(/e([+-])(\d)$/, "e$10$2");
}
