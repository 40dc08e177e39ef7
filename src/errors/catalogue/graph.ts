// Errors about graphs: building, verifying, parsing.
import { errorFamily } from "../entry.ts";

export const graphErrors = errorFamily({
  UnknownOperator: {
    kind: "UnsupportedOpError",
    message: '{op} (domain "{domain}") is not an operator that Ingot knows{where}',
    hint: "Operators are named as ONNX names them, other domains in front: Relu, com.microsoft.FusedConv. If it is one of ONNX or of ONNX Runtime, please report it.",
    about:
      "A graph holds only operators that have a definition here: schema, type inference, kernel. `CONTRIBUTING.md` in the repository shows how one is added.",
  },
  OperatorArity: {
    kind: "GraphError",
    message: "{op}: {count} inputs given, expected {expected}",
    hint: "The inputs of {op} are {inputs}.",
    about: "A node has fewer or more inputs than its operator's schema allows.",
  },
  UnknownAttribute: {
    kind: "GraphError",
    message: "{op} has no attribute `{attribute}`",
    hint: "The attributes of {op} are {attributes}.",
    about: "A node carries an attribute that its operator's schema does not have.",
  },
  MissingAttribute: {
    kind: "GraphError",
    message: "{op} needs the attribute `{attribute}`",
    hint: "Give it a value of kind {type}.",
    about: "A required attribute of an operator is missing.",
  },
  AttributeType: {
    kind: "GraphError",
    message: "{op}: attribute `{attribute}` is {actual}, expected {expected}",
    hint: "ONNX's kinds are int, float and string, lists of them (ints, floats, strings), tensor, graph and type.",
    about: "An attribute has a value of another kind than its operator's schema says.",
  },
  InvalidGraph: {
    kind: "GraphError",
    message: "the graph is not valid: {problem}{where}",
    hint: "{hint}",
    about:
      "The verifier found a graph that breaks a rule of the IR: single assignment, dominance, arity or types. This names the node and its source line.",
  },
  StepLimit: {
    kind: "GraphError",
    message: "{op}{node} does not end: its body ran {runs} times, and with it the loops have taken {limit} steps{where}",
    hint: "If the model is meant to run so long, allow it more: load(path, { check: { maxSteps: {more} } }), or run(x, { maxSteps: {more} }).",
    about:
      "A file can hold a Loop without an end. Where such a file is checked, or a run is given `maxSteps`, each node that runs inside of a loop (or branch) counts, and each beginning of its body; beyond the limit the run stops and names the loop that began most often.",
  },
  StepTime: {
    kind: "EngineError",
    message: "{engine} was stopped after {seconds} s, in which the loops of {graph} should have taken their {limit} steps",
    hint: "If the model is meant to run so long, allow it more: load(path, { check: { maxSteps: {more} } }), or run(x, { maxSteps: {more} }).",
    about:
      "ONNX Runtime does not count the steps of a Loop. A run that may take at most `maxSteps` of them gets the time that the interpreter needs for as many, 20 µs each and 2 s at least, if its graph has a loop.",
  },
});
