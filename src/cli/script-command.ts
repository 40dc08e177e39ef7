// ingot script: a model file to a checked ONNX file, by reading its source.
import type { Command } from "commander";
import { script } from "../compile/script.ts";
import type { Session } from "./command.ts";
import { modelCommand } from "./model-command.ts";

export function scriptCommand(session: Session): Command {
  return modelCommand(session, {
    name: "script",
    summary: "Compile a model from its source, loops and branches on data included, check it against eager, and save it as ONNX.",
    examples: [
      'ingot script ./decoder.ts --input "ids:int64[batch=1,seq=4]" -o decoder.onnx',
      "ingot script ./nets.ts --export EarlyExit --check-input x=cat.jpg",
    ],
    modeText: "compile in this mode",
    compile: (model, tensors, options) => script(model, { ...options, example: { args: tensors } }),
  });
}
