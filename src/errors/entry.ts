// The shape of one row of the error catalogue, and the types that tie a row's {placeholders} to its parameters.

/** The classes of error a user can meet; each is a subclass of `IngotError`. */
export type ErrorKind =
  | "ShapeError"
  | "DTypeError"
  | "TraceError"
  | "ScriptError"
  | "GraphError"
  | "OnnxFormatError"
  | "UnsupportedOpError"
  | "EquivalenceError"
  | "EngineError"
  | "WeightsError"
  | "ImageError"
  | "ArchiveError"
  | "ServeError"
  | "ArgumentError"
  | "FileError";

/** One row: `message` and `hint` may hold `{name}` placeholders; `about` is the body of the documentation page. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  /** The class where a second front end finds the same mistake. */
  readonly also?: ErrorKind;
  readonly message: string;
  readonly hint: string;
  /** Plain-Markdown explanation for docs/errors/<code>.md: when it happens and how to mend it. */
  readonly about: string;
}

type Placeholders<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? NameIn<Name> | Placeholders<Rest> : never;
/** Messages may show code with braces: only `{word}` counts, as in the renderer. */
type NameIn<S extends string> = S extends `${string}{${infer Inner}` ? NameIn<Inner> : S extends `${string} ${string}` | "" ? never : S;

/** What must be given to raise an entry: one value for every placeholder of its message and hint. */
export type ErrorParams<E extends ErrorEntry> = Readonly<
  Record<Placeholders<E["message"] | E["hint"]>, string | number | bigint | boolean>
>;

/** Checks a family of rows while keeping their literal types, so that placeholders are known to the compiler. */
export function errorFamily<const F extends Readonly<Record<string, ErrorEntry>>>(family: F): F {
  return family;
}
