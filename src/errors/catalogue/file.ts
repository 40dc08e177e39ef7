// Errors about files on disk, whatever they hold: reading and writing.
import { errorFamily } from "../entry.ts";

export const fileErrors = errorFamily({
  FileNotFound: {
    kind: "FileError",
    message: "there is no file at {path}",
    hint: "Check the path; relative paths start at {folder}.",
    about: "A file that was to be read does not exist. Relative paths start at the working directory of the process, which the hint names.",
  },
  FileNotReadable: {
    kind: "FileError",
    message: "{path} cannot be read: {why}",
    hint: "Check that it is a file and that this user may read it.",
    about: "The file exists, but the system refuses to read it: permissions, a folder where a file was expected, or a failing device.",
  },
  FileNotWritable: {
    kind: "FileError",
    message: "{path} cannot be written: {why}",
    hint: "Choose a path in an existing folder that this user may write to.",
    about:
      "The system refuses to write there: the folder does not exist, permissions, a read-only file system, or a folder of that name. Files are written under a temporary name and renamed when complete, so whatever stood at the path before is still there, unchanged.",
  },
  DiskFull: {
    kind: "FileError",
    message: "{path} cannot be written: no space is left on the device",
    hint: "Free some space or choose a path on another disk. Nothing was left behind, and a file that stood there before is unchanged.",
    about:
      "The disk or the user's quota is full. Files are written under a temporary name, flushed, and renamed when complete; on failure the temporary file is removed, so nothing is left half-written.",
  },
});
