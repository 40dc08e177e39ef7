// Which scripts are this library's own. Known by the place this very file was loaded from, so that it holds in a checkout (src),
// in a package (dist), under symlinks and loaders, and never guesses from names in a path.

import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";

const ownUrl = withoutQuery(import.meta.url);

/**
 * The URL of this library's folder (`…/src/` or `…/dist/`), or undefined where the library was bundled into another file: then no
 * script is the library's alone.
 */
export const libraryRoot: string | undefined = /\/source\/library\.[cm]?[jt]s$/.test(ownUrl) ? new URL("../", ownUrl).href : undefined;

const verdicts = new Map<string, boolean>();

/**
 * Whether a script (its URL, or its path as CommonJS frames give it) is the machinery of this library. The zoo in `models/` is not: it is
 * model code like a user's, its lines are the ones that say where an operator came from, and the lint reads it too.
 */
export function isLibraryScript(url: string): boolean {
  const known = verdicts.get(url);
  if (known !== undefined) return known;
  const href = scriptHref(url);
  const own = libraryRoot !== undefined && href.startsWith(libraryRoot) && !href.startsWith(`${libraryRoot}models/`);
  verdicts.set(url, own);
  return own;
}

/** Whether a script came with this library, be it machinery or zoo. */
export function isShippedScript(url: string): boolean {
  return libraryRoot !== undefined && scriptHref(url).startsWith(libraryRoot);
}

/** The one spelling of a script's name: a URL without query, whether V8 gave a URL or a path. */
export function scriptHref(url: string): string {
  return isAbsolute(url) ? pathToFileURL(url).href : withoutQuery(url);
}

function withoutQuery(url: string): string {
  if (!url.startsWith("file:")) return url;
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}
