// Values that the model read out of tensors: each is replaced by other legal ones in types-only recordings. If the graph changes or the
// run throws, the read decided what the graph computes.
import { IngotError, ingotError } from "../errors/error.ts";
import { type DType, isBig, isFloat } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { align, describeNode, isDivergence } from "./align.ts";
import { frameOf, frameOfSite } from "./frame.ts";
import { type Recording, record, type Subject } from "./record.ts";
import { NeedsKernels, type Read } from "./recorder.ts";

/** At most so many read sites are checked by re-recording. */
export const maxReadSites = 32;

/** So many reads that reach the graph are told at once. */
const maxErrors = 20;

/** `allow` names lines (`model.ts:12`) whose reads are known to be harmless. Throws `ReadReachesGraph` or `TooManyReads`. */
export function checkReads(subject: Subject, first: Recording, allow: readonly string[]): void {
  const sites = new Map<string, number[]>();
  first.reads.forEach((read, i) => {
    const key = read.site ? `${read.site.file}:${read.site.line}:${read.site.column}` : `read ${i}`;
    sites.set(key, [...(sites.get(key) ?? []), i]);
  });
  const suspects = [...sites].filter(([, indices]) => !isAllowed(first.reads[indices[0] as number] as Read, allow));
  if (suspects.length > maxReadSites) {
    const [, indices] = suspects[maxReadSites] as [string, number[]];
    const site = first.reads[indices[0] as number]?.site;
    throw ingotError("TooManyReads", { count: suspects.length, limit: maxReadSites }, { frame: frameOfSite(site) });
  }
  const found: IngotError[] = [];
  for (const [, indices] of suspects) {
    if (found.length === maxErrors) break;
    try {
      for (const change of alternatives) checkSite(subject, first, indices, change);
    } catch (error) {
      if (!(error instanceof IngotError) || error.code !== "ReadReachesGraph") throw error;
      found.push(error);
    }
  }
  const [worst, ...others] = found;
  if (!worst) return;
  const notes = others.map(
    ({ frame, params }) => `also .${params.how}()${frame ? ` at ${frame.file}:${frame.line}:${frame.column}` : ""}${params.effect}`,
  );
  // The parameters were checked when the error was made.
  throw ingotError("ReadReachesGraph", worst.params as never, { frame: worst.frame, notes, cause: worst.cause });
}

function isAllowed({ site }: Read, allow: readonly string[]): boolean {
  if (!site) return false;
  const place = `${site.file.replaceAll("\\", "/")}:${site.line}`;
  return allow.some((entry) => place === entry || place.endsWith(`/${entry.replace(/^\.?\//, "")}`));
}

function checkSite(subject: Subject, first: Recording, indices: readonly number[], change: Change): void {
  const replay = first.reads.map((r, i) => (indices.includes(i) ? altered(r.storage, change) : r.storage));
  const read = first.reads[indices[0] as number] as Read;
  const place = read.site ? `${read.site.file.split(/[\\/]/).pop()}:${read.site.line}` : "";
  const fail = (effect: string, cause?: unknown) =>
    ingotError(
      "ReadReachesGraph",
      { how: read.how, effect, place },
      { frame: frameOfSite(read.site), ...(cause !== undefined && { cause }) },
    );
  let again: Recording;
  try {
    again = recordAgain(subject, replay);
  } catch (error) {
    throw fail(`: with another value the model throws (${error instanceof Error ? error.message.split("\n")[0] : String(error)})`, error);
  }
  const result = align(first.graph, again.graph);
  if (isDivergence(result)) throw fail(`: ${result.difference}${placeOf(result.node?.provenance)}`);
  const attribute = result.attributes[0];
  if (attribute) throw fail(`: attribute ${attribute.name} of ${describeNode(attribute.node)}`);
  const constant = [...result.constants.keys()][0];
  if (constant) {
    const user = constant.consumers[0];
    throw fail(user ? `: a constant of ${describeNode(user)}` : ": a constant that is an output");
  }
}

/** Types only; where a shape depends on values, with kernels and the altered reads. */
export function recordAgain(subject: Subject, replay: readonly Storage[], shapes?: readonly (readonly number[])[]): Recording {
  try {
    return record(subject, { kernels: false, replay, ...(shapes && { shapes }) });
  } catch (error) {
    if (!(error instanceof NeedsKernels) || shapes) throw error;
    return record(subject, { kernels: true, replay });
  }
}

const placeOf = (provenance: Parameters<typeof frameOf>[0]) => {
  const frame = frameOf(provenance).frame;
  return frame ? ` at ${frame.file}:${frame.line}` : "";
};

/** Another value in place of one that was read. */
interface Change {
  readonly number: (value: number) => number;
  readonly big: (value: bigint) => bigint;
}

// One value is not enough: `item() > 0` stays as it is when 0.3 becomes 1.3. These lie on both sides of the read value and of usual
// thresholds, at zero, and change its sign, its parity and its order of magnitude. The near ones come first: a loop that counts to the value
// is found out before it counts far.
const alternatives: readonly Change[] = [
  { number: (v) => -v - 1, big: (v) => -v - 1n },
  { number: (v) => v * 8 + 3, big: (v) => v * 2n + 3n },
  { number: (v) => (v === 0 ? 1 : 0), big: (v) => (v === 0n ? 1n : 0n) },
  { number: (v) => Math.abs(v) + 1e6, big: (v) => (v < 0n ? -v : v) + 1_000_000n },
  { number: (v) => -Math.abs(v) - 1e6, big: (v) => -(v < 0n ? -v : v) - 1_000_000n },
];

const limits: Partial<Record<DType, readonly [number, number]>> = {
  int2: [-2, 1],
  uint2: [0, 3],
  int4: [-8, 7],
  uint4: [0, 15],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};

/** Another legal tensor of the same dtype and shape, different in every element. */
function altered(storage: Storage, change: Change): Storage {
  const { dtype, shape } = storage;
  if (dtype === "string")
    return Storage.from(
      dtype,
      (storage.dense() as string[]).map((s) => `${s}${change.number(0)}`),
      shape,
    );
  if (dtype === "bool")
    return Storage.from(
      dtype,
      storage.toNumbers().map((v) => 1 - v),
      shape,
    );
  if (isBig(dtype)) {
    const values = Array.from(storage.dense() as BigInt64Array, (v) => {
      const other = change.big(v);
      return other < 0n && dtype === "uint64" ? v * 2n + 3n : BigInt.asIntN(64, other);
    });
    return Storage.from(dtype, values, shape);
  }
  const [low, high] = limits[dtype] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const values = storage.toNumbers().map((v) => {
    const other = change.number(Number.isFinite(v) ? v : 0);
    if (isFloat(dtype) || (other >= low && other <= high)) return other;
    return v === high ? low : high;
  });
  return Storage.from(dtype, values, shape);
}
