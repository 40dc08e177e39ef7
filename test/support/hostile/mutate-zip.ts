// Damage to archives: to the fields of the directory, and to the entries behind a directory that is right.
import type { Draw } from "./draw.ts";
import type { Mutate } from "./mutate-bytes.ts";
import { entriesOf, type ZipPart, zipOf } from "./zip-writer.ts";

/** Fields by signature: [offset, bytes]. Source: APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16. */
const fields: Readonly<Record<number, readonly (readonly [at: number, width: number])[]>> = {
  67324752: [
    [6, 2],
    [8, 2],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
  ],
  33639248: [
    [8, 2],
    [10, 2],
    [20, 4],
    [24, 4],
    [28, 2],
    [30, 2],
    [32, 2],
    [42, 4],
  ],
  101010256: [
    [4, 2],
    [8, 2],
    [10, 2],
    [12, 4],
    [16, 4],
    [20, 2],
  ],
};

/** Puts another number into a field of a header. */
export const mutateDirectory: Mutate = (bytes, draw) => {
  const out = Buffer.from(bytes);
  const places: [at: number, width: number][] = [];
  for (let at = 0; at + 22 <= out.length; at++)
    for (const [offset, width] of fields[out.readUInt32LE(at)] ?? [])
      if (at + offset + width <= out.length) places.push([at + offset, width]);
  for (let n = 1 + draw.below(2); n > 0 && places.length > 0; n--) {
    const [at, width] = draw.pick(places);
    const value = BigInt.asUintN(8 * width, draw.oneIn(3) ? BigInt(draw.below(bytes.length)) : draw.integer());
    out.writeUIntLE(Number(value), at, width);
  }
  return Uint8Array.from(out);
};

/** Damages one entry by `inside`, or renames, repeats or drops it, and packs the archive again. */
export const mutateEntries =
  (inside: (part: ZipPart, draw: Draw) => Uint8Array): Mutate =>
  (bytes, draw) => {
    const parts = entriesOf(bytes);
    if (parts.length === 0) return bytes;
    const at = draw.below(parts.length);
    const part = parts[at] as ZipPart;
    const action = draw.below(10);
    if (action === 0) parts.splice(at, 1);
    else if (action === 1) parts.push(part);
    else if (action === 2) parts[at] = { ...part, name: draw.pick(parts).name };
    else if (action === 3) parts[at] = { ...part, method: draw.pick([8, 12, 99]) };
    else parts[at] = { ...part, bytes: inside(part, draw) };
    return Uint8Array.from(zipOf(parts));
  };
