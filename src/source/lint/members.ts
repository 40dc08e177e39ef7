// Properties and argument lists: which object a property belongs to, and what each argument of a call is.
import type { Expression, SpreadElement } from "acorn";
import type { Place } from "./activation.ts";
import type { Analysis } from "./analysis.ts";
import { join, type Kind, unknown, value } from "./kind.ts";
import { readSuperMember } from "./live.ts";

/** The kinds of a call's arguments; after a spread of unknown length nothing has a position. */
export function evaluateArguments(args: readonly (Expression | SpreadElement)[], place: Place, analysis: Analysis): Kind[] {
  const kinds: Kind[] = [];
  for (const arg of args) {
    if (arg.type !== "SpreadElement") kinds.push(analysis.evaluate(arg, place));
    else {
      const spread = analysis.evaluate(arg.argument, place);
      if (spread.is === "list") kinds.push(...spread.items);
      else if (spread.is === "values" && spread.values.length === 1 && Array.isArray(spread.values[0])) {
        kinds.push(...spread.values[0].map((one) => analysis.kindOf(one)));
      } else return [...kinds, ...new Array<Kind>(16).fill(unknown)];
    }
  }
  return kinds;
}

/** A property, with the object it belongs to: a method's `this`. */
export function memberOf(
  node: Expression & { type: "MemberExpression" },
  place: Place,
  analysis: Analysis,
): { readonly owner: Kind; readonly kind: Kind; readonly key: string | undefined } {
  const { thisKind, code } = place.activation;
  const key = keyOf(node, place, analysis);
  if (node.object.type === "Super") {
    if (thisKind.is !== "values" || key === undefined) return { owner: thisKind, kind: unknown, key };
    const found = thisKind.values.map((one) => analysis.memberKind(readSuperMember(one, code.fn, key), value(one)));
    return { owner: thisKind, kind: found.reduce(join), key };
  }
  const owner = analysis.evaluate(node.object, place);
  if (node.property.type === "PrivateIdentifier") return { owner, kind: analysis.privateMember(owner, node.property.name), key: undefined };
  if (key !== undefined) return { owner, kind: analysis.member(owner, key), key };
  // An index that is not known: any element.
  const arrays = owner.is === "list" || (owner.is === "values" && owner.values.every((one) => Array.isArray(one)));
  return { owner, kind: arrays ? join(analysis.elements(owner), value(undefined)) : unknown, key };
}

function keyOf(node: Expression & { type: "MemberExpression" }, place: Place, analysis: Analysis): string | undefined {
  const { property, computed } = node;
  if (property.type === "PrivateIdentifier") return undefined;
  if (!computed) return property.type === "Identifier" ? property.name : undefined;
  const kind = analysis.evaluate(property, place);
  const [only] = kind.is === "values" && kind.values.length === 1 ? kind.values : [];
  return typeof only === "string" || typeof only === "number" ? String(only) : undefined;
}
