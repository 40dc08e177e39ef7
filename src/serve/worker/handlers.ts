// The handlers by name. A handler that is not in this table is a module that the operator of the server named; none comes out of an archive.
import { ingotError } from "../../errors/error.ts";
import { importUserModule } from "../../source/import-user-module.ts";
import type { HandlerName } from "../wire/messages.ts";
import type { Handler, HandlerContext, HandlerFactory } from "./handler.ts";
import { baseHandler } from "./handlers/base-handler.ts";
import { imageClassifier } from "./handlers/image-classifier.ts";
import { imageSegmenter } from "./handlers/image-segmenter.ts";
import { objectDetector } from "./handlers/object-detector.ts";
import { textClassifier } from "./handlers/text-classifier.ts";

export const builtinHandlers: Readonly<Record<string, HandlerFactory>> = {
  base_handler: baseHandler,
  image_classifier: imageClassifier,
  image_segmenter: imageSegmenter,
  object_detector: objectDetector,
  text_classifier: textClassifier,
};

/**
 * Makes the handler of a worker. Throws `HandlerUnknown`, `HandlerModule` for a module of the operator's that cannot be used, and what the handler
 * itself throws for options, files and models that do not fit it.
 */
export async function createHandler(name: HandlerName, context: HandlerContext): Promise<Handler> {
  if ("builtin" in name) {
    const factory = Object.hasOwn(builtinHandlers, name.builtin) ? builtinHandlers[name.builtin] : undefined;
    if (factory) return factory(context);
    const known = Object.keys(builtinHandlers).join(", ");
    throw ingotError("HandlerUnknown", { handler: name.builtin, model: context.model.name, known });
  }
  const wrong = (problem: string, cause?: unknown) => ingotError("HandlerModule", { file: name.module, problem }, { cause });
  const module = await importUserModule(name.module).catch((error: unknown) => {
    throw wrong(`cannot be imported: ${error instanceof Error ? error.message : String(error)}`, error);
  });
  const { createHandler: create } = module;
  if (typeof create !== "function") throw wrong("exports no function createHandler");
  const handler = (await (create as HandlerFactory)(context)) as Partial<Handler> | null | undefined;
  for (const part of ["preprocess", "postprocess"] as const)
    if (typeof handler?.[part] !== "function") throw wrong(`makes a handler without a function ${part}`);
  return handler as Handler;
}
