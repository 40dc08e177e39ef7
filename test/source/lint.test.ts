// Each case is a function as a user would write it; the lint is told what a tensor is.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { TraceError } from "../../src/errors/error.ts";
import { forgetTensors, type LintReport, lintCalls, type SeenCall, someTensor } from "../../src/source/lint.ts";

/** Stands for a tensor. */
class Grid {
  readonly shape: readonly number[] = [2];
  add(_: unknown): Grid {
    return this;
  }
  gt(_: unknown): Grid {
    return this;
  }
  any(): Grid {
    return this;
  }
  item(): number {
    return 0;
  }
  split(): Grid[] {
    return [this, this];
  }
}

const options = {
  isTensor: (value: unknown) => value instanceof Grid,
  tensorMethod: (name: string) => name === "add" || name === "gt" || name === "any",
};

const x = new Grid();
const lint = (...calls: SeenCall[]): LintReport => lintCalls(calls, options);

/** Code and expression of each finding in a function called with `args`. */
function found(fn: SeenCall["fn"], args: readonly unknown[] = [x], thisValue?: unknown): string[] {
  const { findings, unread } = lint({ fn, args, thisValue });
  assert.deepEqual(unread, []);
  return findings.map(({ code, expression }) => `${code} ${expression}`);
}

const weight = new Grid();
const flags = { on: true };
const scale = (t: Grid) => t.add(2);
const half = (t: Grid, much: boolean) => {
  if (much) return t.add(1);
  return t;
};
const length = (t: Grid) => t.shape.length;

