// The options of trace(), load(), run() and save(), as tables of what each takes.
import type { RunOptions } from "../engines/engine.ts";
import type { EngineChoice } from "./evidence.ts";
import type { CheckOptions, CompileOptions } from "./finish.ts";
import type { LoadOptions } from "./load.ts";
import {
  abortSignal,
  anything,
  callback,
  flag,
  integerFrom,
  list,
  numberFrom,
  type OptionTable,
  oneOf,
  record,
  text,
  words,
} from "./options.ts";
import type { SaveOptions } from "./save.ts";
import type { ScriptOptions } from "./script.ts";
import type { TraceOptions } from "./trace.ts";
import type { VerifyOptions } from "./verify.ts";

const maxSteps = integerFrom(1, "Give the most steps that loops may take, such as 1e7, or leave it out.");

const check: OptionTable<CheckOptions> = {
  rtol: numberFrom(0, "Give a limit such as 1e-4."),
  atol: numberFrom(0, "Give a limit such as 1e-6."),
  topk: integerFrom(0, "Give how many of the largest scores must agree; 0 for none."),
  seed: integerFrom(0, "Give a whole number, such as 1."),
  inputs: list("Give an array, each entry as run() takes its inputs: check: { inputs: [x1, x2] }."),
  rewrites: flag("true compares every rewrite with what it replaces; that is the default."),
  maxSteps,
  reproduction: text("a path", 'Write check: { reproduction: "wrong.onnx" }.'),
};

const threads = integerFrom(1, "Give the number of threads inside one operator, or leave it out.");

const compile: OptionTable<CompileOptions> = {
  engine: text("the name of an engine", 'Write engine: "onnxruntime" or engine: "interpreter".'),
  threads,
  disable: words("names of passes or rules", 'Write disable: ["fold-conv-batchnorm"].'),
  check: { table: check },
  onProgress: callback("Pass a function: onProgress: ({ stage }) => console.log(stage)."),
  signal: abortSignal,
  ignoreFailedEquivalenceCheck: flag("Leave it out: a module that fails its check computes something wrong."),
  passes: list("Pass a list of passes."),
  rules: list("Pass a list of rules: rules: [defineRule({ … })]."),
  stopAt: anything,
  onPass: callback("Pass a function: onPass: (pass, graph) => console.log(pass.name, String(graph))."),
};

export const traceOptions: OptionTable<TraceOptions> = {
  ...compile,
  names: words("names, one per argument", 'Write names: ["image", "mask"].'),
  dynamic: record('Write dynamic: { x: { 0: "batch" } }.'),
  allow: words("lines", 'Write allow: ["model.ts:12"].'),
  mode: oneOf(["eval", "train"], 'Leave it out to trace in eval mode, or write mode: "train".'),
};

export const scriptOptions: OptionTable<ScriptOptions> = {
  ...compile,
  inputs: anything,
  example: anything,
  names: words("names, one per argument", 'Write names: ["image", "mask"].'),
  dynamic: record('Write dynamic: { x: { 0: "batch" } }.'),
  scope: record("Give what the model's functions capture, by name: scope: { SCALE, relu }."),
  mode: oneOf(["eval", "train"], 'Leave it out to compile in eval mode, or write mode: "train".'),
};

export const loadOptions: OptionTable<LoadOptions> = { ...compile, example: anything };

export const engineOptions: OptionTable<EngineChoice> = { threads };

export const runOptions: OptionTable<RunOptions> = { signal: abortSignal, maxSteps };

export const verifyOptions: OptionTable<VerifyOptions> = {
  engines: words("names of engines", 'Write engines: ["interpreter"].'),
  rtol: numberFrom(0, "Give a limit such as 1e-4."),
  topk: integerFrom(0, "Give how many of the largest scores must agree; 0 for none."),
  runs: integerFrom(1, "Give how many random runs to compare, such as 3."),
  maxSteps,
  onProgress: callback("Pass a function: onProgress: (what) => console.log(what)."),
  signal: abortSignal,
};

export const saveOptions: OptionTable<SaveOptions> = {
  target: text("the name of a target", 'Write target: "portable", "onnxruntime" or "onnxruntime@1.17".'),
  opset: integerFrom(1, "Give an opset of the default ONNX domain, such as 17."),
  externalData: flag("true keeps the weights in a file beside the model."),
};
