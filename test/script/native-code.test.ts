// What may cross the border to JavaScript's own code, in either direction.
import { judgePrograms } from "./judged-programs.ts";

const box = "class Box { constructor(v) { this.v = v; } }";
const list = "const n = k.item(); const l = []; for (let i = 0; i < n; i++) l.push(i);";

describe("native code is not given what depends on data", () => {
  judgePrograms({
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is one in the program.
    "inside of a string": { body: "if (k.item() > 3) throw new Error(`not for ${x.shape}`); return [x];", refused: "SymbolicString" },
    "inside of a list that an operator converts": { body: 'return [x.add([k.item()] + 1 === "31" ? 1 : 0)];', refused: "OperatorType" },
    "inside of a list that is sorted": { body: "return [x.add([[k.item(), 1], [2, 3]].sort().length)];", refused: "NativeSymbolic" },
    "inside of a list that is joined": { body: 'return [x.add([[k.item()], [2]].join("").length)];', refused: "SymbolicString" },
    "inside of an object": { above: box, body: "return [x.add(JSON.stringify(new Box(k.item())).length)];", refused: "NativeSymbolic" },
    "as a list of symbolic length in a record": {
      body: `${list} return [x.add(JSON.stringify({ l }).length)];`,
      refused: "NativeSymbolic",
    },
    "as a list of symbolic length": { body: `${list} return [x.add(new Float32Array(l).length)];`, refused: "NativeSymbolic" },
    "as the elements of a typed array": { body: "return [x.add(new Float32Array([k.item(), 2])[1])];", refused: "NativeSymbolic" },
    "as an element that is written into a typed array": {
      body: "const b = new Float32Array(2); b[0] = k.item(); return [x.add(b[0])];",
      refused: "NativeSymbolic",
    },
    "as the length of an array": { body: "const a = [1, 2]; a.length = k.item(); return [x.add(a.length)];", refused: "NativeSymbolic" },
    "as the message of an error": { body: "if (k.item() > 3) throw new Error(k.item()); return [x];", refused: "SymbolicString" },
    "as what is thrown": { body: "if (k.item() > 3) throw k.item(); return [x];", refused: "SymbolicString" },
    "as the answer of a callback": {
      body: "const n = k.item(); return [x.add(new Float32Array([1, 2, 3]).filter((v) => v > n).length)];",
      refused: "NativeSymbolic",
    },
    "as the answer of findLastIndex's callback": {
      body: "const n = k.item(); return [x.add([1, 2, 3].findLastIndex((v) => v > n))];",
      refused: "NativeSymbolic",
    },
    "as lists of symbolic length in a list that is flattened": {
      body: `${list} return [x.add([l, [1]].flat().length)];`,
      refused: "SymbolicList",
    },
    "as the list in which a position is looked for": { body: `${list} return [x.add(0 in l ? 1 : 0)];`, refused: "SymbolicList" },
  });
});

describe("native code does not change what the model holds", () => {
  judgePrograms({
    "through a method of a typed array": {
      above: "const held = new Float32Array(2);",
      body: "held.fill(held[0] + 1); return [x.add(held[0])];",
      refused: "ScriptStateMutation",
    },
    "through Object.defineProperties": {
      above: "const held = { v: 0 };",
      body: "Object.defineProperties(held, { v: { value: held.v + 1, writable: true } }); return [x.add(held.v)];",
      refused: "UnsupportedSyntax",
    },
    "through a constructor that Reflect.construct calls": {
      above: "let count = 0; class Counted { constructor() { count++; } }",
      body: "Reflect.construct(Counted, []); return [x.add(count)];",
      refused: "CapturedAssign",
    },
    "through a callback of replace": {
      above: "let count = 0; const counted = () => String(count++);",
      body: 'return [x.add(Number("a".replace("a", counted)))];',
      refused: "CapturedAssign",
    },
    "of what was made on this path either, unless it is new": {
      body: "const b = new Float32Array(2); if (k.item() > 0) b.fill(1); return [x.add(b[0])];",
      refused: "SideEffect",
    },
  });
});

describe("native code", () => {
  judgePrograms({
    "throws for the model, where its path is taken": { body: 'if (k.item() > 3) JSON.parse("{"); return [x];' },
    "throws for the model, in operators too": { body: "if (k.item() > 3) x.add(Number(1n + 1)); return [x];" },
    "converts nothing to 0 and undefined to NaN": {
      body: "return [x.add(Number()).add(Number.isNaN(Number(undefined)) ? 1 : 0).add(String(undefined).length)];",
    },
    "fills typed arrays that are new": { body: "const b = new Float32Array(2); b.fill(3); return [x.add(b[1])];" },
    "that tells the time is refused": { body: "return [x.add(Date().length)];", refused: "NondeterministicNative" },
    "that compiles text is refused": { body: 'return [x.add(eval("1 + 1"))];', refused: "UnsupportedSyntax" },
  });
});
