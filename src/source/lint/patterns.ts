// Destructuring: what each name of a pattern gets from the value it takes apart.
import type { AnyNode, Pattern, VariableDeclaration } from "acorn";
import type { Place, Scope } from "./activation.ts";
import type { Analysis } from "./analysis.ts";
import { join, type Kind, named, never, unknown, withoutUndefined } from "./kind.ts";

/** Gives a value to a pattern's variables, which must be in scope. */
export function assignPattern(pattern: Pattern, kind: Kind, place: Place, analysis: Analysis): void {
  switch (pattern.type) {
    case "Identifier": {
      const binding = place.scope.find(pattern.name);
      if (binding) analysis.assign(binding, named(kind));
      if (!binding || kind.is === "list" || kind.is === "record") analysis.escape([kind]);
      break;
    }
    case "AssignmentPattern": {
      const given = withoutUndefined(kind);
      const mayBeMissing = given !== kind || kind.is === "unknown";
      assignPattern(pattern.left, mayBeMissing ? join(given, analysis.evaluate(pattern.right, place)) : kind, place, analysis);
      break;
    }
    case "ObjectPattern":
      for (const property of pattern.properties) {
        if (property.type === "RestElement") assignPattern(property.argument, unknown, place, analysis);
        else assignPattern(property.value, propertyKind(property, kind, place, analysis), place, analysis);
      }
      break;
    case "ArrayPattern":
      pattern.elements.forEach((element, i) => {
        if (element?.type === "RestElement") assignPattern(element.argument, unknown, place, analysis);
        else if (element) assignPattern(element, elementKind(kind, i, analysis), place, analysis);
      });
      break;
    case "MemberExpression":
      if (pattern.object.type !== "Super") analysis.evaluate(pattern.object, place);
      analysis.escape([kind]);
      break;
    case "RestElement":
      assignPattern(pattern.argument, unknown, place, analysis);
  }
}

function propertyKind(property: { computed: boolean; key: AnyNode }, kind: Kind, place: Place, analysis: Analysis): Kind {
  const { computed, key } = property;
  if (!computed && key.type === "Identifier") return analysis.member(kind, key.name);
  if (key.type === "Literal") return analysis.member(kind, String(key.value));
  if (computed) analysis.evaluate(key as Parameters<Analysis["evaluate"]>[0], place);
  return unknown;
}

function elementKind(kind: Kind, index: number, analysis: Analysis): Kind {
  if (kind.is === "never") return never;
  if (kind.is === "list") return analysis.member(kind, String(index));
  if (kind.is === "values" && kind.values.every((one) => Array.isArray(one))) return analysis.member(kind, String(index));
  return unknown;
}

/** Puts the names that statements declare into their block's scope, functions with their closures. */
export function declareBlock(statements: readonly AnyNode[], scope: Scope, place: Place, analysis: Analysis): void {
  const { activation } = place;
  for (const statement of statements) {
    if (statement.type === "VariableDeclaration" && statement.kind !== "var") declareVariables(statement, scope, place);
    else if (statement.type === "ClassDeclaration" && statement.id) {
      const binding = activation.binding(statement.id);
      analysis.assign(binding, unknown);
      scope.declare(statement.id.name, binding);
    } else if (statement.type === "FunctionDeclaration" && statement.id) {
      const binding = activation.binding(statement.id);
      scope.declare(statement.id.name, binding);
      analysis.assign(binding, { is: "closure", closure: activation.closure(statement, scope) });
    }
  }
}

export function declareVariables(declaration: VariableDeclaration, scope: Scope, place: Place): void {
  for (const { id } of declaration.declarations) declarePattern(id, scope, place);
}

export function declarePattern(pattern: Pattern, scope: Scope, place: Place): void {
  for (const identifier of boundNames(pattern)) scope.declare(identifier.name, place.activation.binding(identifier));
}

function* boundNames(pattern: Pattern): Generator<Pattern & { type: "Identifier" }> {
  switch (pattern.type) {
    case "Identifier":
      yield pattern;
      break;
    case "AssignmentPattern":
      yield* boundNames(pattern.left);
      break;
    case "RestElement":
      yield* boundNames(pattern.argument);
      break;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element) yield* boundNames(element);
      break;
    case "ObjectPattern":
      for (const property of pattern.properties) yield* boundNames(property.type === "RestElement" ? property.argument : property.value);
  }
}
