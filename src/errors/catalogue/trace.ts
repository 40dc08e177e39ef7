// Errors of trace(): what a recording by running cannot represent faithfully.
import { errorFamily } from "../entry.ts";

export const traceErrors = errorFamily({
  NotAModel: {
    kind: "TraceError",
    message: "{what} cannot be traced: expected a function or an object with a forward method, got {actual}",
    hint: "Pass a Module, or a function of tensors: trace((x) => x.relu(), example). A class is passed as an instance: trace(new Net(), example).",
    about: "A model is a function over tensors, or an object whose `forward` method is one.",
  },
  UnsupportedInput: {
    kind: "TraceError",
    message: "input {name} is {actual}, which is neither a tensor nor an array, record, number, string or boolean",
    hint: "Pass tensors, or plain arrays and records of them.",
    about:
      "Inputs are tensors, nested in arrays and plain records as you like. Numbers, strings and booleans are fixed at their example's value.",
  },
  NoExample: {
    kind: "TraceError",
    message: "{model} was given no example to trace it on, and declares none",
    hint: 'Pass tensors or specifications (trace(model, "float32[batch=2, 3, 224, 224]")), or declare them in the class: static inputs = { x: "float32[batch=2, 3, 224, 224]" }.',
    about:
      "Tracing runs the model on an example: tensors, or specifications that random tensors are made from. A model may declare its own as `static inputs`.",
  },
  NoTensorInput: {
    kind: "TraceError",
    message: "the example holds no tensor",
    hint: "Give an example with at least one tensor: trace(model, randn([1, 3, 224, 224], { seed: 0 })).",
    about: "Tracing runs the model on an example. Without a tensor in it there is nothing the graph could depend on.",
  },
  OutputNotTensor: {
    kind: "TraceError",
    message: "forward returned {actual} at {path}, expected a tensor",
    hint: "Return a tensor, or arrays and plain records of tensors. A number read with .item() is a tensor without it.",
    about:
      "A compiled module returns what `forward` returned: tensors, nested in arrays and plain records. Anything else cannot be part of a graph.",
  },
  AsyncForward: {
    kind: "TraceError",
    message: "forward returned a Promise",
    hint: "Make forward synchronous: load data before it, and await the compiled module's run() instead.",
    about: "A model's `forward` is a synchronous function over tensors. Work that waits belongs before or after it.",
  },
  UnknownDynamicName: {
    kind: "TraceError",
    message: "`dynamic` names {name}, which is not an input",
    hint: "The inputs are {known}.",
    about: "`dynamic` is keyed by the names of the inputs, or is an array by position.",
  },
  InvalidDynamicAxis: {
    kind: "TraceError",
    message: "`dynamic` names axis {axis} of {name}, which has shape {shape}",
    hint: 'Axes run from 0 to {last}: dynamic: { {name}: { 0: "batch" } }.',
    about: "A dynamic dimension is an axis that the example has.",
  },
  InconsistentSymbol: {
    kind: "TraceError",
    message: "the dynamic dimension {symbol} has size {a} in {first} but {b} in {second}",
    hint: "Dimensions with one name must be equal in the example; use two names for two sizes.",
    about: "A symbolic dimension stands for one size. Every place that bears its name must have that size in the example.",
  },
  StateMutation: {
    kind: "TraceError",
    message: "forward wrote to {target}, which is not a registered buffer",
    hint: "Register it as a buffer (registerBuffer) to make it a state output, or keep it in a local variable.",
    about:
      "A graph computes its outputs from its inputs. A write to captured state would happen in eager and be lost in the graph; only registered buffers become state outputs.",
  },
  InputMutation: {
    kind: "TraceError",
    message: "forward changed its argument {path}",
    hint: "Leave the caller's arrays and records alone: make new ones ([...xs, y], { ...batch, x: y }).",
    about:
      "An eager run would change the array or record that the caller passed in, and the compiled module would not. Both must do the same, so a model that changes its arguments is refused.",
  },
  TensorWrite: {
    kind: "TraceError",
    also: "ScriptError",
    message: "a tensor is written into: {what}",
    hint: "Tensors are immutable: make a new one from the values (where, scatter, cat, tensor(values)).",
    about:
      "`.data`, `.storage` and `.toNdarray()` share the tensor's memory, for reading, and `x[i] = v` only sets a property of the handle. Neither is an operation on tensors, so it cannot be part of a graph. Where memory was changed, what it held before was put back.",
  },
  ReadReachesGraph: {
    kind: "TraceError",
    message: "a value read out of a tensor by .{how}() decides what the graph computes{effect}",
    hint: 'Keep the decision on tensors (where, clamp, maximum), make it depend on shapes only, or use script(), which keeps data-dependent control flow. If this read is harmless, name its line in { allow: ["{place}"] }.',
    about:
      "The model read a number out of a tensor, and with another number the recorded graph would be another one. The traced graph would silently keep the example's choice for every input.",
  },
  DataReachesGraph: {
    kind: "TraceError",
    message: "the graph changes with the values of the inputs: {difference}",
    hint: "A size that depends on data (of nonzero, maskedSelect, unique) was read in JavaScript. Leave it to the operations (reshape to -1, sum of a mask), or use script().",
    about:
      "The model has shapes that depend on the values of its inputs. It was recorded on other values and gave another graph: a size, or a loop over it, would silently stay the example's.",
  },
  TooManyReads: {
    kind: "TraceError",
    message: "the model reads values out of tensors at {count} places, more than the {limit} that can be checked",
    hint: 'Keep computation on tensors, or name harmless lines in { allow: ["file.ts:line"] }.',
    about:
      "Each read of a tensor's value is checked by recording the model again with another value. Past the limit, every unchecked read is an error unless it is allowed by name.",
  },
  NondeterministicModel: {
    kind: "TraceError",
    message: "two recordings of the model differ: {difference}",
    hint: "Remove Math.random, Date.now and counters from forward, or pass what they give as an input.",
    about: "The model was recorded twice on the same input and gave two graphs. Something besides its inputs decides what it computes.",
  },
  StructureDependsOnSize: {
    kind: "TraceError",
    message: "the graph itself changes with {symbols}: {difference}",
    hint: "A loop or branch in JavaScript follows a dynamic size. Write it with tensor operations over the whole axis, give the range of sizes that are needed ({ name, min, max }), fix that dimension, or use script().",
    about:
      "The model was recorded at several sizes of its dynamic dimensions and gave graphs with different nodes. One graph cannot stand for all of them.",
  },
  SizeRejected: {
    kind: "TraceError",
    message: "the model fails when it is recorded at {sizes}: {problem}",
    hint: 'Say which sizes it takes (dynamic: { x: { 2: { name: "height", min: 64, multiple: 32 } } }), and give dimensions that must be equal one name.',
    about:
      "A model with dynamic dimensions is recorded at further sizes. It threw at one of them; give the range, or the number that sizes are a multiple of.",
  },
  UnexplainedSize: {
    kind: "TraceError",
    message: "a number that the model computed in JavaScript changes with {symbols} in a way that cannot be expressed: {values}",
    hint: "Keep the size a whole number and do the rest on tensors (x.div(n), x.div(tensor(n).sqrt())), give a range in which it follows the size ({ name, min, max }), or fix the dimension.",
    about:
      "Numbers that change with a dynamic dimension must be integer expressions of the dimensions (`2*seq + 1`, `floor(h/2)`), so that the graph can compute them.",
  },
  DynamicAttribute: {
    kind: "TraceError",
    message: "attribute {attribute} of {op} changes with {symbols}: {values}",
    hint: "Attributes of operators are fixed when a graph is made. Use an operation that takes this number as an input (reshape, slice, pad), or fix the dimension.",
    about: "ONNX attributes are constants of the graph, so they cannot follow a dynamic dimension.",
  },
  DynamicConstant: {
    kind: "TraceError",
    message: "a constant tensor made in JavaScript changes with {symbols}: {values}",
    hint: "Make it with zeros, ones, full, arange or eye of a size taken from a shape, or make it an input of the model.",
    about: "A table computed in JavaScript is frozen in the graph. At another size it would be another table.",
  },
});
