// The labels of a model's classes, for the classification extension.

import type { CodecModel } from "./codecs.ts";
import { readClassNames } from "./handlers/class-names.ts";

const known = new WeakMap<CodecModel, Promise<(index: number) => string>>();

/** Of a class its name in the archive's index_to_name.json; its index where that has none. */
export function classLabels(served: CodecModel): Promise<(index: number) => string> {
  let labels = known.get(served);
  if (!labels) {
    // Without the file, classes are their indices: that is what the extension says, and nothing to warn of.
    labels = readClassNames({ folder: served.model.folder, model: served.model, warn() {} });
    known.set(served, labels);
  }
  return labels;
}
