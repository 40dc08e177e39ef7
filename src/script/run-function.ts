// Running the body of a function: parameters, the frame of the call, and what comes back.
import type { AnyNode } from "acorn";
import type { SourceText } from "../source/function-source.ts";
import type { FunctionNode } from "../source/parse.ts";
import type { Context } from "./context.ts";
import { LiveThis } from "./live-this.ts";
import { Binding, recursionLimit } from "./machine.ts";
import { type Activation, Scope } from "./scope.ts";
import { Partial, type Scalar, Sym, unassigned } from "./values.ts";

interface Run {
  readonly name: string;
  readonly node: FunctionNode;
  readonly source: SourceText;
  readonly library: boolean;
  readonly thisValue: unknown;
  readonly home: unknown;
  readonly newTarget: unknown;
  readonly captured: Activation["captured"];
  readonly missing?: Activation["missing"];
  readonly privates: object | undefined;
  readonly self: Binding | undefined;
  /** The variables around a closure. */
  readonly scope: Scope | undefined;
  readonly args: readonly unknown[];
  readonly at: AnyNode;
  readonly initialize?: ((object: unknown) => void) | undefined;
}

/** Runs a function; throws AsyncFunction, RecursionLimit, and MissingReturn where only some paths return. */
export function run(c: Context, r: Run): unknown {
  const { machine } = c;
  if (r.node.async || r.node.generator) machine.fail("AsyncFunction", { fn: r.name }, r.at);
  if (machine.calls.length >= recursionLimit) machine.fail("RecursionLimit", { fn: r.name, limit: recursionLimit }, r.at);
  const { heap } = machine;
  const activation: Activation & { initialize?: ((object: unknown) => void) | undefined } = {
    name: r.name,
    source: r.source,
    thisValue: r.thisValue,
    home: r.home,
    newTarget: r.newTarget,
    returned: heap.fresh(new Binding("returned", false)),
    ended: false,
    result: heap.fresh(new Binding("result", unassigned)),
    captured: r.captured,
    missing: r.missing,
    privates: r.privates,
    self: r.self,
    initialize: r.initialize,
  };
  const scope = new Scope(activation, r.scope, undefined);
  const depth = machine.calls.length;
  machine.calls.push({ name: r.name, source: r.source, library: r.library, node: r.node as AnyNode, scope: moduleScope(c, r) });
  try {
    bindParameters(c, r.node, r.args, scope);
    if (r.node.body.type !== "BlockStatement") return c.evaluate(r.node.body, scope);
    c.executeAll(r.node.body.body, scope.block());
    return resultOf(c, activation, r);
  } finally {
    activation.ended = true;
    machine.calls.length = depth;
  }
}

function bindParameters(c: Context, node: FunctionNode, args: readonly unknown[], scope: Scope): void {
  node.params.forEach((param, i) => {
    if (param.type === "RestElement") c.bind(param.argument, c.machine.heap.fresh(args.slice(i)), scope, "let");
    else c.bind(param, args[i], scope, "let");
  });
}

function resultOf(c: Context, { returned, result, name }: Activation, r: Run): unknown {
  const { machine } = c;
  const done = machine.resolve(returned.value) as Scalar;
  if (done === false) return undefined;
  const value = result.value instanceof Partial ? result.value.inner : result.value;
  if (done === true) return value instanceof Sym ? machine.resolve(value) : machine.read(value === unassigned ? undefined : value);
  // Some paths end without a return: only where nothing is returned anyway do they agree.
  if (value === undefined) return undefined;
  return machine.fail("MissingReturn", { fn: name }, r.node as AnyNode);
}

/** The path of the module whose forward runs, for the scopes of nodes; other methods belong to whoever calls them, as when recording. */
function moduleScope(c: Context, { name, thisValue }: Run): string {
  const { calls } = c.machine;
  const outer = calls[calls.length - 1]?.scope ?? "";
  const self = thisValue instanceof LiveThis ? thisValue.receiver : thisValue;
  const isForward = /(^|\.)forward$/.test(name) && typeof self === "object" && self !== null;
  return (isForward && c.modulePaths.get(self)) || outer;
}
