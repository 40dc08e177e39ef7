import assert from "node:assert/strict";
import { parseFunctionText } from "../../src/source/fallback.ts";
import type { Callable } from "../../src/source/inspector.ts";

/** What a function's own text reads as, and its parameters. */
function read(fn: Callable): string | undefined {
  const found = parseFunctionText(fn);
  if (!found) return undefined;
  const { node } = found;
  return "params" in node ? `${node.type} ${node.params.map((p) => found.text.slice(p.start, p.end)).join()}` : node.type;
}

class Layer {
  #w = 1;
  forward(x: number) {
    return x * this.#w;
  }
  get weight() {
    return this.#w;
  }
  static make(a: number) {
    return a;
  }
  *[Symbol.iterator]() {
    yield this.#w;
  }
}

class Child extends Layer {
  override forward(y: number) {
    return super.forward(y);
  }
}

describe("parseFunctionText", () => {
  it("reads functions, arrows and classes as expressions", () => {
    assert.equal(
      read((a: number, b: number) => a + b),
      "ArrowFunctionExpression a,b",
    );
    assert.equal(
      read(function named(q: number) {
        return q;
      }),
      "FunctionExpression q",
    );
    assert.equal(read(Layer), "ClassExpression");
  });

  it("reads methods, getters, generators, private names and super inside an object or a class", () => {
    assert.equal(read(new Layer().forward), "FunctionExpression x");
    assert.equal(read(Object.getOwnPropertyDescriptor(Layer.prototype, "weight")?.get as Callable), "FunctionExpression ");
    assert.equal(read(Layer.make), "FunctionExpression a");
    assert.equal(read(Layer.prototype[Symbol.iterator]), "FunctionExpression ");
    assert.equal(read(Child.prototype.forward), "FunctionExpression y");
  });

  it("gives nothing for native and bound functions", () => {
    assert.equal(read(Math.max), undefined);
    assert.equal(read(((a: number) => a).bind(null)), undefined);
  });
});
