// Symbolic sizes: the algebra against plain numbers, one form for equal sizes, and text that reads back as what it was.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addDims,
  ceilDivDims,
  type Dim,
  dimEquals,
  divideExactly,
  evaluateDim,
  floorDivDims,
  isUnknownDim,
  maxDims,
  minDims,
  modDims,
  mulDims,
  subDims,
  substituteDim,
  symbol,
  symbolsOf,
  unknownDim,
} from "../../src/ir/dim.ts";
import { parseDim } from "../../src/ir/parse-dim.ts";

const [n, m] = [symbol("n"), symbol("m")];

/** An expression beside the plain function of sizes that it must agree with. */
interface Pair {
  readonly dim: Dim;
  readonly value: (sizes: ReadonlyMap<string, number>) => number;
}

const operations: readonly [(a: Dim, b: Dim) => Dim, (a: number, b: number) => number][] = [
  [addDims, (a, b) => a + b],
  [subDims, (a, b) => a - b],
  [mulDims, (a, b) => a * b],
  [maxDims, Math.max],
  [minDims, Math.min],
];

const leaf: fc.Arbitrary<Pair> = fc.oneof(
  fc.constantFrom("n", "m", "k").map((name): Pair => ({ dim: symbol(name), value: (s) => s.get(name) as number })),
  fc.integer({ min: -6, max: 6 }).map((v): Pair => ({ dim: v, value: () => v })),
);
const { expression } = fc.letrec<{ expression: Pair }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.tuple(tie("expression"), tie("expression"), fc.nat(operations.length - 1)).map(([a, b, i]): Pair => {
      const [symbolic, plain] = operations[i] as (typeof operations)[number];
      return { dim: symbolic(a.dim, b.dim), value: (s) => plain(a.value(s), b.value(s)) };
    }),
    fc
      .tuple(
        tie("expression"),
        fc.integer({ min: -5, max: 5 }).filter((d) => d !== 0),
      )
      .map(([a, d]): Pair => ({ dim: floorDivDims(a.dim, d), value: (s) => Math.floor(a.value(s) / d) })),
    fc
      .tuple(tie("expression"), fc.integer({ min: 1, max: 5 }))
      .map(([a, d]): Pair => ({ dim: modDims(a.dim, d), value: (s) => a.value(s) - d * Math.floor(a.value(s) / d) })),
    fc
      .tuple(tie("expression"), fc.integer({ min: 1, max: 5 }))
      .map(([a, d]): Pair => ({ dim: ceilDivDims(a.dim, d), value: (s) => Math.ceil(a.value(s) / d) })),
  ),
}));
const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })).map(
  ([a, b, c]) =>
    new Map([
      ["n", a],
      ["m", b],
      ["k", c],
    ]),
);

