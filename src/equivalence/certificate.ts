// The certificate that travels in a saved file: how the check's inputs are made again, what eager gave for them, the limits, and the
// errors of every graph and engine that was compared. `ingot verify` replays it without the model's code.
import { ingotError } from "../errors/error.ts";
import { allDTypes, type DType, decoder, isFloat } from "../tensor/dtype.ts";
import { elementCount, sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import type { ValueRecipe } from "./recipes.ts";
import { topIndices } from "./topk-agreement.ts";

/** The metadata key of the certificate in an ONNX file. */
export const certificateKey = "ingot.certificate";
/** Raised when a field changes its meaning; readers refuse later ones. */
export const certificateVersion = 1;
const sampleCount = 64;

/** What eager gave for one output: enough to recognise it, small enough to travel. Numbers are strings where JSON has none for them. */
export interface OutputEvidence {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Up to 64 elements at even distances in row-major order. */
  readonly samples: readonly (number | string)[];
  readonly mean: number | string;
  readonly std: number | string;
  readonly min: number | string;
  readonly max: number | string;
  /** Per row along the last axis, for at most 16 rows. */
  readonly topk?: {
    readonly k: number;
    readonly indices: readonly (readonly number[])[];
    readonly scores: readonly (readonly (number | string)[])[];
  };
}

/** One run of eager: its inputs as recipes with hashes, and what came out. */
export interface CertificateCase {
  readonly label: string;
  readonly inputs: readonly (ValueRecipe & { readonly sha256: string })[];
  /** One per tensor that the outputs are made of (`leavesOf`). */
  readonly outputs: readonly OutputEvidence[];
}

/** How one graph on one engine compared with eager. */
export interface CertificateRow {
  /** `traced` (bit for bit), `portable`, or the engine's lowered graph. */
  readonly graph: string;
  readonly engine: string;
  readonly case: string;
  readonly bitwise: boolean;
  /** One per tensor that the outputs are made of. */
  readonly outputs: readonly {
    readonly maxAbsolute: number;
    readonly maxRelative: number;
    readonly maxUlp?: number;
    readonly topk?: string;
    /** How far rounding alone moves the output, where that and not the limit decided: the error may be `explainedByRounding` times that. */
    readonly rounding?: number;
  }[];
}

export interface Certificate {
  readonly version: number;
  readonly model: string;
  readonly mode: string;
  readonly limits: readonly number[];
  /** True when the user raised a limit. */
  readonly limitsRaised: boolean;
  /** True when the user asked for the module although a check failed. */
  readonly failedCheckIgnored: boolean;
  readonly topk: number;
  readonly cases: readonly CertificateCase[];
  readonly rows: readonly CertificateRow[];
  readonly versions: Readonly<Record<string, string>>;
}

/** What there is to remember of an output. */
export function evidenceOf(name: string, storage: Storage, k: number): OutputEvidence {
  const base = { name, dtype: storage.dtype, shape: storage.shape };
  if (storage.dtype === "string") {
    const dense = storage.dense() as string[];
    return { ...base, samples: samplePlaces(dense.length).map((i) => dense[i] as string), mean: 0, std: 0, min: 0, max: 0 };
  }
  const values = decodedElements(storage);
  let sum = 0;
  let squares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    sum += v;
    squares += v * v;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  const mean = values.length === 0 ? 0 : sum / values.length;
  const std = values.length === 0 ? 0 : Math.sqrt(Math.max(0, squares / values.length - mean * mean));
  const n = storage.shape[storage.rank - 1] ?? 0;
  const rows = n > 0 ? Math.min(16, values.length / n) : 0;
  const depth = Math.min(k, n);
  const indices =
    isFloat(storage.dtype) && n >= 2 && depth > 0 ? Array.from({ length: rows }, (_, r) => topIndices(values, r * n, n, depth)) : undefined;
  return {
    ...base,
    samples: sampleElements(storage),
    mean: jsonNumber(mean),
    std: jsonNumber(std),
    min: jsonNumber(min),
    max: jsonNumber(max),
    ...(indices && {
      topk: { k: depth, indices, scores: indices.map((row, r) => row.map((i) => jsonNumber(values[r * n + i] as number))) },
    }),
  };
}

/** The first thing in which an output differs from its evidence by more than `limit` of its largest element; undefined when nothing does. */
export function checkEvidence(evidence: OutputEvidence, actual: Storage, limit: number): string | undefined {
  if (actual.dtype !== evidence.dtype || !sameShape(actual.shape, evidence.shape))
    return `${evidence.name} is ${actual.dtype}[${actual.shape.join(", ")}], the certificate has ${evidence.dtype}[${evidence.shape.join(", ")}]`;
  const samples = sampleElements(actual);
  if (!isFloat(actual.dtype)) {
    const at = evidence.samples.findIndex((s, i) => s !== samples[i]);
    return at < 0 ? undefined : `${evidence.name}: sample ${at} is ${samples[at]}, the certificate has ${evidence.samples[at]}`;
  }
  const scale = Math.max(Math.abs(fromJson(evidence.min)), Math.abs(fromJson(evidence.max)));
  const tolerance = limit * (Number.isFinite(scale) ? scale : 0);
  let worst = 0;
  for (const [i, s] of evidence.samples.entries()) {
    const e = fromJson(s);
    const a = fromJson(samples[i] as number | string);
    if (Number.isFinite(e) && Number.isFinite(a)) worst = Math.max(worst, Math.abs(e - a));
    if (!(Object.is(e, a) || Math.abs(e - a) <= tolerance))
      return `${evidence.name}: sample ${i} is ${a}, the certificate has ${e} (limit ${tolerance.toExponential(1)})`;
  }
  return checkTopK(evidence, actual, worst) ?? checkStatistics(evidence, actual, tolerance);
}

function checkTopK(evidence: OutputEvidence, actual: Storage, measuredError: number): string | undefined {
  const { topk, name } = evidence;
  if (!topk) return undefined;
  const values = decodedElements(actual);
  const n = actual.shape[actual.rank - 1] as number;
  for (const [r, expected] of topk.indices.entries()) {
    const found = topIndices(values, r * n, n, topk.k);
    for (const [i, index] of expected.entries()) {
      if (found[i] === index) continue;
      // Scores of entries outside the certificate's list are known from the file only: compare what eager had in this place with what stands there now.
      const gap = Math.abs(fromJson(topk.scores[r]?.[i] as number | string) - (values[r * n + (found[i] as number)] as number));
      if (!(gap <= 2 * measuredError))
        return `${name}: top-${topk.k} of row ${r} is [${found.join(", ")}], the certificate has [${expected.join(", ")}]`;
    }
  }
  return undefined;
}

function checkStatistics(evidence: OutputEvidence, actual: Storage, tolerance: number): string | undefined {
  const now = evidenceOf(evidence.name, actual, 0);
  for (const key of ["mean", "std", "min", "max"] as const) {
    const e = fromJson(evidence[key]);
    const a = fromJson(now[key]);
    if (!(Object.is(e, a) || Math.abs(e - a) <= 2 * tolerance)) return `${evidence.name}: its ${key} is ${a}, the certificate has ${e}`;
  }
  return undefined;
}

/** Reads a certificate back. Throws `InvalidCertificate`. */
export function parseCertificate(text: string, file: string): Certificate {
  const fail = (problem: string) => ingotError("InvalidCertificate", { file, problem });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail("it is not JSON");
  }
  if (!isRecord(value)) throw fail("it is not a record");
  if (value.version !== certificateVersion) throw fail(`its version is ${String(value.version)}, this Ingot reads ${certificateVersion}`);
  const { cases, rows, limits } = value;
  if (!Array.isArray(cases) || !Array.isArray(rows) || !Array.isArray(limits)) throw fail("fields are missing");
  if (!limits.every((l) => typeof l === "number")) throw fail("a limit is damaged");
  if (!rows.every((r) => isRecord(r) && isListOf(r.outputs, isRowOutput))) throw fail("a row is damaged");
  for (const c of cases)
    if (!isRecord(c) || !isListOf(c.inputs, isHashedRecipe) || !isListOf(c.outputs, isEvidence)) throw fail("a case is damaged");
  // Every field that is read has been looked at.
  return value as unknown as Certificate;
}

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isListOf = (value: unknown, holds: (item: unknown) => boolean) => Array.isArray(value) && value.every(holds);
const isRowOutput = (value: unknown) => isRecord(value) && (value.rounding === undefined || typeof value.rounding === "number");
const isText = (value: unknown) => typeof value === "string";
const isScalar = (value: unknown) => typeof value === "number" || typeof value === "string";
const isIndex = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isDType = (value: unknown): value is DType => isText(value) && allDTypes.includes(value as DType);
const isShape = (value: unknown) => isListOf(value, isIndex) && elementCount(value as number[]) < 2 ** 31;
const isWhole = (value: unknown) => typeof value === "string" && /^-?\d{1,20}$/.test(value);

