// What to write instead of an operator on tensors: the lint of trace() and script() say the same.

export const tensorMethods: Readonly<Record<string, string>> = {
  "+": "a.add(b)",
  "-": "a.sub(b)",
  "*": "a.mul(b)",
  "/": "a.div(b)",
  "%": "a.remainder(b)",
  "**": "a.pow(b)",
  "<": "a.lt(b)",
  ">": "a.gt(b)",
  "<=": "a.le(b)",
  ">=": "a.ge(b)",
  "&": "a.bitwiseAnd(b)",
  "|": "a.bitwiseOr(b)",
  "^": "a.bitwiseXor(b)",
  "~": "a.bitwiseNot()",
};
