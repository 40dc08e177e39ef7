// Types that cross the border of a sub-graph: joining those of two branches, and rewriting a loop body's own size names.
import { ingotError } from "../errors/error.ts";
import { type Dim, type DimExpr, dimEquals, substituteDim, symbolsOf, unknownDim } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { formatType, mapContents, tensorType, typeEquals, type ValueType } from "../ir/type.ts";

/** What is known of a value that has either type. Throws `InvalidGraph` when kinds or dtypes differ. */
export function joinTypes(op: string, what: string, a: ValueType, b: ValueType): ValueType {
  if (a.kind === "tensor" && b.kind === "tensor" && a.dtype === b.dtype) {
    const [s, t] = [a.shape, b.shape];
    const same = s && t && s.length === t.length;
    return tensorType(a.dtype, same ? s.map((d, i) => (dimEquals(d, t[i] as Dim) ? d : unknownDim())) : undefined);
  }
  if (a.kind === "map" && b.kind === "map" && a.key === b.key) return { ...a, value: joinTypes(op, what, a.value, b.value) };
  if ((a.kind === "sequence" || a.kind === "optional") && b.kind === a.kind)
    return { kind: a.kind, element: joinTypes(op, what, a.element, b.element) };
  throw ingotError("InvalidGraph", {
    problem: `${op}: ${what} is ${formatType(a)} on one way and ${formatType(b)} on the other`,
    where: "",
    hint: "Every way to an output must give the same dtype.",
  });
}

/** The number of outputs of a body must fit the node. Throws `InvalidGraph`. */
export function requireOutputs(op: string, body: Graph, expected: number): void {
  if (body.outputs.length === expected) return;
  throw ingotError("InvalidGraph", {
    problem: `${op}: the sub-graph ${body.name} gives ${body.outputs.length} outputs, expected ${expected}`,
    where: "",
    hint: "A body has one output for each value that leaves it.",
  });
}

/** A state of a loop: its type before the first iteration, and its place in the body. */
export interface LoopState {
  readonly initial: ValueType;
  readonly input: Value;
  readonly output: Value;
}

/** The types of states after the loop, and a way to say types of the body's other outputs in the outer graph's sizes. */
export function loopTypes(
  op: string,
  states: readonly LoopState[],
): { readonly final: ValueType[]; readonly outside: (type: ValueType) => ValueType } {
  const meanings = new Map<string, Dim | undefined>();
  const invariant = states.map(({ input, output }) => input === output || typeEquals(input.type, output.type));
  states.forEach(({ initial, input }, i) => {
    if (input.type.kind !== "tensor" || !input.type.shape) return;
    const known =
      invariant[i] && initial.kind === "tensor" && initial.shape?.length === input.type.shape.length ? initial.shape : undefined;
    input.type.shape.forEach((d, k) => {
      // A name in the type of a state that changes stands for a different size in each iteration.
      const name = onlySymbol(d);
      if (name !== undefined && !meanings.has(name)) meanings.set(name, known?.[k]);
      else if (name === undefined) for (const s of symbolsOf(d)) if (!meanings.has(s)) meanings.set(s, undefined);
    });
  });
  const translate = (d: Dim): Dim => {
    for (const name of symbolsOf(d)) if (meanings.has(name) && meanings.get(name) === undefined) return unknownDim();
    return substituteDim(d, (name) => meanings.get(name));
  };
  const outside = (type: ValueType): ValueType => {
    if (type.kind !== "tensor") return mapContents(type, outside);
    return tensorType(type.dtype, type.shape?.map(translate));
  };
  const final = states.map(({ initial, input, output }, i) =>
    input === output || (invariant[i] && fits(initial, output.type))
      ? initial
      : joinTypes(op, `state ${i}`, startOf(initial, output.type), outside(output.type)),
  );
  return { final, outside };
}

/** A body may take an optional and give what it holds: the state then begins as the optional's content, which has to be there. */
function startOf(initial: ValueType, body: ValueType): ValueType {
  return initial.kind === "optional" && body.kind !== "optional" ? initial.element : initial;
}

/** What a container holds may be replaced by anything that its declared type allows: only tensors keep the sizes they came with. */
function fits(initial: ValueType, body: ValueType): boolean {
  return initial.kind === "tensor" && body.kind === "tensor" && initial.dtype === body.dtype && body.shape !== undefined;
}

function onlySymbol(d: Dim): string | undefined {
  if (typeof d === "number") return undefined;
  const [term] = (d as DimExpr).terms;
  const atom = term?.atoms[0];
  return d.terms.length === 1 && term?.coefficient === 1 && term.atoms.length === 1 && atom?.kind === "size" ? atom.name : undefined;
}
