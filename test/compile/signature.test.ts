import assert from "node:assert/strict";
import fc from "fast-check";
import { readSignature } from "../../src/compile/parse-signature.ts";
import { bindInputs, type Signature, signatureKey, signatureToJson } from "../../src/compile/signature.ts";
import { isTensor, type Tensor, tensor } from "../../src/index.ts";
import { Graph } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { flattenArguments, flattenOutputs, type Nested, unflatten } from "../../src/trace/structure.ts";

/** Nested arrays and records whose leaves are tensors and plain values. */
const nested = fc.letrec<{ value: Nested }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.integer({ min: 0, max: 99 }).map((n) => tensor([n])),
    fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null), fc.constant(undefined)),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 3, noNullPrototype: true },
    ),
  ),
})).value;

/** A graph that returns its inputs, and the signature of a function that takes and gives `args`. */
function identityOf(args: readonly Nested[]): { graph: Graph; signature: Signature; tensors: readonly Tensor[] } {
  const flat = flattenArguments(args, []);
  const graph = new Graph(registry, "identity");
  const inputs = flat.tensors.map((t, i) => graph.addInput(`i${i}`, tensorType(t.dtype, t.shape)));
  graph.setOutputs(
    inputs,
    inputs.map((_, i) => `o${i}`),
  );
  const signature: Signature = {
    argumentNames: flat.argumentNames,
    argumentLayout: flat.layout,
    outputLayout: flat.layout,
    returnedCount: flat.tensors.length,
    stateNames: [],
    symbols: [],
    mode: "eval",
  };
  return { graph, signature, tensors: flat.tensors };
}

describe("a signature", () => {
  it("binds every structure to the tensors in it, and puts them back, also from a file", () => {
    fc.assert(
      fc.property(fc.array(nested, { minLength: 1, maxLength: 4 }), (rest) => {
        const args: Nested[] = [tensor([1]), ...rest];
        const { graph, signature, tensors } = identityOf(args);
        graph.metadata.set(signatureKey, signatureToJson(signature));
        const read = readSignature(graph, "m.onnx");
        for (const s of [signature, read]) {
          assert.deepEqual(bindInputs("m", graph, s, { args }), tensors);
          assert.deepEqual(unflatten(s.outputLayout, tensors), args);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("names each tensor by its path", () => {
    const { names } = flattenOutputs({ boxes: tensor([1]), rest: [tensor([2]), { deep: tensor([3]) }] });
    assert.deepEqual(names, ["out.boxes", "out.rest.0", "out.rest.1.deep"]);
    assert.deepEqual(flattenOutputs(tensor([1])).names, ["output"]);
  });

  it("knows tensors by what they are", () => {
    assert.ok(isTensor(tensor([1])) && !isTensor({ dtype: "float32", shape: [1] }) && !isTensor(null));
  });
});
