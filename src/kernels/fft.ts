// Discrete Fourier transforms of any length. Lengths of small prime factors go by passes of radix 4, 2, 3, 5, … between two buffers
// (Stockham's form of Cooley and Tukey, 1965), others as a convolution (Bluestein, 1970). In float32 every operation is rounded, as
// libraries that compute in float32 do it, so that results agree to the last bits even where terms cancel.

export type FourierPrecision = "float32" | "float64";
type Reals = Float32Array | Float64Array;

/** A complex signal: real and imaginary parts, of one length. */
export interface Complex {
  readonly re: Reals;
  readonly im: Reals;
}

/** A transform of one fixed length with its tables and buffers. It writes over its argument. */
export type Transform = (x: Complex) => void;

interface Arithmetic {
  readonly make: (n: number) => Reals;
  /** Rounds the result of one operation. */
  readonly round: (x: number) => number;
}

const arithmetics: { readonly [P in FourierPrecision]: Arithmetic } = {
  float32: { make: (n) => new Float32Array(n), round: Math.fround },
  float64: { make: (n) => new Float64Array(n), round: (x) => x },
};

/** A signal of zeros. */
export function complexZeros(n: number, precision: FourierPrecision): Complex {
  const { make } = arithmetics[precision];
  return { re: make(n), im: make(n) };
}

/** Beyond this prime factor, a convolution is cheaper than sums of products. */
const largestRadix = 31;

/**
 * The transform of length `n`: X[k] = Σ x[j]·e^(∓2πi·jk/n), with + for the inverse, which is divided by n as well.
 *
 * @example
 * const signal = { re: Float64Array.of(1, 2, 3), im: new Float64Array(3) };
 * fourier(3, false, "float64")(signal);
 */
export function fourier(n: number, inverse: boolean, precision: FourierPrecision): Transform {
  const arithmetic = arithmetics[precision];
  const radices = radicesOf(n);
  const run = radices.every((p) => p <= largestRadix) ? passes(n, radices, inverse, arithmetic) : bluestein(n, inverse);
  if (!inverse) return run;
  const factor = arithmetic.round(1 / n);
  return (x) => {
    run(x);
    for (let i = 0; i < n; i++) {
      x.re[i] = (x.re[i] as number) * factor;
      x.im[i] = (x.im[i] as number) * factor;
    }
  };
}

/** The factors of `n`: 4 as often as it goes, a last 2 first, then odd primes, rising. */
function radicesOf(n: number): number[] {
  const out: number[] = [];
  let rest = n;
  for (; rest > 0 && rest % 4 === 0; rest /= 4) out.push(4);
  if (rest % 2 === 0 && rest > 0) {
    rest /= 2;
    out.unshift(2);
  }
  for (let p = 3; p * p <= rest; p += 2) for (; rest % p === 0; rest /= p) out.push(p);
  return rest > 1 ? [...out, rest] : out;
}

/** One pass reads `ido` neighbours of `ip` parts of `l1` groups, and writes the groups of each part together. */
interface Pass {
  readonly ip: number;
  readonly l1: number;
  readonly ido: number;
  /** The turns of part j at place i, at (j − 1)·ido + i. */
  readonly turns: Complex;
  /** cos and sin of 2πm/ip. */
  readonly circle: Complex;
}

function passes(n: number, radices: readonly number[], inverse: boolean, { make, round }: Arithmetic): Transform {
  const sign = inverse ? 1 : -1;
  const circleOf = (count: number, at: (k: number) => number, of: number): Complex => {
    const out = { re: make(count), im: make(count) };
    for (let k = 0; k < count; k++) {
      const angle = (2 * Math.PI * (at(k) % of)) / of;
      out.re[k] = Math.cos(angle);
      out.im[k] = sign * Math.sin(angle);
    }
    return out;
  };
  let l1 = 1;
  const plan = radices.map((ip): Pass => {
    const ido = n / (l1 * ip);
    const step = l1;
    const turns = circleOf((ip - 1) * ido, (k) => (Math.floor(k / ido) + 1) * step * (k % ido), n);
    const pass = { ip, l1, ido, turns, circle: circleOf(ip, (m) => m, ip) };
    l1 *= ip;
    return pass;
  });
  const widest = Math.max(1, ...radices);
  const spare: Complex = { re: make(n), im: make(n) };
  const column = { re: new Float64Array(widest), im: new Float64Array(widest) };
  return (x) => {
    let from = x;
    let to = spare;
    for (const pass of plan) {
      runPass(pass, from, to, column, sign, round);
      [from, to] = [to, from];
    }
    if (from === x) return;
    x.re.set(from.re);
    x.im.set(from.im);
  };
}

function runPass(
  { ip, l1, ido, turns, circle }: Pass,
  from: Complex,
  to: Complex,
  c: Complex,
  sign: number,
  r: (x: number) => number,
): void {
  const small = ip === 2 ? radix2 : ip === 4 ? radix4 : oddRadix;
  for (let k = 0; k < l1; k++)
    for (let i = 0; i < ido; i++) {
      for (let j = 0; j < ip; j++) {
        const at = i + ido * (j + ip * k);
        c.re[j] = from.re[at] as number;
        c.im[j] = from.im[at] as number;
      }
      small(c, ip, circle, sign, r);
      for (let j = 0; j < ip; j++) {
        const at = i + ido * (k + l1 * j);
        const [x, y] = [c.re[j] as number, c.im[j] as number];
        if (i === 0 || j === 0) {
          to.re[at] = x;
          to.im[at] = y;
          continue;
        }
        const t = (j - 1) * ido + i;
        const [wr, wi] = [turns.re[t] as number, turns.im[t] as number];
        to.re[at] = r(r(x * wr) - r(y * wi));
        to.im[at] = r(r(x * wi) + r(y * wr));
      }
    }
}

