// Module hooks for files of users, run on Node's loader thread; imports nothing, so that it starts at once.
// - `ingot`, `ingot/nn` and the other entries are this very copy, wherever the file lies: a second copy would have tensors of its own.
// - TypeScript is an ES module, also in a folder whose package.json does not say `"type": "module"`.

interface Context {
  readonly format?: string | null | undefined;
}
interface Resolved extends Context {
  readonly url: string;
  readonly shortCircuit?: boolean;
}

let root: string | undefined;
let extension = "";

/** `root` is the folder of the public entry (undefined where the library was bundled), `extension` that of its files: `.ts` in the repository, `.js` when built. */
export function initialize(data: { readonly root: string | undefined; readonly extension: string }): void {
  ({ root, extension } = data);
}

export async function resolve(
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => Promise<Resolved>,
): Promise<Resolved> {
  const own = /^ingot(?:\/(nn|models|image|archive|serve))?$/.exec(specifier);
  if (!own || root === undefined) return asModule(await next(specifier, context));
  return { url: `${root}${own[1] ? `${own[1]}/` : ""}index${extension}`, format: "module", shortCircuit: true };
}

function asModule(resolved: Resolved): Resolved {
  return resolved.format === "commonjs" && /\.tsx?(?:\?|$)/.test(resolved.url) ? { ...resolved, format: "module" } : resolved;
}
