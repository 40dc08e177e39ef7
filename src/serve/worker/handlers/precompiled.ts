// SentencePiece's rules of normalization, as tokenizer.json carries them: base64 of a trie's size, the trie (a double array as Darts has it, of 32-bit
// units, the lowest byte first), and the replacements one behind the other, each with a zero behind it.

/** Bits of a unit: its label with the mark of a value, whether a value lies at its offset, how the offset is written. */
const labelBits = 0x8000_00ff;
const leafBit = 1 << 8;
const wideBit = 1 << 9;
const valueBits = 0x7fff_ffff;
/** A cluster of more bytes is looked up character by character, whatever the rules have. */
const longestCluster = 5;

/**
 * The function that replaces what the rules know: clusters of characters that are seen as one, or else single characters. Throws an Error where
 * `base64` is no such table.
 */
export function precompiled(base64: unknown): (text: string) => string {
  const bytes = Buffer.from(typeof base64 === "string" ? base64 : "", "base64");
  const size = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0;
  if (size === 0 || size % 4 !== 0 || 4 + size > bytes.length) throw new Error("a Precompiled normalizer without its table");
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const replacements = bytes.subarray(4 + size);

  const replacement = (chunk: string): string | undefined => {
    const begin = shortestPrefix(units, Buffer.from(chunk));
    if (begin === undefined) return undefined;
    const end = replacements.indexOf(0, begin);
    return replacements.toString("utf8", begin, end < 0 ? undefined : end);
  };
  const clusters = new Intl.Segmenter("en", { granularity: "grapheme" });
  const ofCluster = (cluster: string): string => {
    const whole = Buffer.byteLength(cluster) <= longestCluster ? replacement(cluster) : undefined;
    return whole ?? Array.from(cluster, (character) => replacement(character) ?? character).join("");
  };
  return (text) => Array.from(clusters.segment(text), ({ segment }) => ofCluster(segment)).join("");
}

/** The value of the shortest key that `bytes` begins with: the Python package takes the first that it meets, too. */
function shortestPrefix(units: Uint32Array, bytes: Uint8Array): number | undefined {
  const unit = (at: number) => units[at] ?? 0;
  let at = offset(unit(0));
  for (const byte of bytes) {
    if (byte === 0) return undefined;
    at ^= byte;
    if ((unit(at) & labelBits) !== byte) return undefined;
    const hasLeaf = (unit(at) & leafBit) !== 0;
    at ^= offset(unit(at));
    if (hasLeaf) return unit(at) & valueBits;
  }
  return undefined;
}

const offset = (unit: number) => (unit >>> 10) << ((unit & wideBit) >>> 6);