const isHashedRecipe = (value: unknown) => isRecord(value) && isText(value.sha256) && isRecipe(value, 0);

/** Containers nested deeper than this are no model's. */
const maxDepth = 16;

/** What `makeValue` needs. */
function isRecipe(value: unknown, depth: number): boolean {
  if (!isRecord(value) || !isText(value.name) || depth > maxDepth) return false;
  if (value.items !== undefined)
    return ["sequence", "optional", "map"].includes(String(value.kind)) && isListOf(value.items, (item) => isRecipe(item, depth + 1));
  if (!isDType(value.dtype)) return false;
  if (!isShape(value.shape) || !isIndex(value.seed)) return false;
  const { kind, dtype, range, choices } = value;
  if (kind === "normal") return isFloat(dtype);
  if (kind === "choice") return dtype === "string" && isListOf(choices, isText);
  if (kind !== "integers" || dtype === "string" || isFloat(dtype) || !isListOf(range, isWhole)) return false;
  const [low, high] = (range as string[]).map(BigInt);
  return low !== undefined && high !== undefined && low <= high;
}

/** What `checkEvidence` needs. */
function isEvidence(value: unknown): boolean {
  if (!isRecord(value) || !isText(value.name) || !isDType(value.dtype) || !isShape(value.shape)) return false;
  if (!isListOf(value.samples, isScalar) || !["mean", "std", "min", "max"].every((key) => isScalar(value[key]))) return false;
  const { topk, shape } = value;
  if (topk === undefined) return true;
  const count = (shape as number[])[(shape as number[]).length - 1] ?? 0;
  return (
    isRecord(topk) &&
    isIndex(topk.k) &&
    isListOf(topk.indices, (row) => isListOf(row, (i) => isIndex(i) && (i as number) < count)) &&
    isListOf(topk.scores, (row) => isListOf(row, isScalar)) &&
    (topk.indices as unknown[]).length === (topk.scores as unknown[]).length
  );
}

function samplePlaces(n: number): number[] {
  const count = Math.min(sampleCount, n);
  return Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
}

function sampleElements(storage: Storage): (number | string)[] {
  const dense = storage.dense();
  const decode = decoder(storage.dtype);
  return samplePlaces(dense.length).map((i) => {
    const v = dense[i] as number | bigint | string;
    return typeof v === "number" ? jsonNumber(decode(v)) : String(v);
  });
}

function decodedElements(storage: Storage): ArrayLike<number> {
  if (storage.dtype === "float16" || storage.dtype === "bfloat16") return Float64Array.from(storage.numbers(), decoder(storage.dtype));
  const dense = storage.dense() as ArrayLike<number | bigint>;
  return typeof dense[0] === "bigint" ? Float64Array.from(dense, Number) : (dense as ArrayLike<number>);
}

/** JSON has no NaN, infinities or negative zero. */
function jsonNumber(v: number): number | string {
  return Number.isFinite(v) && !Object.is(v, -0) ? v : Object.is(v, -0) ? "-0" : String(v);
}

function fromJson(v: number | string): number {
  return typeof v === "number" ? v : Number(v);
}
