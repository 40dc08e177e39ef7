// Math, and the conversions to numbers, booleans and strings, on scalars that depend on data.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import type { Dim } from "../ir/dim.ts";
import { branch } from "./branch.ts";
import type { Context } from "./context.ts";
import { firstSymbolic, raise, runNative } from "./native-code.ts";
import { define, type Native } from "./native-table.ts";
import { binaryScalar, roundScalar } from "./operators.ts";
import { binary } from "./value-operators.ts";
import { describe, isScalar, type Scalar, Sym } from "./values.ts";

/** A function that runs as it is unless an argument depends on data. */
const onScalars =
  (fn: (...args: number[]) => unknown, staged: (c: Context, args: readonly Scalar[], node: AnyNode) => unknown): Native =>
  (c, _, args, node) => {
    if (args.some((arg) => isTensor(arg)))
      c.machine.fail("NativeSymbolic", { fn: `Math.${fn.name}`, type: "a tensor", instead: `Write x.${fn.name}().` }, node);
    if (!args.some((arg) => arg instanceof Sym)) return fn(...(args as number[]));
    if (!args.every(isScalar)) return c.machine.fail("OperatorType", { op: fn.name, a: describe(args[0]), b: "a number" }, node);
    return staged(c, args as readonly Scalar[], node);
  };

const float =
  (op: string): Parameters<typeof onScalars>[1] =>
  (c, [a]) =>
    c.machine.stage.compute("float", op, [c.machine.stage.scalar(a as Scalar, "float")]);

const staged: Readonly<Record<string, Parameters<typeof onScalars>[1]>> = {
  abs: (c, [a]) => {
    const kind = a instanceof Sym && a.kind === "int" ? "int" : "float";
    return c.machine.stage.compute(kind, "Abs", [c.machine.stage.scalar(a as Scalar, kind)]);
  },
  floor: (c, [a], node) => rounded(c, "Floor", a as Sym, node),
  ceil: (c, [a], node) => rounded(c, "Ceil", a as Sym, node),
  trunc: (c, [a], node) => rounded(c, "Trunc", a as Sym, node),
  // Halves go up, as JavaScript has it.
  round: (c, [a], node) => (a instanceof Sym && a.kind === "int" ? a : rounded(c, "Floor", binary(c, "+", a, 0.5, node) as Sym, node)),
  sign: (c, [a]) => {
    const kind = a instanceof Sym && a.kind === "int" ? "int" : "float";
    return c.machine.stage.compute(kind, "Sign", [c.machine.stage.scalar(a as Scalar, kind)]);
  },
  sqrt: float("Sqrt"),
  exp: float("Exp"),
  log: float("Log"),
  sin: float("Sin"),
  cos: float("Cos"),
  tan: float("Tan"),
  tanh: float("Tanh"),
  pow: (c, [a, b], node) => binary(c, "**", a, b, node),
  min: (c, args) => extreme(c, "Min", args),
  max: (c, args) => extreme(c, "Max", args),
};

/** A rounded number is an int of the graph, which has no NaN and no infinity: where the number may be one, the graph says so when it runs. */
function rounded(c: Context, how: "Floor" | "Ceil" | "Trunc", a: Sym, node: AnyNode): Scalar {
  const { machine } = c;
  if (!a.finite && a.quotient === undefined) {
    const value = machine.stage.compute("float", "Abs", [machine.stage.scalar(a, "float")]);
    const fits = binaryScalar(machine.stage, "<=", value, Number.MAX_SAFE_INTEGER) as Sym;
    branch(
      machine,
      fits,
      () => {},
      () => raise(c, `Math.${how.toLowerCase()} of NaN, or of a number beyond 2 ** 53, is no whole number of the graph`, node),
    );
  }
  return roundScalar(machine.stage, how, a);
}

function extreme(c: Context, op: "Min" | "Max", args: readonly Scalar[]): unknown {
  const { stage } = c.machine;
  const kind = args.every((a) => (a instanceof Sym ? a.kind === "int" : Number.isSafeInteger(a))) ? "int" : "float";
  return stage.compute(
    kind,
    op,
    args.map((a) => stage.scalar(a, kind)),
    {},
    {
      within: (size) => {
        const ranges = args.map((a) => rangeOf(a, size));
        const [least, most] = [ranges.map(([from]) => from), ranges.map(([, to]) => to)];
        return op === "Min" ? [Math.min(...least), Math.min(...most)] : [Math.max(...least), Math.max(...most)];
      },
    },
  );
}

function rangeOf(a: Scalar, size: (dim: Dim) => number): readonly [number, number] {
  if (!(a instanceof Sym)) return [Number(a), Number(a)];
  if (a.dim !== undefined) return [size(a.dim), size(a.dim)];
  return a.within?.(size) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

for (const [name, rule] of Object.entries(staged)) {
  const fn = Reflect.get(Math, name) as (...args: number[]) => unknown;
  define(fn, onScalars(fn, rule));
}

define(Number, (c, _, args, node) => {
  const value = args.length === 0 ? 0 : args[0];
  if (!(value instanceof Sym)) return converted(c, value, "Number", node, Number);
  return value.kind === "bool" ? new Sym("int", c.machine.stage.cast(c.machine.stage.scalar(value, "bool"), "int64")) : value;
});
define(Boolean, (c, _, [value], node) => c.condition(value, node));
define(String, (c, _, args, node) => {
  const value = args.length === 0 ? "" : args[0];
  if (value instanceof Sym) c.machine.fail("SymbolicString", { what: describe(value) }, node);
  return converted(c, value, "String", node, String);
});

function converted(c: Context, value: unknown, fn: string, node: AnyNode, convert: (value: unknown) => unknown): unknown {
  const symbolic = firstSymbolic(c, [value]);
  if (symbolic !== undefined)
    c.machine.fail("NativeSymbolic", { fn, type: describe(symbolic), instead: "Read a number with x.item()." }, node);
  return runNative(c, fn, node, () => convert(value));
}
