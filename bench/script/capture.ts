// What reading a function costs: finding its source, its tree, and the variables that it captured.
import * as nn from "../../src/nn/index.ts";
import { readFunction } from "../../src/source/function-source.ts";
import { type Callable, withInspector } from "../../src/source/inspector.ts";
import type { Measured } from "../figure.ts";
import { median, range } from "../figure.ts";

export async function* capture(progress: (what: string) => void): AsyncIterable<Measured> {
  const functions = methods();
  progress(`${functions.length} functions, for the first time`);
  const first = msEach(functions);
  progress("again");
  const again = Array.from({ length: 9 }, () => msEach(functions));
  const name = "capturing a function of a file that is parsed: source, tree and variables";
  yield { name, value: median(again), unit: "ms", bar: "≤ 1", spread: range(again, 2) };
  yield {
    name: "the same for the first time, its file parsed",
    value: first,
    unit: "ms",
    bar: "",
    spread: `${functions.length} functions`,
  };
}

/** The mean processor time: reading is synchronous, and other programs on the machine do not count. */
function msEach(functions: readonly Callable[]): number {
  const since = process.cpuUsage();
  withInspector(() => {
    for (const fn of functions) readFunction(fn).scopes()("Module");
  });
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000 / functions.length;
}

/** Every method of every layer, each once; of fewer files than the parser keeps. */
function methods(): readonly Callable[] {
  const found = new Set<Callable>();
  for (const exported of Object.values(nn)) {
    if (typeof exported !== "function" || !exported.prototype) continue;
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(exported.prototype as object)))
      if (typeof value === "function" && value !== exported) found.add(value as Callable);
  }
  return [...found];
}
