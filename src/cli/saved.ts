// The last lines of the commands that write a model.
import type { SaveReport } from "../compile/save.ts";

/** `saved model.onnx: 230.4 MiB, opset ai.onnx 13, IR version 7` */
export function formatSaved({ path, bytes, opsets, irVersion }: SaveReport): string {
  const versions = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  return `saved ${path}: ${formatBytes(bytes)}, opset ${versions.join(", ")}, IR version ${irVersion}`;
}

const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Bytes in the unit that fits: `512 B`, `230.4 MiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(1, bytes)) / 10), units.length - 1);
  return power === 0 ? `${bytes} B` : `${(bytes / 2 ** (10 * power)).toFixed(1)} ${units[power]}`;
}
