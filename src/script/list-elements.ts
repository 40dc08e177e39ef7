// What the elements of lists are, and lists as sequences of the graph, all of whose elements have one type.
import { isTensor } from "../eager/operand.ts";
import { type Dim, dimEquals, unknownDim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import { type SequenceType, tensorType } from "../ir/type.ts";
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import type { Content } from "./heap.ts";
import { type Stage, scalarDType } from "./stage.ts";
import { own } from "./subgraph-values.ts";
import { isScalar, joinKinds, type Scalar, type ScalarKind, SymList, scalarKind } from "./values.ts";

/** What the elements of a list are. */
export interface ElementKind {
  readonly kind: ScalarKind | "tensor";
  readonly dtype: DType;
  /** The shape that all elements have, sizes that differ unknown; undefined where not even the ranks agree. */
  readonly shape: readonly Dim[] | undefined;
}

/** What the elements of a list are, if they are all alike. */
export function elementKind(stage: Stage, content: Content): ElementKind | undefined {
  const { items, list } = content;
  if (list instanceof SymList) {
    const { element } = list.type;
    return element.kind === "tensor" ? { kind: list.element, dtype: element.dtype, shape: element.shape } : undefined;
  }
  let found: ElementKind | undefined;
  for (const item of items) {
    const kind = kindOfItem(stage, item);
    if (!kind || (found && !sameElement(found, kind))) return undefined;
    found = found ? commonElement(found, kind) : kind;
  }
  return found;
}

function kindOfItem(stage: Stage, item: unknown): ElementKind | undefined {
  if (isTensor(item)) return { kind: "tensor", dtype: item.dtype, shape: stage.shapeOf(item) };
  if (!isScalar(item)) return undefined;
  const kind = scalarKind(item);
  return { kind, dtype: scalarDType[kind], shape: [] };
}

/** What elements of two kinds that go together (`sameElement`) have in common. */
export function commonElement(a: ElementKind, b: ElementKind): ElementKind {
  if (a.kind !== "tensor") return a.kind === b.kind ? a : { kind: "float", dtype: "float64", shape: [] };
  const [s, t] = [a.shape, b.shape];
  const shape = s && t && s.length === t.length ? s.map((d, i) => (dimEquals(d, t[i] as Dim) ? d : unknownDim())) : undefined;
  return { ...a, shape };
}

/** The type of a list as a sequence; sizes that are not known outside of this sub-graph are unknown. */
export function sequenceType(stage: Stage, element: ElementKind): SequenceType {
  const shape = element.shape?.map((d) => (stage.isVisible(d) ? d : unknownDim()));
  return { kind: "sequence", element: shape ? tensorType(element.dtype, shape) : tensorType(element.dtype) };
}

/** Whether elements of two kinds may stand in one list. */
export function sameElement(a: ElementKind | undefined, b: ElementKind): boolean {
  if (!a) return false;
  if (a.kind === "tensor" || b.kind === "tensor") return a.kind === b.kind && a.dtype === b.dtype;
  return joinKinds(a.kind, b.kind) !== undefined;
}

/** A list of whole numbers as one of fractions. */
export function asFloats(stage: Stage, list: SymList): SymList {
  const type: SequenceType = { kind: "sequence", element: tensorType(scalarDType.float, []) };
  const [length] = stage.add("SequenceLength", [list.value]);
  const [empty] = stage.add("SequenceEmpty", [], { dtype: dtypeInfo(scalarDType.float).onnx });
  const { graph } = stage.subgraph("floats", (body) => {
    const at = stage.addInput("position", tensorType("int64", []));
    const going = stage.addInput("condition", tensorType("bool", []));
    const floats = stage.addInput("floats", type);
    const [item] = stage.add("SequenceAt", [list.value, at]);
    const [longer] = stage.add("SequenceInsert", [floats, stage.cast(item as Value, scalarDType.float)]);
    body.setOutputs([own(stage, going), longer as Value]);
  });
  const { provenance } = stage;
  const made = stage.current.addTyped("Loop", [length, undefined, empty], { body: graph }, [{ type }], { provenance });
  return new SymList(made.output, type, "float");
}

/** A list as a sequence of the graph. */
export function sequenceOf(stage: Stage, { items, list }: Content, element: ElementKind): Value {
  if (list instanceof SymList) return list.element === "int" && element.kind === "float" ? asFloats(stage, list).value : list.value;
  if (items.length === 0) return stage.add("SequenceEmpty", [], { dtype: dtypeInfo(element.dtype).onnx })[0] as Value;
  const values = items.map((item) => (isTensor(item) ? stage.valueOf(item) : stage.scalar(item as Scalar, element.kind as ScalarKind)));
  return stage.add("SequenceConstruct", values)[0] as Value;
}
