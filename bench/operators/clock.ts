// How fast the core's clock runs now: integer additions that each need the one before take a cycle each, on every processor of today.

/** Additions per turn of the loop: enough that the loop's own instructions, which wait for nothing, cost nothing. */
const unrolled = 16;
const turns = 200_000;

/** Calls until the loop is compiled for good. */
const warmUp = 200;
let warm = false;

/** Billions of cycles per second (GHz), from about a millisecond of additions. */
export function clockGHz(): number {
  for (let i = 0; !warm && i < warmUp; i++) chain(turns, 1 + i);
  warm = true;
  const since = performance.now();
  // Both numbers are only known at run time, or the chain would be one addition.
  const sum = chain(turns, Math.round(since) | 1);
  const ms = performance.now() - since;
  if (sum === 1) throw new Error("the chain was not computed");
  return (turns * unrolled) / ms / 1e6;
}

function chain(count: number, step: number): number {
  let x = step;
  for (let i = 0; i < count; i++) {
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
    x = (x + step) | 0;
  }
  return x;
}
