// load_models: which models of the store are loaded at the start.

/** A model to load: its place (a file of the model store, or a URL), and the name that is not the archive's own. */
export interface ModelToLoad {
  readonly name: string | undefined;
  readonly location: string;
}

/** `all` is every archive of the model store. */
export type LoadModels =
  | { readonly kind: "none" }
  | { readonly kind: "all" }
  | { readonly kind: "list"; readonly models: readonly ModelToLoad[] };

/**
 * Reads `none`, `standalone`, `all`, `a.mar,b.mar` or `n=a.mar,…`; undefined where a name or place is missing, or `all` stands among others.
 * What is in front of a `=` is a name only if it can be one: a URL may have `=` in it.
 *
 * @example parseLoadModels("resnet=resnet18.mar"); // { kind: "list", models: [{ name: "resnet", location: "resnet18.mar" }] }
 */
export function parseLoadModels(text: string): LoadModels | undefined {
  const items = text.split(",").map((item) => item.trim());
  if (items.length === 1) {
    const word = (items[0] as string).toLowerCase();
    if (word === "" || word === "none" || word === "standalone") return { kind: "none" };
    if (word === "all") return { kind: "all" };
  }
  const models: ModelToLoad[] = [];
  for (const item of items) {
    const [, name, rest] = /^([A-Za-z0-9][A-Za-z0-9_\-.]*)=(.*)$/.exec(item) ?? [];
    const location = rest ?? item;
    if (location === "" || /^(all|none|standalone)$/i.test(location) || location.startsWith("=")) return undefined;
    models.push({ name, location });
  }
  return { kind: "list", models };
}

/** Whether the place is a URL, so that no model store is needed. */
export const isRemote = (location: string): boolean => /^https?:\/\//i.test(location);