describe("the lint finds a tensor as a condition", () => {
  it("in if, while, do, for, ?: and !", () => {
    const forward = (a: Grid, b: Grid, c: Grid, d: Grid, e: Grid, f: Grid) => {
      if (a) flags.on;
      while (b) break;
      do flags.on;
      while (c);
      for (; d; ) break;
      return e ? 1 : !f;
    };
    assert.deepEqual(
      found(forward, [x, x, x, x, x, x]),
      ["a", "b", "c", "d", "e", "f"].map((name) => `TensorTruthiness ${name}`),
    );
  });

  it("on the left of && and ||, on the right only where the whole is a condition", () => {
    const forward = (a: Grid, b: Grid, n: number) => {
      const left = a && n;
      const right = n > 1 && b;
      if (n > 1 && b) return left;
      return right;
    };
    assert.deepEqual(found(forward, [x, x, 2]), ["TensorTruthiness a", "TensorTruthiness b"]);
  });

  it("in Boolean(), in assignments and behind a comma", () => {
    // Made from text: the linter of this repository does not let one write them.
    const forward = new Function("a", "let m; if (m = a.gt(0)) return m; return Boolean(a) || ((1, a) ? 2 : 3)") as SeenCall["fn"];
    assert.deepEqual(found(forward), ["TensorTruthiness m = a.gt(0)", "TensorTruthiness a", "TensorTruthiness a"]);
  });

  it("in the result of a tensor's method, not in a number read from it", () => {
    assert.deepEqual(
      found((a: Grid) => (a.gt(0) ? 1 : 2)),
      ["TensorTruthiness a.gt(0)"],
    );
    assert.deepEqual(
      found((a: Grid) => (a.add(1).gt(0).any().item() > 0 && a.any().item() ? a.shape.length || a.split() : 2)),
      [],
    );
  });

  it("in variables to which only tensors are assigned, wherever that is", () => {
    const forward = (a: Grid) => {
      let h = a;
      let maybe: Grid | undefined;
      for (let i = 0; i < 3; i++) {
        h = h.add(i);
        if (h) maybe = h;
        if (maybe) break;
      }
      return [h, maybe];
    };
    assert.deepEqual(found(forward), ["TensorTruthiness h"]);
  });

  it("in captured variables and in properties of live objects", () => {
    const held = { mask: new Grid(), flag: true, none: null as Grid | null };
    const forward = () => (weight ? 1 : held.mask ? 2 : held.flag || held.none ? 3 : 4);
    assert.deepEqual(found(forward, []), ["TensorTruthiness weight", "TensorTruthiness held.mask"]);
  });

  it("in fields, private ones, and behind getters and methods of the model", () => {
    class Net {
      bias: Grid | null = new Grid();
      #secret = new Grid();
      get shown() {
        return this.#secret;
      }
      #inner(t: Grid) {
        return t.add(this.#secret);
      }
      forward(t: Grid) {
        if (this.bias) return 1;
        if (this.#secret) return 2;
        if (this.shown) return 3;
        return this.#inner(t) ? 4 : 5;
      }
    }
    const net = new Net();
    const names = ["this.bias", "this.#secret", "this.shown", "this.#inner(t)"];
    assert.deepEqual(
      found(net.forward, [x], net),
      names.map((name) => `TensorTruthiness ${name}`),
    );
    net.bias = null;
    assert.equal(found(net.forward, [x], net).length, 3);
  });

  it("in functions that are called, with what they are called with", () => {
    const inner = (t: Grid | number) => (t ? 1 : 2);
    assert.deepEqual(
      found((a: Grid) => inner(a)),
      ["TensorTruthiness t"],
    );
    assert.deepEqual(
      found((a: Grid) => inner(a.item())),
      [],
    );
    assert.deepEqual(
      found((a: Grid) => [scale(a) ? 1 : 2, half(a, true) ? 3 : 4, length(a) ? 5 : 6]),
      ["TensorTruthiness scale(a)", "TensorTruthiness half(a, true)"],
    );
  });

  it("in the method of a base class that super calls", () => {
    class Base {
      forward(t: Grid) {
        return t.gt(0);
      }
    }
    class Net extends Base {
      override forward(t: Grid) {
        const y = super.forward(t);
        return y ? y : t;
      }
    }
    const net = new Net();
    assert.deepEqual(found(net.forward, [x], net), ["TensorTruthiness y"]);
  });

  it("in loops over layers and in callbacks of array methods", () => {
    class Layer {
      forward(t: Grid) {
        return t.add(1);
      }
    }
    const layers = [new Layer(), new Layer()];
    const forward = (a: Grid) => {
      let h = a;
      for (const layer of layers) h = layer.forward(h);
      const folded = layers.reduce((t, layer) => layer.forward(t), a);
      layers.forEach((layer) => {
        const y = layer.forward(a);
        if (y && layer) flags.on;
      });
      return h ? 1 : folded ? 2 : 3;
    };
    assert.deepEqual(found(forward), ["TensorTruthiness y", "TensorTruthiness h", "TensorTruthiness folded"]);
  });

  it("through destructuring of arguments and results", () => {
    const cell = (t: Grid) => ({ hidden: t.add(1), steps: 3 });
    const forward = ({ ids, count }: { ids: Grid; count: number }, [first]: Grid[]) => {
      const { hidden, steps } = cell(ids);
      return ids ? 1 : first ? 2 : hidden ? 3 : steps && count;
    };
    const args = [{ ids: x, count: 2 }, [x]];
    assert.deepEqual(found(forward, args), ["TensorTruthiness ids", "TensorTruthiness first", "TensorTruthiness hidden"]);
  });

  it("in recursive functions", () => {
    const repeat = (t: Grid, n: number): Grid => (n > 0 ? repeat(t.add(1), n - 1) : t);
    assert.deepEqual(
      found((a: Grid) => (repeat(a, 3) ? 1 : 2)),
      ["TensorTruthiness repeat(a, 3)"],
    );
  });
});

describe("the lint finds operators and identity", () => {
  it("arithmetic and comparison on tensors", () => {
    const forward = (a: unknown) => {
      let n = a as number;
      n += 1;
      return [(a as number) + 1, 2 * (a as number), -(a as number), (a as number) < 3, n];
    };
    assert.deepEqual(
      found(forward).map((each) => each.split(" ")[0]),
      new Array(5).fill("TensorOperator"),
    );
  });

  it("says which method to write", () => {
    const { findings } = lint({ fn: (a: unknown) => (a as number) ** 2, args: [x] });
    assert.match(findings[0]?.hint ?? "", /a\.pow\(b\)/);
    assert.match(lint({ fn: (a: unknown) => -(a as number), args: [x] }).findings[0]?.hint ?? "", /a\.neg\(\)/);
  });

  it("=== and switch between tensors or with a value", () => {
    const forward = (a: Grid, b: Grid) => {
      switch (a) {
        default:
          return [a === b, a !== b, (a as unknown) === 0];
      }
    };
    assert.deepEqual(found(forward, [x, x]), new Array(4).fill("TensorIdentity a"));
  });
});

describe("the lint leaves alone", () => {
  it("questions whether an argument was given", () => {
    const forward = (a: Grid, mask?: Grid, bias: Grid | null = null) => {
      if (mask !== undefined) return a.add(mask);
      if (bias === null || mask == null) return a;
      return mask ?? bias ?? a;
    };
    assert.deepEqual(found(forward, [x, x]), []);
    assert.deepEqual(found(forward, [x]), []);
  });

  it("a parameter that is no tensor in the call that was seen", () => {
    const forward = (a: Grid, mask?: Grid) => (mask ? a.add(mask) : a);
    assert.deepEqual(found(forward, [x]), []);
    assert.deepEqual(found(forward, [x, undefined]), []);
    assert.deepEqual(found(forward, [x, x]), ["TensorTruthiness mask"]);
  });

  it("branches that a tensor never takes", () => {
    const forward = (a: Grid | number | Grid[]) => {
      if (typeof a === "number" && a > 1) return a + 1;
      if (Array.isArray(a)) return a ? a.length : 0;
      return typeof a === "object" ? a : !a;
    };
    assert.deepEqual(found(forward), []);
  });

  it("what may be something else: lists that grow, values of two types, unknown functions", () => {
    const table = new Map([["a", weight]]);
    const forward = (a: Grid, n: number) => {
      const out: (Grid | null)[] = [];
      out.push(a);
      const either = n > 1 ? a : null;
      const got = table.get("a");
      return out[0] || either || got ? 1 : JSON.parse("1") ? 2 : 3;
    };
    assert.deepEqual(found(forward, [x, 3]), []);
  });

  it("variables that a callback may change", () => {
    const later: (() => void)[] = [];
    const forward = (a: Grid) => {
      let h: Grid | null = a;
      later.push(() => {
        h = null;
      });
      return h ? 1 : 2;
    };
    assert.deepEqual(found(forward), []);
  });

  it("getters, proxies and iterators of the user's, without running them", () => {
    const touchy = {
      get boom(): Grid {
        return assert.fail("a getter ran");
      },
      proxy: new Proxy({}, { get: () => assert.fail("a trap ran"), getOwnPropertyDescriptor: () => assert.fail("a trap ran") }),
      *[Symbol.iterator](): Generator<Grid> {
        yield assert.fail("an iterator ran");
      },
    };
    const forward = () => {
      for (const each of touchy) if (each) return 1;
      return touchy.boom ? 2 : (touchy.proxy as { a?: Grid }).a ? 3 : 4;
    };
    assert.deepEqual(found(forward, []), []);
  });

  it("the library's own functions", () => {
    const { findings, unread } = lint({ fn: forgetTensors as SeenCall["fn"], args: [x, x] });
    assert.deepEqual([findings, unread], [[], []]);
  });
});

describe("lintCalls", () => {
  it("uses what calls were seen to give, rather than reading them again", () => {
    const layer = { forward: (t: Grid): unknown => JSON.parse(String(t)) };
    const forward = (a: Grid) => (layer.forward(a) ? 1 : 2);
    assert.equal(lint({ fn: forward, args: [x] }).findings.length, 0);
    const seen = { fn: layer.forward, thisValue: layer, args: [x], result: x };
    assert.deepEqual(
      lint({ fn: forward, args: [x] }, seen).findings.map(({ expression }) => expression),
      ["layer.forward(a)"],
    );
  });

  it("believes the caller about functions of the library", () => {
    const forward = (a: Grid) => (forgetTensors(a, () => true) ? 1 : 2);
    const report = lintCalls([{ fn: forward, args: [x] }], { ...options, tensorFunction: (fn) => fn === (forgetTensors as unknown) });
    assert.equal(report.findings[0]?.expression, "forgetTensors(a, () => true)");
    assert.deepEqual(found(forward), []);
  });

  it("reports each place once, in order, with its line and an error to throw", () => {
    const forward = (a: Grid) => {
      const n = !a;
      return a ? n : 2;
    };
    const { findings } = lint({ fn: forward, args: [x] }, { fn: forward, args: [new Grid()] });
    assert.deepEqual(
      findings.map(({ line }) => line - (findings[0]?.line ?? 0)),
      [0, 1],
    );
    const [first] = findings;
    assert.ok(first);
    assert.equal(first.file, fileURLToPath(import.meta.url));
    assert.equal(first.name, "forward");
    assert.ok(first.error instanceof TraceError);
    assert.equal(first.error.code, "TensorTruthiness");
    assert.match(first.error.message, /> \d+ \| {7}const n = !a;\n +\| +\^/);
    assert.match(first.hint, /`a\.any\(\)\.item\(\)`.*`a !== undefined`/);
  });

  it("takes someTensor for a tensor, so that none need be kept", () => {
    const args = forgetTensors([x, { y: [x, 1] }], options.isTensor) as unknown[];
    assert.deepEqual(args, [someTensor, { y: [someTensor, 1] }]);
    assert.deepEqual(
      found((a: Grid, { y }: { y: Grid[] }) => (a ? 1 : y[0] ? 2 : y[1] ? 3 : 4), args),
      ["TensorTruthiness a", "TensorTruthiness y[0]"],
    );
  });

  it("lists what it could not read", () => {
    const { unread, findings } = lint({ fn: new Proxy((a: Grid) => !a, {}), args: [x] });
    assert.deepEqual(findings, []);
    assert.match(unread[0]?.reason ?? "", /it is a Proxy/);
  });
});
