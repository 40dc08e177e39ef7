// Errors of the command line.
import { errorFamily } from "../entry.ts";

export const cliErrors = errorFamily({
  ModelFile: {
    kind: "ArgumentError",
    message: "{file} {problem}",
    hint: "Export a model: `export default new Net()`, a class that is constructed without arguments, or a function of tensors; --export NAME picks another export.",
    about:
      "`ingot trace` imports the file and takes its default export, or the one that `--export` names: a model, a class of models, or a function.",
  },
  InputOption: {
    kind: "ArgumentError",
    message: "--input {value}: {problem}",
    hint: 'Write --input x=cat.jpg, --input x=data.json, --input x=random; for trace --input "x:float32[batch,3,224,224]".',
    about:
      "Inputs on the command line are `name=file` (a picture, or JSON with nested arrays), `name=random`, or for `trace` `name:specification`.",
  },
});
