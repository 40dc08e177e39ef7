// Distance of two float32 numbers counted in representable numbers between them.

const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

/** 0 for equal numbers, 1 for neighbours; +0 and −0 are equal. Both must be finite. */
export function ulpDistance(a: number, b: number): number {
  return Math.abs(ordered(a) - ordered(b));
}

/** Maps float32 numbers to integers in the same order. */
function ordered(x: number): number {
  floats[0] = x;
  const word = bits[0] as number;
  return word < 0 ? -(word & 0x7fffffff) : word;
}
