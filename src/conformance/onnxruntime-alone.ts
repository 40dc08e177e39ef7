// ONNX Runtime on a case's own file, past everything that Ingot does: what it cannot do alone is not for Ingot to answer for.
import { fromOrtData, toOrtData } from "../engines/onnxruntime/ort-data.ts";
import { OrtSession } from "../engines/onnxruntime/session.ts";
import { IngotError } from "../errors/error.ts";
import type { ValueType } from "../ir/type.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import { firstLine, type Outcome } from "./outcome.ts";
import { type CaseRun, problemOf } from "./run-case.ts";

const skipped = (reason: string, detail: string): Outcome => ({ status: "skipped", reason, detail });

/** How ONNX Runtime fails by itself, as an outcome that is counted apart; undefined when it passes the case. `model`: bytes, or the file's path. */
export async function failsAlone(model: Uint8Array | string, runs: readonly CaseRun[]): Promise<Outcome | undefined> {
  let session: OrtSession;
  try {
    session = await OrtSession.create(model, { intraOpThreads: 1 });
  } catch (error) {
    return skipped("ONNX Runtime does not load the case's own file", firstLine(error));
  }
  try {
    for (const run of runs) {
      const problem = problemOf(run, await outputsOf(session, run));
      if (problem !== undefined) return skipped("ONNX Runtime computes something else from the case's own file", problem);
    }
    return undefined;
  } catch (error) {
    const handing = error instanceof IngotError && error.code !== "EngineRunFailed";
    return skipped(
      handing ? "ONNX Runtime cannot be handed a value of the case" : "ONNX Runtime does not run the case's own file",
      firstLine(error),
    );
  } finally {
    await session.close();
  }
}

async function outputsOf(session: OrtSession, { inputs, inputTypes, outputTypes, outputNames }: CaseRun): Promise<RuntimeValue[]> {
  const feeds = new Map(
    session.inputs.map(({ name }, i) => [name, toOrtData(inputs[i] as RuntimeValue, inputTypes[i] as ValueType, name)]),
  );
  return (await session.run(feeds)).map((data, i) => fromOrtData(data, outputTypes[i] as ValueType, outputNames[i] ?? ""));
}
