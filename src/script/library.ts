// Library functions: known by identity, run on tensors without elements. Sizes go in as numbers of each assignment; other scalars that depend
// on data go in where an operator takes a tensor for them (symbolic-arguments.ts).
import type { AnyNode } from "acorn";
import * as create from "../eager/create.ts";
import * as indexing from "../eager/functions/indexing.ts";
import * as linear from "../eager/functions/linear-algebra.ts";
import * as math from "../eager/functions/math.ts";
import * as order from "../eager/functions/order.ts";
import * as reduce from "../eager/functions/reduce.ts";
import * as shape from "../eager/functions/shape.ts";
import * as opModule from "../eager/op.ts";
import { isTensor } from "../eager/operand.ts";
import { Tensor } from "../eager/tensor.ts";
import { IngotError } from "../errors/error.ts";
import { addDims, type Dim, isUnknownDim, productOfDims } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import { tensorType } from "../ir/type.ts";
import * as nn from "../nn/index.ts";
import { type ResidualParts, residual, through, throughEach, tidied } from "../nn/through.ts";
import { dtypeInfo } from "../tensor/dtype.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { isPlainRecord } from "../trace/structure.ts";
import type { AnyFunction, Context } from "./context.ts";
import { stampProvenance } from "./context.ts";
import { visitLeaves } from "./leaves.ts";
import { callLibrary } from "./library-call.ts";
import { DeadBranch } from "./machine.ts";
import { size } from "./operators.ts";
import { NeedsRank, scalarDType } from "./stage.ts";
import { symbolicArguments, takesScalars } from "./symbolic-arguments.ts";
import { fromValue, symbolicList, tensorsOf } from "./symbolic-list.ts";
import { describe, Reported, type ScalarKind, Sym, SymList } from "./values.ts";

/** The library's functions on tensors, each with its name. */
const names = new Map<unknown, string>();

for (const module of [create, indexing, linear, math, order, reduce, shape, opModule, nn.functional])
  for (const [name, value] of Object.entries<unknown>(module)) if (typeof value === "function") names.set(value, name);
for (
  let owner = Tensor.prototype as object | null;
  owner && owner !== Object.prototype;
  owner = Object.getPrototypeOf(owner) as object | null
)
  for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
    if (typeof value === "function" && !names.has(value)) names.set(value, name);
    if (get) names.set(get, name);
  }
names.set(isTensor, "isTensor");
for (const value of Object.values<unknown>(nn)) if (typeof value === "function" && !names.has(value)) names.set(value, value.name);

for (const row of [through, throughEach, residual, tidied]) names.set(row, row.name);

/** The methods of the library's layers. */
let layerMethods: ReadonlySet<unknown> | undefined;

export function isLayerMethod(fn: unknown): boolean {
  layerMethods ??= new Set(
    Object.values<unknown>(nn).flatMap((value) =>
      typeof value === "function" && value.prototype instanceof nn.Module
        ? Object.values(Object.getOwnPropertyDescriptors(value.prototype as object)).flatMap((p) => [p.value as unknown, p.get])
        : [],
    ),
  );
  return fn !== undefined && layerMethods.has(fn);
}

export const isLibraryFunction = (fn: unknown): boolean => names.has(fn);

type Special = (c: Context, args: readonly unknown[], node: AnyNode) => unknown;

/** Calls with an answer of their own; undefined for those that run as usual. */
const special: Readonly<Record<string, Special>> = {
  isTensor: (_, [x]) => isTensor(x),
  dim: (_, [x]) => (x as Tensor).shape.length,
  numel: (c, [x]) => size(productOfDims(c.machine.stage.shapeOf(x as Tensor))),
  size: (c, [x, dim]) => {
    const dims = c.machine.stage.shapeOf(x as Tensor);
    if (dim === undefined) return c.machine.heap.fresh(dims.map(size));
    if (dim instanceof Sym) return undefined;
    return size(dims[normalizeAxis("size", dim as number, (x as Tensor).shape)] as Dim);
  },
  item: (c, [x], node) => item(c, x as Tensor, node),
  // The layers may be the user's: each is called as if the model did.
  through: (c, [x, ...layers], node) => inTurn(c, x, layers, node),
  throughEach: (c, [x, layers, call], node) => c.elements(layers, node).reduce((y, layer) => c.call(call, undefined, [layer, y], node), x),
  // Nothing is given back at compile time.
  tidied: (c, [, body], node) => c.call(body, undefined, [], node),
  residual: (c, [x, parts], node) => {
    const { branch, shortcut, after = [] } = parts as ResidualParts;
    const change = inTurn(c, x, branch, node);
    const rest = inTurn(c, x, shortcut ? [shortcut] : [], node);
    return inTurn(c, c.call(math.add, undefined, [change, rest], node), after, node);
  },
  pad: (c, [x, pads, mode = "constant", value = 0]) => padded(c, x, pads, mode as string, value),
  stack: (c, [tensors, dim = 0]) => joined(c, tensors, dim as number, 1),
  cat: (c, [tensors, dim = 0]) => joined(c, tensors, dim as number, 0),
  unbind: (c, [x, dim = 0]) => {
    if (!isTensor(x) || dim instanceof Sym) return undefined;
    const { stage, heap } = c.machine;
    const dims = stage.shapeOf(x);
    const axis = normalizeAxis("unbind", dim as number, x.shape);
    if (typeof dims[axis] === "number") return undefined;
    const type = {
      kind: "sequence",
      element: tensorType(
        x.dtype,
        dims.filter((_, i) => i !== axis),
      ),
    } as const;
    const [value] = stage.add("SplitToSequence", [stage.valueOf(x)], { axis, keepdims: 0 });
    const made: unknown[] = heap.fresh([]);
    heap.writeContent(made, [], new SymList(value as Value, type, "tensor"));
    return made;
  },
};

