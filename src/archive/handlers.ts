// The handlers that TorchServe has of its own. Everything else that a manifest names as its handler is a file with code, which Ingot packs for
// TorchServe and never runs.
import type { ArchiveRuntime } from "./manifest.ts";

/** Those that Ingot has too. */
export const builtInHandlers = ["image_classifier", "object_detector", "image_segmenter", "text_classifier", "base_handler"] as const;

/** Those that only TorchServe has, by the language that runs them. */
const foreign: { readonly [R in ArchiveRuntime]: readonly string[] } = {
  python: ["dali_image_classifier", "vllm_handler", "trt_llm_handler"],
  python3: ["dali_image_classifier", "vllm_handler", "trt_llm_handler"],
  LSP: ["BaseHandler", "TorchScriptHandler"],
};

export type HandlerKind = "built-in" | "foreign" | "file";

export function handlerKind(handler: string, runtime: ArchiveRuntime): HandlerKind {
  if (foreign[runtime].includes(handler)) return "foreign";
  return runtime !== "LSP" && builtInHandlers.some((name) => name === handler) ? "built-in" : "file";
}

/**
 * The file that a handler's name means, as torch-model-archiver finds it: without the function behind `:`, and with the ending that its language
 * has.
 *
 * @example
 * handlerFile("src/my_handler:entry", "python"); // "src/my_handler.py"
 */
export function handlerFile(handler: string, runtime: ArchiveRuntime): string {
  // A drive letter is no name with a function behind it.
  const [name = handler] = /^.[^:]*/.exec(handler) ?? [];
  if (runtime === "LSP") return name.endsWith(library) ? name : `${name}${library}`;
  return /\.[cm]?[jt]s$|\.py$/.test(name) ? name : `${name}.py`;
}

const library = process.platform === "darwin" ? ".dylib" : ".so";
