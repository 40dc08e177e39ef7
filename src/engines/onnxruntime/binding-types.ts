// The element types that onnxruntime-node's own binding can hand over, by ONNX's number. It has no bfloat16 and no float8.

/** From ONNX's number to the binding's name. */
export const bindingTypes: ReadonlyMap<number, string> = new Map([
  [1, "float32"],
  [2, "uint8"],
  [3, "int8"],
  [4, "uint16"],
  [5, "int16"],
  [6, "int32"],
  [7, "int64"],
  [8, "string"],
  [9, "bool"],
  [10, "float16"],
  [11, "float64"],
  [12, "uint32"],
  [13, "uint64"],
]);

/** And back. */
export const bindingNumbers: ReadonlyMap<string, number> = new Map([...bindingTypes].map(([number, name]) => [name, number]));
