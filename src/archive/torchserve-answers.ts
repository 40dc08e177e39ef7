// What a server answers where an archive cannot be registered: TorchServe's status and type, by the code of our error.
import type { archiveErrors } from "../errors/catalogue/archive.ts";

export interface TorchServeAnswer {
  readonly status: number;
  /** The simple name of the Java exception, which clients compare. */
  readonly type: string;
}

const invalid: TorchServeAnswer = { status: 400, type: "InvalidModelException" };

type Codes = keyof typeof archiveErrors;
/** Those that only making an archive raises. */
type Making = "ArchiveName" | "ArchiveExists" | "ArchiveExportPath" | "ArchiveNameClash" | "SourceDateEpoch";

/** By the codes that reading an archive can raise; where files cannot be read or written, the errors are those of files. */
export const torchserveAnswers: { readonly [C in Exclude<Codes, Making>]: TorchServeAnswer } = {
  ArchiveFormat: invalid,
  ArchiveDamaged: invalid,
  ArchiveUnsafePath: invalid,
  ArchiveLink: invalid,
  ArchiveDuplicate: invalid,
  ArchiveHeaders: invalid,
  ArchiveOverlap: invalid,
  ArchiveEncrypted: invalid,
  ArchiveTooLarge: invalid,
  ArchiveRatio: invalid,
  ArchiveTooManyEntries: invalid,
  ArchiveTooDeep: invalid,
  ArchiveManifestMissing: invalid,
  ArchiveManifestTooLarge: invalid,
  ArchiveManifestInvalid: invalid,
  ArchiveFileMissing: invalid,
  ArchiveNotOnnx: invalid,
  ArchiveConfig: invalid,
  ArchiveExternalData: invalid,
};
