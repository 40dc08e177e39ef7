// Errors about ONNX files: bytes that are no model, models that are not valid, what cannot be read or written.
import { errorFamily } from "../entry.ts";

export const onnxErrors = errorFamily({
  NotOnnx: {
    kind: "OnnxFormatError",
    message: "{file} is not an ONNX model: {problem}",
    hint: "Give the path of an .onnx file. If it is one, it was cut off or damaged: export or download it again.",
    about:
      "An ONNX file is a protobuf message with an IR version and a graph. This file is empty, cut off, damaged, or of another kind (a web page, a picture, a pointer of Git LFS).",
  },
  OnnxInvalid: {
    kind: "OnnxFormatError",
    message: "{file}: the model is not valid: {problem}",
    hint: "The program that wrote the file broke a rule of the format; `onnx.checker` in Python names the rule as well.",
    about:
      "The bytes are an ONNX model, but it breaks a rule of the format: a name that is defined twice or never, nodes that depend on each other in a circle, an attribute without a value, an operator set that is not imported.",
  },
  OnnxTensor: {
    kind: "OnnxFormatError",
    message: "{file}: tensor `{tensor}` is not valid: {problem}",
    hint: "The file is damaged or was not written by an ONNX writer: export it again.",
    about:
      "A tensor of an ONNX file has sizes that are not sizes, an element type that does not exist, or other than the number of elements that its sizes need.",
  },
  OnnxUnsupported: {
    kind: "OnnxFormatError",
    message: "{file}: {what} is not supported",
    hint: "{hint}",
    about: "The model is valid, but uses a part of the format that this version of Ingot does not read.",
  },
  OnnxExternalData: {
    kind: "OnnxFormatError",
    message: "{file}: the external data of tensor `{tensor}` cannot be used: {problem}",
    hint: "Keep the data files of a model in its folder, or below it, under the names that the model gives.",
    about:
      "A large model keeps its tensors in files beside it. The names stand in the model, so they are not trusted: a path that leaves the model's folder (with .., an absolute path, or a symbolic link) is refused, and the place must lie inside the file.",
  },
  OnnxOpset: {
    kind: "OnnxFormatError",
    message: "{file}: {op} of opset {version} cannot be converted to the newest form: {problem}",
    hint: "Export the model with a newer opset.",
    about:
      "Operators change between opset versions. Ingot knows the newest form of each and converts older ones when it reads a file. Here the old form says something that the new one cannot.",
  },
  OpsetTooLow: {
    kind: "UnsupportedOpError",
    message: "the model cannot be written at opset {opset} of ONNX: {count} of its nodes need a newer one ({operators})",
    hint: "Opset {lowest} is the lowest that would do: choose it, or a runtime that reads it.",
    about:
      "Each version of ONNX, its opset, adds operators and changes some. A file was asked for at an older opset than the model's operators have. Operators that can be written in terms of older ones are; those that the message lists cannot.",
  },
  OnnxTooLarge: {
    kind: "OnnxFormatError",
    message: "the model does not fit into one file: {size} bytes, and a protobuf message holds at most 2147483647",
    hint: "Save it with external data: save(path, { externalData: true }).",
    about: "A protobuf message holds less than 2 GiB. Larger models keep their tensors in a file of their own beside the model.",
  },
  TargetTooOld: {
    kind: "OnnxFormatError",
    message:
      "{model} cannot be written for {target}, which reads ONNX up to opset {opset} (IR version {irVersion}): {count} of its nodes need a newer one ({operators})",
    hint: "Opset {lowest} is the lowest that would do{release}.",
    about:
      "A release of ONNX Runtime reads files up to an opset and an IR version. The graph uses operators, or element types, that came later and that cannot be written in terms of older ones.",
  },
  UnknownTarget: {
    kind: "ArgumentError",
    message: '"{target}" is not a target',
    hint: '{suggestion}The targets are "portable" (standard ONNX, the default), "onnxruntime" (with its fused operators), and a release such as "onnxruntime@1.17" ({releases}).',
    about: "`target` says whom a saved file is for, and with it which operators and versions it may use.",
  },
  SaveFormat: {
    kind: "ArgumentError",
    message: 'cannot save "{path}": {problem}',
    hint: "Save ONNX: give a path that ends in .onnx.",
    about:
      "Compiled modules are saved as ONNX. TorchScript files (`.pt`, `.pth`) are not written yet, and an ONNX model is never written under such a name: whoever loads it by its name would meet another format.",
  },
});
