// A pattern of RE2 as a tree. Groups and lazy repetitions are gone: which part a group takes does not matter to a match of the whole.

/** A place between two characters. */
export type Place = "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordEdge" | "noWordEdge";

export type Pattern =
  | { readonly kind: "character"; readonly takes: (codePoint: number) => boolean }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "row"; readonly of: readonly Pattern[] }
  | { readonly kind: "either"; readonly of: readonly Pattern[] }
  /** `most` may be infinite. */
  | { readonly kind: "repeat"; readonly of: Pattern; readonly least: number; readonly most: number };

/** What a pattern may come to once its repetitions are written out. RE2 has a limit of the same order, in bytes. */
export const mostInstructions = 20_000;
