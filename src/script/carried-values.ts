// The values of carried cells, made from their plans: at the start of a turn, and behind the loop.
import type { Tensor } from "../eager/tensor.ts";
import type { Dim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { Content, type Heap } from "./heap.ts";
import { type Plan, typeOf } from "./loop-plan.ts";
import { type GroupSizes, TurnSize } from "./loop-sizes.ts";
import type { Machine } from "./machine.ts";
import { type Stage, scalarDType } from "./stage.ts";
import { Partial, Poison, Sym, SymList } from "./values.ts";

/** The inputs of the body, and the sizes that groups of them have. */
export interface TurnStart {
  readonly inputs: Value[];
  readonly sizes: GroupSizes;
}

/** The value of a carried cell at the start of a turn. */
export function bodyValue(machine: Machine, plan: Plan, start: TurnStart, name: string): unknown {
  const { stage, heap } = machine;
  const input = (type: ValueType) => {
    const value = stage.addInput(name, type);
    start.inputs.push(value);
    return value;
  };
  switch (plan.kind) {
    case "scalar":
      return new Sym(plan.scalar, input(tensorType(scalarDType[plan.scalar], [])));
    case "tensor":
      return wrapGrouped(stage, input(typeOf(plan, start.sizes)), plan, start.sizes);
    case "list":
      return new SymList(input(plan.type), plan.type, plan.element);
    case "array": {
      const made = heap.fresh(plan.items.map((item, i) => bodyValue(machine, item, start, `${name}_${i}`)));
      heap.seal(made);
      return made;
    }
    case "record": {
      const made = heap.fresh(
        Object.fromEntries(plan.entries.map(([key, item]) => [key, bodyValue(machine, item, start, `${name}_${key}`)])),
      );
      doubtOrder(machine, plan, made);
      heap.seal(made);
      return made;
    }
    case "content":
      return new Content(
        plan.items.map((item, i) => bodyValue(machine, item, start, `${name}_${i}`)),
        undefined,
        plan.pairs,
      );
    case "contentList":
      return new Content([], bodyValue(machine, plan.list, start, name) as SymList);
    case "replaced":
      return sealedArray(heap, bodyValue(machine, plan.list, start, name) as SymList);
    case "constant":
      return plan.value;
    case "late": {
      // Nothing may read it, but the body has an input for it all the same.
      const value = bodyValue(machine, plan.inner, start, name);
      return new Partial(value, plan.reason);
    }
    case "poison":
      return new Poison(plan.reason);
  }
}

/** An array that stands for those of all turns. */
function sealedArray(heap: Heap, list: SymList): unknown[] {
  const made: unknown[] = heap.fresh([]);
  heap.writeContent(made, [], list);
  heap.seal(made);
  return made;
}

function doubtOrder(machine: Machine, { unordered, entries }: Plan & { kind: "record" }, made: object): void {
  const b = "another one";
  if (unordered)
    machine.heap.doubtKeys(made, () =>
      machine.error("LoopCarriedType", { name: "the order of the properties", a: entries.map(([key]) => key).join(", "), b }),
    );
}

/** A handle for a carried tensor; the sizes of groups that are new in it become known. */
function wrapGrouped(stage: Stage, value: Value, { shape }: Plan & { kind: "tensor" }, sizes: GroupSizes): Tensor {
  const handle = stage.wrap(value);
  stage.shapeOf(handle).forEach((dim, axis) => {
    const size = shape[axis];
    if (size instanceof TurnSize && size.group !== undefined && typeof dim !== "number") sizes.set(size.group, dim);
  });
  return handle;
}

/** The value of a carried cell behind the loop. */
export function afterLoop(machine: Machine, plan: Plan, next: () => Value, sizes: GroupSizes): unknown {
  const { stage, heap } = machine;
  switch (plan.kind) {
    case "scalar":
      return new Sym(plan.scalar, next());
    case "tensor": {
      const value = next();
      const { shape = [] } = value.tensorType;
      const grouped = typeOf(plan, sizes).shape ?? [];
      // Of sizes that the loop changed only those of groups are known; all others are as the Loop has them.
      value.type = tensorType(
        plan.type.dtype,
        shape.map((d, axis) => (plan.shape[axis] instanceof TurnSize ? (grouped[axis] as Dim) : d)),
      );
      return wrapGrouped(stage, value, plan, sizes);
    }
    case "list":
      return new SymList(next(), plan.type, plan.element);
    case "array": {
      const made = heap.fresh(plan.items.map((item) => afterLoop(machine, item, next, sizes)));
      heap.seal(made);
      return made;
    }
    case "record": {
      const made = heap.fresh(Object.fromEntries(plan.entries.map(([key, item]) => [key, afterLoop(machine, item, next, sizes)])));
      doubtOrder(machine, plan, made);
      heap.seal(made);
      return made;
    }
    case "content":
      return new Content(
        plan.items.map((item) => afterLoop(machine, item, next, sizes)),
        undefined,
        plan.pairs,
      );
    case "contentList":
      return new Content([], afterLoop(machine, plan.list, next, sizes) as SymList);
    case "replaced":
      return sealedArray(heap, afterLoop(machine, plan.list, next, sizes) as SymList);
    case "constant":
      return plan.value;
    case "late":
      return new Partial(afterLoop(machine, plan.inner, next, sizes), plan.reason);
    case "poison":
      return new Poison(plan.reason);
  }
}
