import assert from "node:assert/strict";
import type { AnyNode } from "acorn";
import { isCoverageCounter, isModuleRecord, isNameHelper } from "../../src/source/artefacts.ts";
import type { Callable } from "../../src/source/inspector.ts";
import { parseText } from "../../src/source/parse.ts";

const run = (text: string): Callable => new Function(`return ${text}`)() as Callable;

describe("isNameHelper", () => {
  it("knows the helper by what it does, under any name", () => {
    const text = "(target, value) => define(target, 'name', { value, configurable: true })";
    assert.equal(isNameHelper(run(text)), true);
    assert.equal(isNameHelper(run("(a, b) => d(a, 'name', { value: b, configurable: !0 })")), true);
    assert.equal(isNameHelper(run("function (t, v) { return Object.defineProperty(t, 'name', { value: v }) }")), true);
  });

  it("does not take functions for it that are only called so, or that do other things", () => {
    const impostors = {
      __name: (target: object, name: string) => [target, name],
    };
    assert.equal(isNameHelper(impostors.__name), false);
    assert.equal(isNameHelper(run("(t, v) => d(t, 'title', { value: v })")), false);
    assert.equal(isNameHelper(run("(t, v) => d(v, 'name', { value: t })")), false);
    assert.equal(isNameHelper(run("(t, v) => d(t, 'name', { value: other })")), false);
    assert.equal(isNameHelper(Math.max), false);
  });
});

describe("isCoverageCounter", () => {
  const expressionOf = (text: string): AnyNode => {
    const [statement] = parseText(text, false).body;
    assert.ok(statement?.type === "ExpressionStatement");
    return statement.expression;
  };
  const counter = run("function cov_1() { var actualCoverage = { s: {} }; return actualCoverage }");
  const lookup = (name: string) => (name === "cov_1" ? { value: counter } : name === "mine" ? { value: () => ({ s: [0] }) } : undefined);

  it("knows statement, branch and function counters of istanbul", () => {
    assert.equal(isCoverageCounter(expressionOf("cov_1().s[3]++"), lookup), true);
    assert.equal(isCoverageCounter(expressionOf("cov_1().b[1][0]++"), lookup), true);
  });

  it("leaves the user's own counters alone", () => {
    assert.equal(isCoverageCounter(expressionOf("mine().s[0]++"), lookup), false);
    assert.equal(isCoverageCounter(expressionOf("unknown().s[0]++"), lookup), false);
    assert.equal(isCoverageCounter(expressionOf("cov_1().s[3]--"), lookup), false);
    assert.equal(isCoverageCounter(expressionOf("this.calls++"), lookup), false);
  });
});

describe("isModuleRecord", () => {
  it("knows namespaces, loaders' records and CommonJS interop", async () => {
    assert.equal(isModuleRecord(await import("../../src/source/artefacts.ts")), true);
    assert.equal(isModuleRecord(Object.defineProperty({}, "__esModule", { value: true })), true);
    assert.equal(isModuleRecord(Object.defineProperty({}, Symbol.toStringTag, { value: "Module" })), true);
  });

  it("does not run getters to find out", () => {
    const sly = {
      get [Symbol.toStringTag](): string {
        return assert.fail("a getter ran");
      },
    };
    assert.equal(isModuleRecord(sly), false);
    assert.equal(isModuleRecord({}), false);
  });
});
