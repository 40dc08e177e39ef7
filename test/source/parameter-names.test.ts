import assert from "node:assert/strict";
import { parameterNames } from "../../src/source/parameter-names.ts";

describe("parameterNames", () => {
  it("gives names, also of parameters with default values", () => {
    assert.deepEqual(
      parameterNames((x: number, mask = undefined) => [x, mask]),
      ["x", "mask"],
    );
  });

  it("gives nothing for what is destructured or a rest", () => {
    const forward = ([a]: number[], { b } = { b: 1 }, last = 2, ...rest: number[]) => [a, b, last, rest];
    assert.deepEqual(parameterNames(forward), [undefined, undefined, "last", undefined]);
  });

  it("reads methods of objects and classes", () => {
    const model = {
      forward(ids: number, positions: number) {
        return ids + positions;
      },
    };
    assert.deepEqual(parameterNames(model.forward), ["ids", "positions"]);
  });

  it("leaves out what bind has filled", () => {
    const forward = (config: number, x: number) => config + x;
    assert.deepEqual(parameterNames(forward.bind(null, 1)), ["x"]);
  });

  it("reads a class's constructor", () => {
    class Layer {
      readonly size: number;
      constructor(size: number) {
        this.size = size;
      }
    }
    assert.deepEqual(parameterNames(Layer), ["size"]);
    assert.deepEqual(parameterNames(class {}), []);
  });

  it("has one unknown per expected argument where there is no source", () => {
    assert.deepEqual(parameterNames(Math.atan2), [undefined, undefined]);
    assert.deepEqual(parameterNames(new Proxy((a: number) => a, {})), [undefined]);
  });
});
