// What an archive is to those who read it.
import type { Manifest } from "./manifest.ts";
import type { ModelConfig } from "./model-config-keys.ts";

/** What a file of an archive is for: the manifest names some, and all others are extra files. */
export type FileRole = "manifest" | "model" | "handler" | "modelFile" | "requirements" | "config" | "extra";

export interface ArchiveFile {
  /** Relative, with `/` between folders. */
  readonly path: string;
  readonly bytes: number;
  readonly role: FileRole;
}

export interface Archive {
  /** Of the archive, or of the folder that it was unpacked into. */
  readonly path: string;
  readonly manifest: Manifest;
  readonly files: readonly ArchiveFile[];
  /** From the file that the manifest names as `configFile`. */
  readonly config: ModelConfig;
  /** What was found wrong, but is no reason to refuse the archive. */
  readonly warnings: readonly string[];
}
