// The one instruction in which the two variants of the module differ.

/** a·b + c: rounded once by hardware FMA in the relaxed variant, twice in the base variant. */
// @ts-expect-error: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** 1 if `madd` rounds once here: (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is 2⁻²⁴ then, and 0 if the square is rounded first. */
export function roundsOnce(x: f32): i32 {
  const square = f32x4.splat(x + <f32>0.000244140625);
  return <i32>(f32x4.extract_lane(madd(square, square, f32x4.splat(-x - <f32>0.00048828125)), 0) != 0);
}
