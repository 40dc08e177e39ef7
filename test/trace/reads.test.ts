import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { nn, type Tensor, tensor, trace } from "../../src/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { failsWith, markedLine } from "../support/trace-errors.ts";

const interpreter = { engine: "interpreter" } as const;
const x = tensor([[1, -2, 3]]);
const logged: unknown[] = [];
const log = (...values: readonly unknown[]) => void values;

/** Names that a template literal is made of a tensor without complaint. */
const here = (name: string) => markedLine(import.meta.url, name);

describe("values read out of tensors", () => {
  const path = temporaryFolder();

  it("are no matter where they are only logged", async () => {
    const forward = (a: Tensor) => {
      log(a.mean().item(), a.toArray(), a.data[0], `${a}`, a.storage.size);
      return a.relu();
    };
    const m = await trace(forward, x, interpreter);
    assert.deepEqual((await m.run(tensor([[-1, 5, -1]]))).toArray(), [[0, 5, 0]]);
    assert.equal(logged.length, 0);
  });

  it("are told all at once where several reach the graph", async () => {
    const forward = (a: Tensor) => {
      const sum = a.sum().item();
      const mean = a.mean().item();
      return a.mul(sum).add(mean);
    };
    const error = await failsWith(() => trace(forward, x, interpreter), "ReadReachesGraph", /a constant of Mul/);
    assert.equal(error.notes.length, 1);
    assert.match(error.notes[0] as string, /also \.item\(\) at .*reads\.test\.ts:\d+:\d+: a constant of Add/);
  });

  it("are no matter where the console prints them", async () => {
    const { log: print } = console;
    const lines: unknown[] = [];
    console.log = (line: unknown) => lines.push(line);
    try {
      const forward = (a: Tensor) => {
        console.log(a.max().item());
        return a.neg();
      };
      await trace(forward, x, interpreter);
    } finally {
      console.log = print;
    }
    assert.equal(lines[0], 3);
  });

  it("are refused where they choose a branch, with both lines", async () => {
    const forward = (a: Tensor) => {
      const big = a.mean().item() > 0; // HERE: branch
      return big ? a.relu() : a.neg(); // HERE: effect
    };
    const error = await failsWith(() => trace(forward, x, interpreter), "ReadReachesGraph", /\.item\(\)/, /Neg|Relu/);
    assert.equal(error.frame?.line, here("branch"));
    assert.match(error.message, new RegExp(`reads\\.test\\.ts:${here("effect")}`));
    assert.match(error.hint, new RegExp(`allow: \\["reads\\.test\\.ts:${here("branch")}"\\]`));
  });

  it("are refused where they become a constant, an attribute, an output, a shape or an error", async () => {
    const refused = (forward: (a: Tensor) => Tensor, ...patterns: RegExp[]) =>
      failsWith(() => trace(forward, x, interpreter), "ReadReachesGraph", ...patterns);
    await refused((a) => a.mul(a.max().item()), /a constant of Mul/);
    await refused((a) => a.add(tensor(Float32Array.from(a.data as Float32Array), { shape: [1, 3] })), /\.data/, /a constant of Add/);
    await refused((a) => a.softmax(a.gt(0).any().item() ? 0 : 1), /attribute axis of Softmax/);
    await refused((a) => tensor(a.toArray()), /\.toArray\(\)/, /a constant that is an output/);
    await refused((a) => a.narrow(1, 0, Math.min(3, Math.max(1, Math.round(a.max().item())))), /item/);
    await refused((a) => {
      if (a.max().item() > 100) throw new Error("too large for me");
      return a.relu();
    }, /throws \(too large for me\)/);
  });

  it("are refused where a boolean decides", async () => {
    const forward = (a: Tensor) => (a.gt(0).any().item() ? a : a.neg());
    await failsWith(() => trace(forward, x, interpreter), "ReadReachesGraph", /any\(\)\.item/);
  });

  it("are refused in a sub-module's forward and in a loop's condition too", async () => {
    class Halve extends nn.Module {
      forward(a: Tensor) {
        let y = a;
        for (let i = 0; i < 8 && y.abs().max().item() > 1; i++) y = y.div(2);
        return y;
      }
    }
    await failsWith(() => trace(new nn.Sequential(new nn.ReLU(), new Halve()), x, interpreter), "ReadReachesGraph", /y\.abs\(\)\.max\(\)/);
  });

  it("may be allowed by line, and by no other line", async () => {
    const forward = (a: Tensor) => a.mul(a.max().item()); // HERE: allowed
    const line = here("allowed");
    const m = await trace(forward, x, { ...interpreter, allow: [`reads.test.ts:${line}`], check: { inputs: [x] } }).catch((e) => e);
    // The check runs other inputs, so the frozen value is found out all the same.
    assert.ok(m instanceof Error && /bit for bit/.test(m.message), String(m));
    await failsWith(() => trace(forward, x, { ...interpreter, allow: [`s.test.ts:${line}`] }), "ReadReachesGraph");
    await failsWith(() => trace(forward, x, { ...interpreter, allow: [`reads.test.ts:${line + 1}`] }), "ReadReachesGraph");
    await failsWith(() => trace(forward, x, { ...interpreter, allow: `reads.test.ts:${line}` as never }), "InvalidArgument", /`allow`/);
  });

  it("at more than 32 places are too many to check", async () => {
    const reads = Array.from({ length: 33 }, () => "  void a.max().item();").join("\n");
    await writeFile(path("many-reads.mjs"), `export function forward(a) {\n${reads}\n  return a.relu();\n}\n`);
    const { forward } = (await import(pathToFileURL(path("many-reads.mjs")).href)) as { forward: (a: Tensor) => Tensor };
    await failsWith(() => trace(forward, x, interpreter), "TooManyReads", /33 places.*32/, /many-reads\.mjs/);
  });

  it("of a tensor that does not depend on the inputs are free", async () => {
    const scale = tensor(3);
    const m = await trace((a: Tensor) => a.mul(scale.item()), x, interpreter);
    assert.deepEqual((await m.run(x)).toArray(), [[3, -6, 9]]);
  });

  it("that fail say where", async () => {
    await failsWith(() => trace((a: Tensor) => a.mul(a.item()), x, interpreter), "NotOneElement", /3 elements/, /a\.item\(\)/);
  });
});

