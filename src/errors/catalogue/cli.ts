// Errors of the command line.
import { errorFamily } from "../entry.ts";

export const cliErrors = errorFamily({
  ModelFile: {
    kind: "ArgumentError",
    message: "{file} {problem}",
    hint: "{hint}",
    about:
      "`ingot trace` imports the file and takes its default export, or the one that `--export` names: a model, a class of models, or a function. A class whose constructor needs arguments is exported as an instance: `export default new Net(10)`.",
  },
  ModelFileSyntax: {
    kind: "ArgumentError",
    message: "{file} cannot be read: {problem}",
    hint: "Mend the syntax at that place; `npx tsc --noEmit` shows all such places.",
    about: "The file of the model, or one that it imports, is not valid TypeScript or JavaScript. Nothing of it was run.",
  },
  ModelFileFails: {
    kind: "ArgumentError",
    message: "{file} {what}: {problem}",
    hint: "The error is the file's own; --debug shows its stack.",
    about:
      "The file of the model threw while it was imported, or the class that it exports threw in its constructor. Where the stack tells, the line is shown.",
  },
  InputOption: {
    kind: "ArgumentError",
    message: "{option}: {problem}",
    hint: 'Write --input x=cat.jpg, --input x=data.json or --input x=random; for trace --input "x:float32[batch,3,224,224]" as well.',
    about:
      "Inputs on the command line are `name=file` (a picture, a NumPy array in `.npy`, or JSON with nested arrays), `name=random`, or for `trace` `name:specification`. A picture is preprocessed as torchvision does for ImageNet. Where a model has only one input, its name may be left out.",
  },
  LabelsFile: {
    kind: "ArgumentError",
    message: "{file} has no labels: {problem}",
    hint: "Write one label per line, or JSON: an array of labels, or a record by index.",
    about:
      "`--labels` reads a text file with one label per line, or JSON: an array, or a record from index to label (or to an array that ends with the label).",
  },
  ConformanceCases: {
    kind: "ArgumentError",
    message: "no test cases can be read from {path}: {problem}",
    hint: "Give a folder of cases (ONNX keeps its own in onnx/backend/test/data), each with model.onnx and test_data_set_0/, or a .tar.gz of such folders.",
    about:
      "`ingot conformance` runs cases in the form of ONNX's backend tests: a folder per case with `model.onnx` and one folder `test_data_set_N` per run with `input_I.pb` and `output_I.pb`. Folders may be nested, or packed as a tar archive. Here nothing of that kind was found, or the archive is damaged.",
  },
});
