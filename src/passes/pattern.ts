// Patterns of rewrite rules, written as model code: calling an operator on pattern values makes a pattern of that operator's node.
import type { Attributes } from "../ir/schema.ts";
import type { OpName } from "../ops/registry.ts";

/** An input of a pattern: another pattern, a number (a constant whose elements all equal it), or nothing (the input must be left out). */
export type PatternInput = PatternValue | number | undefined;

/** A value in a pattern. The methods narrow what it matches and give it back. */
export class PatternValue {
  /** The operators of the node that computes it; undefined matches any value. */
  readonly ops: readonly string[] | undefined;
  readonly inputs: readonly PatternInput[];
  /** Attributes that must have these values (defaults count). */
  readonly attributes: Attributes;
  name: string | undefined;
  isSingle = false;
  isConstant = false;
  isOptional = false;
  isOpen = false;

  constructor(ops: readonly string[] | undefined, inputs: readonly PatternInput[], attributes: Attributes, name?: string) {
    this.ops = ops;
    this.inputs = inputs;
    this.attributes = attributes;
    this.name = name;
  }

  /** Binds the value, and the node that computes it, to a name. */
  as(name: string): this {
    this.name = name;
    return this;
  }

  /** Only the pattern around it reads the value: one reader, no graph output. */
  single(): this {
    this.isSingle = true;
    return this;
  }

  /** The value is a constant. */
  constant(): this {
    this.isConstant = true;
    return this;
  }

  /** The input may be left out. */
  optional(): this {
    this.isOptional = true;
    return this;
  }

  /** The node may have more inputs than the pattern lists. */
  open(): this {
    this.isOpen = true;
    return this;
  }
}

type PatternCall = (...inputs: (PatternInput | Attributes)[]) => PatternValue;

/** `op.Add(a, b)`, `op.Softmax(x, { axis: 1 })`; `op.oneOf(["Relu", "Sigmoid"], x)`; operators of users by `op.call("my.Op", x)`. */
export type PatternOps = { readonly [K in OpName]: PatternCall } & {
  oneOf(ops: readonly string[], ...inputs: (PatternInput | Attributes)[]): PatternValue;
  call(op: string, ...inputs: (PatternInput | Attributes)[]): PatternValue;
};

/** `v("x")`: any value, called `x`; the same name is the same value. */
export type PatternVariables = (name: string) => PatternValue;

/** The pattern that `write` builds. */
export function buildPattern(write: (op: PatternOps, v: PatternVariables) => PatternValue): PatternValue {
  const call = (ops: readonly string[], args: readonly (PatternInput | Attributes)[]) => {
    const last = args[args.length - 1];
    const attributes = typeof last === "object" && !(last instanceof PatternValue) ? last : undefined;
    const inputs = (attributes ? args.slice(0, -1) : args) as readonly PatternInput[];
    return new PatternValue(ops, inputs, attributes ?? {});
  };
  const variables = new Map<string, PatternValue>();
  const op = new Proxy({} as PatternOps, {
    get: (_, name: string) => {
      if (name === "oneOf") return (ops: readonly string[], ...args: PatternInput[]) => call(ops, args);
      if (name === "call") return (named: string, ...args: PatternInput[]) => call([named], args);
      return (...args: PatternInput[]) => call([name], args);
    },
  });
  const v = (name: string) => {
    const made = variables.get(name) ?? new PatternValue(undefined, [], {}, name);
    variables.set(name, made);
    return made;
  };
  return write(op, v);
}

/** The names that a pattern binds. */
export function namesIn(pattern: PatternValue, into: Set<string> = new Set()): Set<string> {
  if (pattern.name) into.add(pattern.name);
  for (const input of pattern.inputs) if (input instanceof PatternValue) namesIn(input, into);
  return into;
}
