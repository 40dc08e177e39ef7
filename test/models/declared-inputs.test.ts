// Every model of the zoo says what it takes, so that it can be compiled without an example.
import assert from "node:assert/strict";
import { declaredInputs, isSpecRecord } from "../../src/compile/example.ts";
import { parseSpecs } from "../../src/compile/spec.ts";
import { trace } from "../../src/index.ts";
import * as zoo from "../../src/models/index.ts";
import { isModule, type Module, withoutInit } from "../../src/nn/index.ts";
import { parameterNames } from "../../src/source/parameter-names.ts";
import type { ModelObject } from "../../src/trace/model.ts";
import { smallZoo } from "../support/small-zoo.ts";

type Forwarding = Module & ModelObject;

/** Every model that the zoo's factories make, at its published size, without initial weights. */
function* published(): Iterable<readonly [string, Forwarding]> {
  const factories = Object.entries(zoo).filter(([name]) => /^[a-z]/.test(name) && name !== "byName" && name !== "modelNames");
  const named = zoo.modelNames.map((name) => [name, zoo.byName(name)] as const);
  for (const [name, make] of [...factories, ...named]) {
    const model: unknown = withoutInit(() => (make as () => unknown)());
    assert.ok(isModule(model), name);
    yield [name, model as Forwarding];
  }
}

function check(name: string, model: Forwarding): void {
  const declared = declaredInputs(model);
  assert.ok(declared !== undefined, `${name} declares no inputs`);
  const specs = isSpecRecord(declared) ? Object.values(declared) : [declared].flat();
  for (const { dynamic } of parseSpecs(specs)) assert.equal(dynamic[0], "batch", name);
  const parameters = parameterNames(model.forward);
  assert.ok(specs.length <= parameters.length, name);
  if (isSpecRecord(declared))
    for (const argument of Object.keys(declared)) assert.ok(parameters.includes(argument), `${name}: ${argument}`);
}

describe("the inputs that models declare", () => {
  it("parse, have a symbolic batch, and are forward's arguments, for every model of the zoo", () => {
    let count = 0;
    for (const [name, model] of published()) {
      check(name, model);
      count++;
    }
    assert.ok(count > 150, `${count} models`);
  }).timeout(60_000);

  for (const [name, make] of Object.entries(smallZoo))
    it(`compile ${name} without an example`, async () => {
      const model = make().eval() as Forwarding;
      check(name, model);
      const traced = await trace(model);
      await traced.close();
      for (const { tensorType } of traced.graph.inputs) assert.equal(String(tensorType.shape?.[0]), "batch");
    }).timeout(60_000);
});
