// The last lines of the commands that write a model.
import type { SaveReport } from "../compile/save.ts";
import { formatBytes } from "../errors/quantity.ts";

/** `saved model.onnx: 230.4 MiB, opset ai.onnx 13, IR version 7` */
export function formatSaved({ path, bytes, opsets, irVersion }: SaveReport): string {
  const versions = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  return `saved ${path}: ${formatBytes(bytes)}, opset ${versions.join(", ")}, IR version ${irVersion}`;
}
