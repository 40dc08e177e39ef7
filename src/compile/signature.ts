// The signature of a compiled module: how arguments become the graph's inputs and outputs become what forward returned, and what was
// assumed of the inputs. It is stored in the file and checked at every run.
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { count } from "../errors/quantity.ts";
import { symbolsOf } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import type { Storage } from "../tensor/storage.ts";
import { type Arguments, argumentList, type Layout, type Nested, unflatten } from "../trace/structure.ts";
import { checkTypes } from "./check-types.ts";
import { type Bound, boundValue, fromRuntimeValue, toRuntimeValue } from "./container-values.ts";

/** The metadata key of the signature in an ONNX file. */
export const signatureKey = "ingot.signature";

export interface SymbolRange {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly multiple: number;
}

export interface Signature {
  readonly argumentNames: readonly string[];
  /** A list with one layout per argument. */
  readonly argumentLayout: Layout;
  /** The layout of what forward returned. */
  readonly outputLayout: Layout;
  /** How many of the graph's outputs forward returned; the rest are new values of the buffers in `stateNames`. */
  readonly returnedCount: number;
  readonly stateNames: readonly string[];
  readonly symbols: readonly SymbolRange[];
  readonly mode: string;
}

/** What a front end knows of its graph: enough for the signature. */
export interface SignatureFacts extends Pick<Signature, "outputLayout" | "returnedCount" | "stateNames" | "symbols"> {
  readonly args: Arguments;
}

export function signatureOf({ args, outputLayout, returnedCount, stateNames, symbols }: SignatureFacts, mode: string): Signature {
  return {
    argumentNames: args.argumentNames,
    argumentLayout: args.layout,
    outputLayout,
    returnedCount,
    stateNames,
    symbols: symbols.map(({ name, min, max, multiple }) => ({ name, min, max, multiple })),
    mode,
  };
}

/** Numbers that JSON has no word for. */
export const oddNumbers: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/** The text that a file carries; `readSignature` reads it back. */
export function signatureToJson(signature: Signature): string {
  return JSON.stringify(signature, (_, value: unknown) => {
    const odd = Object.entries(oddNumbers).find(([, number]) => Object.is(number, value));
    return odd ? { number: odd[0] } : value;
  });
}

/** The signature of a graph from elsewhere: one argument per input; several outputs are a record by name. */
export function signatureOfGraph(graph: Graph): Signature {
  const names = graph.inputs.map((v) => v.name as string);
  const outputs = graph.outputNames.map((name, index): [string, Layout] => [name, { kind: "tensor", index }]);
  const symbols = new Set<string>();
  for (const v of graph.inputs) if (v.type.kind === "tensor") for (const d of v.type.shape ?? []) symbolsOf(d, symbols);
  return {
    argumentNames: names,
    argumentLayout: { kind: "list", items: names.map((_, index) => ({ kind: "tensor", index })) },
    outputLayout: outputs.length === 1 ? { kind: "tensor", index: 0 } : { kind: "record", entries: outputs },
    returnedCount: outputs.length,
    stateNames: [],
    symbols: [...symbols].map((name) => ({ name, min: 0, max: Number.MAX_SAFE_INTEGER, multiple: 1 })),
    mode: "eval",
  };
}

/** The values of a call, checked against the signature and the graph's input types. Throws the errors of `src/errors/catalogue/compile.ts`. */
export function bindInputs(module: string, graph: Graph, signature: Signature, inputs: unknown): Bound[] {
  const expected = signature.argumentLayout.kind === "list" ? signature.argumentLayout.items : [];
  const args = [...argumentsOf(inputs, signature, expected)];
  // Arguments at the end that were left out of the example may be left out here.
  while (args.length < expected.length && isLeftOut(expected[args.length] as Layout, graph)) args.push(undefined);
  if (args.length !== expected.length) {
    throw ingotError("InputCount", {
      module,
      expected: count(expected.length, "argument"),
      names: signature.argumentNames.join(", "),
      actual: String(args.length),
    });
  }
  const bound: Bound[] = [];
  expected.forEach((layout, i) => collect(module, graph, layout, args[i], signature.argumentNames[i] as string, bound));
  checkTypes(module, graph, signature, bound);
  return bound;
}

/** The values that an engine is given; `read` takes the elements out of a tensor. */
export function runtimeValues(graph: Graph, bound: readonly Bound[], read: (tensor: Tensor) => Storage): RuntimeValue[] {
  return graph.inputs.map((v, i) => toRuntimeValue(bound[i] as Bound, v.type, read));
}

function isLeftOut(layout: Layout, graph: Graph): boolean {
  if (layout.kind === "tensor") return graph.inputs[layout.index]?.type.kind === "optional";
  return layout.kind === "static" && (layout.value ?? null) === null;
}

/** A record by argument names stands for the argument list, unless the one argument is a record itself. */
function argumentsOf(inputs: unknown, signature: Signature, expected: readonly Layout[]): readonly unknown[] {
  const list = inputs === undefined ? [] : argumentList(inputs);
  const only = list[0];
  const takesRecord = expected.length === 1 && expected[0]?.kind === "record";
  if (list.length !== 1 || takesRecord || isTensor(only) || typeof only !== "object" || only === null || Array.isArray(only)) return list;
  const record = only as Record<string, unknown>;
  const keys = Object.keys(record);
  return keys.length === expected.length && keys.every((k) => signature.argumentNames.includes(k))
    ? signature.argumentNames.map((n) => record[n])
    : list;
}

function collect(module: string, graph: Graph, layout: Layout, value: unknown, name: string, into: Bound[]): void {
  const wrong = (expected: string) => ingotError("InputKind", { name, module, actual: describeValue(value), expected });
  switch (layout.kind) {
    case "tensor":
      into[layout.index] = boundValue(value, (graph.inputs[layout.index] as Value).type, name, (path, actual, expected) =>
        ingotError("InputKind", { name: path, module, actual: describeValue(actual), expected }),
      );
      return;
    case "list":
      if (!Array.isArray(value) || value.length !== layout.items.length) throw wrong(`an array of ${layout.items.length}`);
      layout.items.forEach((item, i) => collect(module, graph, item, value[i], `${name}.${i}`, into));
      return;
    case "record": {
      const keys = layout.entries.map(([key]) => key);
      if (typeof value !== "object" || value === null || isTensor(value) || Array.isArray(value))
        throw wrong(`a record with ${keys.join(", ")}`);
      const record = value as Record<string, unknown>;
      const odd = [...keys.filter((k) => !(k in record)), ...Object.keys(record).filter((k) => !keys.includes(k))];
      if (odd.length > 0)
        throw wrong(
          `a record with ${keys.join(", ")} (${odd.join(", ")} ${odd[0] !== undefined && odd[0] in record ? "is not one of them" : "is missing"})`,
        );
      for (const [key, item] of layout.entries) collect(module, graph, item, record[key], `${name}.${key}`, into);
      return;
    }
    case "static":
      if (!Object.is(value ?? null, layout.value ?? null))
        throw ingotError("StaticInputChanged", { name, module, actual: describeValue(value), expected: describeValue(layout.value) });
  }
}

/** What forward returned, from the graph's outputs. */
export function bindOutputs(signature: Signature, outputs: readonly RuntimeValue[]): Nested {
  return unflatten(signature.outputLayout, outputs.map(fromRuntimeValue));
}
