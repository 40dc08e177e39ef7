// What a path made, and what stands for it behind the place where the paths meet.
import { judgePrograms } from "./judged-programs.ts";

const box = "class Box { constructor(v) { this.v = v; } }";
const no = `throw new Error("no");`;

describe("what one path made, where the other one throws,", () => {
  judgePrograms({
    "is there behind it, when it is a list that grew": {
      body: `const n = k.item(); let o; if (n > 0) { o = []; for (let i = 0; i < n; i++) o.push(x.add(i)); } else { ${no} } return [stack(o)];`,
    },
    "is there behind it, when it is an object that holds nothing of the path": {
      above: box,
      body: `let b; if (k.item() > 0) { b = new Box(3); } else { ${no} } return [x.mul(b.v)];`,
    },
    "is refused, when it is an object that holds a tensor of the path": {
      above: box,
      body: `let b; if (k.item() > 0) { b = new Box(x.relu()); } else { ${no} } return [b.v];`,
      refused: "TypeJoin",
    },
    "is refused, when it is a function that captured a tensor of the path": {
      body: `let f; if (k.item() > 0) { const t = x.relu(); f = () => t; } else { ${no} } return [f()];`,
      refused: "TypeJoin",
    },
    "is refused, when it is a Map that holds a tensor of the path": {
      body: `let m; if (k.item() > 0) { m = new Map([["a", x.relu()]]); } else { ${no} } return [m.get("a")];`,
      refused: "TypeJoin",
    },
  });
});

describe("a loop", () => {
  judgePrograms({
    "refuses a list that it fills with values of several kinds": {
      body: "const l = [x]; const n = k.item(); for (let i = 0; i < n; i++) l.push(i); return [x.add(l.length)];",
      refused: "ListJoin",
    },
    "that replaces a record does not let the first one change, which it still is when no turn ran": {
      body: "let s = { v: x }; const first = s; const n = k.item(); for (let i = 0; i < n; i++) s = { v: s.v.mul(2) }; first.v = y; return [s.v];",
      refused: "MergedObjectMutation",
    },
    "that data may leave does not fill a Map": {
      body: "const m = new Map(); const n = k.item(); for (let i = 0; i < 3; i++) { m.set(i, x.add(i)); if (n > i) break; } return [x.add(m.size)];",
      refused: "MapMutation",
    },
  });
});

describe("what is returned", () => {
  judgePrograms({
    "has one rank on all paths, inside of a list too": {
      body: "const n = k.item(); for (let i = 0; i < n; i++) if (i === 2) return [x.sum()]; return [x];",
      refused: "TypeJoin",
    },
  });
});
