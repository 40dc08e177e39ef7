// Methods of Map and Set, whose keys have to be known.
import type { AnyNode } from "acorn";
import type { AnyFunction, Context } from "./context.ts";
import { content } from "./heap.ts";
import { requireWritable } from "./members.ts";
import { own } from "./native-code.ts";
import { define } from "./native-table.ts";
import { describe, Sym } from "./values.ts";

function key(c: Context, value: unknown, fn: string, node: AnyNode): unknown {
  if (value instanceof Sym)
    c.machine.fail("NativeSymbolic", { fn, type: describe(value), instead: "Use keys that are known when the model is compiled." }, node);
  return value;
}

for (const kind of [Map, Set]) {
  const prototype = kind.prototype as unknown as Record<string, AnyFunction>;
  for (const name of ["get", "has"]) {
    const fn = prototype[name];
    if (fn)
      define(fn, (c, self, [k], node) => c.machine.read(Reflect.apply(fn, self, [key(c, k, `${kind.name}.${name}`, node)] as never[])));
  }
  for (const name of ["set", "add", "delete", "clear"]) {
    const fn = prototype[name];
    if (!fn) continue;
    define(fn, (c, self, args, node) => {
      const { heap } = c.machine;
      const owner = self as object;
      requireWritable(c, owner, content, node);
      if (c.machine.symbolic && !heap.isFresh(owner)) c.machine.fail("MapMutation", { op: `${kind.name}.${name}` }, node);
      if (args.length > 0) key(c, args[0], `${kind.name}.${name}`, node);
      const copy = kind === Map ? new Map(self as Map<unknown, unknown>) : new Set(self as Set<unknown>);
      const result: unknown = Reflect.apply(fn, copy, args as never[]);
      heap.writeContent(owner, [...copy]);
      return result === copy ? self : result;
    });
  }
  for (const name of ["entries", "keys", "values"]) {
    const fn = prototype[name];
    define(fn, (c, self) =>
      own(
        c,
        [...(Reflect.apply(fn as AnyFunction, self, []) as Iterable<unknown>)].map((item) => own(c, item)),
      ),
    );
  }
  define(prototype.forEach, (c, self, [fn], node) => {
    for (const item of [...(self as Iterable<unknown>)]) {
      const [k, value] = kind === Map ? (item as [unknown, unknown]) : [item, item];
      c.call(fn, undefined, [value, k, self], node);
    }
  });
}
