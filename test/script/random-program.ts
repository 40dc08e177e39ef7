// Random models as JavaScript text, for comparing script() with eager. All values stay small multiples of 1/8, so that both compute exactly
// the same and no comparison hangs on a rounding; every variable keeps its type, so that there is nothing to refuse.
import type { Dice } from "../support/check-rule.ts";

/** Statements of one block; deeper ones get fewer. */
const blockSizes = [6, 3, 2, 1];

/**
 * The text of an arrow function `(x, n) => tensor`, x of float32 `[batch, 4]` and n of int64 `[]`. It reads `stack` from the scope around it.
 *
 * @example randomProgram(new Dice(1)) // "(x, n) => {\n  let a = x; …"
 */
export function randomProgram(dice: Dice): string {
  const writer = new Writer(dice);
  return `(x, n) => {
  let a = x, b = x.neg();
  let k = n.item(), m = ${dice.int(-3, 3)}, s = a.sum().item(), t = ${dice.int(-2, 2)};
  let p = k > ${dice.int(0, 4)}, q = ${dice.flip()};
  let o = { v: x.add(1), c: ${dice.int(0, 3)} };
  const other = o;
  const list = [b];
  const bump = (by) => {
    k = (k + by) % 7;
    a = a.add(by).clamp(-8, 8);
    return k > 2;
  };
  const result = () =>
    a.add(b.mul(2)).add(o.v.mul(3)).add(stack(list).sum([0])).add(k * 5 + m).add(s - t).add(p ? 100 : q ? 200 : list.length).add(o.c);
${writer.block(0, 1)}
  return result();
}`;
}

/** What may stand in a block. */
interface Position {
  readonly depth: number;
  /** Loops around it, up to the function. */
  readonly loops: number;
}