type SmallTransform = (c: Complex, p: number, circle: Complex, sign: number, r: (x: number) => number) => void;

const radix2: SmallTransform = ({ re, im }, _p, _circle, _sign, r) => {
  const [ar, ai, br, bi] = [re[0], im[0], re[1], im[1]] as [number, number, number, number];
  re[0] = r(ar + br);
  im[0] = r(ai + bi);
  re[1] = r(ar - br);
  im[1] = r(ai - bi);
};

const radix4: SmallTransform = ({ re, im }, _p, _circle, sign, r) => {
  const [r0, r1, r2, r3] = re as unknown as [number, number, number, number];
  const [i0, i1, i2, i3] = im as unknown as [number, number, number, number];
  const [evenR, evenI, oddR, oddI] = [r(r0 + r2), r(i0 + i2), r(r0 - r2), r(i0 - i2)];
  const [sumR, sumI] = [r(r1 + r3), r(i1 + i3)];
  // A quarter turn of the difference.
  const [turnR, turnI] = [-sign * r(i1 - i3), sign * r(r1 - r3)];
  re[0] = r(evenR + sumR);
  im[0] = r(evenI + sumI);
  re[2] = r(evenR - sumR);
  im[2] = r(evenI - sumI);
  re[1] = r(oddR + turnR);
  im[1] = r(oddI + turnI);
  re[3] = r(oddR - turnR);
  im[3] = r(oddI - turnI);
};

/** Parts m and p − m share cosines and, up to the sign, sines. */
const oddRadix: SmallTransform = ({ re, im }, p, circle, _sign, r) => {
  const half = (p - 1) / 2;
  let [totalR, totalI] = [re[0] as number, im[0] as number];
  const [firstR, firstI] = [totalR, totalI];
  for (let m = 1; m <= half; m++) {
    const [ar, ai, br, bi] = [re[m], im[m], re[p - m], im[p - m]] as [number, number, number, number];
    re[m] = r(ar + br);
    im[m] = r(ai + bi);
    re[p - m] = r(ar - br);
    im[p - m] = r(ai - bi);
    totalR = r(totalR + (re[m] as number));
    totalI = r(totalI + (im[m] as number));
  }
  const out = new Float64Array(2 * p);
  out[0] = totalR;
  out[1] = totalI;
  for (let u = 1; u <= half; u++) {
    let [cr, ci, sr, si] = [firstR, firstI, 0, 0];
    for (let m = 1; m <= half; m++) {
      const at = (u * m) % p;
      const [cos, sin] = [circle.re[at] as number, circle.im[at] as number];
      cr = r(cr + r(cos * (re[m] as number)));
      ci = r(ci + r(cos * (im[m] as number)));
      sr = r(sr + r(sin * (im[p - m] as number)));
      si = r(si + r(sin * (re[p - m] as number)));
    }
    out[2 * u] = r(cr - sr);
    out[2 * u + 1] = r(ci + si);
    out[2 * (p - u)] = r(cr + sr);
    out[2 * (p - u) + 1] = r(ci - si);
  }
  for (let j = 0; j < p; j++) {
    re[j] = out[2 * j] as number;
    im[j] = out[2 * j + 1] as number;
  }
};

/** jk = (j² + k² − (k − j)²) / 2 makes the sum a convolution with a chirp, whose length may be a power of two. Always in float64. */
function bluestein(n: number, inverse: boolean): Transform {
  let m = 1;
  while (m < 2 * n - 1) m *= 2;
  const forward = fourier(m, false, "float64");
  const backward = fourier(m, true, "float64");
  const sign = inverse ? -1 : 1;
  // The angle of j² is taken modulo a full turn first, while j² is still exact.
  const angle = (j: number) => (Math.PI * ((j * j) % (2 * n))) / n;
  const cos = Float64Array.from({ length: n }, (_, j) => Math.cos(angle(j)));
  const sin = Float64Array.from({ length: n }, (_, j) => sign * Math.sin(angle(j)));
  const chirp = complexZeros(m, "float64");
  for (let j = 0; j < n; j++)
    for (const at of j === 0 ? [0] : [j, m - j]) {
      chirp.re[at] = cos[j] as number;
      chirp.im[at] = sin[j] as number;
    }
  forward(chirp);
  return ({ re, im }) => {
    const a = complexZeros(m, "float64");
    for (let j = 0; j < n; j++) {
      const [x, y, c, s] = [re[j] as number, im[j] as number, cos[j] as number, sin[j] as number];
      a.re[j] = x * c + y * s;
      a.im[j] = y * c - x * s;
    }
    forward(a);
    for (let k = 0; k < m; k++) {
      const [x, y, c, s] = [a.re[k] as number, a.im[k] as number, chirp.re[k] as number, chirp.im[k] as number];
      a.re[k] = x * c - y * s;
      a.im[k] = x * s + y * c;
    }
    backward(a);
    for (let k = 0; k < n; k++) {
      const [x, y, c, s] = [a.re[k] as number, a.im[k] as number, cos[k] as number, sin[k] as number];
      re[k] = x * c + y * s;
      im[k] = y * c - x * s;
    }
  };
}