function inTurn(c: Context, x: unknown, layers: readonly unknown[], node: AnyNode): unknown {
  return layers.reduce((y, layer) => c.call(c.get(layer, "forward", node), layer, [y], node), x);
}

/** Padding by numbers that are sizes: they are computed in the graph as they stand, not guessed from examples. */
function padded(c: Context, x: unknown, pads: unknown, mode: string, value: unknown): Tensor | undefined {
  if (!isTensor(x) || !Array.isArray(pads) || !pads.some((p) => p instanceof Sym) || value instanceof Sym) return undefined;
  if (pads.length % 2 !== 0 || pads.length > 2 * x.rank || pads.some((p) => p instanceof Sym && p.kind !== "int")) return undefined;
  const { stage } = c.machine;
  const amounts = pads.map((p) => stage.dimOf(p as Sym | number));
  // The last axis stands first.
  const side = (offset: 0 | 1) => x.shape.map((_, axis) => amounts[2 * (x.rank - 1 - axis) + offset] ?? 0);
  const [before, after] = [side(0), side(1)];
  const inputs = [stage.valueOf(x), stage.sizes([...before, ...after])];
  if (mode === "constant") inputs.push(stage.graph.addInitializer(Storage.from(x.dtype, [value as number], [])));
  const [made] = stage.add("Pad", inputs, mode === "constant" ? {} : { mode });
  const result = made as Value;
  const shape = stage.shapeOf(x).map((d, axis) => addDims(d, addDims(before[axis] as Dim, after[axis] as Dim)));
  result.type = tensorType(x.dtype, shape);
  return stage.wrap(result);
}

function joined(c: Context, tensors: unknown, dim: number, newAxis: 0 | 1): unknown {
  const list = tensorsOf(c, tensors);
  if (!list) return undefined;
  const { stage } = c.machine;
  const element = list.type.element.kind === "tensor" ? list.type.element : undefined;
  if (!element?.shape) throw new NeedsRank();
  const rank = element.shape.length + newAxis;
  const axis = dim < 0 ? dim + rank : dim;
  const [value] = stage.add("ConcatFromSequence", [list.value], { axis, new_axis: newAxis });
  const made = value as Value;
  // The joined axis is of a size that only the run knows; the others are those of the elements.
  const others = newAxis
    ? [...element.shape.slice(0, axis), undefined, ...element.shape.slice(axis)]
    : element.shape.map((d, i) => (i === axis ? undefined : d));
  made.type = tensorType(
    element.dtype,
    others.map((d, i) =>
      d !== undefined && stage.isVisible(d) && stage.hint(d, 0) !== undefined ? d : stage.newSymbol({ input: made, axis: i }),
    ),
  );
  return stage.wrap(made);
}

/** A boolean's item is the number 1 or 0, as in eager. */
const kinds: Readonly<Record<string, ScalarKind>> = { float: "float", int: "int", uint: "int", bool: "int" };

/** The only way from a tensor to a number. */
function item(c: Context, x: Tensor, node: AnyNode): unknown {
  const { stage } = c.machine;
  if (!stage.isSymbolic(x)) return undefined;
  const kind = kinds[dtypeInfo(x.dtype).kind];
  const dims = stage.shapeOf(x);
  if (kind === undefined || dims.some((d) => typeof d === "number" && d !== 1))
    c.machine.fail(
      "OpError",
      {
        op: "item",
        message: kind ? `the tensor has shape [${dims.join(", ")}], and item() reads exactly one element` : `a ${x.dtype} is no number`,
      },
      node,
    );
  const staged = stage.stagedOf(x);
  const storages = staged?.handles.map(Tensor.storageOf);
  if (storages?.every((s) => s !== undefined)) {
    const dim = stage.explain(storages.map((s) => (s as Storage).toNumbers()[0] as number));
    if (dim !== undefined) return size(dim);
  }
  let value = stage.valueOf(x);
  if (dims.length > 0) {
    const [flat] = stage.add("Reshape", [value, stage.graph.addInitializer(Storage.from("int64", [], [0]))]);
    value = flat as Value;
  }
  return fromValue(c, stage.cast(value, scalarDType[kind]), kind);
}

