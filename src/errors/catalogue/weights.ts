// Errors about weight files: what a safetensors file must be, and what can be written to one.
import { errorFamily } from "../entry.ts";

export const weightsErrors = errorFamily({
  SafetensorsTruncated: {
    kind: "WeightsError",
    message: "{file} is not a whole safetensors file: {problem}",
    hint: "The file is cut off, empty or of another kind: download or convert it again.",
    about:
      "A safetensors file is 8 bytes that give the length of its header, the header in JSON, and the elements of its tensors up to the last byte. This file ends before what it announces, or announces more than the format allows.",
  },
  SafetensorsHeader: {
    kind: "WeightsError",
    message: "{file}: the safetensors header is not valid: {problem}",
    hint: "The file is damaged or was not written by a safetensors writer: convert it again.",
    about:
      "The header of a safetensors file is a JSON object that maps each tensor's name, once, to its dtype, shape and place, and `__metadata__` to an object of strings. Nothing else is accepted: a file from outside is data that may be hostile.",
  },
  SafetensorsTensor: {
    kind: "WeightsError",
    message: '{file}: tensor "{tensor}" is not valid: {problem}',
    hint: "The file is damaged or was not written by a safetensors writer: convert it again.",
    about:
      "Each tensor of a safetensors file has a dtype, a shape of sizes from 0, and the place of its elements. The place must lie inside the file and hold exactly what dtype and shape need; together the places must cover the data without gap or overlap.",
  },
  SafetensorsDType: {
    kind: "WeightsError",
    message: '{file}: tensor "{tensor}" has elements of type {dtype}, which Ingot does not have',
    hint: "The types are {known}. Convert the file to one of these first.",
    about: "safetensors also has floats of 4 and 6 bits and complex numbers. Files with such tensors have to be converted.",
  },
  SafetensorsName: {
    kind: "WeightsError",
    message: 'a tensor cannot be written to safetensors under the name "{tensor}": {problem}',
    hint: "Give each tensor its own name; `__metadata__` is reserved by the format.",
    about: "Names in a safetensors file are unique, and `__metadata__` is the format's own.",
  },
  SafetensorsUnwritable: {
    kind: "WeightsError",
    message: 'tensor "{tensor}" is {dtype}, which safetensors cannot hold',
    hint: "safetensors holds {known}.",
    about: "The safetensors format has no strings, no integers of less than 8 bits, and of the 8-bit floats those that most hardware has.",
  },
});
