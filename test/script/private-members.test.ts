// Private members of objects that the model makes.
import { judgePrograms } from "./judged-programs.ts";

const chain = "class A { #v = 1; get a() { return this.#v; } } class B extends A { #v = 2; get b() { return this.#v; } }";

describe("private members of objects that the model makes", () => {
  judgePrograms({
    "have a getter and a setter": {
      above: "class A { #v = 1; get #x() { return this.#v; } set #x(v) { this.#v = v; } f() { this.#x = 3; return this.#x; } }",
      body: "return [x.add(new A().f())];",
    },
    "of one name in two classes are told apart, where the classes are made by the model": {
      body: `${chain} const o = new B(); return [x.add(o.a * 10 + o.b)];`,
    },
    "of one name in two classes are refused, where the classes stand in the file": {
      above: chain,
      body: "const o = new B(); return [x.add(o.a * 10 + o.b)];",
      refused: "AmbiguousPrivate",
    },
    "may be set beside static fields, whose this is the class": {
      body: "class A { static base = 2; static twice = this.base * 2; #v = A.twice; f() { return this.#v; } } return [x.add(new A().f())];",
    },
  });
});
