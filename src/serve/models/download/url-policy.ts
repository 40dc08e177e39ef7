// Which URLs a model may come from: those that an entry of allowed_urls matches. An entry that would match whatever host stands there, such as
// TorchServe's `http(s)?://.*`, opens the public internet only; machines of the own network are reached by an entry that names them.

/** A URL that may be fetched. */
export interface AllowedUrl {
  readonly url: URL;
  /** Whether the address that its host has must be a public one. */
  readonly publicOnly: boolean;
}

/** Longer ones are nobody's; what an expression of the operator's costs grows with its text. */
const longestUrl = 2048;

/** Hosts that no entry is meant for which does not mean all. */
const strangers = ["host-of-nobody.example", "93.184.215.14", "[2606:2800:21f:cb07::1]"];

/**
 * Judges a URL as it would be fetched, not as it was written: `http://a\@b/` is on host a for a browser. Undefined: it may not be fetched.
 *
 * @example allowedUrl("http://10.0.0.5/m.mar", [/^(?:http:\/\/10\.0\.0\.5\/.*)$/]); // { url, publicOnly: false }
 */
export function allowedUrl(text: string, allowed: readonly RegExp[]): AllowedUrl | undefined {
  const url = webUrl(text);
  if (!url) return undefined;
  const matching = allowed.filter((entry) => writings(url).some((writing) => entry.test(writing)));
  if (matching.length === 0) return undefined;
  const namesHost = (entry: RegExp) =>
    !strangers.some((host) => {
      const other = new URL(url);
      other.hostname = host;
      return writings(other).some((writing) => entry.test(writing));
    });
  return { url, publicOnly: !matching.some(namesHost) };
}

/** An http(s) URL without a user; undefined where it is none. */
export function webUrl(text: string): URL | undefined {
  if (text.length > longestUrl || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isWeb = url.protocol === "http:" || url.protocol === "https:";
  return isWeb && url.username === "" && url.password === "" && url.hostname !== "" ? url : undefined;
}

/** With and without the port that its scheme has anyway. */
function writings(url: URL): string[] {
  if (url.port !== "") return [url.href];
  const port = url.protocol === "https:" ? 443 : 80;
  return [url.href, url.href.replace(/^(\w+:\/\/[^/?#]+)/, `$1:${port}`)];
}
