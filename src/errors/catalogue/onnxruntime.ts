// Errors of the ONNX Runtime engine: finding the library, making sessions, running them.
import { errorFamily } from "../entry.ts";

export const onnxRuntimeErrors = errorFamily({
  EngineMissing: {
    kind: "EngineError",
    message: 'the engine "onnxruntime" is not installed: {why}',
    hint: "npm install onnxruntime-node --onnxruntime-node-install=skip",
    about:
      "ONNX Runtime comes in the optional package `onnxruntime-node`. Where its post-install download fails, npm leaves the package out. The flag in the hint switches the download off; the CPU library is in the package itself. Without it, the interpreter is the engine.",
  },
  EngineLibraryMissing: {
    kind: "EngineError",
    message: "the library of ONNX Runtime cannot be loaded from {path}: {why}",
    hint: 'Install the library that the message names, or choose the engine "interpreter".',
    about:
      "The package `onnxruntime-node` is installed, but the system's loader refuses the library in it: the platform has no build, or a library that it needs is missing. The message is the loader's own.",
  },
  EngineRejectedModel: {
    kind: "EngineError",
    message: "ONNX Runtime does not take the model: {message}",
    hint: 'Check the file with `ingot inspect`. The interpreter may still run it (engine "interpreter").',
    about:
      "ONNX Runtime refused to make a session: the bytes are not a model, the graph is not valid, an operator has no kernel, or an option is unknown. The message is ONNX Runtime's own.",
  },
  EngineRunFailed: {
    kind: "EngineError",
    message: "ONNX Runtime failed while it ran the model: {message}",
    hint: "The message names the node. Run the same inputs on the interpreter for a check of shapes and indices.",
    about:
      "A kernel of ONNX Runtime reported an error during a run, such as an index out of range or shapes that do not fit. The message is ONNX Runtime's own and names the node.",
  },
  EngineInput: {
    kind: "EngineError",
    message: "input `{name}`: {problem}",
    hint: "The inputs of the model are {inputs}.",
    about: "A run was given an input that the model does not have, lacks one that it has, or got data whose length does not fit its shape.",
  },
  EngineUnsupportedValue: {
    kind: "EngineError",
    message: "input `{name}`: the engine {engine} cannot be given {kind}",
    hint: 'Run this model on the engine "interpreter": load(file, { engine: "interpreter" }), or module.withEngine("interpreter").',
    about:
      "ONNX Runtime is handed tensors, sequences, maps and what an optional holds. Its C API has no form for an optional input that holds nothing, nor for a sequence of maps that is empty; the interpreter takes both.",
  },
  EngineOutput: {
    kind: "EngineError",
    message: "output `{name}`: {problem}",
    hint: "The outputs of the model are {outputs}.",
    about: "A run was asked for an output that the model does not have, or for one of a kind that cannot be handed over.",
  },
  RunAborted: {
    kind: "EngineError",
    message: "the run was aborted: {reason}",
    hint: "The AbortSignal that was passed as `signal` fired. Nothing is left half-done; the model can be run again.",
    about: "A run, or a check of load, trace, script or verify, was given an AbortSignal, and the signal fired before it had finished.",
  },
  EngineClosed: {
    kind: "EngineError",
    message: "the model was closed, and cannot {action} any more",
    hint: "Call close() only after the last run; compile or load the model again to go on.",
    about: "`.close()` frees a compiled module's session. Runs that were under way finish first; later ones are refused.",
  },
});
