// Errors of model archives: making them, and reading those of strangers.
import { errorFamily } from "../entry.ts";

export const archiveErrors = errorFamily({
  ArchiveFormat: {
    kind: "ArchiveError",
    message: "{path} is no model archive: {problem}",
    hint: "Give a .mar (a zip archive), a .tar.gz, or a folder with MAR-INF/MANIFEST.json, as `ingot archive` and torch-model-archiver make them.",
    about:
      "An archive is known by its first bytes, not by its name. What was given is neither a zip archive, nor a gzip-packed tar archive, nor a folder.",
  },
  ArchiveDamaged: {
    kind: "ArchiveError",
    message: "{path} is damaged: {problem}",
    hint: "Copy or download it again, or make it again with `ingot archive`; compare its size with the original's.",
    about:
      "The archive ends too early, or its bytes contradict each other: a checksum, a size or a signature is not what it must be. A download that broke off is the usual cause. Nothing was unpacked.",
  },
  ArchiveUnsafePath: {
    kind: "ArchiveError",
    message: "{path} has an entry with an unsafe name, {entry}: {problem}",
    hint: "Make the archive again with `ingot archive`: names are relative, with / between folders.",
    about:
      "Names in an archive are written by whoever made it. One that leads out of the folder that it is unpacked into (`../`, an absolute path, a drive letter, a backslash), or that a file system cannot hold, is refused before anything is written. Nothing was unpacked.",
  },
  ArchiveLink: {
    kind: "ArchiveError",
    message: "{path} has the entry {entry}, which is {what}",
    hint: "Pack the file that it points to, not the link: `ingot archive` does.",
    about:
      "An archive of a model holds files and folders. Links could point at any file of the server, and devices and pipes have no content, so an archive that has one is refused as a whole. Nothing was unpacked.",
  },
  ArchiveDuplicate: {
    kind: "ArchiveError",
    message: "{path} has two entries for {entry}",
    hint: "Make the archive again with one file of each name.",
    about:
      "Programs differ in which of two entries of one name they take, so one could check the first and another load the second. The same holds for a file where another entry needs a folder. Nothing was unpacked.",
  },
  ArchiveHeaders: {
    kind: "ArchiveError",
    message: "{path} describes its entry {entry} twice, and not alike: {problem}",
    hint: "Make the archive again with `ingot archive` or zip.",
    about:
      "A zip archive describes each entry in its directory and once more in front of the entry's bytes. Programs differ in which of the two they believe; where they disagree, the archive is refused. Nothing was unpacked.",
  },
  ArchiveOverlap: {
    kind: "ArchiveError",
    message: "in {path} the entries {entry} and {other} share bytes",
    hint: "Make the archive again with `ingot archive` or zip; no such program writes entries like these.",
    about:
      "Entries of a zip archive that lie over each other make much data of a small file, which only bombs are for. Nothing was unpacked.",
  },
  ArchiveEncrypted: {
    kind: "ArchiveError",
    message: "{path} has encrypted entries ({entry})",
    hint: "Make the archive again without a password.",
    about: "Encrypted archives cannot be read: there is no place to give a password, and TorchServe reads none either.",
  },
  ArchiveTooLarge: {
    kind: "ArchiveError",
    message: "{path} unpacks to more than {limit} (it came to {bytes})",
    hint: "If the archive is to be trusted, raise `maxBytes`.",
    about:
      "Unpacking stops at a limit, so that an archive cannot fill the disk. The limit counts the bytes of all files. Nothing was left behind.",
  },
  ArchiveRatio: {
    kind: "ArchiveError",
    message: "{path} has {packed} and unpacks to more than {bytes}, {ratio} times as much",
    hint: "If the archive is to be trusted, raise `maxRatio`, or make it again with --archive-format zip-store.",
    about:
      "Weights hardly pack at all; a small file that unpacks to hundreds of times its size is made to fill disks. `ingot archive` stores files unpacked that would come near this limit. Nothing was left behind.",
  },
  ArchiveTooManyEntries: {
    kind: "ArchiveError",
    message: "{path} has more than {limit} entries",
    hint: "If the archive is to be trusted, raise `maxEntries`; files that belong together can be packed as one.",
    about: "The number of files is limited, so that an archive cannot use up the file system's room for names. Nothing was left behind.",
  },
  ArchiveTooDeep: {
    kind: "ArchiveError",
    message: "{path} has an entry in more than {limit} nested folders, {entry}",
    hint: "If the archive is to be trusted, raise `maxDepth`.",
    about: "The depth of folders is limited, because very long paths cannot be removed again on every system. Nothing was left behind.",
  },
  ArchiveManifestMissing: {
    kind: "ArchiveError",
    message: "{path} has no MAR-INF/MANIFEST.json, so it does not say which model it holds",
    hint: "Make it with `ingot archive` or torch-model-archiver rather than with zip or tar alone.",
    about:
      "The manifest names the model, its version and its files. It stands at `MAR-INF/MANIFEST.json`; in a .tar.gz, under one folder named after the model.",
  },
  ArchiveManifestTooLarge: {
    kind: "ArchiveError",
    message: "{what} in {path} has {bytes}, more than {limit}",
    hint: "Keep data in files of their own; such a file has a few hundred bytes.",
    about: "The manifest and the configuration are read into memory as a whole, so their size is limited.",
  },
  ArchiveManifestInvalid: {
    kind: "ArchiveError",
    message: "MAR-INF/MANIFEST.json of {path} is wrong at {field}: {problem}",
    hint: "Make the archive again with `ingot archive`; `ingot archive inspect` shows a manifest as it is read.",
    about:
      "The manifest must be JSON with a `runtime` (`python`, `python3` or `LSP`) and a `model` that has at least `modelName` and `modelVersion`; all names are strings.",
  },
  ArchiveFileMissing: {
    kind: "ArchiveError",
    message: "the manifest of {path} names {name} as its {field}, but the archive has no such file",
    hint: "Make the archive again; `ingot archive inspect` lists what is in it.",
    about: "The manifest names the model's files by their names in the archive. One of them is not there, or in another folder.",
  },
  ArchiveNotOnnx: {
    kind: "ArchiveError",
    message: "{path} holds no ONNX model ({found}): Ingot runs neither TorchScript nor Python handlers",
    hint: "Convert the model in Python with torch.onnx.export(model, example, 'model.onnx'), then: ingot archive --model-name {name} --version {version} --serialized-file model.onnx --handler {handler}",
    about:
      "TorchServe runs the Python code that an archive brings along. Ingot never runs code out of an archive: it serves the `.onnx` file that the manifest names as `serializedFile`, with a handler of its own (`image_classifier`, `object_detector`, `image_segmenter`, `text_classifier`, `base_handler`) or one that the server's operator names. Export the model to ONNX and archive that; TorchServe serves the same archive with ONNX Runtime.",
  },
  ArchiveConfig: {
    kind: "ArchiveError",
    message: "{file} in {path} cannot be read: {problem}",
    hint: "Write plain YAML: keys and values, without tags; every key once.",
    about:
      "The model's configuration is YAML of a safe kind: no tags that make objects, few aliases, no key twice. Values of the wrong type are no error: they are ignored with a warning.",
  },
  ArchiveExternalData: {
    kind: "ArchiveError",
    message: "the model of {path} asks for data that the archive does not have: {problem}",
    hint: "Make the archive again with `ingot archive`, which packs the data files beside the model.",
    about:
      "A large ONNX model keeps tensors in other files, and the model says in which. Inside an archive these may only be the archive's own files: one that names another file of the server, or lies outside the archive, is refused.",
  },
  ArchiveName: {
    kind: "ArchiveError",
    message: "Model name contains special characters: {name}",
    hint: "The allowed regular expression filter for model name is: ^[A-Za-z0-9][A-Za-z0-9_\\-.]*$",
    about:
      "A model's name becomes a file name and a part of URLs. It begins with a letter or a digit and goes on with letters, digits, `_`, `-` and `.`, as with torch-model-archiver.",
  },
  ArchiveExists: {
    kind: "ArchiveError",
    message: "{path} already exists.",
    hint: "Please specify --force/-f option to overwrite the model archive output file.",
    about: "An archive of that name stands in the export path. It is replaced only where `--force` (or `force: true`) says so.",
  },
  ArchiveExportPath: {
    kind: "ArchiveError",
    message: "Given export-path {path} is not a directory.",
    hint: "Point --export-path to a folder that exists.",
    about:
      "The archive is written into the export path, which must be a folder that exists. Without the option it is the working directory.",
  },
  ArchiveNameClash: {
    kind: "ArchiveError",
    message: "{first} and {second} would both be {name} in the archive",
    hint: "Rename one of them: files of an archive have no folders, and the contents of a folder go to the top.",
    about:
      "Extra files lose their folders in an archive, and so do the files of a folder that is named as an extra file. Two different files of one name would silently replace each other, so this is an error. The same file named twice is packed once.",
  },
  SourceDateEpoch: {
    kind: "ArgumentError",
    message: "SOURCE_DATE_EPOCH is {value}, which is no number of seconds",
    hint: "Set it to seconds since 1970, as in SOURCE_DATE_EPOCH=1700000000, or unset it.",
    about:
      "The environment variable of reproducible builds sets the date in an archive's manifest, so that the same files give the same bytes. It holds whole seconds since 1970, in UTC.",
  },
});
