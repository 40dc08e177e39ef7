// ONNX's backend suite on each engine, case by case, as `ingot conformance` runs it: the file's graph as it is, and its own data.
import { findCases } from "../../src/conformance/cases.ts";
import { type CaseResult, reportOf } from "../../src/conformance/outcome.ts";
import { runCases } from "../../src/conformance/run-cases.ts";
import { engineNames, findEngine } from "../../src/engines/engines.ts";
import type { Measured } from "../figure.ts";
import { backendArchives, noData } from "./backend-data.ts";

/** How many failed cases a figure names. */
const named = 5;

export async function* conformance(progress: (what: string) => void): AsyncIterable<Measured> {
  const archives = backendArchives();
  if (!archives) return yield noData;
  for (const engine of engineNames) {
    findEngine(engine); // throws where it cannot run: a figure that is left out would pass for one that holds
    for (const [kind, path] of archives) {
      progress(`${kind} on ${engine}`);
      const results: CaseResult[] = [];
      for await (const result of runCases(findCases(path), { engine })) results.push(result);
      const { passed, failed, skipped, skippedFor } = reportOf(engine, results);
      const reasons = Object.entries(skippedFor).map(([reason, count]) => `; ${count}: ${reason}`);
      const failures = results.filter(({ outcome }) => outcome.status === "failed").map(({ name }) => name);
      yield {
        name: `${kind} cases of ONNX's backend suite that fail on ${engine}`,
        value: failed,
        unit: "cases",
        bar: "= 0",
        spread: [
          `${passed} passed, ${skipped} skipped`,
          ...reasons,
          failed > 0 ? `; failed: ${failures.slice(0, named).join(", ")}` : "",
        ].join(""),
        // A suite in which nothing passes has shown nothing.
        holds: failed === 0 && passed > 0,
      };
    }
  }
}
