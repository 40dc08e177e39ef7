// Log of Softmax.
import { defineRule } from "../rewriter.ts";

/**
 * Writes the logarithm of a Softmax as LogSoftmax.
 *
 *     x ─ Softmax(axis) ─ Log ─ y
 *     x ─ LogSoftmax(axis) ─ y
 *
 * Legal when nobody else reads the probabilities. Accuracy: approximate: where a probability underflows, Log gives −∞ and LogSoftmax the number.
 */
export const logSoftmax = defineRule({
  name: "log-softmax",
  about: "writes Log of Softmax as LogSoftmax, which does not underflow",
  accuracy: "approximate",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Log(op.Softmax(v("x")).single().as("softmax")),
  replacement: (op, m) => op.LogSoftmax(m.value("x"), m.node("softmax").attributes),
});
