// `this` and `super` of the code that runs.
import type { AnyNode } from "acorn";
import type { Context } from "./context.ts";
import { LiveThis } from "./live-this.ts";
import type { Scope } from "./scope.ts";
import { unassigned } from "./values.ts";

/** What `this` is. */
export function thisOf(c: Context, { activation }: Scope, node: AnyNode): unknown {
  const { self, thisValue } = activation;
  if (!self) return thisValue instanceof LiveThis ? thisValue.value(node) : thisValue;
  if (self.value === unassigned) c.machine.fail("StaticThrow", { message: "this is read before super() was called" }, node);
  return self.value;
}

/** The object on whose prototype `super` goes on; undefined where it cannot be told. */
export function homeOf({ activation }: Scope, node: AnyNode): unknown {
  const { home } = activation;
  return home instanceof LiveThis ? home.home(node) : home;
}
