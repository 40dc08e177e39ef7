// The handlers by name. A handler that is not in this table is a module that the operator of the server named; none comes out of an archive.
import { pathToFileURL } from "node:url";
import type { HandlerName } from "../wire/messages.ts";
import type { Handler, HandlerContext, HandlerFactory } from "./handler.ts";
import { baseHandler } from "./handlers/base-handler.ts";
import { imageClassifier } from "./handlers/image-classifier.ts";

export const builtinHandlers: Readonly<Record<string, HandlerFactory>> = {
  base_handler: baseHandler,
  image_classifier: imageClassifier,
};

/** Throws an Error that says what is missing, for the operator's log. */
export async function createHandler(name: HandlerName, context: HandlerContext): Promise<Handler> {
  if ("builtin" in name) {
    const factory = Object.hasOwn(builtinHandlers, name.builtin) ? builtinHandlers[name.builtin] : undefined;
    if (!factory) throw new Error(`There is no handler ${name.builtin}: the built-in ones are ${Object.keys(builtinHandlers).join(", ")}.`);
    return factory(context);
  }
  const module = (await import(pathToFileURL(name.module).href)) as { readonly createHandler?: HandlerFactory };
  if (typeof module.createHandler !== "function")
    throw new Error(
      `The handler module ${name.module} exports no function createHandler: write export const createHandler = (context) => ({ preprocess, postprocess }).`,
    );
  return module.createHandler(context);
}
