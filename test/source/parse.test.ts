import assert from "node:assert/strict";
import type { AnyNode } from "acorn";
import fc from "fast-check";
import { children, classOfConstructor, findFunction, isFunction, parseScript, parseText } from "../../src/source/parse.ts";

/** The text of the function found at the first `mark` of a text. */
function foundAt(text: string, mark: string): string | undefined {
  const node = findFunction(parseText(text, false), text.indexOf(mark));
  return node && text.slice(node.start, node.end);
}

describe("parseText", () => {
  it("takes what loaders wrap: a return and an await outside a function", () => {
    assert.equal(parseText("return 1", false).body[0]?.type, "ReturnStatement");
    assert.equal(parseText("const x = await y; ({ a: await x })", false).body.length, 2);
  });

  it("reads await as a name where a script uses it so", () => {
    assert.equal(parseText("var await = 1", false).body[0]?.type, "VariableDeclaration");
  });

  it("reads imports and exports of a module, and a hash-bang line", () => {
    assert.deepEqual(
      parseText('#!/usr/bin/env node\nimport a from "a"; export const b = a;', true).body.map((node) => node.type),
      ["ImportDeclaration", "ExportNamedDeclaration"],
    );
  });

  it("throws for what is not JavaScript", () => assert.throws(() => parseText("let = = 2", false), SyntaxError));
});

describe("parseScript", () => {
  it("parses a script once", () => {
    let reads = 0;
    const read = () => {
      reads++;
      return "1 + 1";
    };
    const first = parseScript("test: once", false, read);
    assert.equal(parseScript("test: once", false, read), first);
    assert.equal(reads, 1);
  });
});

describe("findFunction", () => {
  it("finds a declaration by the parenthesis of its parameters", () => {
    assert.equal(foundAt("1; function f(a, b) { return a } 2", "(a"), "function f(a, b) { return a }");
  });

  it("finds the inner one of two functions", () => {
    assert.equal(foundAt("function f(a = (q) => q) { return (r) => r }", "(q"), "(q) => q");
    assert.equal(foundAt("function f(a = (q) => q) { return (r) => r }", "(r"), "(r) => r");
    assert.equal(foundAt("function f(a = (q) => q) { return (r) => r }", "(a"), "function f(a = (q) => q) { return (r) => r }");
  });

  it("finds arrows with and without parentheses, async ones by their first word", () => {
    assert.equal(foundAt("f(x => y => 1)", "x"), "x => y => 1");
    assert.equal(foundAt("f(x => y => 1)", "y"), "y => 1");
    assert.equal(foundAt("f(async (z) => z)", "async"), "async (z) => z");
  });

  it("finds methods, getters and classes", () => {
    const text = "class A extends B { constructor(q) { super() } get x() { return 1 } static async *m(z) {} }";
    assert.equal(foundAt(text, "() { return"), "() { return 1 }");
    assert.equal(foundAt(text, "(z"), "(z) {}");
    assert.equal(foundAt(text, "class"), text);
  });

  it("finds nothing where no function starts", () => assert.equal(foundAt("const a = 1; f(a)", "a"), undefined));

  it("finds each function of a text by its parameters, in any nesting", () => {
    const shape = fc.letrec<{ text: string }>((tie) => ({
      text: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom("1", "x", "[2]"),
        tie("text").map((inner) => `(function (a) { return ${inner} })`),
        tie("text").map((inner) => `((b = ${inner}) => ${inner})`),
        tie("text").map((inner) => `({ m(c) { return ${inner} } })`),
        tie("text").map((inner) => `(class { n(d) { return ${inner} } })`),
      ),
    })).text;
    fc.assert(
      fc.property(shape, (text) => {
        const program = parseText(text, false);
        for (const node of functionsOf(program)) {
          const offset = node.type === "FunctionExpression" ? text.indexOf("(", node.start) : node.start;
          assert.equal(findFunction(program, offset), node);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("classOfConstructor", () => {
  it("gives the class of a constructor and of nothing else", () => {
    const text = "class A { constructor(a) {} m(b) { class B { constructor(c) {} } } }";
    const program = parseText(text, false);
    const at = (mark: string) => {
      const found = findFunction(program, text.indexOf(mark));
      const owner = found && "params" in found ? classOfConstructor(program, found) : undefined;
      return owner?.id?.name;
    };
    assert.deepEqual([at("(a"), at("(b"), at("(c")], ["A", undefined, "B"]);
  });
});

function* functionsOf(node: AnyNode): Generator<AnyNode> {
  if (isFunction(node)) yield node;
  for (const child of children(node)) yield* functionsOf(child);
}