describe("shapes that depend on data", () => {
  const data = tensor([
    [1, 0, 3],
    [0, 5, 6],
  ]);

  it("are fine where operations follow them", async () => {
    const forward = (a: Tensor) => a.nonzero().reshape([-1]);
    const m = await trace(forward, data, interpreter);
    const other = tensor([
      [0, 0, 3],
      [0, 0, 0],
    ]);
    assert.deepEqual((await m.run(other)).toArray(), [0, 2]);
  });

  it("are refused where a branch, a loop or a number reads them", async () => {
    const refused = (forward: (a: Tensor) => Tensor, ...patterns: RegExp[]) =>
      failsWith(() => trace(forward, data, interpreter), "DataReachesGraph", /reads\.test\.ts:\d+/, ...patterns);
    await refused((a) => (a.nonzero().size(0) > 2 ? a.relu() : a.neg()), /Neg|Relu/);
    await refused((a) => a.add(a.nonzero().size(0)), /a constant of Add/);
    await refused((a) => {
      let y = a;
      for (const _ of a.nonzero()) y = y.add(1);
      return y;
    }, /Gather|Add/);
  });
});

describe("tensors where JavaScript wants a primitive", () => {
  const findings: readonly (readonly [string, (a: Tensor, mask: Tensor) => unknown, RegExp])[] = [
    ["if (mask)", (a, mask) => { if (mask) return a.mul(mask); return a; }, /`mask`/],
    ["while (t)", (a) => { let y = a; let i = 0; while (y.gt(0).any()) { y = y.sub(1); if (i++ > 3) break; } return y; }, /`y\.gt\(0\)\.any\(\)`/],
    ["t && x", (a) => { const t = a.gt(0); return t && a.relu(); }, /`t`/],
    ["t || x", (a) => { const t = a.gt(0); return t || a.relu(); }, /`t`/],
    ["!t", (a) => { const t = a.gt(0).all(); return !t ? a : a.neg(); }, /`t`/],
    ["t ? a : b", (a) => (a.sum().gt(0) ? a : a.neg()), /`a\.sum\(\)\.gt\(0\)`/],
  ]; // biome-ignore format: one line each
  for (const [name, forward, expression] of findings)
    it(`are found: ${name}`, async () => {
      const error = await failsWith(() => trace(forward as never, [x, x], interpreter), "TensorTruthiness", expression, /always true/);
      assert.match(error.frame?.file ?? "", /reads\.test\.ts$/);
      assert.ok((error.frame?.line ?? 0) > 0 && (error.frame?.column ?? 0) > 0);
      assert.match(error.message, /\^/);
    });

  it("are found all at once", async () => {
    const forward = (a: Tensor, mask: Tensor) => {
      const y = mask ? a : a.neg();
      return y.gt(0) ? y : y.relu();
    };
    await failsWith(
      () => trace(forward, [x, x], interpreter),
      "TensorTruthiness",
      /`mask`/,
      /also TensorTruthiness at .*reads\.test\.ts:\d+:\d+: y\.gt\(0\)/,
    );
  });

  it("are found in the functions that forward calls", async () => {
    const pick = (t: Tensor, a: Tensor) => (t ? a : a.neg());
    await failsWith(() => trace((a: Tensor) => pick(a.gt(0), a), x, interpreter), "TensorTruthiness", /`t`/);
  });

  it("are found under operators and ===, with their line", async () => {
    const plus = (a: Tensor) => ((a as never) + 1) as never;
    await failsWith(() => trace(plus, x, interpreter), "TensorAsPrimitive", /a\.add\(b\)/, /reads\.test\.ts:\d+/, /\(a as never\) \+ 1/);
    const same = (a: Tensor) => (a.sum() === a.mean() ? a : a.neg());
    await failsWith(() => trace(same, x, interpreter), "TensorIdentity", /a\.sum\(\) === a\.mean\(\)/, /a\.eq\(b\)/);
  });

  it("are fine where they ask whether something was given", async () => {
    const forward = (a: Tensor, mask?: Tensor) => (mask !== undefined ? a.mul(mask) : a);
    assert.deepEqual((await (await trace(forward, [x, x], interpreter)).run([x, x])).toArray(), [[1, 4, 9]]);
    const without = await trace(forward, x, interpreter);
    assert.deepEqual((await without.run(x)).toArray(), x.toArray());
  });
});
