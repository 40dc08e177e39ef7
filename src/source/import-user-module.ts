// Imports a JavaScript or TypeScript file of a user's. TypeScript goes through tsx, which is loaded only then; `ingot` in it is this copy.
import { register } from "node:module";
import { pathToFileURL } from "node:url";
import { libraryRoot } from "./library.ts";

/** By whether TypeScript is read too. */
const hooked = new Map<boolean, Promise<void>>();

/**
 * The exports of the module at `path`, an absolute path. Throws what the module throws, and what Node and esbuild say of a file that is none.
 *
 * @example
 * const { createHandler } = await importUserModule("/srv/my-handler.ts");
 */
export async function importUserModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const typescript = /\.[cm]?tsx?$/.test(path);
  const hooks = hooked.get(typescript) ?? installHooks(typescript);
  hooked.set(typescript, hooks);
  await hooks;
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}

async function installHooks(typescript: boolean): Promise<void> {
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  // In the repository everything goes through tsx already.
  if (typescript && extension === ".js") (await import("tsx/esm/api")).register();
  // The last registered hooks are asked first: these come behind tsx's, once more if need be.
  register(`./module-hooks${extension}`, import.meta.url, { data: { root: libraryRoot, extension } });
}
