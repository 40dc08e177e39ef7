// Loads a model from a JavaScript or TypeScript file.
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type CodeFrame, IngotError, ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { didYouMean } from "../errors/nearest.ts";
import { count } from "../errors/quantity.ts";
import { importUserModule } from "../source/import-user-module.ts";
import { parseText } from "../source/parse.ts";
import { checkModel, type Model } from "../trace/model.ts";
import { placeOf } from "./error-place.ts";

/**
 * Takes the default export, or the named one; a class is constructed without arguments. Throws `FileNotFound`, `FileNotReadable`, `ModelFile`,
 * `ModelFileFails`, `ModelFileSyntax`, and `InvalidSpec` for inputs that are declared in no known form.
 */
export async function loadModelFile(file: string, exportName?: string): Promise<Model> {
  const path = resolve(file);
  await checkFile(file, path);
  const exported = pick(file, await importFile(file, path), exportName);
  const model = isClass(exported) ? construct(file, exported) : exported;
  checkModel(model, `the ${exportName === undefined ? "default export" : `export ${exportName}`} of ${file}`);
  return model;
}

async function checkFile(file: string, path: string): Promise<void> {
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (cause) {
    throw fileError("read", file, cause);
  }
  if (!isFile) throw ingotError("ModelFile", { file, problem: "is a folder, not a file", hint: "Give the file that exports the model." });
  if (!/\.[cm]?[jt]sx?$/.test(path))
    throw ingotError("ModelFile", {
      file,
      problem: "is neither JavaScript nor TypeScript",
      hint: "Give a .ts or .js file that exports a model; `ingot optimize` takes ONNX files.",
    });
}

function pick(file: string, exports: Readonly<Record<string, unknown>>, exportName: string | undefined): unknown {
  const exported = exports[exportName ?? "default"];
  if (exported !== undefined) return exported;
  const names = Object.keys(exports).filter((name) => name !== "default");
  const known =
    names.length > 0
      ? `it exports ${names.join(", ")}${names.length > 1 ? didYouMean(exportName ?? "", names) : ""}`
      : "it exports nothing";
  const hint = `Pick one with --export, as in --export ${names[0]}, or write \`export default\` before it.`;
  throw ingotError("ModelFile", {
    file,
    problem: `has no ${exportName === undefined ? "default export" : `export ${exportName}`} (${known})`,
    hint: names.length > 0 ? hint : "Export a model, as in `export default new Net()`.",
  });
}

async function importFile(file: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await importUserModule(path);
  } catch (error) {
    throw importError(file, path, error);
  }
}

/** esbuild's complaint: file, line, column, what is wrong. */
const syntaxComplaint = /^(.+?):(\d+):(\d+): ERROR: (.+)$/m;

function importError(file: string, path: string, error: unknown): unknown {
  if (error instanceof IngotError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const complaint = syntaxComplaint.exec(message);
  if (complaint) {
    const [, source = path, line, column, problem = message] = complaint;
    return ingotError("ModelFileSyntax", { file, problem }, { frame: placeOf(source, Number(line), Number(column) + 1), cause: error });
  }
  if (error instanceof SyntaxError) {
    return ingotError("ModelFileSyntax", { file, problem: message }, { frame: syntaxPlace(path), cause: error });
  }
  return ingotError("ModelFileFails", { file, what: "cannot be imported", problem: message }, { frame: placeOf(error), cause: error });
}

/** Node keeps the place of a syntax error in JavaScript to itself, so the file is parsed once more. */
function syntaxPlace(path: string): CodeFrame | undefined {
  try {
    parseText(readFileSync(path, "utf8"), true);
    return undefined;
  } catch (error) {
    const { loc } = error as { readonly loc?: { readonly line: number; readonly column: number } };
    return loc && placeOf(path, loc.line, loc.column + 1);
  }
}

type Constructor = new () => unknown;

function isClass(value: unknown): value is Constructor {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function construct(file: string, exported: Constructor): unknown {
  if (exported.length > 0)
    throw ingotError("ModelFile", {
      file,
      problem: `exports the class ${exported.name}, whose constructor takes ${count(exported.length, "argument")}`,
      hint: `Export an instance: \`export default new ${exported.name}(…)\`.`,
    });
  try {
    return new exported();
  } catch (error) {
    if (error instanceof IngotError) throw error;
    const problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw ingotError(
      "ModelFileFails",
      { file, what: `exports ${exported.name}, whose constructor failed`, problem },
      { frame: placeOf(error), cause: error },
    );
  }
}
