// JavaScript's operators on numbers and booleans that depend on tensors: int64 and float64 scalars in the graph, sizes as expressions.
import { addDims, ceilDivDims, type Dim, floorDivDims, modDims, mulDims, subDims } from "../ir/dim.ts";
import type { Stage } from "./stage.ts";
import { isScalar, type Scalar, type ScalarKind, Sym, scalarKind } from "./values.ts";

/** What an operator gives: a value, or undefined where it has none for such operands. */
type Result = Scalar | undefined;

/** `a op b` where at least one is symbolic. Undefined for operators that these kinds do not have. */
export function binaryScalar(stage: Stage, op: string, a: Scalar, b: Scalar): Result {
  const rule = binaries[op];
  return rule && isScalar(a) && isScalar(b) ? rule(stage, a, b) : undefined;
}

/** `op a` for a symbolic operand. */
export function unaryScalar(stage: Stage, op: string, a: Sym): Result {
  if (op === "!") return a.kind === "bool" ? notScalar(stage, a) : undefined;
  if (a.kind === "bool") return undefined;
  if (op === "+") return a;
  if (op !== "-") return undefined;
  if (a.dim !== undefined) return size(mulDims(-1, a.dim));
  // −0 is no int64: a float keeps it.
  return a.kind === "int"
    ? stage.compute("int", "Neg", [stage.scalar(a, "int")])
    : stage.compute("float", "Neg", [stage.scalar(a, "float")]);
}

export function notScalar(stage: Stage, a: Scalar): Scalar {
  if (!(a instanceof Sym)) return !a;
  if (a.form?.op === "not") return a.form.a;
  return stage.compute("bool", "Not", [stage.scalar(a, "bool")], {}, { form: { op: "not", a } });
}

export function orScalar(stage: Stage, a: Scalar, b: Scalar): Scalar {
  if (a === true || b === true) return true;
  if (a === false) return b;
  if (b === false || a === b) return a;
  return stage.compute(
    "bool",
    "Or",
    [stage.scalar(a, "bool"), stage.scalar(b, "bool")],
    {},
    { form: { op: "or", a: a as Sym, b: b as Sym } },
  );
}

export function andScalar(stage: Stage, a: Scalar, b: Scalar): Scalar {
  if (a === false || b === false) return false;
  if (a === true) return b;
  if (b === true || a === b) return a;
  return stage.compute(
    "bool",
    "And",
    [stage.scalar(a, "bool"), stage.scalar(b, "bool")],
    {},
    { form: { op: "and", a: a as Sym, b: b as Sym } },
  );
}

/** An int that is a size. */
export function size(dim: Dim): Scalar {
  return typeof dim === "number" ? dim : new Sym("int", undefined, { dim });
}

/** The size that an int is without adding anything to the graph. */
function knownDim(a: Scalar): Dim | undefined {
  if (a instanceof Sym) return a.dim;
  return typeof a === "number" && Number.isSafeInteger(a) && !Object.is(a, -0) ? a : undefined;
}

const numeric = (a: Scalar) => scalarKind(a) !== "bool";
const commonKind = (a: Scalar, b: Scalar): ScalarKind => (scalarKind(a) === "int" && scalarKind(b) === "int" ? "int" : "float");

type Rule = (stage: Stage, a: Scalar, b: Scalar) => Result;

const arithmetic =
  (op: string, form: "add" | "sub" | "mul", onDims: (a: Dim, b: Dim) => Dim): Rule =>
  (stage, a, b) => {
    if (!numeric(a) || !numeric(b)) return undefined;
    const [x, y] = [knownDim(a), knownDim(b)];
    if (x !== undefined && y !== undefined) return size(onDims(x, y));
    const kind = commonKind(a, b);
    const finite = form !== "mul" && staysFinite(a) && staysFinite(b);
    return stage.compute(kind, op, [stage.scalar(a, kind), stage.scalar(b, kind)], {}, { form: { op: form, a, b }, finite });
  };

const staysFinite = (a: Scalar) => (a instanceof Sym ? a.finite : Number.isFinite(a));

/** A quotient of numbers is a float, as in JavaScript; one of two sizes remembers them, for the floor that usually follows. */
const divide: Rule = (stage, a, b) => {
  if (!numeric(a) || !numeric(b)) return undefined;
  const [x, y] = [knownDim(a), knownDim(b)];
  const quotient = x !== undefined && typeof y === "number" && y > 0 ? ([x, y] as const) : undefined;
  const finite = scalarKind(a) === "int" && typeof b === "number" && Number.isFinite(b) && Math.abs(b) >= 1;
  return stage.compute("float", "Div", [stage.scalar(a, "float"), stage.scalar(b, "float")], {}, { quotient, finite });
};

/** The remainder has the sign of the dividend; that of ints by 0 is NaN, so only a divisor that is known keeps an int. */
const remainder: Rule = (stage, a, b) => {
  if (!numeric(a) || !numeric(b)) return undefined;
  const [x, y] = [knownDim(a), knownDim(b)];
  if (x !== undefined && typeof y === "number" && y > 0 && isNeverNegative(x)) return size(modDims(x, y));
  const whole = commonKind(a, b) === "int" && typeof b === "number" && b !== 0;
  const kind = whole ? "int" : "float";
  return stage.compute(kind, "Mod", [stage.scalar(a, kind), stage.scalar(b, kind)], { fmod: 1 });
};

