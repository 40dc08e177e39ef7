// Who wrote a file: the package's own name and version.
import { createRequire } from "node:module";

const manifest: unknown = createRequire(import.meta.url)("../../package.json");

/** The version of this package, as in `0.1.0`. */
export const producerVersion = typeof manifest === "object" && manifest && "version" in manifest ? String(manifest.version) : "";
export const producerName = "ingot";
