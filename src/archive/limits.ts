// What reading an archive may cost: an archive of a stranger must not fill the disk or the file table.
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";

/** Caps on an archive; each is an error of its own when it is passed. */
export interface ArchiveLimits {
  /** Bytes of all files together. Default: 64 GiB. */
  readonly maxBytes?: number;
  /** Files and folders. Default: 10,000. */
  readonly maxEntries?: number;
  /** How many times its own size an archive may unpack to, beyond the first 32 MiB. Default: 200. */
  readonly maxRatio?: number;
  /** Folders within folders. Default: 32. */
  readonly maxDepth?: number;
}

export type CheckedLimits = Required<ArchiveLimits>;

export const defaultLimits: CheckedLimits = { maxBytes: 64 * 2 ** 30, maxEntries: 10_000, maxRatio: 200, maxDepth: 32 };

/** In bytes: no disk is filled with so little, so that a small archive of zeros is none of a bomb. */
export const ratioFrom = 32 * 2 ** 20;

/** Of the manifest and of the configuration, in bytes. */
export const maxTextBytes = 2 ** 18;

/** All limits, with defaults for what is not given. Throws `ArchiveOption`. */
export function checkLimits(options: ArchiveLimits): CheckedLimits {
  const pick = (key: keyof ArchiveLimits): number => {
    const value: unknown = options[key] ?? defaultLimits[key];
    if (typeof value === "number" && value >= 1 && (Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY)) return value;
    throw ingotError("ArchiveOption", {
      option: key,
      problem: `expected an integer from 1, or Infinity, got ${describeValue(value)}`,
      hint: `Leave it out for ${defaultLimits[key].toLocaleString("en")}.`,
    });
  };
  return { maxBytes: pick("maxBytes"), maxEntries: pick("maxEntries"), maxRatio: pick("maxRatio"), maxDepth: pick("maxDepth") };
}
