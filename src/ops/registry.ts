// The one registry of operators: families put together, and operators that users define. Implements the IR's OpSchemas.
import type { OpSchemas } from "../ir/schema.ts";
import type { OpDefinition } from "./define.ts";
import * as elementwise from "./elementwise.ts";

const families = { elementwise } as const;

type Family = (typeof families)[keyof typeof families];
type DefinitionOf<F> = F extends unknown ? { [K in keyof F]: F[K] extends OpDefinition<infer N> ? N : never }[keyof F] : never;
/** The full names of all built-in operators. */
export type OpName = DefinitionOf<Family>;

const table = new Map<string, OpDefinition>();
for (const family of Object.values(families))
  for (const definition of Object.values(family)) if (isDefinition(definition)) table.set(definition.name, definition);

function isDefinition(value: unknown): value is OpDefinition {
  return typeof value === "object" && value !== null && "evaluate" in value;
}

/** The operators, by full name. */
export const registry: OpSchemas & { get(name: string): OpDefinition | undefined; all(): Iterable<OpDefinition>; add(definition: OpDefinition): void } = {
  get: (name) => table.get(name),
  all: () => table.values(),
  /** Registers a user's operator; a name that exists already is replaced only by an equal object. */
  add: (definition) => void table.set(definition.name, definition),
};
