// The public entry `ingot/archive`: archives of models, for servers and for the tools around them.
export { type ArchiveFormat, type ArchiveOptions, type ArchiveReport, archive } from "./archive.ts";
export type { Archive, ArchiveFile, FileRole } from "./archive-file.ts";
export { extractArchive } from "./extract-archive.ts";
export { type ArchiveInspection, inspectArchive, type ModelPort, type ModelPorts } from "./inspect-archive.ts";
export type { ArchiveLimits } from "./limits.ts";
export type { ArchiveRuntime, Manifest, ManifestModel } from "./manifest.ts";
export { type ConfigKey, configKeys, type KeyRule, type ModelConfig } from "./model-config-keys.ts";
export { openArchive, type ReadArchiveOptions } from "./open-archive.ts";
export { type TorchServeAnswer, torchserveAnswers } from "./torchserve-answers.ts";
