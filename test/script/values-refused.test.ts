// Values that depend on tensors have no value while the model is compiled: where JavaScript would look at one, script() refuses.
import { stack, type Tensor } from "../../src/index.ts";
import { refusals } from "./refusals.ts";

const refused = refusals(import.meta.url);
const matrix = { x: "float32[batch=2, 4]" };
const counted = { ...matrix, n: "int64[]" };

describe("script() refuses JavaScript's operators on tensors", () => {
  it("+, and says which method to write", async () => {
    const forward = (x: Tensor) => (x as unknown as number) + 1; // HERE: plus, at x as
    await refused("TensorOperator", "plus", forward, matrix, /`\+`/, /\.add\(/);
  });

  it("-, *, <, unary minus and +=", async () => {
    const less = (x: Tensor) => (x as unknown as number) < 1; // HERE: less, at x as
    await refused("TensorOperator", "less", less, matrix, /\.lt\(/);
    const minus = (x: Tensor) => -x; // HERE: minus, at -x
    await refused("TensorOperator", "minus", minus, matrix, /\.neg\(\)/);
    const assign = (x: Tensor) => {
      let y = x as unknown as number;
      y += 1; // HERE: plus assign, at y +=
      return y;
    };
    await refused("TensorOperator", "plus assign", assign, matrix, /\.add\(/);
  });

  it("square brackets", async () => {
    const forward = (x: Tensor) => (x as unknown as Tensor[])[0]; // HERE: brackets, at x as
    await refused("TensorIndex", "brackets", forward, matrix, /`x`/, /select/);
  });

  it("destructuring", async () => {
    const forward = (x: Tensor) => {
      const [a, b] = x as unknown as [Tensor, Tensor]; // HERE: destructuring, at [a
      return a.add(b);
    };
    await refused("DestructureTensor", "destructuring", forward, matrix, /unbind/);
  });
});

describe("script() refuses native code that would look at a symbol", () => {
  const natives: readonly (readonly [name: string, forward: (x: Tensor, n: Tensor) => unknown])[] = [
    ["includes", (x, n) => ([1, 2].includes(n.item()) ? x : x.neg())], // HERE: includes, at [1
    ["Number.isInteger", (x, n) => (Number.isInteger(n.item()) ? x : x.neg())], // HERE: Number.isInteger, at Number.isInteger(
    ["new Array", (x, n) => x.mul(new Array(n.item()).length)], // HERE: new Array, at new Array(
    ["Array.from", (x, n) => stack(Array.from({ length: n.item() }, () => x))], // HERE: Array.from, at Array.from(
    ["sort", (x, n) => x.mul([3, n.item(), 1].sort((a, b) => a - b)[0] as number)], // HERE: sort, at [3
    ["indexOf", (x, n) => x.mul([1, 2].indexOf(n.item()))], // HERE: indexOf, at [1
    ["Object.is", (x, n) => (Object.is(n.item(), 1) ? x : x.neg())], // HERE: Object.is, at Object.is(
    ["JSON.stringify", (x, n) => x.mul(JSON.stringify(n.item()).length)], // HERE: JSON.stringify, at JSON.stringify(
    ["repeat", (x, n) => x.mul("ab".repeat(n.item()).length)], // HERE: repeat, at "ab"
  ]; // biome-ignore format: one line each
  for (const [name, forward] of natives)
    it(name, async () => {
      await refused("NativeSymbolic", name, forward as (x: Tensor, n: Tensor) => Tensor, counted);
    });

  it("in typed arrays and lengths, which ask for its value", async () => {
    const typed = (x: Tensor, n: Tensor) => {
      const values = new Float32Array([n.item()]); // HERE: a typed array, at new Float32Array
      return x.mul(values.length);
    };
    await refused("NativeSymbolic", "a typed array", typed, counted);
    const length = (x: Tensor, n: Tensor) => {
      const list = [1, 2, 3];
      list.length = n.item(); // HERE: a length, at list.length
      return x.mul(list.length);
    };
    await refused("NativeSymbolic", "a length", length, counted);
  });

  it("in a string", async () => {
    const template = (x: Tensor, n: Tensor) => x.mul(`${n.item()}`.length); // HERE: a template, at n.item
    await refused("SymbolicString", "a template", template, counted);
    // biome-ignore lint/style/useTemplate: what is tested
    const plus = (x: Tensor, n: Tensor) => x.mul(("n=" + n.item()).length); // HERE: a string sum, at "n="
    await refused("SymbolicString", "a string sum", plus, counted);
  });

  it("as a key", async () => {
    const table: Record<string, number> = { 1: 2, 3: 4 };
    const forward = (x: Tensor, n: Tensor) => x.mul(table[n.item()] ?? 0); // HERE: a key, at table[
    await refused("SymbolicIndex", "a key", forward, counted);
  });

  it("in console.log", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      console.log("n is", n.item()); // HERE: a log, at console
      return x;
    };
    await refused("SideEffect", "a log", forward, counted, /console\.log/);
  });

  it("and what differs at every call: random numbers and the time", async () => {
    const random = (x: Tensor) => x.mul(Math.random()); // HERE: random, at Math
    await refused("NondeterministicNative", "random", random, matrix, /Math\.random/, /rand/);
    const now = (x: Tensor) => x.mul(Date.now()); // HERE: now, at Date
    await refused("NondeterministicNative", "now", now, matrix, /Date\.now/);
    const date = (x: Tensor) => x.mul(new Date().getDay()); // HERE: a date, at new
    await refused("NondeterministicNative", "a date", date, matrix, /Date/);
  });
});

describe("script() refuses operators between kinds of values", () => {
  it("a boolean and a number", async () => {
    const forward = (x: Tensor, n: Tensor) => x.mul(((n.item() > 1) as unknown as number) + n.item()); // HERE: a boolean sum, at n.item
    await refused("OperatorType", "a boolean sum", forward, counted, /`\+`/);
  });

  it("a text and a number with ==, which would be read as one", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      // biome-ignore lint/suspicious/noDoubleEquals: what is tested
      return n.item() == ("2" as unknown as number) ? x : x.neg(); // HERE: a loose comparison, at n.item
    };
    await refused("OperatorType", "a loose comparison", forward, counted, /`==`/, /string/);
  });

  it("null and a number", async () => {
    const nothing = null as unknown as number;
    const forward = (x: Tensor, n: Tensor) => (n.item() < nothing ? x : x.neg()); // HERE: less than null, at n.item
    await refused("OperatorType", "less than null", forward, counted, /null/);
  });

  it("in and instanceof on a number that depends on a tensor", async () => {
    const table = { a: 1 };
    const forward = (x: Tensor, n: Tensor) => ((n.item() as unknown as string) in table ? x : x.neg()); // HERE: in, at n.item
    await refused("UnsupportedOperator", "in", forward, counted, /`in`/);
  });
});

