// What reading an archive may cost: an archive of a stranger must not fill the disk or the file table.
import type { OptionRule } from "../compile/options.ts";

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
export const maxTextBytes = 2 ** 16;

/** All limits, with defaults for what is not given. */
export const withDefaults = ({
  maxBytes = defaultLimits.maxBytes,
  maxEntries = defaultLimits.maxEntries,
  maxRatio = defaultLimits.maxRatio,
  maxDepth = defaultLimits.maxDepth,
}: ArchiveLimits): CheckedLimits => ({ maxBytes, maxEntries, maxRatio, maxDepth });

/** The rule of a cap; `usual` is what holds without it. */
export const cap = (usual: number): OptionRule => ({
  expected: "an integer from 1, or Infinity",
  hint: `Leave it out for ${usual.toLocaleString("en")}.`,
  holds: (value) => value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= 1),
});
