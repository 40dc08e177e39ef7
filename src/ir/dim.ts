// Symbolic dimensions: integer polynomials over named sizes, with floor division, kept in one canonical form so that
// equality is a comparison of keys. A dimension is a plain number or such an expression.

/** One factor of a term: a named size, or an operation that does not distribute over sums. */
type Atom =
  | { readonly kind: "size"; readonly name: string; readonly key: string }
  | { readonly kind: "floordiv" | "max" | "min"; readonly a: Dim; readonly b: Dim; readonly key: string };

interface Term {
  readonly coefficient: number;
  /** Sorted by key; a repeated atom stands twice. */
  readonly atoms: readonly Atom[];
}

/** The size of one axis: a number, or an expression of symbolic sizes. */
export type Dim = number | DimExpr;

/** An integer expression of symbolic sizes, such as `batch`, `2*seq + 1` or `floor(height/2)`. Immutable. */
export class DimExpr {
  readonly key: string;
  readonly terms: readonly Term[];

  constructor(terms: readonly Term[]) {
    this.terms = terms;
    this.key = terms.map(formatTerm).join(" + ").replaceAll("+ -", "- ");
  }

  /** The expression in the syntax that `parseDim` reads and that is written as an ONNX `dim_param`. */
  toString(): string {
    return this.key;
  }
}

/** A named symbolic size. */
export function symbol(name: string): DimExpr {
  return new DimExpr([{ coefficient: 1, atoms: [{ kind: "size", name, key: name }] }]);
}

let unknowns = 0;
/** A size nobody knows: a symbol of its own, equal to no other. No text or file can name it: `parseDim` never makes such a name. */
export function unknownDim(): DimExpr {
  return symbol(`?${unknowns++}`);
}

/** True for sizes made by `unknownDim`, and for what was computed from such. */
export function isUnknownDim(dim: Dim): boolean {
  if (typeof dim === "number") return false;
  for (const name of symbolsOf(dim)) if (name.startsWith("?")) return true;
  return false;
}

/** True when both are known to be the same for all values of their symbols. */
export function dimEquals(a: Dim, b: Dim): boolean {
  return typeof a === "number" || typeof b === "number" ? a === b : a.key === b.key;
}

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  return normalize([...termsOf(a), ...termsOf(b)]);
}

export function subDims(a: Dim, b: Dim): Dim {
  return addDims(a, mulDims(-1, b));
}

export function mulDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a * b + 0;
  const products: Term[] = [];
  for (const s of termsOf(a))
    for (const t of termsOf(b)) products.push({ coefficient: s.coefficient * t.coefficient, atoms: [...s.atoms, ...t.atoms] });
  return normalize(products);
}

/** ⌊a / b⌋; whole multiples of a constant divisor leave the floor, as in ⌊(4n + 3)/2⌋ = 2n + 1. Unknown for a divisor of 0. */
export function floorDivDims(a: Dim, b: Dim): Dim {
  if (b === 0) return unknownDim();
  if (typeof a === "number" && typeof b === "number") return Math.floor(a / b) + 0;
  if (b === 1) return a;
  if (a === 0) return 0;
  if (dimEquals(a, b)) return 1;
  if (typeof b === "number") {
    const whole: Term[] = [];
    const rest: Term[] = [];
    for (const t of termsOf(a)) {
      const q = Math.floor(t.coefficient / b);
      const r = t.coefficient - q * b;
      if (t.atoms.length === 0 || r === 0) {
        if (q !== 0) whole.push({ coefficient: q, atoms: t.atoms });
        if (r !== 0) rest.push({ coefficient: r, atoms: t.atoms });
      } else rest.push(t);
    }
    const remainder = normalize(rest);
    if (typeof remainder === "number") return normalize([...whole, ...termsOf(Math.floor(remainder / b))]);
    return normalize([...whole, reducedFloor(remainder, b)]);
  }
  const quotient = divideExactly(a, b);
  return quotient ?? normalize([opaque("floordiv", a, b)]);
}

/** ⌊a / b⌋ in lowest terms: what all sizes share with the divisor is divided out, as in ⌊(2n + 1)/4⌋ = ⌊n/2⌋. */
function reducedFloor(a: DimExpr, b: number): Term {
  const g = a.terms.reduce((d, t) => (t.atoms.length === 0 ? d : gcd(d, t.coefficient)), b);
  if (g <= 1) return opaque("floordiv", a, b);
  const numerator = a.terms.map((t) => ({ coefficient: Math.floor(t.coefficient / g), atoms: t.atoms }));
  return opaque("floordiv", normalize(numerator), b / g);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** ⌈a / b⌉ */
export function ceilDivDims(a: Dim, b: Dim): Dim {
  // The same form as ⌊(a − 1)/b⌋ + 1 gets, so that sizes worked out by either formula are equal.
  if (typeof b === "number" && b > 0) return floorDivDims(addDims(a, b - 1), b);
  return mulDims(-1, floorDivDims(mulDims(-1, a), b));
}

/** a − b·⌊a / b⌋ */
export function modDims(a: Dim, b: Dim): Dim {
  return subDims(a, mulDims(b, floorDivDims(a, b)));
}

export function maxDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return Math.max(a, b);
  return dimEquals(a, b) ? a : normalize([opaque("max", a, b)]);
}

