// ingot trace: a model file to a checked ONNX file, by running it.
import type { Command } from "commander";
import { trace } from "../compile/trace.ts";
import type { Session } from "./command.ts";
import { modelCommand } from "./model-command.ts";

export function traceCommand(session: Session): Command {
  return modelCommand(session, {
    name: "trace",
    summary: "Trace a model, optimise it, check it against eager, and save it as ONNX.",
    examples: [
      'ingot trace ./model.ts --input "x:float32[batch,3,224,224]" -o model.onnx',
      'ingot trace ./nets.ts --export Small --input "ids:int64[batch=2,seq=16]" --input "mask:bool[batch=2,seq=16]"',
      "ingot trace ./model.ts --input x=cat.jpg --dynamic x:0=batch --check-input x=dog.jpg",
    ],
    modeText: "record in this mode",
    compile: (model, tensors, options) => trace(model, { args: tensors }, options),
  });
}
