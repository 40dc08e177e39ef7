// ONNX's backend suite as generated code: every model's text runs and gives the same bits as the graph.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeWeights, graphToCode } from "../../src/compile/code.ts";
import { isTensor } from "../../src/eager/operand.ts";
import { Tensor } from "../../src/eager/tensor.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { importBackendCase, inputsOfBackendCase, readBackendCases, testDataFolder } from "../support/backend-cases.ts";

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Outputs that are drawn at random. */
const random = /^test_(bernoulli|training_dropout)/;
const bits = (s: Storage) => ({ dtype: s.dtype, shape: [...s.shape], data: s.dense() });

interface Case {
  readonly name: string;
  readonly graph: Graph;
  readonly inputs: readonly Storage[];
}

/** One module with the code of all cases, as `forward0`, `forward1`, … */
function oneModule(cases: readonly Case[]): string {
  const functions = cases.map(({ graph }, i) => {
    const [, ...body] = graphToCode(graph).split("\n");
    return body.join("\n").replace("export function forward(", `export function forward${i}(`);
  });
  return ['import { op, type Tensor, tensor } from "../../src/index.ts";', ...functions].join("\n");
}

describe("ONNX's backend suite as generated code", function () {
  this.timeout(120_000);
  let folder: string | undefined;
  before(function () {
    folder = testDataFolder();
    if (!folder) this.skip();
  });

  it("gives the same bits as the graph", () => {
    const cases: Case[] = [];
    for (const kind of ["node", "pytorch-operator", "pytorch-converted"] as const)
      for (const entry of readBackendCases(folder as string, kind)) {
        const graph = random.test(entry.name) ? undefined : importBackendCase(entry);
        const inputs = graph && inputsOfBackendCase(graph, entry);
        if (graph && inputs) cases.push({ name: entry.name, graph, inputs });
      }
    assert.ok(cases.length >= 850, `${cases.length} cases`);

    mkdirSync(join(root, "build"), { recursive: true });
    const place = mkdtempSync(join(root, "build", "backend-code-"));
    try {
      const file = join(place, "cases.ts");
      writeFileSync(file, oneModule(cases));
      const module: Record<string, (...args: unknown[]) => unknown> = require(file);
      cases.forEach(({ name, graph, inputs }, i) => {
        const weights = Object.fromEntries([...codeWeights(graph)].map(([key, s]) => [key, Tensor.fromStorage(s)]));
        const result = module[`forward${i}`]?.(...inputs.map((s) => Tensor.fromStorage(s)), weights);
        const outputs = isTensor(result) ? [result] : Object.values(result as Record<string, Tensor>);
        const expected = runGraph(graph, inputs).map((v) => bits(asStorage(v)));
        assert.deepEqual(
          outputs.map((t) => bits(t.storage)),
          expected,
          name,
        );
      });
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
});
