// Errors of compiled modules: inputs that do not fit, saving, running.
import { errorFamily } from "../entry.ts";

export const compileErrors = errorFamily({
  InputCount: {
    kind: "ShapeError",
    message: "{module} takes {expected} ({names}), got {actual}",
    hint: "Call run with the same arguments as the example: run(x), or run([x, y]); one argument that is a list is wrapped once more: run([[a, b]]).",
    about: "A compiled module takes the arguments that `forward` took when it was traced: one tensor, or an array of arguments.",
  },
  InputKind: {
    kind: "ArgumentError",
    message: "input {name} of {module} is {actual}, expected {expected}",
    hint: "Pass the same structure as the example: arrays and records with the same keys.",
    about: "Nested inputs have the structure of the example: the same keys, the same lengths, tensors at the same places.",
  },
  InputDType: {
    kind: "DTypeError",
    message: "input {name} of {module} is {actual}, expected {expected}",
    hint: 'Convert it: {name}.to("{expected}").',
    about: "The graph was made for one dtype per input. Inputs are not converted silently.",
  },
  InputShape: {
    kind: "ShapeError",
    message: "input {name} of {module} has shape {actual}, expected {expected}: {problem}",
    hint: "{hint}",
    about:
      'The graph was traced for these shapes. A named dimension may have any size in its range, the same wherever the name stands; the others are fixed. To accept other sizes, trace with `dynamic: { name: { axis: "size" } }`.',
  },
  StaticInputChanged: {
    kind: "ArgumentError",
    message: "input {name} of {module} is {actual}, but the graph was traced with {expected}",
    hint: "Numbers, strings and booleans among the arguments are fixed when a model is traced. Pass it as a tensor, or trace once per value.",
    about: "A plain value among the example's arguments is part of the graph. Another value would need another graph.",
  },
  ModuleClosed: {
    kind: "EngineError",
    message: "{module} was closed",
    hint: "Call close() after the last run; trace or load again to go on.",
    about: "`close()` frees the engine's memory. A closed module cannot run.",
  },
  CompiledIsFixed: {
    kind: "DTypeError",
    message: "{module} is compiled: its weights cannot be converted to {dtype}",
    hint: 'Convert the model before it is traced: trace(model.to("{dtype}"), example).',
    about:
      "The weights of a compiled module are constants of its graph, and the graph was checked with them as they are. Another dtype is another graph.",
  },
  ContainerNotTraceable: {
    kind: "UnsupportedOpError",
    message: "{module} cannot be part of a recording: its {what} is of type {type}, and a recording holds tensors only",
    hint: "Call it outside of the traced model, or load a file that ends in tensors (without the ZipMap, or with ConcatFromSequence).",
    about:
      "A loaded module may take and give sequences, optionals and maps: arrays, values or `null`, and `Map`s in JavaScript. Such a module runs by itself and in eager code. A traced model records operators on tensors, so it cannot call one.",
  },
  CodeNotExpressible: {
    kind: "UnsupportedOpError",
    message: "{op} cannot be written as code: it {problem}",
    hint: "Print the graph instead: String(module.graph) shows all of it.",
    about:
      "`.code` writes a graph as TypeScript that calls operators by name. If, Loop and Scan become statements, and an operator that runs a graph of its own, such as FlexAttention, is written as the operators that define it. What has no decomposition has no form there, and neither have sequences, optionals and maps, because eager code computes with tensors.",
  },
  NoCheckInputs: {
    kind: "EquivalenceError",
    message: "{file} cannot be checked: the model fails on random inputs ({problem})",
    hint: 'Give it an input it accepts: load("{file}", { example: x }), or --input on the command line.',
    about:
      "A loaded model is run before and after optimisation on the same inputs. Random ones of the declared shapes made it fail, so an example is needed.",
  },
  UnknownOption: {
    kind: "ArgumentError",
    message: "{call} has no option `{option}`",
    hint: "{suggestion}The options are {known}.",
    about: "Options are checked where they enter, so that a mistyped one is not silently without effect.",
  },
  InvalidSpec: {
    kind: "ArgumentError",
    message: '"{spec}" is not an input specification: {problem}',
    hint: 'Write a dtype and the sizes, with names for those that may change: "float32[batch=2, 3, height=224, width=224]".',
    about:
      "A specification names the dtype and each dimension: a number is fixed, `name` or `name=size` is symbolic, with the size to use in the example.",
  },
});
