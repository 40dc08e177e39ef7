// Damage to pickles, opcode by opcode: the program stays one, and does something else.
import type { Draw } from "./draw.ts";
import type { Mutate } from "./mutate-bytes.ts";

/** How the argument of an opcode stands behind it: so many bytes, lines, or a length and as many bytes. Source: pickletools. */
const fixed: Readonly<Record<string, number>> = {
  J: 4,
  K: 1,
  M: 2,
  G: 8,
  q: 1,
  r: 4,
  h: 1,
  j: 4,
  "\x80": 1,
  "\x95": 8,
  "\x82": 1,
  "\x83": 2,
};
const lines: Readonly<Record<string, number>> = { I: 1, L: 1, F: 1, S: 1, V: 1, P: 1, p: 1, g: 1, c: 2, i: 2 };
const counted: Readonly<Record<string, number>> = { T: 4, U: 1, X: 4, "\x8c": 1, "\x8d": 8, B: 4, C: 1, "\x8e": 8, "\x8a": 1, "\x8b": 4 };
const plain = [..."(0120.NRQatesdu]}lb)o\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x93\x94\x97\x98"];

/** The opcodes with their arguments; what cannot be read is the last piece. */
export function opcodesOf(bytes: Uint8Array): Uint8Array[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < view.length; ) {
    const code = String.fromCharCode(view[at] as number);
    let end = at + 1 + (fixed[code] ?? 0);
    for (let n = lines[code] ?? 0; n > 0; n--) {
      const stop = view.indexOf(10, end);
      end = stop < 0 ? view.length : stop + 1;
    }
    const width = counted[code];
    if (width !== undefined && end + width <= view.length) end += width + view.readUIntLE(end, Math.min(width, 6));
    pieces.push(bytes.subarray(at, Math.min(end, view.length)));
    at = end;
  }
  return pieces;
}

const names = [
  "os\nsystem\n",
  "builtins\neval\n",
  "collections\nOrderedDict\n",
  "torch._utils\n_rebuild_tensor_v2\n",
  "torch\nSize\n",
  "builtins\nset\n",
];

function argument(code: string, draw: Draw): Uint8Array {
  if (code in fixed) return draw.bytes(fixed[code] as number);
  if (code === "c" || code === "i") return Buffer.from(draw.pick(names));
  if (code in lines) return Buffer.from(`${draw.integer()}\n`);
  const width = counted[code];
  if (width === undefined) return new Uint8Array(0);
  const length = draw.oneIn(3) ? draw.integer() : BigInt(draw.below(9));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt.asUintN(64, length));
  return Buffer.concat([head.subarray(0, width), draw.bytes(Number(length >= 0n && length < 9n ? length : 3n))]);
}

const codes = [...Object.keys(fixed), ...Object.keys(lines), ...Object.keys(counted), ...plain];

/** Replaces, repeats, drops, moves or adds one to four opcodes. */
export const mutatePickle: Mutate = (bytes, draw) => {
  const program = opcodesOf(bytes);
  for (let n = 1 + draw.below(4); n > 0 && program.length > 0; n--) {
    const at = draw.below(program.length);
    const code = draw.pick(codes);
    const made = Buffer.concat([Buffer.from(code, "latin1"), argument(code, draw)]);
    const action = draw.below(6);
    if (action === 0) program.splice(at, 1);
    else if (action === 1) program.splice(at, 0, ...program.slice(at, at + 1 + draw.below(8)));
    else if (action === 2) program.splice(draw.below(program.length), 0, ...program.splice(at, 1));
    else if (action === 3) program[at] = made;
    else if (action === 4) {
      // The same opcode with another argument.
      const same = String.fromCharCode((program[at] as Uint8Array)[0] as number);
      program[at] = Buffer.concat([Buffer.from(same, "latin1"), argument(same, draw)]);
    } else program.splice(at, 0, made);
  }
  return Uint8Array.from(Buffer.concat(program));
};
