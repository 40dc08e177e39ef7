// Paths that leave a variable without a value. Who reads it is told where they are: the condition, or the loop that may not turn.
import { IngotError, ingotError } from "../errors/error.ts";
import type { Machine } from "./machine.ts";

/** When a path is taken: where the condition is true or false, or where the loop does not run. */
export type Taken = "true" | "false" | "not at all";

/** The error for who reads `name`, which the path that is looked at now leaves without a value. */
export function gap(machine: Machine, name: string, taken: Taken): () => IngotError {
  const { source, node } = machine.userNode();
  const at = taken !== "not at all" && "test" in node && node.test ? node.test : node;
  return () => {
    const frame = machine.codeFrame(at, source);
    const line = frame ? ` on line ${frame.line}` : "";
    const condition = taken === "not at all" ? `the loop${line} does not run` : `the condition${line} is ${taken}`;
    const where = frame && `${frame.file}:${frame.line}:${frame.column}`;
    const what = taken === "not at all" ? "not assigned where this loop does not run" : `not assigned where this is ${taken}`;
    const notes = frame ? [[`${what}: ${where}`, ...(frame.text ? [frame.text] : [])].join("\n")] : [];
    return machine.error("MaybeUndefined", { name, condition }, undefined, { notes });
  };
}

/** One error for all paths that leave the same variable out: the first, which shows the others too. */
export function allGaps(reasons: readonly (() => Error)[]): () => Error {
  const [only] = reasons;
  if (only && reasons.length === 1) return only;
  return () => {
    const [first, ...others] = reasons.map((reason) => reason());
    if (!(first instanceof IngotError)) return first as Error;
    const notes = new Set([first, ...others].flatMap((error) => (error instanceof IngotError ? error.notes : [])));
    return ingotError(first.code, first.params as never, { kind: "ScriptError", frame: first.frame, notes: [...notes] });
  };
}
