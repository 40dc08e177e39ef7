// What becomes of one random program: compiled, and compared with eager on twelve inputs, on the interpreter and on ONNX Runtime.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onnxruntimeEngine } from "../../src/engines/onnxruntime/onnxruntime-engine.ts";
import { IngotError, ScriptError } from "../../src/errors/error.ts";
import * as library from "../../src/index.ts";
import { Tensor, tensor } from "../../src/index.ts";

/**
 * `agree`: results or failures are the same on every input. `refused`: an error of the catalogue says what cannot be compiled.
 * `diverge`: something else came out, or a check inside script() found that. `crash`: an error that is none of ours.
 */
export interface Outcome {
  readonly kind: "agree" | "refused" | "diverge" | "crash";
  /** The error's code, or what differs. */
  readonly code: string;
  readonly detail: string;
  /** On how many of the inputs eager threw, too. */
  readonly thrown: number;
}

interface Model {
  forward(...inputs: Tensor[]): Tensor[];
}
type Inputs = readonly [x: Tensor, y: Tensor, k: Tensor, j: Tensor];

const columns = 4;

/** Twelve inputs: sizes from 0 on, numbers of both signs. */
const inputs: readonly Inputs[] = Array.from({ length: 12 }, (_, i): Inputs => {
  const n = [0, 1, 2, 3, 5, 1][i % 6] as number;
  const [k, j] = [[-3, 0, 1, 2, 4, 7, -1][i % 7] as number, [2, -2, 0, 5, 1][i % 5] as number];
  const matrix = (step: number, range: number) =>
    tensor(
      Array.from({ length: n * columns }, (_, e) => ((e * step + i * 3) % range) - Math.floor(range / 2)),
      { shape: [n, columns] },
    );
  const scalar = (value: number) => tensor([value], { dtype: "int64", shape: [] });
  return [matrix(7, 9), matrix(5, 7), scalar(k), scalar(j)];
});

const rows = { 0: { name: "n", min: 0 } };
const dynamic = { x: rows, y: rows };

let written = 0;

/** Judges the text of a module as `scriptProgram` makes it; its file is written into `folder`. */
export async function scriptOutcome(text: string, folder: string): Promise<Outcome> {
  const model = await loadProgram(text, folder);
  const expected = inputs.map((given) => attempt(() => model.forward(...given)));
  const thrown = expected.filter((e) => e instanceof Error).length;
  const outcome = (kind: Outcome["kind"], code: string, detail = ""): Outcome => ({ kind, code, detail, thrown });
  // An example on which eager runs, with several rows if there is one.
  const usable = inputs.filter((_, i) => !(expected[i] instanceof Error));
  const example = usable.find(([x]) => (x.shape[0] ?? 0) > 2) ?? usable[0] ?? inputs[3];
  try {
    await using onInterpreter = await library.script(model, { example, dynamic, engine: "interpreter" });
    const engines = [onInterpreter];
    try {
      if (!onnxruntimeEngine.unavailable()) engines.push(await onInterpreter.withEngine("onnxruntime"));
      for (const compiled of engines)
        for (const [i, given] of inputs.entries()) {
          const actual = await compiled.run([...given]).catch((error: unknown) => error as Error);
          const difference = compare(expected[i] as Result, actual as Result);
          if (difference) return outcome("diverge", difference.what, `input ${i} on ${compiled.engine}: ${difference.detail}`);
        }
    } finally {
      await engines[1]?.close();
    }
    return outcome("agree", thrown > 0 ? "some throw" : "");
  } catch (error) {
    if (!(error instanceof IngotError))
      return outcome("crash", nameOf(error), error instanceof Error ? (error.stack ?? "") : String(error));
    const nothingRuns = usable.length === 0 && error.code === "RaisedError";
    return outcome(nothingRuns || isRefusal(error) ? "refused" : "diverge", error.code, error.message);
  }
}

/** What script() may answer instead of compiling. */
const isRefusal = (error: IngotError): boolean => error instanceof ScriptError || error.code === "InputSpecNeeded";

/** The model of a program. */
export async function loadProgram(text: string, folder: string): Promise<Model> {
  const file = join(folder, `program-${written++}.mjs`);
  writeFileSync(file, text);
  const { make } = (await import(pathToFileURL(file).href)) as { make: (lib: object) => Model };
  return make({ ...library, Module: library.nn.Module });
}

type Result = readonly Tensor[] | Error;

function attempt(body: () => readonly Tensor[]): Result {
  try {
    return body();
  } catch (error) {
    return error as Error;
  }
}

const nameOf = (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : String(error)).slice(0, 80);
const firstLine = (error: Error) => (error instanceof IngotError ? error.summary : error.message.split("\n")[0]) ?? "";

function compare(expected: Result, actual: Result): { readonly what: string; readonly detail: string } | undefined {
  if (expected instanceof Error) {
    if (!(actual instanceof Error)) return { what: "only eager throws", detail: firstLine(expected) };
    const own = !(expected instanceof IngotError);
    if (own && firstLine(expected) !== firstLine(actual))
      return { what: "another error", detail: `${firstLine(actual)}, not ${firstLine(expected)}` };
    return undefined;
  }
  if (actual instanceof Error) return { what: "only the compiled model throws", detail: actual.message };
  for (const [i, want] of expected.entries()) {
    const got = actual[i];
    const texts = [want, got].map((t) =>
      t instanceof Tensor ? `${t.dtype} [${t.shape}] ${[...(t.flatten().toArray() as number[])]}` : String(t),
    );
    // Equal numbers have equal texts, and −0 counts as 0.
    if (texts[0] !== texts[1]) return { what: "results differ", detail: `output ${i} is ${texts[1]}, should be ${texts[0]}` };
  }
  return undefined;
}
