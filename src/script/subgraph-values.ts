// What a sub-graph gives out: values of its own, and some value of a type where nothing reads it.
import type { Dim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import type { ValueType } from "../ir/type.ts";
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import type { Stage } from "./stage.ts";

/** A sub-graph's outputs are its own: what comes from outside passes through an Identity. */
export function own(stage: Stage, value: Value): Value {
  const { current } = stage;
  if (value.producer?.graph === current) return value;
  return stage.add("Identity", [value])[0] as Value;
}

/** Some value of a type: of the sizes that are known here, so that it keeps what the type says of them. */
export function defaultValue(stage: Stage, type: ValueType): Value {
  if (type.kind === "sequence") {
    const element = type.element.kind === "tensor" ? type.element.dtype : "float32";
    return stage.add("SequenceEmpty", [], { dtype: dtypeInfo(element).onnx })[0] as Value;
  }
  const { dtype, shape = [] } = type as { dtype: DType; shape?: readonly Dim[] };
  const sizes = shape.map((d) => (typeof d === "number" || stage.isVisible(d) ? d : 1));
  const shapeValue = sizes.every((d) => typeof d === "number")
    ? stage.graph.addInitializer(Storage.from("int64", sizes, [sizes.length]))
    : stage.sizes(sizes);
  const zero = dtype === "string" ? "" : 0;
  return stage.add("ConstantOfShape", [shapeValue], { value: Storage.from(dtype, [zero], [1]) })[0] as Value;
}