describe("symbolic sizes", () => {
  it("are written as one writes them", () => {
    assert.equal(String(addDims(mulDims(2, n), 1)), "2*n + 1");
    assert.equal(String(subDims(mulDims(n, m), n)), "m*n - n");
    assert.equal(String(floorDivDims(subDims(n, 1), 2)), "floor((n + 1)/(2)) - 1");
    assert.equal(String(mulDims(-1, n)), "-n");
    assert.equal(String(maxDims(n, 3)), "max(n, 3)");
  });

  it("become plain numbers where the symbols cancel", () => {
    assert.equal(subDims(addDims(n, 3), n), 3);
    assert.equal(mulDims(0, n), 0);
    assert.ok(Object.is(mulDims(-1, 0), 0));
    assert.equal(floorDivDims(n, n), 1);
    assert.equal(divideExactly(mulDims(6, n), mulDims(2, n)), 3);
    assert.equal(divideExactly(addDims(n, 1), 2), undefined);
    assert.equal(maxDims(n, n), n);
  });

  it("have one form, whichever way they came about", () => {
    const same = (a: Dim, b: Dim) => assert.ok(dimEquals(a, b), `${a} and ${b}`);
    same(mulDims(addDims(n, 1), addDims(n, -1)), subDims(mulDims(n, n), 1));
    same(floorDivDims(addDims(mulDims(4, n), 3), 2), addDims(mulDims(2, n), 1));
    same(floorDivDims(mulDims(2, n), 4), floorDivDims(n, 2));
    same(floorDivDims(addDims(mulDims(2, n), 1), 4), floorDivDims(n, 2));
    same(ceilDivDims(n, 2), addDims(floorDivDims(subDims(n, 1), 2), 1));
    same(maxDims(n, m), maxDims(m, n));
    same(minDims(3, n), minDims(n, 3));
  });

  it("agree with arithmetic on numbers, for any expression and any sizes", () => {
    fc.assert(
      fc.property(expression, sizes, (e, s) => {
        assert.equal(evaluateDim(e.dim, s), e.value(s) + 0, String(e.dim));
      }),
    );
  });

  it("are equal only if they agree at all sizes", () => {
    fc.assert(
      fc.property(expression, expression, sizes, (a, b, s) => {
        if (dimEquals(a.dim, b.dim)) assert.equal(a.value(s) + 0, b.value(s) + 0);
      }),
    );
  });

  it("can be filled in one symbol at a time, in any order", () => {
    fc.assert(
      fc.property(expression, sizes, (e, s) => {
        const fill = (dim: Dim, name: string) => substituteDim(dim, (x) => (x === name ? s.get(name) : undefined));
        assert.equal(["m", "k", "n"].reduce(fill, e.dim), e.value(s) + 0);
      }),
    );
  });

  it("know their symbols, and stay open where one has no size", () => {
    assert.deepEqual([...symbolsOf(floorDivDims(addDims(n, m), 2))], ["m", "n"]);
    assert.equal(evaluateDim(addDims(n, m), new Map([["n", 1]])), undefined);
  });
});

describe("unknown sizes", () => {
  it("equal no other, and stay unknown whatever is computed from them", () => {
    const u = unknownDim();
    assert.equal(dimEquals(u, unknownDim()), false);
    assert.ok(dimEquals(u, u));
    for (const d of [u, mulDims(2, u), addDims(u, n), floorDivDims(u, 2)]) assert.ok(isUnknownDim(d), String(d));
    assert.ok(isUnknownDim(floorDivDims(n, 0)));
    assert.equal(isUnknownDim(n), false);
  });

  it("cannot be met by a name that stands in a file", () => {
    const u = unknownDim();
    assert.equal(dimEquals(parseDim(String(u)), u), false);
    assert.ok(isUnknownDim(parseDim(String(u))));
    assert.equal(isUnknownDim(parseDim("unk__0")), false);
  });
});

describe("parseDim", () => {
  it("reads what String writes, as the same size", () => {
    fc.assert(
      fc.property(expression, (e) => {
        const read = parseDim(String(e.dim));
        assert.ok(dimEquals(read, e.dim), `${e.dim} was read as ${read}`);
      }),
    );
  });

  it("reads expressions of other tools", () => {
    assert.equal(String(parseDim("past_len+1")), "past_len + 1");
    assert.equal(String(parseDim("2 * ( a + b ) - a")), "a + 2*b");
    assert.equal(parseDim("3*4 - 2"), 10);
    assert.equal(parseDim("7"), 7);
  });

  it("takes any other text as one name", () => {
    for (const text of ["batch size", "Add_12@o0", "a +", "floor(a)", "(", "a---b", "größe", "floor((a)/(0))", "", "1.5"])
      assert.deepEqual([...symbolsOf(parseDim(text))], [text], text);
  });

  it("is quick and safe with hostile texts: they are mere names", () => {
    const hostile = [
      "(".repeat(100_000),
      "-".repeat(900),
      `${"(".repeat(400)}a${")".repeat(400)}`,
      Array.from({ length: 20 }, () => "(a+b+c+d+e+f+g+h)").join("*"),
      "99999999999999999999",
      "9007199254740991*9007199254740991*a",
    ];
    for (const text of hostile) assert.deepEqual([...symbolsOf(parseDim(text))], [text]);
  });
});
