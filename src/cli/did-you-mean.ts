// "Did you mean" behind a list of names.
import { nearest } from "../errors/nearest.ts";

/** ` (did you mean batch?)` where one of the names is near enough; else an empty string. */
export function didYouMean(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return name === "" || meant === undefined ? "" : ` (did you mean ${meant}?)`;
}
