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
  PickleDamaged: {
    kind: "WeightsError",
    message: "{file} is not a valid pickle: {problem}",
    hint: "The file is cut off, damaged or of another kind: download or save it again.",
    about:
      "A PyTorch checkpoint describes its tensors in Python's pickle format. This one breaks the rules of that format, or holds an instruction that no data needs.",
  },
  PickleRefused: {
    kind: "WeightsError",
    message: "{file} wants to call {callable}, which is not allowed: a checkpoint may build tensors and containers, and nothing else",
    hint: "Save the weights alone, in Python: `torch.save(model.state_dict(), path)`, or as safetensors.",
    about:
      "A pickle is a program: it may name any Python function and have it called. Ingot reads pickles as data and knows only the few names that tensors and containers are made of; a file that names anything else is refused, whatever it is for. Files that hold whole model objects, optimizers of other libraries or NumPy scalars are refused for this reason.",
  },
  CheckpointFormat: {
    kind: "WeightsError",
    message: "{file} is not a PyTorch checkpoint that can be read: {problem}",
    hint: "{hint}",
    about:
      "Checkpoints are what `torch.save` writes: a zip archive with `data.pkl` and one entry per storage (PyTorch 1.6 and later), or the legacy stream of pickles and storages. Archives of TorchScript hold code and are not read.",
  },
  CheckpointTensor: {
    kind: "WeightsError",
    message: "{file}: a tensor of the checkpoint is not valid: {problem}",
    hint: "The file is damaged or hostile: save it again.",
    about:
      "A tensor in a checkpoint is a view of a storage: an offset, sizes and strides. They must lie inside the storage, and the storage must be in the file with the bytes that its type and length need.",
  },
  NoStateDict: {
    kind: "WeightsError",
    message: "{file} holds no state dict: {found}",
    hint: "{hint}",
    about:
      "Weights are a dictionary from names to tensors, at the top of the file or under `state_dict`, `model_state_dict`, `model` or `module`. `readCheckpoint` gives everything that a file holds, for other layouts.",
  },
  NpyFormat: {
    kind: "WeightsError",
    message: "{file} is not a NumPy array that can be read: {problem}",
    hint: "Save it again with `numpy.save` (or `savez`), with elements that are numbers, booleans or text.",
    about:
      "A .npy file is a magic number, a version, a header that is a Python dictionary with `descr`, `fortran_order` and `shape`, and the elements. Arrays of Python objects are pickles inside and are refused; complex numbers and dates have no element type here.",
  },
  NpyUnwritable: {
    kind: "WeightsError",
    message: "{array} is {dtype}, which NumPy's files cannot hold",
    hint: "They hold {known}. Convert it first: x.to(...).",
    about:
      "NumPy has no floats and integers of 8 bits and less beyond the plain ones; text is an array of Python's strings there. bfloat16 is written as elements of two bytes, as NumPy stores that type.",
  },
  NpzName: {
    kind: "WeightsError",
    message: 'an array cannot be written to a .npz archive under the name "{array}": {problem}',
    hint: "Names are paths inside of the archive, such as `layer1/weight` or `layer1.weight`.",
    about:
      "A .npz file is a zip archive with one entry per array. Readers refuse or change names that lead out of the archive, and take the first of two entries of one name or the last.",
  },
  WeightsFormat: {
    kind: "WeightsError",
    message: "{file} is no weights file that is known: {problem}",
    hint: "Give a .safetensors, .safetensors.index.json, .npz, .pt, .pth or .bin file.",
    about: "The format is told from the first bytes of the file, not from its name.",
  },
});