class Writer {
  readonly #dice: Dice;
  /** Whether records are replaced or written: a record that was joined may not be written afterwards. */
  readonly #replaces: boolean;
  #names = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#replaces = dice.flip();
  }

  block(loops: number, depth: number): string {
    const count = this.#dice.int(1, blockSizes[depth - 1] ?? 1);
    const lines = Array.from({ length: count }, () => this.#statement({ depth, loops }));
    return lines.map((line) => "  ".repeat(depth) + line).join("\n");
  }

  #statement(at: Position): string {
    const simple: (() => string)[] = [
      () => `a = ${this.#tensor(2)};`,
      () => `b = ${this.#tensor(2)};`,
      () => `k = ${this.#int(2)} % 7;`,
      () => `m ${this.#dice.pick(["=", "+=", "-="])} ${this.#int(1)} % 3;`,
      () => `s = ${this.#float(2)};`,
      () => `t = ${this.#float(1)};`,
      () => `p = ${this.#condition(2)};`,
      () => `q = ${this.#condition(1)};`,
      () => `[a, b] = [b, ${this.#tensor(1)}];`,
      () => `list.push(${this.#tensor(1)});`,
      () => `bump(${this.#int(0)});`,
      () => `${this.#condition(1)} ${this.#dice.pick(["&&", "||"])} bump(1);`,
      () => (this.#replaces ? `o = { v: ${this.#tensor(1)}, c: ${this.#int(1)} % 5 };` : `other.v = ${this.#tensor(1)};`),
      () => (this.#replaces ? "o = { ...o, c: (o.c + 1) % 5 };" : `o.c = ${this.#int(1)} % 5;`),
    ];
    const nested: (() => string)[] = [
      () => this.#if(at),
      () => this.#if(at),
      () => `if (${this.#condition(1)}) ${this.#leave(at)};`,
      () => this.#for(at),
      () => this.#while(at),
      () => `for (const step of [1, 2, 3]) {\n${this.#inside(at, `m = (m + step) % 5;`)}`,
    ];
    return this.#dice.pick(at.depth < blockSizes.length && this.#dice.flip() ? nested : simple)();
  }

  #if(at: Position): string {
    const { depth, loops } = at;
    const head = `if (${this.#condition(2)}) {\n${this.block(loops, depth + 1)}\n${"  ".repeat(depth)}}`;
    return this.#dice.flip() ? head : `${head} else {\n${this.block(loops, depth + 1)}\n${"  ".repeat(depth)}}`;
  }

  #leave({ loops }: Position): string {
    const ways = loops > 0 ? ["break", "continue", "return result()"] : ["return result()"];
    return this.#dice.pick(ways);
  }

  #for(at: Position): string {
    const i = `i${this.#names++}`;
    const bound = this.#dice.flip() ? String(this.#dice.int(1, 3)) : `Math.abs(${this.#int(0)}) % 4`;
    const last = `last${this.#names++}`;
    const body = this.#inside(at, `k = (k + ${i}) % 7;`);
    return `const ${last} = ${bound};\n${"  ".repeat(at.depth)}for (let ${i} = 0; ${i} < ${last}; ${i}++) {\n${body}`;
  }

  #while(at: Position): string {
    const turns = `w${this.#names++}`;
    const indent = "  ".repeat(at.depth);
    if (this.#dice.flip())
      return `let ${turns} = 0;\n${indent}while (${turns} < 4 && ${this.#condition(1)}) {\n${this.#inside(at, `${turns}++;`)}`;
    const body = this.#inside(at, `${turns}++;`);
    return `let ${turns} = 0;\n${indent}do {\n${body.slice(0, -1)}} while (${turns} < 3 && ${this.#condition(1)});`;
  }

  /** The body of a loop after its first line, with the closing brace. */
  #inside({ depth, loops }: Position, first: string): string {
    return `${"  ".repeat(depth + 1)}${first}\n${this.block(loops + 1, depth + 1)}\n${"  ".repeat(depth)}}`;
  }

  #tensor(depth: number): string {
    if (depth === 0) return this.#dice.pick(["a", "b", "x", "o.v", "list[0]"]);
    const inner = () => this.#tensor(depth - 1);
    return this.#dice.pick<() => string>([
      () => `${inner()}.add(${inner()}).clamp(-8, 8)`,
      () => `${inner()}.sub(${this.#int(1)} % 5).clamp(-8, 8)`,
      () => `${inner()}.add(Math.max(-9, Math.min(9, ${this.#float(1)}))).clamp(-8, 8)`,
      () => `${inner()}.neg()`,
      () => `${inner()}.relu()`,
      () => `${inner()}.maximum(${inner()})`,
      () => `${inner()}.mul(${this.#condition(1)} ? 2 : 0.5).floor().clamp(-8, 8)`,
      () => `(${this.#condition(1)} ? ${inner()} : ${inner()})`,
    ])();
  }

  #int(depth: number): string {
    if (depth === 0) return this.#dice.pick(["k", "m", "o.c", "n.item()", "list.length", String(this.#dice.int(-4, 4))]);
    const inner = () => this.#int(depth - 1);
    return this.#dice.pick<() => string>([
      () => `(${inner()} + ${inner()})`,
      () => `(${inner()} - ${inner()})`,
      () => `(${inner()} % 3 * ${inner()} % 5)`,
      () => `Math.floor(${inner()} / 2)`,
      () => `(${this.#condition(1)} ? ${inner()} : ${inner()})`,
    ])();
  }

  #float(depth: number): string {
    if (depth === 0) return this.#dice.pick(["s", "t", "a.sum().item()", "b.amax().item()", String(this.#dice.int(-8, 8) / 8)]);
    const inner = () => this.#float(depth - 1);
    return this.#dice.pick<() => string>([
      () => `Math.min(${inner()} + ${inner()}, 64)`,
      () => `Math.max(${inner()} - ${this.#int(1)}, -64)`,
      () => `Math.floor(${inner()} * 0.5)`,
      () => `(${this.#condition(1)} ? ${inner()} : ${inner()})`,
      inner,
    ])();
  }

  #condition(depth: number): string {
    if (depth === 0) return this.#dice.pick(["p", "q", "k > 2", "s > 0", "m === 0", "n.item() % 2 === 1"]);
    const inner = () => this.#condition(depth - 1);
    return this.#dice.pick<() => string>([
      () => `${this.#int(1)} ${this.#dice.pick(["<", ">=", "===", "!=="])} ${this.#int(1)}`,
      () => `${this.#float(1)} ${this.#dice.pick(["<", ">", "<="])} ${this.#float(0)}`,
      () => `!(${inner()})`,
      () => `(${inner()} && ${inner()})`,
      () => `(${inner()} || ${inner()})`,
      () => "a.gt(b).any().item() === 1",
      inner,
    ])();
  }
}
