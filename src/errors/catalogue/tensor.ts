// Errors about shapes, dtypes, arguments and values of tensors.
import { errorFamily } from "../entry.ts";

export const tensorErrors = errorFamily({
  BroadcastMismatch: {
    kind: "ShapeError",
    message: "{op}: shapes {a} and {b} cannot be broadcast together (dimension {axis}: {da} against {db})",
    hint: "Dimensions are compared from the right; each pair must be equal or one of them 1. Use unsqueeze, expand or reshape.",
    about: "Two shapes broadcast when, compared from the last dimension, each pair of sizes is equal or one of them is 1.",
  },
  ShapeMismatch: {
    kind: "ShapeError",
    message: "{op}: {what} has shape {actual}, expected {expected}",
    hint: "{hint}",
    about: "A tensor's shape does not fit the operation. The message names the tensor, its shape and the shape that was expected.",
  },
  RankMismatch: {
    kind: "ShapeError",
    message: "{op}: {what} has {actual} dimensions (shape {shape}), expected {expected}",
    hint: "Add a dimension with unsqueeze(dim), or remove one with squeeze(dim).",
    about: "The number of dimensions of a tensor does not fit the operation, for example an image without its batch dimension.",
  },
  AxisOutOfRange: {
    kind: "ShapeError",
    message: "{op}: axis {axis} is out of range for a tensor of {rank} dimensions (shape {shape})",
    hint: "An axis is at least -{rank} and below {rank}; negative ones count from the end.",
    about: "An axis must name a dimension that the tensor has.",
  },
  IndexOutOfRange: {
    kind: "ShapeError",
    message: "{op}: index {index} is out of range for dimension {axis} of size {size}",
    hint: "An index is at least -{size} and below {size}; negative ones count from the end.",
    about: "An index must lie inside the dimension it indexes; negative indices count from the end.",
  },
  ReshapeMismatch: {
    kind: "ShapeError",
    message: "reshape: {count} elements of shape {from} do not fit shape {to}",
    hint: "The product of the sizes must stay the same; write -1 for one size that is to be computed.",
    about: "Reshaping keeps the elements: the product of the old and of the new sizes must be equal.",
  },
  InvalidShape: {
    kind: "ShapeError",
    message: "{op}: {shape} is not a shape: {why}",
    hint: "A shape is an array of integers from 0, with a product below 2^53.",
    about: "Sizes are whole numbers from 0. A product of sizes that overflows is refused.",
  },
  TensorTooLarge: {
    kind: "ShapeError",
    message: "a tensor of {count} {dtype} elements needs {size}, and this machine has {memory}",
    hint: "Check the sizes it is made from; where so much is meant, compute it in parts.",
    about:
      "A tensor was asked for that cannot be held in memory: usually a size that was computed wrongly, or a damaged file that asks for one.",
  },
  DTypeMismatch: {
    kind: "DTypeError",
    message: "{op}: {what} is {actual}, expected {expected}",
    hint: 'Convert it with .to("{convert}").',
    about: "Operators do not convert dtypes silently, as ONNX does not: convert one side with `.to(dtype)`.",
  },
  ResultTooLarge: {
    kind: "ShapeError",
    message: "{op}: there is not enough memory for its result ({outputs})",
    hint: "Check the sizes that the shapes are computed from; a wrong one multiplies.",
    about:
      "A tensor needs more memory than there is, or more elements than an array may have. Often one size of its shape is not what was meant.",
  },
  ResultShapeUnknown: {
    kind: "ShapeError",
    message: "{op}: the shape of its result does not follow from its inputs ({inputs})",
    hint: "Give sizes, axes and counts as int64 tensors of rank 0 or 1, with one entry for each axis they are about.",
    about:
      "The shape of a result comes from the shapes of the inputs and from inputs that hold sizes, axes or counts. One of these has a form that says nothing, such as a matrix of counts.",
  },
  KindMismatch: {
    kind: "DTypeError",
    message: "{op}: {what} is {actual}, expected {expected}",
    hint: "Tensors go into sequences with SequenceConstruct and come out with SequenceAt or ConcatFromSequence; OptionalGetElement opens an optional, ZipMap makes maps.",
    about:
      "Values of a graph are tensors, sequences, optionals or maps. An operator was given one kind where it takes another, or eager code was given something else than a tensor.",
  },
  UnknownDType: {
    kind: "DTypeError",
    message: '"{dtype}" is not a dtype',
    hint: "The dtypes are {known}.",
    about: "A dtype is named as NumPy and PyTorch name it: `float32`, `int64`, `bool`, …",
  },
  UnsafeInteger: {
    kind: "DTypeError",
    message: "{op}: {value} does not fit a JavaScript number exactly",
    hint: "Read it as bigint with .toBigIntArray().",
    about: "64-bit integers are bigints inside. Helpers that give numbers refuse values beyond 2^53.",
  },
  InvalidArgument: {
    kind: "ArgumentError",
    message: "{op}: expected `{name}` to be {expected}, got {actual}",
    hint: "{hint}",
    about: "An argument or option has a value that the function does not take.",
  },
  RegexPattern: {
    kind: "ArgumentError",
    message: "{op}: the pattern `{pattern}` cannot be used: {problem}",
    hint: "Patterns are written in RE2's syntax, which has no look-around and no back-references.",
    about:
      "Operators that match text take regular expressions in the syntax of RE2. A pattern that RE2 would refuse, or a part of the syntax that has no counterpart here, is named.",
  },
  RaggedData: {
    kind: "ShapeError",
    message: "tensor: nested arrays have different lengths ({a} and {b}) at depth {depth}",
    hint: "All rows at one depth must have the same length; pad the shorter ones.",
    about: "A tensor is rectangular: every row at one depth has the same length.",
  },
  NotOneElement: {
    kind: "ShapeError",
    message: "item: the tensor has {count} elements (shape {shape}), expected exactly one",
    hint: "Reduce it first (sum, max, any), or read all of it with toArray().",
    about: "`.item()` gives the value of a tensor that has a single element.",
  },
  TensorAsPrimitive: {
    kind: "ArgumentError",
    message: "a tensor was used with a JavaScript operator (it was asked to become a {hint_kind})",
    hint: "JavaScript has no operator overloading: write a.add(b), a.sub(b), a.mul(b), a.lt(b) instead of + - * <; and x.item() to read a number.",
    about: "`+ - * / < >` convert objects to primitives. A tensor refuses, because the result would silently be wrong.",
  },
  UnseededRandom: {
    kind: "TraceError",
    message: "{op} was called without a seed while a model was being recorded",
    hint: "Pass an explicit seed, as in {op}(..., { seed: 1 }), or make the random tensor an input of the model.",
    about: "A recorded random value without a seed would differ at each run of eager and be frozen in the graph. Seed it, or pass it in.",
  },
  SymbolicRead: {
    kind: "TraceError",
    message: "{op}: the values of this tensor are not known while only types are being propagated",
    hint: "Do not read tensor values ({op}) inside forward; keep the computation on tensors.",
    about: "While a model is re-recorded at other sizes no kernels run, so a tensor that depends on the inputs has no values to read.",
  },
});
