// Statements: walks a function's body once, in order, both ways at every branch that is not decided by what is known.
import type { AnyNode, Statement, VariableDeclaration } from "acorn";
import { isCoverageCounter } from "../artefacts.ts";
import { children, isClass, isFunction } from "../parse.ts";
import { type Activation, type Place, Scope } from "./activation.ts";
import type { Analysis } from "./analysis.ts";
import { test } from "./conditions.ts";
import { identity } from "./findings.ts";
import { type Kind, named, never, unknown, value } from "./kind.ts";
import { assignPattern, declareBlock, declarePattern, declareVariables } from "./patterns.ts";

/** Walks a function: binds its parameters, hoists its variables, and collects what it returns. */
export function walkFunction(activation: Activation, analysis: Analysis): void {
  const { node, args } = activation;
  const scope = new Scope(activation.outer);
  const place = { activation, scope };
  if (node.type === "FunctionExpression" && node.id) {
    const self = activation.binding(node.id);
    scope.declare(node.id.name, self);
    analysis.assign(self, unknown);
  }
  for (const param of node.params) declarePattern(param, scope, place);
  node.params.forEach((param, i) => {
    if (param.type === "RestElement") assignPattern(param.argument, { is: "list", items: args.slice(i) }, place, analysis);
    else assignPattern(param, args[i] ?? value(undefined), place, analysis);
  });
  if (node.body.type !== "BlockStatement") {
    analysis.returns(activation, analysis.evaluate(node.body, place));
    return;
  }
  for (const declaration of hoisted(node.body)) declareVariables(declaration, scope, place);
  walkBlock(node.body.body, scope, place, analysis);
  if (!node.body.body.some((statement) => statement.type === "ReturnStatement")) analysis.returns(activation, value(undefined));
}

function walkBlock(statements: readonly AnyNode[], scope: Scope, place: Place, analysis: Analysis): void {
  const inner = { ...place, scope };
  declareBlock(statements, scope, inner, analysis);
  for (const statement of statements) walk(statement as Statement, inner, analysis);
}

function walk(statement: Statement, place: Place, analysis: Analysis): void {
  switch (statement.type) {
    case "ExpressionStatement":
      if (isCoverageCounter(statement.expression, place.activation.code.captured)) break;
      analysis.evaluate(statement.expression, place);
      break;
    case "VariableDeclaration":
      walkDeclaration(statement, place, analysis);
      break;
    case "ReturnStatement": {
      const kind = statement.argument ? analysis.evaluate(statement.argument, place) : value(undefined);
      analysis.escape([kind]);
      analysis.returns(place.activation, kind);
      break;
    }
    case "BlockStatement":
      walkBlock(statement.body, new Scope(place.scope), place, analysis);
      break;
    case "IfStatement": {
      const decided = test(statement.test, place, analysis).decided;
      if (decided !== false) walk(statement.consequent, place, analysis);
      if (decided !== true && statement.alternate) walk(statement.alternate, place, analysis);
      break;
    }
    case "WhileStatement":
      if (test(statement.test, place, analysis).decided !== false) walk(statement.body, place, analysis);
      break;
    case "DoWhileStatement":
      walk(statement.body, place, analysis);
      test(statement.test, place, analysis);
      break;
    case "ForStatement": {
      const inner = { ...place, scope: new Scope(place.scope) };
      if (statement.init?.type === "VariableDeclaration") {
        declareBlock([statement.init], inner.scope, inner, analysis);
        walkDeclaration(statement.init, inner, analysis);
      } else if (statement.init) analysis.evaluate(statement.init, inner);
      if (statement.test) test(statement.test, inner, analysis);
      walk(statement.body, inner, analysis);
      if (statement.update) analysis.evaluate(statement.update, inner);
      break;
    }
    case "ForOfStatement":
      walkForEach(statement, analysis.elements(analysis.evaluate(statement.right, place)), place, analysis);
      break;
    case "ForInStatement":
      analysis.evaluate(statement.right, place);
      walkForEach(statement, unknown, place, analysis);
      break;
    case "SwitchStatement":
      walkSwitch(statement, place, analysis);
      break;
    case "TryStatement":
      walk(statement.block, place, analysis);
      if (statement.handler) {
        const { param, body } = statement.handler;
        const inner = { ...place, scope: new Scope(place.scope) };
        if (param) {
          declarePattern(param, inner.scope, inner);
          assignPattern(param, unknown, inner, analysis);
        }
        walk(body, inner, analysis);
      }
      if (statement.finalizer) walk(statement.finalizer, place, analysis);
      break;
    case "LabeledStatement":
      walk(statement.body, place, analysis);
      break;
    case "ThrowStatement":
      analysis.evaluate(statement.argument, place);
      break;
    default:
      // Functions are read where they are called, classes are not read; break, continue, debugger and with say nothing.
      break;
  }
}

function walkDeclaration(declaration: VariableDeclaration, place: Place, analysis: Analysis): void {
  for (const { id, init } of declaration.declarations) {
    // A `var` without a value is an old way to write a name twice; a `let` without one is undefined for now.
    if (init) assignPattern(id, analysis.evaluate(init, place), place, analysis);
    else if (declaration.kind !== "var") assignPattern(id, value(undefined), place, analysis);
  }
}

function walkForEach(
  statement: Statement & { type: "ForOfStatement" | "ForInStatement" },
  element: Kind,
  place: Place,
  analysis: Analysis,
): void {
  const inner = { ...place, scope: new Scope(place.scope) };
  if (statement.left.type === "VariableDeclaration") {
    const { left } = statement;
    declareBlock([left], inner.scope, inner, analysis);
    for (const { id } of left.declarations) assignPattern(id, named(element), inner, analysis);
  } else assignPattern(statement.left, named(element), inner, analysis);
  if (element !== never) walk(statement.body, inner, analysis);
}

function walkSwitch(statement: Statement & { type: "SwitchStatement" }, place: Place, analysis: Analysis): void {
  const { discriminant, cases } = statement;
  if (analysis.evaluate(discriminant, place).is === "tensor") {
    analysis.report(discriminant, place, (code) => identity(code, discriminant, discriminant, "switch"));
  }
  for (const { test: label } of cases) if (label) analysis.evaluate(label, place);
  walkBlock(
    cases.flatMap((one) => one.consequent),
    new Scope(place.scope),
    place,
    analysis,
  );
}

/** `var` declarations of a function's body, wherever they stand in it. */
function hoisted(node: AnyNode): VariableDeclaration[] {
  const found: VariableDeclaration[] = [];
  for (const child of children(node)) {
    if (isFunction(child) || isClass(child)) continue;
    if (child.type === "VariableDeclaration" && child.kind === "var") found.push(child);
    found.push(...hoisted(child));
  }
  return found;
}