export function minDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return Math.min(a, b);
  return dimEquals(a, b) ? a : normalize([opaque("min", a, b)]);
}

/** The product of sizes. */
export function productOfDims(dims: readonly Dim[]): Dim {
  return dims.reduce<Dim>(mulDims, 1);
}

/** a / b when b divides a term by term (one-term divisors only), else undefined. */
export function divideExactly(a: Dim, b: Dim): Dim | undefined {
  if (typeof a === "number" && typeof b === "number") return a % b === 0 ? a / b : undefined;
  const divisors = termsOf(b);
  const divisor = divisors[0];
  if (divisors.length !== 1 || divisor === undefined) return dimEquals(a, b) ? 1 : undefined;
  const out: Term[] = [];
  for (const t of termsOf(a)) {
    if (t.coefficient % divisor.coefficient !== 0) return undefined;
    const atoms = [...t.atoms];
    for (const atom of divisor.atoms) {
      const at = atoms.findIndex((x) => x.key === atom.key);
      if (at < 0) return undefined;
      atoms.splice(at, 1);
    }
    out.push({ coefficient: t.coefficient / divisor.coefficient, atoms });
  }
  return normalize(out);
}

/** The value under an assignment of sizes; undefined when a symbol has none. */
export function evaluateDim(dim: Dim, sizes: ReadonlyMap<string, number>): number | undefined {
  const value = substituteDim(dim, (name) => sizes.get(name));
  return typeof value === "number" ? value : undefined;
}

/** Replaces symbols by other dimensions; a symbol for which `replace` gives undefined stays. */
export function substituteDim(dim: Dim, replace: (name: string) => Dim | undefined): Dim {
  if (typeof dim === "number") return dim;
  let sum: Dim = 0;
  for (const t of dim.terms) {
    let product: Dim = t.coefficient;
    for (const atom of t.atoms) product = mulDims(product, substituteAtom(atom, replace));
    sum = addDims(sum, product);
  }
  return sum;
}

function substituteAtom(atom: Atom, replace: (name: string) => Dim | undefined): Dim {
  if (atom.kind === "size") return replace(atom.name) ?? symbol(atom.name);
  const a = substituteDim(atom.a, replace);
  const b = substituteDim(atom.b, replace);
  return atom.kind === "floordiv" ? floorDivDims(a, b) : atom.kind === "max" ? maxDims(a, b) : minDims(a, b);
}

/** The names of the symbols in a dimension. */
export function symbolsOf(dim: Dim, into: Set<string> = new Set()): Set<string> {
  if (typeof dim === "number") return into;
  for (const t of dim.terms)
    for (const atom of t.atoms) {
      if (atom.kind === "size") into.add(atom.name);
      else {
        symbolsOf(atom.a, into);
        symbolsOf(atom.b, into);
      }
    }
  return into;
}

/** Names the parts for callers that turn an expression into graph nodes: see `trace`'s shape arithmetic. */
export type DimPart = Term;

function termsOf(dim: Dim): readonly Term[] {
  if (typeof dim !== "number") return dim.terms;
  return dim === 0 ? [] : [{ coefficient: dim, atoms: [] }];
}

function opaque(kind: "floordiv" | "max" | "min", first: Dim, second: Dim): Term {
  // The larger and the smaller do not care which comes first: one order, so that equal sizes have equal keys. Numbers come last.
  const swap = kind !== "floordiv" && (typeof first === "number" || (typeof second !== "number" && second.key < first.key));
  const [a, b] = swap ? [second, first] : [first, second];
  const key = kind === "floordiv" ? `floor((${a})/(${b}))` : `${kind}(${a}, ${b})`;
  return { coefficient: 1, atoms: [{ kind, a, b, key }] };
}

/** What an expression may grow to; those of real models have a few terms. */
const largest = { terms: 128, characters: 4000 };

function normalize(terms: readonly Term[]): Dim {
  const byKey = new Map<string, Term>();
  for (const t of terms) {
    const atoms = [...t.atoms].sort((x, y) => (x.key < y.key ? -1 : x.key > y.key ? 1 : 0));
    const key = atoms.map((a) => a.key).join("*");
    byKey.set(key, { coefficient: t.coefficient + (byKey.get(key)?.coefficient ?? 0), atoms });
  }
  // Higher degrees first and the constant last, so that `2*seq + 1` reads as one writes it.
  const kept = [...byKey].filter(([, t]) => t.coefficient !== 0);
  kept.sort(([k, s], [l, t]) => t.atoms.length - s.atoms.length || (k < l ? -1 : 1));
  const only = kept[0]?.[1];
  if (only === undefined) return 0;
  if (kept.length === 1 && only.atoms.length === 0) return only.coefficient;
  // Sizes that are multiplied or compared with themselves again and again would have no end of terms: nothing is known of them then.
  if (kept.length > largest.terms || kept.reduce((n, [key]) => n + key.length, 0) > largest.characters) return unknownDim();
  return new DimExpr(kept.map(([, t]) => t));
}

function formatTerm(t: Term): string {
  const product = t.atoms.map((a) => a.key).join("*");
  if (product === "") return String(t.coefficient);
  return t.coefficient === 1 ? product : t.coefficient === -1 ? `-${product}` : `${t.coefficient}*${product}`;
}