const power: Rule = (stage, a, b) => {
  if (!numeric(a) || !numeric(b)) return undefined;
  // A whole power of a whole number is whole.
  if (commonKind(a, b) === "int" && typeof b === "number" && b >= 0 && b <= 8) {
    const product = binaries["*"] as Rule;
    let result: Result = 1;
    for (let i = 0; i < b; i++) result = result === undefined ? undefined : product(stage, result, a);
    return result;
  }
  return stage.compute("float", "Pow", [stage.scalar(a, "float"), stage.scalar(b, "float")]);
};

const comparison =
  (op: string, form: "lt" | "le" | "gt" | "ge", decide: (difference: number) => boolean): Rule =>
  (stage, a, b) => {
    if (!numeric(a) || !numeric(b)) return undefined;
    const [x, y] = [knownDim(a), knownDim(b)];
    if (x !== undefined && y !== undefined) {
      const difference = subDims(x, y);
      if (typeof difference === "number") return decide(difference);
    }
    const kind = commonKind(a, b);
    return stage.compute("bool", op, [stage.scalar(a, kind), stage.scalar(b, kind)], {}, { form: { op: form, a, b } });
  };

/** `===` of different kinds is false; of numbers it compares. */
const equality =
  (negated: boolean): Rule =>
  (stage, a, b) => {
    if (numeric(a) !== numeric(b)) return negated;
    const [x, y] = [knownDim(a), knownDim(b)];
    if (x !== undefined && y !== undefined) {
      const difference = subDims(x, y);
      if (typeof difference === "number") return (difference === 0) !== negated;
    }
    const kind = numeric(a) ? commonKind(a, b) : "bool";
    const equal = stage.compute("bool", "Equal", [stage.scalar(a, kind), stage.scalar(b, kind)]);
    return negated ? notScalar(stage, equal) : equal;
  };

/** JavaScript's bitwise operators work on the lowest 32 bits. */
const bitwise =
  (op: string): Rule =>
  (stage, a, b) => {
    const bools = !numeric(a) && !numeric(b);
    if (bools || scalarKind(a) !== "int" || scalarKind(b) !== "int") return undefined;
    const [result] = stage.add(op, [wrapped(stage, a), wrapped(stage, b)]);
    return new Sym("int", result && stage.cast(result, "int64"));
  };

/** The lowest 32 bits of an int. */
const wrapped = (stage: Stage, a: Scalar) => stage.cast(stage.scalar(a, "int"), "int32");

/** Shifts by a known number of bits: products and quotients (rounded down) of powers of 2, of 32 bits. */
const shift =
  (left: boolean): Rule =>
  (stage, a, b) => {
    if (scalarKind(a) !== "int" || typeof b !== "number" || !Number.isInteger(b)) return undefined;
    const bits = stage.cast(wrapped(stage, a), "int64");
    const factor = stage.scalar(2 ** (b & 31), "int");
    if (left) {
      const product = stage.compute("int", "Mul", [bits, factor]);
      return new Sym("int", stage.cast(wrapped(stage, product), "int64"));
    }
    const rest = stage.compute("int", "Mod", [bits, factor]);
    const whole = stage.compute("int", "Sub", [bits, stage.scalar(rest, "int")]);
    return stage.compute("int", "Div", [stage.scalar(whole, "int"), factor]);
  };

const binaries: Readonly<Record<string, Rule>> = {
  "+": arithmetic("Add", "add", addDims),
  "-": arithmetic("Sub", "sub", subDims),
  "*": arithmetic("Mul", "mul", mulDims),
  "/": divide,
  "%": remainder,
  "**": power,
  "<": comparison("Less", "lt", (d) => d < 0),
  "<=": comparison("LessOrEqual", "le", (d) => d <= 0),
  ">": comparison("Greater", "gt", (d) => d > 0),
  ">=": comparison("GreaterOrEqual", "ge", (d) => d >= 0),
  "===": equality(false),
  "!==": equality(true),
  "==": equality(false),
  "!=": equality(true),
  "&": bitwise("BitwiseAnd"),
  "|": bitwise("BitwiseOr"),
  "^": bitwise("BitwiseXor"),
  "<<": shift(true),
  ">>": shift(false),
};

/** Rounds a number to a whole one: `Floor`, `Ceil` or toward zero. Quotients of sizes stay sizes. */
export function roundScalar(stage: Stage, how: "Floor" | "Ceil" | "Trunc", a: Sym): Scalar {
  if (a.kind === "int") return a;
  if (a.quotient) {
    const [x, y] = a.quotient;
    if (how === "Floor") return size(floorDivDims(x, y));
    if (isNeverNegative(x)) return size(how === "Ceil" ? ceilDivDims(x, y) : floorDivDims(x, y));
  }
  const value = stage.scalar(a, "float");
  // A cast to int64 cuts off, which is Trunc.
  const rounded = how === "Trunc" ? value : (stage.add(how, [value])[0] as typeof value);
  return new Sym("int", stage.cast(rounded, "int64"));
}

/** True for sizes that are sums of products of sizes: those are never below 0. */
function isNeverNegative(dim: Dim): boolean {
  return typeof dim === "number" ? dim >= 0 : dim.terms.every((t) => t.coefficient >= 0 && t.atoms.every((atom) => atom.kind === "size"));
}
