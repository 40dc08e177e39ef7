// Loads a model from a JavaScript or TypeScript file. TypeScript goes through tsx, which is loaded only then.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ingotError } from "../errors/error.ts";
import { checkModel, type Model } from "../trace/model.ts";

export interface LoadedModel {
  readonly model: Model;
  /** The model's declaration `static inputs`, if it has one. */
  readonly inputs: readonly string[] | undefined;
}

/** Takes the default export, or the named one; a class is constructed without arguments. Throws `FileNotFound`, `ModelFile`. */
export async function loadModelFile(file: string, exportName = "default"): Promise<LoadedModel> {
  const path = resolve(file);
  if (!existsSync(path)) throw ingotError("ModelFile", { file, problem: "does not exist" });
  const module = await importFile(path);
  const names = Object.keys(module);
  const exported = module[exportName];
  if (exported === undefined)
    throw ingotError("ModelFile", {
      file,
      problem: `has no ${exportName === "default" ? "default export" : `export ${exportName}`} (it exports ${names.join(", ") || "nothing"})`,
    });
  const model = isClass(exported) ? new exported() : exported;
  checkModel(model, `the export ${exportName} of ${file}`);
  return { model, inputs: declaredInputs(model) };
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path).href;
  if (!/\.[cm]?tsx?$/.test(path)) return (await import(url)) as Record<string, unknown>;
  const { register } = await import("tsx/esm/api");
  const unregister = register();
  try {
    return (await import(url)) as Record<string, unknown>;
  } finally {
    await unregister();
  }
}

type Constructor = new () => unknown;

function isClass(value: unknown): value is Constructor {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** `static inputs`: one specification, a list in order, or a record by name. */
function declaredInputs(model: Model): readonly string[] | undefined {
  const declared = (model.constructor as { inputs?: unknown } | undefined)?.inputs;
  if (typeof declared === "string") return [declared];
  if (Array.isArray(declared)) return declared.map(String);
  return typeof declared === "object" && declared !== null ? Object.values(declared).map(String) : undefined;
}