/** Calls a function of the library. */
export function callLibraryFunction(c: Context, fn: AnyFunction, thisValue: unknown, args: readonly unknown[], node: AnyNode): unknown {
  const { machine } = c;
  const { stage, heap } = machine;
  stampProvenance(c);
  const name = names.get(fn) ?? fn.name;
  const method = isTensor(thisValue);
  const all = method ? [thisValue, ...args] : args;
  try {
    const handler = Object.hasOwn(special, name) && names.has(fn) ? special[name] : undefined;
    const own = handler?.(c, all, node);
    if (own !== undefined) return own;
    for (const arg of all)
      if (Array.isArray(arg) && symbolicList(c, arg)) machine.fail("SymbolicList", { op: `${name}()`, list: machine.text(node) }, node);
    if (all.some(hasValueScalar) || (takesScalars(name) && all.some(isRoundedSize))) {
      const staged = names.has(fn) ? symbolicArguments(c, name, all, node, method) : undefined;
      if (staged?.result !== undefined) return staged.result;
      if (!staged?.args)
        return machine.fail(
          "NativeSymbolic",
          {
            fn: `${name}()`,
            type: describe(firstScalar(all)),
            instead: "Give it a tensor, or a number that is known when the model is compiled.",
          },
          node,
        );
      const given = staged.args;
      return owned(
        heap,
        callLibrary(stage, given, (values) =>
          method ? Reflect.apply(fn, values[0], values.slice(1)) : Reflect.apply(fn, thisValue, values),
        ),
      );
    }
    return owned(
      heap,
      callLibrary(stage, [thisValue, ...args], ([self, ...values]) => Reflect.apply(fn, self, values)),
    );
  } catch (error) {
    throw asOpError(c, error, name, node, triedSizes(c, all));
  }
}

/** What the reader of an error has to know of sizes of which nothing is known: those in the message are only tried. */
function triedSizes({ machine: { stage } }: Context, args: readonly unknown[]): string[] {
  const notes: string[] = [];
  for (const arg of args)
    visitLeaves(arg, (leaf) => {
      if (!isTensor(leaf)) return;
      const [unknown] = stage.shapeOf(leaf).filter((d) => typeof d !== "number" && isUnknownDim(d));
      if (unknown === undefined || notes.length > 0) return;
      const tried = stage.hints.map((_, j) => stage.hint(unknown, j)).join(", ");
      notes.push(`a size depends on data, and nothing else is known of it: ${tried} are tried in its place`);
    });
  return notes;
}

/** The library's own errors, at the user's call. */
export function asOpError(c: Context, error: unknown, name: string, node: AnyNode, notes: readonly string[] = []): unknown {
  if (error instanceof Reported || error instanceof DeadBranch) return error;
  if (error instanceof NeedsRank) return c.machine.error("OpError", { op: name, message: "the rank of its result depends on data" }, node);
  if (error instanceof IngotError) {
    if (error.constructor.name === "ScriptError" && error.frame) return error;
    const message = error.code === "OpError" ? String(error.params.message) : error.summary;
    return c.machine.error("OpError", { op: name, message }, node, { cause: error, notes });
  }
  return error;
}

function owned(heap: Context["machine"]["heap"], value: unknown): unknown {
  if (Array.isArray(value) || isPlainRecord(value)) heap.fresh(value);
  return value;
}

/** True for a quotient or remainder of sizes, or the like: too few values at the sizes that are tried to tell what is made of it. */
function isRoundedSize(arg: unknown): boolean {
  return arg instanceof Sym && typeof arg.dim === "object" && arg.dim.terms.some((t) => t.atoms.some((atom) => atom.kind !== "size"));
}

/** True for a scalar that depends on values, not on sizes alone. */
function hasValueScalar(arg: unknown): boolean {
  return firstScalar([arg]) !== undefined;
}

function firstScalar(args: readonly unknown[]): Sym | undefined {
  let found: Sym | undefined;
  for (const arg of args)
    visitLeaves(arg, (leaf) => {
      if (leaf instanceof Sym && leaf.dim === undefined) found ??= leaf;
    });
  return found;
}
