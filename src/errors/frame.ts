// Draws the lines of a source around a place, with a caret below it. Knows nothing of files or maps: it is given text and position.

const around = 2;
const maxWidth = 120;
const tabWidth = 4;

/**
 * The lines of `source` around a place, numbered, with carets under `length` characters from `column`. Lines and columns count from 1;
 * `source` may start at `firstLine` of its file.
 *
 *       11 | forward(x, mask) {
 *     > 12 |   if (mask) x = x.mul(mask);
 *          |       ^^^^
 *       13 |   return x;
 *
 * A line that is too long for a screen (a bundle) is cut around the place. A line outside the source gives an empty string.
 */
export function renderFrame(source: string, line: number, column: number, length = 1, firstLine = 1): string {
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/);
  const target = lines[line - firstLine];
  if (target === undefined) return "";
  const first = Math.max(firstLine, line - around);
  const last = Math.min(lines.length + firstLine - 1, line + around);
  const width = String(last).length;
  const from = cutFrom(target, column);
  const drawn: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = lines[number - firstLine] ?? "";
    drawn.push(`  ${number === line ? ">" : " "} ${String(number).padStart(width)} | ${clip(text, number === line ? from : 0)}`.trimEnd());
    if (number !== line) continue;
    const before = clipBefore(text, from, column);
    const carets = Math.max(1, Math.min(length, target.length - column + 1, maxWidth - before.length));
    drawn.push(`    ${" ".repeat(width)} | ${" ".repeat(before.length)}${"^".repeat(carets)}`);
  }
  while (drawn.at(-1)?.endsWith(" |")) drawn.pop();
  return drawn.join("\n");
}

function cutFrom(text: string, column: number): number {
  return text.length <= maxWidth ? 0 : Math.max(0, column - 1 - Math.floor(maxWidth / 2));
}

function clip(text: string, from: number): string {
  const head = from > 0 ? "…" : "";
  const tail = text.length > from + maxWidth ? "…" : "";
  return head + expandTabs(text.slice(from, from + maxWidth)) + tail;
}

function clipBefore(text: string, from: number, column: number): string {
  return (from > 0 ? "…" : "") + expandTabs(text.slice(from, column - 1));
}

function expandTabs(text: string): string {
  return text.replaceAll("\t", " ".repeat(tabWidth));
}
