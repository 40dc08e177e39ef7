// Compiling from source on both engines, compared with eager on inputs that take different paths.
import assert from "node:assert/strict";
import { allclose, type CompiledModule, isTensor, type ScriptOptions, script, type Tensor } from "../../src/index.ts";
import { inMode } from "../../src/trace/mode.ts";
import type { Model } from "../../src/trace/model.ts";
import { callModel } from "../../src/trace/model.ts";
import { readModelCode } from "../../src/trace/model-code.ts";

/** Whole numbers exactly, others within rounding: every tensor of a nested result. */
export function assertSame(actual: unknown, expected: unknown, where: string): void {
  if (isTensor(expected)) {
    const own = actual as Tensor;
    assert.deepEqual([own.dtype, own.shape], [expected.dtype, expected.shape], where);
    assert.ok(allclose(own, expected, { rtol: 1e-4, atol: 1e-5, equalNan: true }), `${where}: ${own} instead of ${expected}`);
  } else if (typeof expected === "object" && expected !== null) {
    assert.deepEqual(Object.keys(actual as object), Object.keys(expected), where);
    for (const [key, value] of Object.entries(expected)) assertSame((actual as Record<string, unknown>)[key], value, `${where}.${key}`);
  } else assert.equal(actual, expected, where);
}

/**
 * Scripts `model` for the interpreter and for ONNX Runtime, and runs both on every argument list. Gives the one for the interpreter, closed,
 * to look at its graph.
 */
export async function assertScripts(
  model: Model,
  inputs: readonly (readonly unknown[])[],
  options: ScriptOptions = {},
): Promise<CompiledModule> {
  const code = readModelCode(model);
  const expected = inputs.map((args) => inMode(model, code, "eval", () => callModel(model, args)));
  const compiled: CompiledModule[] = [];
  for (const engine of ["interpreter", "onnxruntime"] as const) {
    const scripted = await script(model, { ...options, engine });
    try {
      assert.equal(scripted.engine, engine);
      for (const [i, args] of inputs.entries()) assertSame(await scripted.run({ args }), expected[i], `${engine}, input ${i}`);
    } finally {
      await scripted.close();
    }
    compiled.push(scripted as CompiledModule);
  }
  return compiled[0] as CompiledModule;
}

/** The operators of a graph and its sub-graphs, each as often as it stands there. */
export function operatorsOf({ graph }: CompiledModule): string[] {
  const all = (g: typeof graph): string[] => [...g.nodes()].flatMap((node) => [node.op, ...node.subgraphs.flatMap(all)]);
  return all(graph);
}
