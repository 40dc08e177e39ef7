// Damage to headers that are text behind a length: that of safetensors (JSON) and that of .npy (a Python dictionary). The length is put right
// again, so that the reader of the text is reached.
import type { Draw } from "./draw.ts";
import type { Mutate } from "./mutate-bytes.ts";

const scraps = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ":",
  ",",
  "null",
  "true",
  "1e999",
  "-0",
  "1.5",
  '"F32"',
  '"BOOL"',
  "[[[[",
  "\\u0000",
  " ",
  "(",
  ")",
  "'",
];

/** Another number, a piece twice, a piece gone, or a scrap of syntax. */
function changed(text: string, draw: Draw): string {
  const tokens = text.match(/\d+|"[^"]*"|'[^']*'|\s+|./gs) ?? [];
  for (let n = 1 + draw.below(3); n > 0 && tokens.length > 0; n--) {
    const numbers = tokens.flatMap((t, i) => (/^\d/.test(t) ? [i] : []));
    const at = draw.oneIn(2) && numbers.length > 0 ? draw.pick(numbers) : draw.below(tokens.length);
    const action = draw.below(5);
    if (action === 0) tokens.splice(at, 1);
    else if (action === 1) tokens.splice(at, 0, ...tokens.slice(at, at + 1 + draw.below(12)));
    else if (action === 2) tokens[at] = draw.pick(scraps);
    else if (action === 3) tokens[at] = draw.pick(tokens);
    else tokens[at] = String(draw.integer());
  }
  return tokens.join("");
}

export const mutateSafetensorsHeader: Mutate = (bytes, draw) => {
  if (bytes.length < 8) return bytes;
  const length = Number(Buffer.from(bytes).readBigUInt64LE(0));
  const header = Buffer.from(changed(Buffer.from(bytes.subarray(8, 8 + length)).toString("utf8"), draw));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  return Uint8Array.from(Buffer.concat([prefix, header, bytes.subarray(8 + length)]));
};

export const mutateNpyHeader: Mutate = (bytes, draw) => {
  if (bytes.length < 10) return bytes;
  const length = Buffer.from(bytes).readUInt16LE(8);
  const header = Buffer.from(changed(Buffer.from(bytes.subarray(10, 10 + length)).toString("latin1"), draw), "latin1");
  const prefix = Buffer.from(bytes.subarray(0, 10));
  prefix.writeUInt16LE(Math.min(header.length, 0xffff), 8);
  return Uint8Array.from(Buffer.concat([prefix, header, bytes.subarray(10 + length)]));
};
