// Einsum that is a transposition or a product of matrices.

import type { Value } from "../../ir/graph.ts";
import { type EinsumEquation, parseEinsum } from "../../ops/einsum-equation.ts";
import type { Match } from "../match.ts";
import { defineRule, type ReplacementOps } from "../rewriter.ts";
import { dtypeOf, shapeOf } from "../value-facts.ts";

function equationOf(m: Match): EinsumEquation | undefined {
  const ranks = m.root.inputs.map((v) => shapeOf(v)?.length);
  if (!ranks.every((r): r is number => r !== undefined)) return undefined;
  return parseEinsum(String(m.root.attributes.equation), ranks);
}

const repeats = (labels: readonly string[]) => new Set(labels).size < labels.length;

/** Where each label of `to` stands in `from`. */
const order = (from: readonly string[], to: readonly string[]) => to.map((label) => from.indexOf(label));

function transposed(op: ReplacementOps, x: Value, from: readonly string[], to: readonly string[]): Value {
  const perm = order(from, to);
  return perm.every((p, i) => p === i) ? x : op.Transpose(x, { perm });
}

/**
 * Writes an Einsum of one operand that only moves axes as a Transpose.
 *
 *     x ─ Einsum("bij->bji") ─ y
 *     x ─ Transpose(0, 2, 1) ─ y
 *
 * Legal when every axis of the operand stands once in it and once in the output. Accuracy: exact.
 */
export const einsumTranspose = defineRule({
  name: "einsum-transpose",
  about: "writes an Einsum that only moves axes as a Transpose",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Einsum(v("x")),
  check(m) {
    const equation = equationOf(m);
    if (!equation) return "the rank of its input is unknown";
    const [labels = []] = equation.inputs;
    if (repeats(labels)) return "it takes a diagonal";
    return labels.length === equation.output.length || "it sums over an axis";
  },
  replacement(op, m) {
    const { inputs, output } = equationOf(m) as EinsumEquation;
    return op.Transpose(m.value("x"), { perm: order(inputs[0] as readonly string[], output) });
  },
});

/** What MatMul and Einsum both take. */
const productTypes: ReadonlySet<string> = new Set(["float32", "float64", "float16", "int32", "int64", "uint32", "uint64"]);

/** The axes of a product by what they are: of both and the output; of one and the output; of both, summed. */
interface Roles {
  readonly batch: readonly string[];
  readonly row: string;
  readonly column: string;
  readonly summed: string;
  readonly equation: EinsumEquation;
}

function rolesOf(m: Match): Roles | string {
  const equation = equationOf(m);
  if (!equation) return "the rank of an input is unknown";
  const [a = [], b = []] = equation.inputs;
  const { output } = equation;
  if (!productTypes.has(dtypeOf(m.root.output) ?? "")) return "MatMul does not have its dtype";
  if (repeats(a) || repeats(b)) return "it takes a diagonal";
  const batch = output.filter((l) => a.includes(l) && b.includes(l));
  const rows = a.filter((l) => !b.includes(l));
  const columns = b.filter((l) => !a.includes(l));
  const summed = a.filter((l) => b.includes(l) && !output.includes(l));
  if ([...rows, ...columns].some((l) => !output.includes(l))) return "it sums over an axis of one operand alone";
  if (rows.length !== 1 || columns.length !== 1 || summed.length !== 1) return "it has not one row, one column and one summed axis";
  const [row, column, sum] = [rows[0], columns[0], summed[0]] as [string, string, string];
  const size = (i: number, l: string) => shapeOf(m.root.inputs[i])?.[(equation.inputs[i] as readonly string[]).indexOf(l)];
  // Einsum repeats a summed axis of size 1, MatMul does not.
  if ([0, 1].some((i) => size(i, sum) === 1) && size(0, sum) !== size(1, sum)) return "the summed axis is repeated";
  return { batch, row, column, summed: sum, equation };
}

/**
 * Writes an Einsum of two operands that is a product of matrices as MatMul, with transpositions where the axes lie otherwise.
 *
 *     a, b ─ Einsum("bhqd,bhkd->bhqk") ─ y
 *     MatMul(a, Transpose(0, 1, 3, 2)(b)) ─ y
 *
 * Cases: 1. any number of batch axes, in any order, an ellipsis among them  2. rows, columns and the summed axis anywhere.
 * Legal when each operand has one axis of its own that is kept, both share one that is summed, and no diagonal is taken.
 * Accuracy: approximate, because sums may be taken in another order.
 */
export const einsumMatMul = defineRule({
  name: "einsum-matmul",
  about: "writes an Einsum that is a product of matrices as MatMul and Transpose",
  accuracy: "approximate",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Einsum(v("a"), v("b")),
  replacement(op, m) {
    const roles = rolesOf(m);
    if (typeof roles === "string") return roles;
    const { batch, row, column, summed, equation } = roles;
    const [a = [], b = []] = equation.inputs;
    const product = op.MatMul(
      transposed(op, m.value("a"), a, [...batch, row, summed]),
      transposed(op, m.value("b"), b, [...batch, summed, column]),
    );
    return transposed(op, product, [...batch, row, column], equation.output);
  },
});
