// Einsum as MatMul and Transpose.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { einsumMatMul, einsumTranspose } from "../../../src/passes/rules/einsum-matmul.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const one = (equation: string, type: string) => `main (float[${type}] x) => (y) { y = Einsum <equation = "${equation}"> (x) }`;
const two = (equation: string, a: string, b: string, dtype = "float") =>
  `main (${dtype}[${a}] a, ${dtype}[${b}] b) => (y) { y = Einsum <equation = "${equation}"> (a, b) }`;

describe("einsum-transpose", () => {
  it("moves axes", () => {
    const graph = checkPasses(one("bij->jbi", "2,3,4"), einsumTranspose, { fires: 1 });
    assert.deepEqual(graph.firstNode?.attributes.perm, [2, 0, 1]);
    checkPasses(one("...ij->...ji", "2,n,3,4"), einsumTranspose, { fires: 1 });
    checkPasses(one("ba", "2,3"), einsumTranspose, { fires: 1 });
  });

  it("says no to sums and diagonals", () => {
    refuses(one("ij->i", "2,3"), einsumTranspose, /sums/);
    refuses(one("ii->i", "3,3"), einsumTranspose, /diagonal/);
    refuses(`main (float[] x) => (y) { y = Einsum <equation = "ij->ji"> (x) }`, einsumTranspose, /unknown/);
  });
});

describe("einsum-matmul", () => {
  it("is MatMul where the axes lie right, with Transpose where they do not", () => {
    assert.deepEqual(operators(checkPasses(two("bij,bjk->bik", "2,3,4", "2,4,5"), einsumMatMul, { fires: 1 })), ["MatMul"]);
    assert.deepEqual(operators(checkPasses(two("bhqd,bhkd->bhqk", "2,2,3,4", "2,2,5,4"), einsumMatMul, { fires: 1 })), [
      "Transpose",
      "MatMul",
    ]);
    assert.deepEqual(operators(checkPasses(two("ij,jk->ki", "3,4", "4,5"), einsumMatMul, { fires: 1 })), ["MatMul", "Transpose"]);
    assert.deepEqual(operators(checkPasses(two("...ij,...jk", "2,3,4", "2,4,5"), einsumMatMul, { fires: 1 })), ["MatMul"]);
    assert.deepEqual(operators(checkPasses(two("bij,bjk->bik", "n,3,4", "n,4,5"), einsumMatMul, { fires: 1 })), ["MatMul"]);
  });

  it("says no to everything that is no product of matrices", () => {
    refuses(two("ij,ij->ij", "2,3", "2,3"), einsumMatMul, /one row, one column/);
    refuses(two("i,j->ij", "2", "3"), einsumMatMul, /one row, one column/);
    refuses(two("ij,j->i", "2,3", "3"), einsumMatMul, /one row, one column/);
    refuses(two("ijk,jkl->il", "2,3,4", "3,4,5"), einsumMatMul, /summed/);
    refuses(two("ij,jk->k", "2,3", "3,4"), einsumMatMul, /operand alone/);
    refuses(two("iij,jk->ik", "2,2,3", "3,4"), einsumMatMul, /diagonal/);
    refuses(two("ij,jk->ik", "2,1", "3,4"), einsumMatMul, /repeated/);
    refuses(two("ij,jk->ik", "2,3", "3,4", "int8"), einsumMatMul, /dtype/);
  });

  it("computes the same for random labels, orders and sizes, repeated batch axes too", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const batch = "abc".slice(0, dice.int(0, 3));
        const shuffled = (labels: string) => dice.permutation(labels.length).map((i) => labels[i] as string);
        const [left, right, output] = [shuffled(`${batch}rs`), shuffled(`${batch}sk`), shuffled(`${batch}rk`)];
        const size = new Map([..."abcrsk"].map((l) => [l, dice.int(1, 4)] as const));
        const shape = (labels: string[]) => labels.map((l) => (batch.includes(l) && dice.int(0, 4) === 0 ? 1 : (size.get(l) as number)));
        const graph = new Graph(registry);
        const dtype = dice.pick(["float32", "float64", "int32"] as const);
        const inputs = [left, right].map((labels, i) => graph.addInput(`x${i}`, tensorType(dtype, shape(labels))));
        graph.setOutputs([graph.add("Einsum", inputs, { equation: `${left.join("")},${right.join("")}->${output.join("")}` }).output]);
        checkPasses(graph, einsumMatMul, { seed, fires: 1 });
      }),
      { numRuns: 150 },
    );
  });
});
