// Which properties an object has, and in which order, where that depends on the path.
import { judgePrograms } from "./judged-programs.ts";

const maybe = "const o = { b: y }; if (k.item() > 0) o.a = x;";
const either = "const o = {}; if (k.item() > 0) { o.a = x; o.b = y; } else { o.b = x; o.a = y; }";

describe("a property that one path adds", () => {
  judgePrograms({
    "is refused to in": { body: `${maybe} return [x.add("a" in o ? 1 : 0)];`, refused: "MaybeUndefined" },
    "is refused to Object.hasOwn": { body: `${maybe} return [x.add(Object.hasOwn(o, "a") ? 1 : 0)];`, refused: "MaybeUndefined" },
    "is refused to Object.keys": { body: `${maybe} return [x.add(Object.keys(o).length)];`, refused: "MaybeUndefined" },
    "is refused to spread": { body: `${maybe} return [x.add(Object.keys({ ...o }).length)];`, refused: "MaybeUndefined" },
    "is refused to Object.keys behind a loop": {
      body: "const o = {}; const n = k.item(); for (let i = 0; i < n; i++) o.a = x; return [x.add(Object.keys(o).length)];",
      refused: "MaybeUndefined",
    },
    "leaves others alone": { body: `${maybe} return [x.add("b" in o && Object.hasOwn(o, "b") && !("c" in o) ? 1 : 0)];` },
  });
});

describe("properties that two paths add in different orders", () => {
  judgePrograms({
    "are refused as a list": { body: `${either} return [Object.values(o)[0]];`, refused: "TypeJoin" },
    "are refused as a list of a new record": {
      body: "let o; if (k.item() > 0) o = { a: x, b: y }; else o = { b: x, a: y }; return [Object.values(o)[0]];",
      refused: "TypeJoin",
    },
    "are refused as a list behind a loop": {
      body: "let o = { a: x, b: y }; const n = k.item(); for (let i = 0; i < n; i++) o = { b: o.a, a: o.b }; return [Object.values(o)[0]];",
      refused: "LoopCarriedType",
    },
    "have their names": { body: `${either} return [o.a, o.b];` },
    "have their names behind a loop": {
      body: "let o = { a: x, b: y }; const n = k.item(); for (let i = 0; i < n; i++) o = { b: o.a, a: o.b }; return [o.a, o.b];",
    },
  });
});

describe("the keys of a list", () => {
  judgePrograms({
    "are refused where its length depends on data": {
      body: "const l = []; const n = k.item(); for (let i = 0; i < n; i++) l.push(x); return [x.add(Object.keys(l).length)];",
      refused: "SymbolicList",
    },
    "do not hold its holes": {
      body: "const a = new Array(3); a[1] = x; a.push(y); let n = 0; a.forEach(() => { n++; }); return [x.add(n).add(0 in a ? 10 : 0)];",
    },
  });
});

describe("a frozen object", () => {
  judgePrograms({
    "is not written": { body: "const o = Object.freeze({ a: 1 }); o.a = 2; return [x.add(o.a)];", refused: "StaticThrow" },
    "says that it is": {
      body: "const o = { a: 1 }; const p = Object.freeze([1]); return [x.add(Object.isFrozen(o) ? 1 : 0).add(Object.isFrozen(p) ? 2 : 0)];",
    },
  });
});
