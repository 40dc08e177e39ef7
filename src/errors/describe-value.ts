// A value that a user gave, as messages show it. Here, because everything that checks an argument says it in the same words.

/** Longer texts and lists are cut: a message shows what was given, not all of it. */
const longest = { text: 40, list: 8 };

/** `` `x` (string) ``, `2.5`, `null`, `[1, 2] (an array of 2)`, `an array of 900`, `a record`, `a Map`, `a tensor`. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return `\`${oneLine(value)}\` (string)`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) {
    const shown = value.length > 0 && value.length <= longest.list && value.every((v) => typeof v === "number");
    return shown ? `[${value.join(", ")}] (an array of ${value.length})` : `an array of ${value.length}`;
  }
  // Tensors live above this folder; they are known by the mark that they bear.
  if ("isIngotTensor" in value) return "a tensor";
  const name = value.constructor?.name || "Object";
  return name === "Object" ? "a record" : `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** The beginning of a text, its line breaks and control characters written out. */
function oneLine(text: string): string {
  const cut = text.length > longest.text ? `${text.slice(0, longest.text)}…` : text;
  return JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"');
}
