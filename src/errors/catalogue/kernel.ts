// Errors about the compiled kernels themselves: the machine that cannot run them, operands that do not fit their sizes, models that raise.
import { errorFamily } from "../entry.ts";

export const kernelErrors = errorFamily({
  KernelOperandTooSmall: {
    kind: "ShapeError",
    message: "{kernel}: {operand} has {actual} elements, but the sizes given reach element {needed}",
    hint: "Pass typed arrays that hold every element that the shape, offset and strides reach; `tensor.contiguous()` gives dense data.",
    about:
      "A kernel works on typed arrays and explicit sizes. It refuses operands that are shorter than these sizes say, rather than read or write beside them.",
  },
  RaisedError: {
    kind: "EngineError",
    message: "{message}",
    hint: "The model itself throws this for such inputs: look for the message in its source.",
    about:
      "A compiled model threw: its source has a `throw` on a path that depends on the inputs, and these inputs took it. The message is the one that the source gives. On ONNX Runtime and in saved files the throw is a node that fails and is named after the message; there, too, this error comes back. No output is given.",
  },
  ThreadsUnavailable: {
    kind: "EngineError",
    message: "Matrix products and convolutions go on with one thread: {why}",
    hint: "Allow worker threads (`--allow-worker` with Node's permissions), or say that one thread is meant: `setThreads(1)` or INGOT_THREADS=1.",
    about:
      "Large matrix products and convolutions of eager code are shared out to worker threads. Where these cannot be started, or one of them ends, this is printed once as a warning and the work goes on with one thread: results are the same, bit for bit. `setThreads` with a larger number tries again.",
  },
  WebAssemblyUnusable: {
    kind: "EngineError",
    message: "The WebAssembly kernels cannot run here: {why}",
    hint: "Ingot needs Node 20.19 or newer on a machine with 128-bit SIMD. INGOT_WASM may be unset, `base` or `relaxed`.",
    about:
      "Matrix products and convolutions run in WebAssembly with SIMD. This is raised when the module cannot be compiled (SIMD switched off, or a variant asked for by the `INGOT_WASM` environment variable that this Node does not have).",
  },
});
