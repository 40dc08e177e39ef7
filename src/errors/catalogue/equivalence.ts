// Errors of the equivalence check: a graph that does not compute what eager computes never leaves the compiler.
import { errorFamily } from "../entry.ts";

export const equivalenceErrors = errorFamily({
  NotEquivalent: {
    kind: "EquivalenceError",
    message: "{what} differs from eager: {problem}",
    hint: "{hint}",
    about:
      "Every graph is run beside the eager model on inputs of its own before you get it. Here the two disagreed by more than the limit, so nothing was returned. The notes name the first pass, rule and node that diverge. Please report it; to go on without that pass, switch it off by name.",
  },
  RewriteNotEquivalent: {
    kind: "EquivalenceError",
    message: "the rule {rule} does not keep what {node} computes{where}: {problem} (error {error}, limit {limit} for accuracy {accuracy})",
    hint: 'Switch the rule off to go on: { disable: ["{rule}"] }. If you wrote it, compare its replacement with its pattern; otherwise please report it.',
    about:
      "Before a rewrite is applied, the nodes it replaces and their replacement are run on the same small random inputs. An exact rule must give the same bits. A rule of accuracy ulp is run in float64, where only the rounding of its new constants may be left. An approximate rule must stay within the limit it states. Here the two sides differ by more, so the graph was not changed.",
  },
  TraceNotFaithful: {
    kind: "EquivalenceError",
    message: "the traced graph does not reproduce eager bit for bit: {problem}",
    hint: "The model computes something else on another run: look for captured state, randomness, or native code that changes tensors. Otherwise this is a bug in Ingot: please report it with the model.",
    about:
      "The unoptimised graph, run by the interpreter, must equal the eager run bit for bit. If it does not, something that decides the result was not recorded.",
  },
  NoCertificate: {
    kind: "EquivalenceError",
    message: "{file} carries no certificate of Ingot",
    hint: "Compare it with another file (ingot verify a.onnx b.onnx), or with a model (--model ./model.ts).",
    about:
      "Files saved by Ingot hold a certificate: the check's inputs as recipes, and eager's results. Another tool's file has none, and a tool that rewrites files may drop it.",
  },
  InvalidCertificate: {
    kind: "EquivalenceError",
    message: "the certificate in {file} cannot be read: {problem}",
    hint: "The metadata was changed by another tool. Save the model again.",
    about: "The certificate is JSON in the file's metadata. Here it is damaged, or of a later version of Ingot.",
  },
});
