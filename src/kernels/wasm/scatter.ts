// col2im: adds the products of a transposed convolution to the output positions they belong to.

/**
 * Adds one row of products, `[depth, height, width]` floats of input positions for one filter tap, to an output plane: position
 * (z, y, x) goes to (z·strideZ + z0, y·strideY + y0, x·strideX + x0), and is dropped where that is outside `[outDepth, outHeight, outWidth]`.
 */
export function scatterTap(
  from: usize,
  to: usize,
  depth: i32,
  height: i32,
  width: i32,
  strideZ: i32,
  strideY: i32,
  strideX: i32,
  z0: i32,
  y0: i32,
  x0: i32,
  outDepth: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  const low = x0 < 0 ? min(width, (strideX - 1 - x0) / strideX) : 0;
  const high = x0 < outWidth ? min(width, (outWidth - x0 + strideX - 1) / strideX) : 0;
  for (let z = 0, oz = z0; z < depth; z++, oz += strideZ) {
    for (let y = 0, oy = y0; y < height; y++, oy += strideY, from += <usize>width * 4) {
      if (oz < 0 || oz >= outDepth || oy < 0 || oy >= outHeight) continue;
      let x = low;
      let source = from + <usize>low * 4;
      let target = to + <usize>((oz * outHeight + oy) * outWidth + x0 + low * strideX) * 4;
      if (strideX == 1) {
        for (; x <= high - 4; x += 4, source += 16, target += 16) v128.store(target, f32x4.add(v128.load(target), v128.load(source)));
      }
      const step = <usize>strideX * 4;
      for (; x < high; x++, source += 4, target += step) store<f32>(target, load<f32>(target) + load<f32>(source));
    }
  }
}
