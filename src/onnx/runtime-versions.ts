// What each release of ONNX Runtime reads at most. A file for it must not say more.

export interface RuntimeLimits {
  readonly opset: number;
  readonly irVersion: number;
}

/**
 * ONNX Runtime's releases: opset of the default domain and IR version. Source: its compatibility table up to 1.20 and the ONNX release that
 * each is built on; where sources differ, and for 1.21 to 1.29, the lower. 1.30 was tried.
 */
const releases: readonly (readonly [release: string, opset: number, irVersion: number])[] = [
  ["1.10", 15, 8],
  ["1.11", 16, 8],
  ["1.12", 17, 8],
  ["1.13", 17, 8],
  ["1.14", 18, 8],
  ["1.15", 19, 9],
  ["1.16", 19, 9],
  ["1.17", 20, 9],
  ["1.18", 21, 10],
  ["1.19", 21, 10],
  ["1.20", 21, 10],
  ["1.21", 22, 10],
  ["1.22", 22, 10],
  ["1.23", 23, 11],
  ["1.24", 24, 12],
  ["1.25", 24, 12],
  ["1.26", 24, 12],
  ["1.27", 24, 12],
  ["1.28", 24, 12],
  ["1.29", 24, 12],
  ["1.30", 26, 13],
];

/** The versions in the table, as a message lists them. */
export const knownReleases = `${releases[0]?.[0]} to ${releases.at(-1)?.[0]}`;

/** What a release reads; `1.17.3` is looked up as 1.17. Undefined for one that is not in the table. */
export function limitsOfRelease(version: string): RuntimeLimits | undefined {
  const short = /^(\d+\.\d+)(?:\.\d+)?$/.exec(version)?.[1];
  const row = releases.find(([release]) => release === short);
  return row && { opset: row[1], irVersion: row[2] };
}

/** The first release that reads an opset; undefined where none in the table does. */
export function firstReleaseFor(opset: number): string | undefined {
  return releases.find(([, newest]) => newest >= opset)?.[0];
}
