// The catalogue of everything a user can do wrong: one table, made of the families beside it. Codes are unique.
import { archiveErrors } from "./catalogue/archive.ts";
import { cliErrors } from "./catalogue/cli.ts";
import { compileErrors } from "./catalogue/compile.ts";
import { equivalenceErrors } from "./catalogue/equivalence.ts";
import { fileErrors } from "./catalogue/file.ts";
import { graphErrors } from "./catalogue/graph.ts";
import { handlerErrors } from "./catalogue/handlers.ts";
import { imageErrors } from "./catalogue/image.ts";
import { kernelErrors } from "./catalogue/kernel.ts";
import { nnErrors } from "./catalogue/nn.ts";
import { onnxErrors } from "./catalogue/onnx.ts";
import { onnxRuntimeErrors } from "./catalogue/onnxruntime.ts";
import { passErrors } from "./catalogue/passes.ts";
import { scriptErrors } from "./catalogue/script.ts";
import { serveErrors } from "./catalogue/serve.ts";
import { sourceErrors } from "./catalogue/source.ts";
import { tensorErrors } from "./catalogue/tensor.ts";
import { timerErrors } from "./catalogue/timer.ts";
import { traceErrors } from "./catalogue/trace.ts";
import { weightsErrors } from "./catalogue/weights.ts";

export const catalogue = {
  ...tensorErrors,
  ...cliErrors,
  ...traceErrors,
  ...compileErrors,
  ...equivalenceErrors,
  ...graphErrors,
  ...passErrors,
  ...kernelErrors,
  ...nnErrors,
  ...onnxErrors,
  ...onnxRuntimeErrors,
  ...fileErrors,
  ...imageErrors,
  ...weightsErrors,
  ...sourceErrors,
  ...scriptErrors,
  ...timerErrors,
  ...serveErrors,
  ...archiveErrors,
  ...handlerErrors,
} as const;

export type ErrorCode = keyof typeof catalogue;
