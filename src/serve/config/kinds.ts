// The kinds of value that a key of config.properties can have: what it takes, in words, and how its text is read.
import { resolve } from "node:path";
import { type Address, type AddressRole, isHost, parseAddress } from "./address.ts";
import { type LoadModels, parseLoadModels } from "./load-models.ts";

/** What a value is read against. */
export interface ReadContext {
  /** Relative paths stand in this folder. */
  readonly cwd: string;
}

/** A value; or what is wrong with the text, where that can be said closer than by `expected`. */
export type Reading<T> =
  | { readonly value: T; readonly warnings?: readonly string[] }
  | { readonly wrong: true; readonly actual?: string; readonly expected?: string };

/** A kind of value. */
export interface Kind<T> {
  readonly expected: string;
  /** Blanks at the ends belong to the value. */
  readonly verbatim?: true;
  read(text: string, context: ReadContext): Reading<T>;
}

const wrong = { wrong: true } as const;

/** A kind whose reader gives undefined for a text that it does not take. */
function kind<T extends NonNullable<unknown>>(expected: string, read: (text: string, context: ReadContext) => T | undefined): Kind<T> {
  return {
    expected,
    read: (text, context) => {
      const value = read(text, context);
      return value === undefined ? wrong : { value };
    },
  };
}

const number = (text: string): number | undefined => (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : undefined);

function integer(text: string, least: number, most: number): number | undefined {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

const within = (value: number | undefined, least: number, most: number): number | undefined =>
  value !== undefined && value >= least && value <= most ? value : undefined;

/** Node's timers take no more, in ms; longer ones would fire at once. */
const longestTimer = 2 ** 31 - 1;

export const text: Kind<string> = kind("a text", (t) => (t === "" ? undefined : t));

/** A password, blanks at its ends and all. */
export const secret: Kind<string> = { ...text, verbatim: true };

/** `true` or `false`, in any case. TorchServe takes every other text for `false`. */
export const flag: Kind<boolean> = kind("true or false", (t) => ({ true: true, false: false })[t.toLowerCase()]);

export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Kind<number> =>
  kind(most === Number.MAX_SAFE_INTEGER ? `an integer from ${least}` : `an integer from ${least} to ${most}`, (t) =>
    integer(t, least, most),
  );

/** A port; 0 is one that the system chooses. */
export const port: Kind<number> = whole(0, 65535);

/** Seconds in the file, ms in the configuration. */
export const seconds = (least: number): Kind<number> =>
  kind(`a number of seconds from ${least} to ${Math.floor(longestTimer / 1000)}`, (t) => {
    const ms = Math.round((number(t) ?? Number.NaN) * 1000);
    return within(Number.isNaN(ms) ? undefined : ms, least * 1000, longestTimer);
  });

/** Minutes above 0, fractions too. */
export const minutes: Kind<number> = kind("a number of minutes above 0", (t) =>
  within(number(t), Number.MIN_VALUE, Number.MAX_SAFE_INTEGER),
);

/** ms; what Java has for no limit (its largest integers, `infinite`) is Infinity. */
export const milliseconds: Kind<number> = kind("a number of ms from 1, or infinite", (t) => {
  if (/^infinite$/i.test(t)) return Number.POSITIVE_INFINITY;
  const value = integer(t, 1, Number.POSITIVE_INFINITY);
  return value !== undefined && value > longestTimer ? Number.POSITIVE_INFINITY : value;
});

/** Bytes, up to what a buffer can hold. */
export const bytes: Kind<number> = whole(1, 2 ** 31 - 1);

export const choice = <const C extends string>(...choices: readonly C[]): Kind<C> =>
  kind(choices.join(" or "), (t) => choices.find((c) => c.toLowerCase() === t.toLowerCase()));

/** A file or folder; absolute in the configuration. */
export const path: Kind<string> = kind("a path", (t, { cwd }) => (t === "" || t.includes("\0") ? undefined : resolve(cwd, t)));

/** A folder, or TorchServe's `standalone` for none. */
export const modelStore: Kind<string | undefined> = {
  expected: "a folder",
  read: (t, context) => (t.toLowerCase() === "standalone" ? { value: undefined } : path.read(t, context)),
};

export const host: Kind<string> = kind("a host name or an IP address", (t) => {
  const bare = /^\[(.*)\]$/.exec(t)?.[1] ?? t;
  return isHost(bare) ? bare : undefined;
});

export const address = (role: AddressRole): Kind<Address> =>
  kind("an address such as http://127.0.0.1:8080, https://[::1]:8443 or unix:/run/ingot.sock", (t) => parseAddress(t, role));

export const loadModels: Kind<LoadModels> = kind("none, all, or a list such as a.mar,name=b.mar", parseLoadModels);

/** Items between commas, without the blanks around them. */
export const list: Kind<readonly string[]> = kind("a list with commas", (t) => {
  const items = t.split(",").map((item) => item.trim());
  return items.includes("") ? undefined : items;
});

/** A regular expression that a whole text must match. Java's are JavaScript's, but for a few constructs that are then an error. */
function expression(source: string): RegExp | Reading<never> {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch (error) {
    return { wrong: true, expected: `a regular expression (${error instanceof Error ? error.message : error})` };
  }
}

export const pattern: Kind<RegExp> = {
  expected: "a regular expression",
  read: (t) => {
    const read = expression(t);
    return read instanceof RegExp ? { value: read } : read;
  },
};

/** Regular expressions between commas, as TorchServe splits them: none can have a comma in it. */
export const patterns: Kind<readonly RegExp[]> = {
  expected: "regular expressions with commas",
  read: (t) => {
    const read = t.split(",").map((source) => expression(source.trim()));
    const bad = read.find((r) => !(r instanceof RegExp));
    return bad && !(bad instanceof RegExp) ? bad : { value: read.filter((r) => r instanceof RegExp) };
  },
};

/** `NAME=FILE,…`, with absolute files. */
export const namedFiles: Kind<ReadonlyMap<string, string>> = kind("names with files, such as detector=./detector.ts", (t, { cwd }) => {
  const files = new Map<string, string>();
  for (const item of t.split(",")) {
    const [, name, file] = /^\s*([A-Za-z0-9][A-Za-z0-9_\-.]*)=(.+?)\s*$/.exec(item) ?? [];
    if (name === undefined || file === undefined || files.has(name)) return undefined;
    files.set(name, resolve(cwd, file));
  }
  return files;
});
