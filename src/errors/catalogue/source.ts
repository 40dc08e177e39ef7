// Errors about reading source, and what trace()'s lint and script() find in it: tensors where JavaScript wants a primitive.
import { errorFamily } from "../entry.ts";

export const sourceErrors = errorFamily({
  NoInspector: {
    kind: "ScriptError",
    message: "the functions of this program cannot be inspected: {reason}",
    hint: "Run under Node.js; with its permission model, add --allow-inspector.",
    about:
      "Reading captured variables and exact positions needs Node's in-process inspector (`node:inspector`). Other engines do not have it, and Node refuses it under `--permission` unless `--allow-inspector` is given.",
  },
  NoSource: {
    kind: "ScriptError",
    message: "cannot read the source of {fn}: {reason}",
    hint: "Pass a function or method that is written in JavaScript or TypeScript, not a native one or a Proxy.",
    about:
      "The compiler reads a function's source as V8 executed it. Native functions have none, a Proxy hides it, and a script that V8 has dropped can no longer be read.",
  },
  TensorTruthiness: {
    kind: "TraceError",
    also: "ScriptError",
    message: "the tensor `{what}` is used as a condition; a tensor is an object and always true",
    hint: "To branch on the value write `{what}.any().item()`; to choose element by element, where(mask, a, b); to ask whether it was given, `{what} !== undefined`.",
    about:
      "JavaScript asks no object whether it is true: `if (mask)`, `while (t)`, `!t`, `t && x` and `t ? a : b` take the same way for every tensor, whatever it holds. To branch on the value, read it: `x.any().item()`. To choose element by element, use `where(mask, a, b)`. To ask whether an optional tensor was given, compare: `mask !== undefined`.",
  },
  TensorOperator: {
    kind: "TraceError",
    also: "ScriptError",
    message: "the operator `{op}` is used on a tensor",
    hint: "JavaScript has no operator overloading: write {method}.",
    about:
      "`+ - * / % ** < > <= >=` and their assigning forms convert objects to primitives, and a tensor refuses that. Every operator has a method: `a.add(b)`, `a.sub(b)`, `a.mul(b)`, `a.div(b)`, `a.pow(b)`, `a.lt(b)`, `a.gt(b)`, `a.neg()`.",
  },
  TensorIdentity: {
    kind: "TraceError",
    also: "ScriptError",
    message: "`{op}` compares a tensor by identity, not by value",
    hint: "For an element-wise comparison write a.eq(b) (or a.ne(b)); for one answer, a.eq(b).all().item(). To ask for the same object, use Object.is(a, b).",
    about:
      "`===`, `!==`, `==`, `!=` and `switch` ask whether two references are the same object. Two tensors with equal values are different objects, and a tensor is never equal to a number. Comparing with `null` or `undefined` is fine.",
  },
});
