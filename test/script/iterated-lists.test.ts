// Lists that change while something goes through them.
import { judgePrograms } from "./judged-programs.ts";

describe("a list that is changed", () => {
  judgePrograms({
    "by a loop over it gives the new elements, too": {
      body: "const l = [x, y]; let s = x; for (const t of l) { s = s.add(t); if (l.length < 5) l.push(t.mul(2)); } return [s];",
    },
    "by a loop over it under a condition is refused": {
      body: "const l = [x, y]; let s = x; for (const t of l) { s = s.add(t); if (k.item() > 0 && l.length < 3) l.push(t); } return [s];",
      refused: "SymbolicList",
    },
    "by a callback is refused": {
      body: "const l = [x, y]; let s = x; l.forEach((t) => { s = s.add(t); if (l.length < 3) l.push(t); }); return [s];",
      refused: "UnsupportedSyntax",
    },
    "by a callback under a condition is refused": {
      body: "const l = [x, y]; let s = x; l.forEach((t) => { s = s.add(t); if (k.item() > 0) l.push(t); }); return [s];",
      refused: "UnsupportedSyntax",
    },
  });
});

describe("a Map that is changed", () => {
  judgePrograms({
    "by a loop over it is refused": {
      body: "const m = new Map([[0, x]]); for (const [i, t] of m) if (i < 3) m.set(i + 1, t.add(1)); return [m.get(1)];",
      refused: "UnsupportedSyntax",
    },
  });
});

describe("a loop that data may leave", () => {
  judgePrograms({
    "does not lose what it prints": {
      body: 'const n = k.item(); let s = x; for (let i = 0; i < 3; i++) { console.debug(""); s = s.add(1); if (n > i) break; } return [s];',
      refused: "SideEffect",
    },
  });
});
