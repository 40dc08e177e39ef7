import assert from "node:assert/strict";
import { Script } from "node:vm";
import { type Callable, inspectorAvailable, withInspector } from "../../src/source/inspector.ts";

const scopesOf = (fn: Callable) => withInspector((inspector) => inspector.scopes(fn));

describe("the inspector", () => {
  it("is there under Node", () => assert.equal(inspectorAvailable(), true));

  it("gives captured variables with the identity of what they hold", () => {
    const cell = { v: 1 };
    const read = () => cell;
    assert.equal(scopesOf(read)("cell")?.value, cell);
  });

  it("gives them as they are now, each time it is asked", () => {
    let counter = 1;
    const bump = () => ++counter;
    assert.equal(scopesOf(bump)("counter")?.value, 1);
    bump();
    assert.equal(scopesOf(bump)("counter")?.value, 2);
  });

  it("finds imports, outer functions' parameters and globals; the innermost name wins", () => {
    const make = (outer: number, shadowed: string) => {
      return (x: number) => {
        const inner = (shadowed: boolean) => [assert, outer, x, shadowed];
        return [inner, () => [shadowed]] as const;
      };
    };
    const [inner, second] = make(5, "text")(6);
    assert.equal(scopesOf(inner)("outer")?.value, 5);
    assert.equal(scopesOf(inner)("x")?.value, 6);
    assert.equal(scopesOf(second)("shadowed")?.value, "text");
    assert.equal(scopesOf(inner)("globalThis")?.value, globalThis);
    assert.equal(scopesOf(inner)("thisNameIsNowhere"), undefined);
  });

  it("takes globals from the global object, with what that inherits", () => {
    const plain = () => 1;
    assert.equal(scopesOf(plain)("toString")?.value, globalThis.toString);
  });

  it("opens bound functions", () => {
    const target = (a: number, b: number) => a + b;
    const me = { me: true };
    const facts = withInspector((inspector) => inspector.boundFacts(target.bind(me, 3)));
    assert.equal(facts?.target, target);
    assert.equal(facts?.boundThis, me);
    assert.deepEqual(facts?.boundArgs, [3]);
  });

  it("says that native functions have no code", () => {
    assert.equal(
      withInspector((inspector) => inspector.functionFacts(Math.max)),
      undefined,
    );
  });

  it("reads private fields, accessors and methods, and tells no name that two classes share", () => {
    const weight = { w: 1 };
    class Base {
      #twice = 1;
      get twiceOfBase() {
        return this.#twice;
      }
    }
    class Layer extends Base {
      #weight = weight;
      #twice = 2;
      #helper() {
        return this.#weight;
      }
      get #scale() {
        return this.#twice;
      }
      use() {
        return [this.#helper(), this.#scale];
      }
    }
    const layer = new Layer();
    const members = withInspector((inspector) => inspector.privateMembers(layer));
    assert.equal(members.get("#weight")?.value, weight);
    assert.equal(typeof members.get("#helper")?.value, "function");
    assert.equal(typeof members.get("#scale")?.get, "function");
    assert.deepEqual(members.get("#twice"), { ambiguous: true });
    assert.deepEqual(layer.use(), [weight, 2]);
  });

  it("shares one session among nested questions and leaves nothing on process", () => {
    const before = Reflect.ownKeys(process);
    withInspector((outer) => withInspector((inner) => assert.equal(inner, outer)));
    assert.deepEqual(Reflect.ownKeys(process), before);
  });

  it("closes the session when a question throws", () => {
    assert.throws(() => withInspector(() => assert.fail("mine")), /mine/);
    assert.equal(
      withInspector(() => 1),
      1,
    );
  });

  it("finds scripts that start in the middle of a file", () => {
    const script = new Script("(function shifted(a) { return a })", { filename: "/nowhere/shifted.js", lineOffset: 10, columnOffset: 4 });
    const fn = script.runInThisContext() as Callable;
    const facts = withInspector((inspector) => inspector.functionFacts(fn));
    assert.deepEqual([facts?.script.startLine, facts?.script.startColumn, facts?.line, facts?.column], [10, 4, 10, 4 + 17]);
  });
});
