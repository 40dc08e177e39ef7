// Errors of the optimiser: graphs as text, patches, passes.
import { errorFamily } from "../entry.ts";

export const passErrors = errorFamily({
  PassesDoNotSettle: {
    kind: "GraphError",
    message: "the passes did not come to rest in {rounds} rounds: going in circles are {passes}",
    hint: "These rules undo each other, or one of them matches its own result. Switch one off by name (disable), and report it.",
    about:
      "The optimiser runs its passes until none of them finds anything more. Rules that undo each other would go on for ever. A run stops when the structure of the graph comes back for the third time, or when it has done 16 rewrites for each node and constant.",
  },
  UnknownPass: {
    kind: "ArgumentError",
    message: "{name} is neither a pass nor a rule",
    hint: "{suggestion}The names are {known}.",
    about:
      "Passes and rules are switched off (disable), stopped at (stopAt) and asked about (explain) by their names, as the report prints them.",
  },
  PassWithoutPattern: {
    kind: "ArgumentError",
    message: "the pass {name} has no pattern, so there are no nodes to explain it for",
    hint: "Its `about` says what it does. These have patterns: {rules}.",
    about:
      "`explain` tells for each node that could be the root of a rule's pattern whether the rule fires there. Passes such as constant folding look at every node and have no pattern.",
  },
  GraphSyntax: {
    kind: "GraphError",
    message: "graph text, line {line}, column {column}: expected {expected}, found {found}",
    hint: "The syntax is ONNX's text syntax, as String(graph) prints it: main (float[2] x) => (float[2] y) { y = Relu (x) }",
    about: "The text of a graph could not be read. The message gives the place, what was expected there and what stands there.",
  },
  GraphTextName: {
    kind: "GraphError",
    message: "graph text, line {line}, column {column}: {problem}",
    hint: "Every name is defined once, as an input, an initializer or the output of a node, before it is read.",
    about: "The text of a graph reads a name that nothing defines, or defines one twice.",
  },
  GraphTextElided: {
    kind: "GraphError",
    message: "graph text, line {line}, column {column}: the elements of `{name}` were left out when the text was printed",
    hint: "Print the graph with the option `weights` of printGraph to have all elements in the text.",
    about:
      "By default large initializers are printed as {...}. Such a text is for reading by people and cannot be turned back into a graph.",
  },
  InvalidPatch: {
    kind: "GraphError",
    message: "the patch `{label}` cannot be applied: {problem}{where}",
    hint: "A patch reads values that are computed before it is inserted, and replaces a value by one of the same dtype and a compatible shape.",
    about: "A rewrite rule made a patch that does not fit the graph. The rule's replacement is wrong; the graph was not changed.",
  },
  RuleName: {
    kind: "GraphError",
    message: "the rule `{rule}` asks for `{name}`, which its pattern does not bind",
    hint: "The pattern binds {known}. Values are bound by using v.name, nodes with .as(name).",
    about: "`check` and `replacement` may only ask a match for the names that the rule's pattern binds.",
  },
});
