// LabelEncoder-1 of ai.onnx.ml had one list of strings, which stood for their places in it, in either direction.
import type { Conversions } from "./draft.ts";

export const labelEncoder: Conversions = {
  "ai.onnx.ml.LabelEncoder": [
    {
      before: 2,
      convert(node) {
        const list = node.take("classes_strings");
        const type = node.inputs[0]?.type;
        if (!Array.isArray(list) || type?.kind !== "tensor") return node.fail("it has no `classes_strings`");
        const places = list.map((_, i) => BigInt(i));
        const [keys, values] = type.dtype === "string" ? ["keys_strings", "values_int64s"] : ["keys_int64s", "values_strings"];
        node.attributes.set(keys, type.dtype === "string" ? list : places);
        node.attributes.set(values, type.dtype === "string" ? places : list);
      },
    },
  ],
};
