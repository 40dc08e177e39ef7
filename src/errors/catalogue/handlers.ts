// Errors of a served model's handler: they are met when a worker starts, and stand in the operator's log.
import { errorFamily } from "../entry.ts";

export const handlerErrors = errorFamily({
  HandlerUnknown: {
    kind: "ServeError",
    message: "there is no handler {handler} for model {model}",
    hint: "The built-in ones are {known}. A handler of your own is a JavaScript or TypeScript file: --handler-module {handler}=FILE",
    about:
      "An archive names its handler. It is one of the built-in ones, or one that the operator of the server gave with `--handler-module NAME=FILE`. A Python handler (`handler.py`) cannot run here, and code that comes in an archive is never run.",
  },
  HandlerModule: {
    kind: "ServeError",
    message: "the handler module {file} {problem}",
    hint: "It exports a function: `export const createHandler: HandlerFactory = (context) => ({ preprocess, postprocess });`",
    about:
      "`--handler-module NAME=FILE` names a JavaScript or TypeScript file, which every worker of a model with that handler imports. It could not be imported, or does not export `createHandler`, a function that gives an object with the functions `preprocess` and `postprocess`.",
  },
  HandlerOption: {
    kind: "ServeError",
    message: "model-config.yaml: the option `{option}` of {handler} is {actual}, expected {expected}",
    hint: "Options stand under `handler:` in the archive's model-config.yaml; docs/guides/serve-handlers.md lists them.",
    about:
      "What the archive's model-config.yaml has under `handler:` are the handler's options. One has a value that it cannot take. The workers of the model do not start.",
  },
  HandlerFile: {
    kind: "ServeError",
    message: "{file} of model {model} {problem}",
    hint: "Put the file into the archive with `--extra-files {file}`: {expected}.",
    about:
      "A handler reads files that come in the archive: `index_to_name.json` with the names of classes, `tokenizer.json` with a tokenizer. This one is missing or is not what it should be.",
  },
  HandlerModel: {
    kind: "ServeError",
    message: "{handler} cannot serve model {model}: {problem}",
    hint: "{hint}",
    about:
      "The inputs or outputs of the model are not those that its handler makes and reads. The message says what the model has and what the handler expects; the workers of the model do not start, because no request could be answered.",
  },
});