describe("script() refuses syntax", () => {
  it("try and catch", async () => {
    const forward = (x: Tensor) => {
      try { // HERE: try, at try
        return x.mul(2);
      } catch {
        return x;
      }
    }; // biome-ignore format: the marker stays on the line of try
    await refused("UnsupportedSyntax", "try", forward, matrix, /try/);
  });

  it("async functions and generators", async () => {
    const later = async (x: Tensor) => x.mul(2);
    const forward = (x: Tensor) => later(x) as unknown as Tensor; // HERE: async, at later
    await refused("AsyncFunction", "async", forward, matrix, /later/);
    function* parts(x: Tensor) {
      yield x.mul(2);
      yield x;
    }
    const spread = (x: Tensor) => stack([...parts(x)]); // HERE: a generator, at parts
    await refused("AsyncFunction", "a generator", spread, matrix, /parts/);
  });

  it("var", async () => {
    const forward = (x: Tensor) => {
      var y = x.mul(2); // HERE: var, at var
      return y;
    };
    await refused("VarDeclaration", "var", forward, matrix, /let/);
  });

  it("arguments, delete, tagged templates", async () => {
    function own() {
      // biome-ignore lint: what is tested
      return (arguments[0] as Tensor).mul(2); // HERE: arguments, at arguments
    }
    await refused("UnsupportedSyntax", "arguments", own as (x: Tensor) => Tensor, matrix, /arguments/);
    const removed = (x: Tensor) => {
      const record: { x?: Tensor } = { x };
      delete record.x; // HERE: delete, at delete
      return x;
    };
    await refused("UnsupportedSyntax", "delete", removed, matrix, /delete/);
    const tag = (parts: TemplateStringsArray, ...values: number[]) => parts.length + values.length;
    const tagged = (x: Tensor) => x.mul(tag`a${1}b`); // HERE: a tag, at tag`
    await refused("UnsupportedSyntax", "a tag", tagged, matrix);
  });

  it("names that are not there, and those that are read too early", async () => {
    const missing = (x: Tensor) => {
      // @ts-expect-error not defined
      return x.mul(nowhere); // HERE: a name, at nowhere
    };
    await refused("UndefinedName", "a name", missing, matrix, /`nowhere`/);
    const early = (x: Tensor) => {
      const y = () => later; // HERE: an early read, at later
      const z = y();
      const later = x.mul(2);
      return z;
    };
    await refused("UndefinedName", "an early read", early, matrix, /`later`/);
  });
});
