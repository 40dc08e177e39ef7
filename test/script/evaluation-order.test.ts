// Corners of JavaScript's semantics: what is evaluated when, and what is converted.
import { judgePrograms } from "./judged-programs.ts";

describe("an assignment", () => {
  judgePrograms({
    "evaluates its object and key before its value": {
      body: "let i = 0; const a = [x, y, x]; a[i++] = x.mul(i); const [p, q] = a; return [p, q];",
    },
    "to a position that no list has is one to a property": {
      body: "const a = [x]; a[-1] = y; a[1.5] = y; return [a[-1], a[1.5], x.add(a.length)];",
    },
    "that converts a string to count it up": { body: 'let s = "5"; const before = s++; return [x.add(s).add(before)];' },
    "to a property with only a getter throws": {
      body: "const o = { get a() { return 1; } }; if (k.item() > 2) o.a = 2; return [x.add(o.a)];",
    },
  });
});

describe("loose equality of what depends on data", () => {
  judgePrograms({
    "with null and undefined is false": { body: "const n = k.item(); return [x.add(n == null || n == undefined ? 1 : 0)];" },
    "of a number and a boolean is refused, as JavaScript would convert": {
      body: "return [x.add((k.item() > 0) == 1 ? 1 : 0)];",
      refused: "OperatorType",
    },
    "of a number and a string is refused, as JavaScript would convert": {
      body: 'return [x.add(k.item() == "2" ? 1 : 0)];',
      refused: "OperatorType",
    },
  });
});
