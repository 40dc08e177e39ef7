// The names of a function's parameters, read from its source: they become the names of a graph's inputs.
import type { Pattern } from "acorn";
import { IngotError } from "../errors/error.ts";
import { readFunction } from "./function-source.ts";
import type { Callable } from "./inspector.ts";

/**
 * One entry per parameter: its name, or undefined where it has none of its own (destructured, a rest parameter) or the source cannot be
 * read. Default values do not matter; parameters that `bind` has filled are left out; names that a minifier shortened are those of the
 * source where the map tells them.
 *
 * @example
 * parameterNames((x, { scale }, mask = undefined) => …);   // ["x", undefined, "mask"]
 */
export function parameterNames(fn: Callable): (string | undefined)[] {
  try {
    const { node, source, bound } = readFunction(fn);
    const params = "params" in node ? node.params : constructorParams(node.body.body);
    const names = params.map((param) => {
      const identifier = param.type === "AssignmentPattern" ? param.left : param;
      if (identifier.type !== "Identifier") return undefined;
      return source.writtenName(identifier.start) ?? identifier.name;
    });
    return names.slice(bound?.args.length ?? 0);
  } catch (error) {
    if (error instanceof IngotError && error.code === "NoSource") return new Array<undefined>(fn.length).fill(undefined);
    throw error;
  }
}

type ClassMember = import("acorn").ClassBody["body"][number];

function constructorParams(members: readonly ClassMember[]): readonly Pattern[] {
  for (const member of members) if (member.type === "MethodDefinition" && member.kind === "constructor") return member.value.params;
  return [];
}
