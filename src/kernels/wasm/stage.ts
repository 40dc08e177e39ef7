// Copies the input of a convolution into the form its kernels read without any test: padding written out (zeros, or what the caller fills
// with), and rows
// split into phases when the horizontal stride is above 1, so that neighbours in the output are neighbours in memory.

/**
 * Writes, for every channel, `depth × height` rows of `phases × width` floats. Element (z, y, f, q) of the result is element
 * (z + z0, y + y0, q·stride + f + x0) of the channel, or `filler` where that lies outside `[inDepth, inHeight, inWidth]`.
 */
export function stage(
  from: usize,
  to: usize,
  channels: i32,
  inDepth: i32,
  inHeight: i32,
  inWidth: i32,
  z0: i32,
  y0: i32,
  x0: i32,
  depth: i32,
  height: i32,
  width: i32,
  stride: i32,
  phases: i32,
  filler: f32,
): void {
  const plane = <usize>inDepth * inHeight * inWidth * 4;
  for (let c = 0; c < channels; c++, from += plane) {
    for (let z = z0; z < z0 + depth; z++) {
      for (let y = y0; y < y0 + height; y++) {
        const outside = z < 0 || z >= inDepth || y < 0 || y >= inHeight;
        const row = from + <usize>((z * inHeight + y) * inWidth) * 4;
        for (let f = 0; f < phases; f++) {
          const end = to + <usize>width * 4;
          if (!outside) {
            // q runs over the part of the row that lies inside the input.
            const first = x0 + f;
            const low = min(width, first < 0 ? (stride - 1 - first) / stride : 0);
            const high = max(low, min(width, (inWidth - first + stride - 1) / stride));
            to = fill(to, low, filler);
            to = copyStep(row + <usize>((low * stride + first) * 4), to, high - low, stride);
          }
          to = fill(to, <i32>(end - to) >> 2, filler);
        }
      }
    }
  }
}

// @ts-expect-error: decorator
@inline
function fill(to: usize, count: i32, filler: f32): usize {
  for (; count > 0; count--, to += 4) store<f32>(to, filler);
  return to;
}

// @ts-expect-error: decorator
@inline
function copyStep(from: usize, to: usize, count: i32, stride: i32): usize {
  if (stride == 1) {
    for (; count >= 4; count -= 4, from += 16, to += 16) v128.store(to, v128.load(from));
  } else if (stride == 2) {
    for (; count > 4; count -= 4, from += 32, to += 16) v128.store(to, v128.shuffle<f32>(v128.load(from), v128.load(from, 16), 0, 2, 4, 6));
  }
  const step = <usize>stride * 4;
  for (; count > 0; count--, from += step, to += 4) store<f32>(to, load<f32>(from));
  return to;
}
