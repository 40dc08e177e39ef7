import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { IngotError } from "../../src/errors/error.ts";
import { readFunction } from "../../src/source/function-source.ts";
import type { Callable } from "../../src/source/inspector.ts";

const thisFile = fileURLToPath(import.meta.url);
const written = readFileSync(thisFile, "utf8").split("\n");

/** The line of this file on which a function starts, as the source of the function tells it. */
function lineOf(fn: Callable): string | undefined {
  const { node, source } = readFunction(fn);
  const position = source.position(node.start);
  assert.equal(position?.file, thisFile);
  return written[(position?.line ?? 0) - 1]?.trim();
}

function declared(a: number): number {
  return a;
}

class Plain {
  value = 3;
  arrow = (x: number) => x * this.value;
  get half(): number {
    return this.value / 2;
  }
  static make(): Plain {
    return new Plain();
  }
  async wait(): Promise<number> {
    return this.value;
  }
}

class WithConstructor extends Plain {
  readonly extra: number;
  constructor(extra: number) {
    super();
    this.extra = extra;
  }
}

describe("readFunction", () => {
  it("finds functions of every form on the line where they were written", () => {
    const half = Object.getOwnPropertyDescriptor(Plain.prototype, "half")?.get as Callable;
    assert.equal(lineOf(declared), "function declared(a: number): number {");
    assert.ok(lineOf(new Plain().arrow)?.startsWith("arrow = (x: number)") ?? false);
    assert.ok(lineOf(half)?.startsWith("get half()") ?? false);
    assert.ok(lineOf(Plain.make)?.startsWith("static make()") ?? false);
    assert.ok(lineOf(Plain.prototype.wait)?.startsWith("async wait()") ?? false);
  });

  it("finds classes with and without a constructor", () => {
    assert.equal(lineOf(Plain), "class Plain {");
    assert.equal(lineOf(WithConstructor), "class WithConstructor extends Plain {");
  });

  it("finds the function behind a bound one, and what was bound, also twice", () => {
    const me = { me: 1 };
    const twice = declared.bind(me, 5).bind({ other: 1 });
    const { fn, bound, node } = readFunction(twice);
    assert.equal(fn, declared);
    assert.equal("params" in node && node.params.length, 1);
    assert.equal(bound?.thisValue, me);
    assert.deepEqual(bound?.args, [5]);
  });

  it("gives the captured values", () => {
    const cell = { c: 1 };
    assert.equal(readFunction(() => cell).scopes()("cell")?.value, cell);
  });

  it("reads code made by new Function and eval", () => {
    const made = new Function("a, b", "return a + b") as Callable;
    const { node } = readFunction(made);
    assert.equal("params" in node && node.params.length, 2);
  });

  it("subtracts the offsets at which a script starts in its file", () => {
    const text = "const first = 1;\n(function shifted(a) { return a })";
    const script = new Script(text, { filename: "/nowhere/shifted.js", lineOffset: 10, columnOffset: 4 });
    const fn = script.runInThisContext() as Callable;
    const { node, source } = readFunction(fn);
    assert.equal(source.text.slice(node.start, node.end), "function shifted(a) { return a }");
    assert.deepEqual(source.position(node.start), { file: "/nowhere/shifted.js", line: 12, column: 2 });
    assert.equal(
      source.frame(node.start, 8)?.text,
      "    11 | const first = 1;\n  > 12 | (function shifted(a) { return a })\n       |  ^^^^^^^^",
    );
  });

  it("refuses native functions and proxies by name", () => {
    for (const [fn, reason] of [
      [Math.max, /source of max: it is native/],
      [new Proxy(declared, {}), /it is a Proxy/],
    ] as const) {
      assert.throws(
        () => readFunction(fn),
        (error) => error instanceof IngotError && error.code === "NoSource" && reason.test(error.message),
      );
    }
  });
});
