// Random model programs for script(): source text of a module, the same for the same seed. Whatever they do ends after bounded work, and all
// numbers stay small multiples of 1/4, so that results are the same bits in any order of summation and on any engine. What tensors are given
// is never −0 (`+ 0` takes its sign): an int64 has none.
import { Dice } from "./check-rule.ts";

/**
 * A matrix [n, 4], one of any number of rows, a vector [4], JavaScript numbers and booleans; an array of matrices, a pair of a matrix and an int,
 * a record of such things, an object with a method, and an instance of a class.
 */
type Kind = "mat" | "rows" | "vec" | "int" | "float" | "bool" | "list" | "pair" | "record" | "counter" | "box";

interface Variable {
  readonly name: string;
  readonly kind: Kind;
  /** Whether it may be assigned; a record or list that may not can still be written into. */
  readonly writable: boolean;
}

interface Place {
  /** How a function leaves: the expression behind `return`. */
  readonly result: () => string;
  readonly loops: number;
  /** How many more blocks may stand in each other. */
  readonly depth: number;
}

const scalars: readonly Kind[] = ["int", "float", "bool"];
const plain: readonly Kind[] = ["mat", "mat", "vec", "int", "int", "float", "bool"];
const containers: readonly Kind[] = ["list", "record", "pair", "counter", "box"];
const declared: readonly Kind[] = [...plain, ...plain, "rows", ...containers];
const comparisons = ["<", "<=", ">", ">=", "===", "!=="] as const;

/**
 * The text of a module that exports `make(library)`: a model whose `forward` takes x and y, `[n, 4]` of float32 and whole numbers, and k and j,
 * int64 scalars, and gives three tensors.
 */
export function scriptProgram(seed: number): string {
  return new Program(seed).text();
}

class Program {
  readonly #dice: Dice;
  readonly #scopes: Variable[][] = [];
  readonly #helpers: string[] = [];
  #names = 0;
  /** How many more statements there may be. */
  #budget: number;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#budget = this.#dice.int(8, 34);
  }

  text(): string {
    const dice = this.#dice;
    const methods = Array.from({ length: dice.int(0, 2) }, (_, i) => this.#helper(`method${i}`, ""));
    const functions = Array.from({ length: dice.int(0, 2) }, (_, i) => this.#helper(`helper${i}`, "function "));
    const forward = this.#function(
      ["x", "y"].map((name) => ({ name, kind: "mat", writable: dice.flip() })),
      [
        { name: "a", kind: "int", writable: true },
        { name: "b", kind: "int", writable: true },
        { name: "f", kind: "float", writable: true },
      ],
      () => `[${this.#mat(1)}, ${this.#vec(1)}, zero.add(${this.#float(1)} + 0).add(${this.#int(1)} + 0).add(${this.#bool(1)} ? 1 : 0)]`,
    );
    return [
      "export function make({ Module, tensor, zeros, stack, cat }) {",
      `const bias = tensor([1, -2, 3, 0]), limit = ${dice.int(2, 5)}, zero = tensor([0]);`,
      ...functions,
      "function touch(r, m, deep) { if (deep) { r.c.d = Math.min(r.c.d, 3) - 1; return r.b; } r.a = m; return (r.b = (r.b + 1) % 17); }",
      "class Step {",
      "constructor(by) { this.by = by; this.weight = tensor([by, 1, -by, 2]); }",
      "get half() { return this.by / 2; }",
      "apply(m) { return m.mul(this.weight).clamp(-64, 64); }",
      "}",
      "class Box {",
      "#times = 0;",
      "constructor(value, count = 1) { this.value = value; this.count = count; }",
      "get twice() { return this.count * 2; }",
      "set twice(v) { this.count = v; }",
      "put(m) { this.value = this.value.add(m).clamp(-64, 64); this.#times = (this.#times + 1) % 5; return this.#times; }",
      "static of(m) { return new Box(m, 2); }",
      "}",
      "class Model extends Module {",
      `mode = ${dice.int(0, 2)}; steps = [${Array.from({ length: dice.int(1, 3) }, () => `new Step(${dice.int(-2, 3)})`).join(", ")}]; #secret = ${dice.int(1, 4)};`,
      "get secret() { return this.#secret; }",
      ...methods,
      "forward(x, y, k, j) {",
      "let a = k.item(), b = j.item(), f = y.sum().item();",
      ...forward,
      "}",
      "}",
      "return new Model();",
      "}",
      "",
    ].join("\n");
  }

  // ---- functions ------------------------------------------------------------------------------------------------------

  /** A function of a matrix and an int that gives a matrix. */
  #helper(name: string, keyword: string): string {
    const kept = this.#budget;
    this.#budget = this.#dice.int(1, 5);
    const body = this.#function(
      [
        { name: "m", kind: "mat", writable: true },
        { name: "i", kind: "int", writable: true },
      ],
      [],
      () => this.#mat(1),
    );
    this.#budget = kept;
    this.#helpers.push(keyword ? name : `this.${name}`);
    return `${keyword}${name}(m, i${this.#dice.flip() ? " = 2" : ""}) {\n${body.join("\n")}\n}`;
  }

  #function(parameters: readonly Variable[], locals: readonly Variable[], result: () => string): string[] {
    const outside = this.#scopes.splice(0, this.#scopes.length);
    this.#scopes.push([...parameters, ...locals]);
    const place: Place = { result, loops: 0, depth: this.#dice.int(2, 4) };
    const lines = [...this.#statements(place, 12)];
    lines.push(`return ${result()};`);
    this.#scopes.splice(0, this.#scopes.length, ...outside);
    return lines;
  }

  // ---- statements -----------------------------------------------------------------------------------------------------

  #statements(place: Place, most: number): string[] {
    const lines: string[] = [];
    for (let count = this.#dice.int(1, most); count > 0 && this.#budget > 0; count--) {
      this.#budget--;
      lines.push(...this.#statement(place));
    }
    return lines;
  }

  #block(place: Place, locals: readonly Variable[] = []): string[] {
    this.#scopes.push([...locals]);
    const lines = this.#statements({ ...place, depth: place.depth - 1 }, 4);
    this.#scopes.pop();
    return lines;
  }

  #statement(place: Place): string[] {
    const dice = this.#dice;
    const nested = place.depth > 0;
    const way = dice.int(0, nested ? 99 : 59);
    if (way < 20) return this.#declaration();
    if (way < 44) return this.#assignment();
    if (way < 50)
      return this.#dice.pick([() => this.#recordUse(), () => this.#objectUse(), () => this.#objectUse()])() ?? this.#assignment();
    if (way < 55) return this.#listUse() ?? this.#declaration();
    if (way < 57) return this.#swap() ?? this.#assignment();
    if (way < 60) return this.#exit(place);
    if (way < 72) return this.#branch(place);
    if (way < 76) return this.#staticLoop(place);
    if (way < 82) return this.#countedLoop(place);
    if (way < 87) return this.#whileLoop(place);
    if (way < 90) return this.#rowLoop(place);
    if (way < 93) return this.#switch(place);
    if (way < 96) return this.#closure();
    return this.#lateDeclaration();
  }

  #declaration(): string[] {
    const dice = this.#dice;
    const kind = dice.pick(declared);
    const name = this.#fresh();
    const writable = dice.int(0, 3) > 0;
    if (containers.includes(kind) && dice.int(0, 2) === 0) {
      const other = this.#find(kind);
      if (other) {
        this.#declare({ name, kind, writable: false });
        return [`const ${name} = ${other};`]; // an alias
      }
    }
    const [one, two] = containers.includes(kind) ? [this.#find(kind), this.#find(kind)] : [];
    if (one && two && dice.int(0, 5) === 0) {
      const condition = this.#bool(1);
      this.#declare({ name, kind, writable: false });
      return [`const ${name} = ${condition} ? ${one} : ${two};`]; // one of two objects
    }
    const value = this.#bounded(kind, this.#expression(kind, 2));
    this.#declare({ name, kind, writable });
    return [`${writable ? "let" : "const"} ${name} = ${value};`];
  }

  /** Declared without a value, which both branches give. */
  #lateDeclaration(): string[] {
    const kind = this.#dice.pick(plain);
    const name = this.#fresh();
    const lines = [
      `let ${name};`,
      `if (${this.#bool(2)}) ${name} = ${this.#bounded(kind, this.#expression(kind, 1))};`,
      `else ${name} = ${this.#bounded(kind, this.#expression(kind, 1))};`,
    ];
    this.#declare({ name, kind, writable: true });
    return lines;
  }

  #assignment(): string[] {
    const dice = this.#dice;
    const target = dice.pick([...this.#visible((v) => v.writable && !containers.includes(v.kind)), undefined]);
    if (!target) return this.#declaration();
    const { name, kind } = target;
    if (kind === "int" && dice.int(0, 3) === 0)
      return [dice.pick([`${name}++;`, `${name} -= 2;`, `${name} = (${name} + ${this.#int(1)}) % 7;`])];
    return [`${name} = ${this.#bounded(kind, this.#expression(kind, 2))};`];
  }

  #recordUse(): string[] | undefined {
    const dice = this.#dice;
    const name = this.#find("record");
    if (!name) return undefined;
    const way = dice.int(0, 9);
    if (way === 7) return [`${name}["b"] = ${this.#bounded("int", this.#int(1))};`];
    if (way === 8) return [`touch(${name}, ${this.#bounded("mat", this.#mat(1))}, ${this.#bool(1)});`];
    if (way === 9) return [`Object.assign(${name}, { b: ${this.#bounded("int", this.#int(1))} });`];
    if (way === 0) return [`${name}.a = ${this.#bounded("mat", this.#mat(1))};`];
    if (way === 1) return [`${name}.b = ${this.#bounded("int", this.#int(1))};`];
    if (way === 2) return [`${name}.c.d = ${this.#bounded("float", this.#float(1))};`];
    if (way === 3) return [`${name}.b += 1;`];
    if (way === 4) {
      const [p, q] = [this.#fresh(), this.#fresh()];
      this.#declare({ name: p, kind: "mat", writable: true });
      this.#declare({ name: q, kind: "float", writable: true });
      return [`let { a: ${p}, c: { d: ${q} } } = ${name};`];
    }
    if (way === 5) {
      const p = this.#fresh();
      const value = `{ ...${name}, b: ${this.#bounded("int", this.#int(1))} }`;
      this.#declare({ name: p, kind: "record", writable: true });
      return [`let ${p} = ${value};`];
    }
    const writable = this.#visible((v) => v.kind === "record" && v.writable);
    return writable.length > 0 ? [`${dice.pick(writable).name} = { ...${name}, a: ${this.#bounded("mat", this.#mat(1))} };`] : undefined;
  }

  #objectUse(): string[] | undefined {
    const dice = this.#dice;
    const [pair, counter, box] = [this.#find("pair"), this.#find("counter"), this.#find("box")];
    const m = () => this.#bounded("mat", this.#mat(1));
    const i = () => this.#bounded("int", this.#int(1));
    const ways: (() => string[])[] = [];
    if (pair)
      ways.push(
        () => [`${pair}[0] = ${m()};`],
        () => [`${pair}[1] = ${i()};`],
        () => [`${pair}[1]++;`],
        () => [`[${pair}[0], ${pair}[1]] = [${m()}, ${i()}];`],
        () => {
          const [p, q] = [this.#fresh(), this.#fresh()];
          this.#declare({ name: p, kind: "mat", writable: true });
          this.#declare({ name: q, kind: "int", writable: true });
          return [`let [${p}, ${q} = 3] = ${pair};`];
        },
      );
    if (counter)
      ways.push(
        () => [`${counter}.add(${m()});`],
        () => [`${counter}.n = ${i()};`],
        () => [`${counter}.add(${m()}).add(${m()});`],
      );
    if (box)
      ways.push(
        () => [`${box}.put(${m()});`],
        () => [`${box}.twice = ${i()};`],
        () => [`${box}.value = ${m()};`],
        () => [`${box}.count++;`],
      );
    return ways.length > 0 ? dice.pick(ways)() : undefined;
  }

  #listUse(): string[] | undefined {
    const dice = this.#dice;
    const name = this.#find("list");
    if (!name) return undefined;
    const into = this.#visible((v) => v.kind === "mat" && v.writable);
    if (dice.int(0, 2) > 0 || into.length === 0) return [`${name}.push(${this.#bounded("mat", this.#mat(1))});`];
    const target = dice.pick(into).name;
    const read = dice.pick([
      `${name}[0]`,
      `${name}[${name}.length - 1]`,
      `stack(${name}, 0).sum(0)`,
      `${name}[Math.abs(${this.#int(1)}) % ${name}.length]`,
    ]);
    return [`if (${name}.length > 0) ${target} = ${this.#bounded("mat", read)};`];
  }

  #swap(): string[] | undefined {
    const first = this.#dice.pick(this.#visible((v) => v.writable && !containers.includes(v.kind)).concat());
    const second = first && this.#visible((v) => v.writable && v.kind === first.kind && v !== first)[0];
    return first && second
      ? [
          `[${first.name}, ${second.name}] = [${second.name}, ${this.#dice.flip() ? first.name : this.#bounded(first.kind, this.#expression(first.kind, 1))}];`,
        ]
      : undefined;
  }

  #exit(place: Place): string[] {
    const dice = this.#dice;
    const condition = this.#bool(2);
    const way = dice.int(0, 5);
    if (place.loops > 0 && way < 2) return [`if (${condition}) break;`];
    if (place.loops > 0 && way < 4) return [`if (${condition}) continue;`];
    if (way === 5) return [`if (${this.#int(1)} > ${dice.int(4, 8)}) throw new Error("too large (${dice.int(1, 9)})");`];
    return [`if (${condition}) return ${place.result()};`];
  }

  #branch(place: Place): string[] {
    const yes = [`if (${this.#bool(2)}) {`, ...this.#block(place)];
    const way = this.#dice.int(0, 3);
    if (way === 0) return [...yes, "}"];
    if (way === 1) return [...yes, `} else if (${this.#bool(1)}) {`, ...this.#block(place), "} else {", ...this.#block(place), "}"];
    return [...yes, "} else {", ...this.#block(place), "}"];
  }

  #staticLoop(place: Place): string[] {
    const name = this.#fresh();
    const inner = { ...place, loops: place.loops + 1 };
    const way = this.#dice.int(0, 4);
    if (way === 3) {
      const block = this.#block(inner, [{ name, kind: "float", writable: false }]);
      return [`for (let ${name} = -0.5; ${name} < 1; ${name} += 0.5) {`, ...block, "}"];
    }
    if (way === 4) {
      const fs = this.#fresh();
      const block = this.#block(inner, [{ name, kind: "int", writable: false }]);
      const target = this.#visible((v) => v.kind === "int" && v.writable)[0]?.name;
      return [
        `const ${fs} = [];`,
        `for (let ${name} = 0; ${name} < 3; ${name}++) {`,
        `${fs}.push((by) => ${name} * by);`,
        ...block,
        "}",
        ...(target ? [`if (${fs}.length > 1) ${target} = (${target} + ${fs}[1](${this.#int(1)})) % 17;`] : []),
      ];
    }
    if (way === 0) {
      const block = this.#block(inner, [{ name, kind: "int", writable: false }]);
      return [
        `for (let ${name} = 0; ${name} < ${this.#dice.pick(["2", "3", "limit", "(limit > 3 ? 2 : 1)"])}; ${name}++) {`,
        ...block,
        "}",
      ];
    }
    if (way === 1) {
      const items = Array.from({ length: this.#dice.int(1, 3) }, () => this.#mat(1)).join(", ");
      return [`for (const ${name} of [${items}]) {`, ...this.#block(inner, [{ name, kind: "mat", writable: false }]), "}"];
    }
    const [index, item] = [this.#fresh(), this.#fresh()];
    const block = this.#block(inner, [
      { name: index, kind: "int", writable: false },
      { name: item, kind: "float", writable: false },
    ]);
    return [`for (const [${index}, ${item}] of [0.5, -1, 2].entries()) {`, ...block, "}"];
  }

  #countedLoop(place: Place): string[] {
    const name = this.#fresh();
    const count = this.#dice.pick([
      `Math.min(Math.abs(${this.#int(1)}), 4)`,
      `Math.abs(${this.#int(1)}) % 4`,
      "x.shape[0]",
      "Math.min(3, limit)",
    ]);
    const bound = count.includes("x.") && !this.#sees("x") ? "3" : count;
    const block = this.#block({ ...place, loops: place.loops + 1 }, [{ name, kind: "int", writable: false }]);
    const way = this.#dice.int(0, 5);
    if (way === 0) return [`for (let ${name} = ${bound} - 1; ${name} >= 0; ${name}--) {`, ...block, "}"];
    if (way === 1) return [`for (let ${name} = 0, end = ${bound}; ${name} < end; ${name} += 2) {`, ...block, "}"];
    return [`for (let ${name} = ${this.#dice.pick(["0", "0", "1"])}; ${name} < ${bound}; ${name}++) {`, ...block, "}"];
  }

  #whileLoop(place: Place): string[] {
    const name = this.#fresh();
    const limit = this.#dice.int(1, 5);
    this.#declare({ name, kind: "int", writable: false });
    const condition = this.#bool(2);
    const block = this.#block({ ...place, loops: place.loops + 1 });
    const way = this.#dice.int(0, 5);
    if (way === 5) return [`let ${name} = 0;`, `for (;; ${name}++) {`, `if (${name} >= ${limit} || !(${condition})) break;`, ...block, "}"];
    if (way === 3) return [`let ${name} = 0;`, `while (${name}++ < ${limit} && ${condition}) {`, ...block, "}"];
    if (way === 0) return [`let ${name} = 0;`, "do {", `${name}++;`, ...block, `} while (${name} < ${limit} && ${condition});`];
    if (way === 1) return [`let ${name} = 0;`, "while (true) {", `if (++${name} > ${limit}) break;`, ...block, "}"];
    return [`let ${name} = 0;`, `while (${name} < ${limit} && ${condition}) {`, `${name}++;`, ...block, "}"];
  }

  /** Row by row of a matrix. */
  #rowLoop(place: Place): string[] {
    const [name, row] = [this.#fresh(), this.#fresh()];
    const matrix = (this.#dice.flip() ? this.#find("rows") : undefined) ?? this.#find("mat") ?? this.#zeros();
    const block = this.#block({ ...place, loops: place.loops + 1 }, [
      { name, kind: "int", writable: false },
      { name: row, kind: "vec", writable: false },
    ]);
    const fixed = this.#fresh();
    return [
      `const ${fixed} = ${matrix};`,
      `for (let ${name} = 0; ${name} < ${fixed}.shape[0]; ${name}++) {`,
      `const ${row} = ${fixed}.select(0, ${name});`,
      ...block,
      "}",
    ];
  }

  #switch(place: Place): string[] {
    const subject = this.#dice.pick(["limit % 3", "limit - 2", "1"]);
    const arms = [0, 1].flatMap((value) => [
      `case ${value}: {`,
      ...this.#block(place),
      "}",
      ...(this.#dice.int(0, 3) > 0 ? ["break;"] : []),
    ]);
    return [`switch (${subject}) {`, ...arms, "default: {", ...this.#block(place), "}", "}"];
  }

  /** A function that changes what it closes over, called at once. */
  #closure(): string[] {
    const targets = this.#visible((v) => v.writable && (v.kind === "mat" || scalars.includes(v.kind)));
    if (targets.length === 0) return this.#declaration();
    const { name, kind } = this.#dice.pick(targets);
    const f = this.#fresh();
    if (this.#dice.int(0, 3) === 0) {
      const value = this.#bounded(kind, this.#expression(kind, 1));
      return [
        `const ${f} = (flag) => { if (flag) return ${name}; ${name} = ${value}; return ${value}; };`,
        `${name} = ${f}(${this.#bool(1)});`,
      ];
    }
    const call = this.#dice.pick([`${f}();`, `if (${this.#bool(1)}) ${f}();`, `[1, 2].forEach(${f});`]);
    return [`const ${f} = () => { ${name} = ${this.#bounded(kind, this.#expression(kind, 1))}; };`, call];
  }

  // ---- expressions ----------------------------------------------------------------------------------------------------

  #expression(kind: Kind, depth: number): string {
    return this.#makers[kind](depth);
  }

  readonly #makers: { readonly [K in Kind]: (depth: number) => string } = {
    mat: (d) => this.#mat(d),
    vec: (d) => this.#vec(d),
    int: (d) => this.#int(d),
    float: (d) => this.#float(d),
    bool: (d) => this.#bool(d),
    rows: (d) => this.#rows(d),
    pair: (d) => {
      const other = this.#find("pair");
      return other && this.#dice.int(0, 2) === 0
        ? `[...${other}]`
        : `[${this.#bounded("mat", this.#mat(d - 1))}, ${this.#bounded("int", this.#int(d - 1))}]`;
    },
    counter: (d) =>
      `{ total: ${this.#bounded("mat", this.#mat(d - 1))}, n: 0, add(m) { this.total = this.total.sub(m).clamp(-64, 64); this.n = (this.n + 1) % 17; return this; } }`,
    box: (d) =>
      this.#dice.flip()
        ? `new Box(${this.#bounded("mat", this.#mat(d - 1))}, ${this.#bounded("int", this.#int(d - 1))})`
        : `Box.of(${this.#bounded("mat", this.#mat(d - 1))})`,
    list: (d) => `[${Array.from({ length: this.#dice.int(0, 2) }, () => this.#mat(Math.min(d, 1))).join(", ")}]`,
    record: (d) =>
      `{ a: ${this.#bounded("mat", this.#mat(d - 1))}, b: ${this.#bounded("int", this.#int(d - 1))}, c: { d: ${this.#bounded("float", this.#float(d - 1))} } }`,
  };

  /** Keeps what is assigned in its range, so that loops end and sums are exact. */
  #bounded(kind: Kind, text: string): string {
    if (kind === "mat" || kind === "vec" || kind === "rows") return `${text}.clamp(-64, 64)`;
    if (kind === "int") return /^-?\d+$/.test(text) ? text : `(${text}) % 17`;
    return kind === "float" ? `Math.max(-99.5, Math.min(99.5, ${text}))` : text;
  }

  #mat(depth: number): string {
    const dice = this.#dice;
    const leaf = () => {
      const record = this.#find("record");
      const [pair, counter, box] = [this.#find("pair"), this.#find("counter"), this.#find("box")];
      const parts = [
        ...(record ? [`${record}.a`] : []),
        ...(pair ? [`${pair}[0]`] : []),
        ...(counter ? [`${counter}.total`] : []),
        ...(box ? [`${box}.value`] : []),
      ];
      return parts.length > 0 && dice.int(0, 2) === 0 ? dice.pick(parts) : (this.#find("mat") ?? this.#zeros());
    };
    if (depth <= 0) return leaf();
    const m = () => this.#mat(depth - 1);
    const helper = this.#helpers.filter((h) => !h.startsWith("this.") || this.#sees("x"));
    return dice.pick([
      leaf,
      leaf,
      () => `${m()}.add(${leaf()})`,
      () => `${m()}.sub(${leaf()})`,
      () => `${m()}.maximum(${leaf()})`,
      () => `${m()}.relu()`,
      () => `${m()}.neg()`,
      () => `${m()}.mul(0.5).floor()`,
      () => `${m()}.add(${this.#vec(depth - 1)})`,
      () => `${m()}.add(${this.#int(depth - 1)} + 0)`,
      () => `${m()}.mul(${this.#int(depth - 1)} + 0).clamp(-64, 64)`,
      () => `${m()}.sub(${this.#float(depth - 1)} + 0)`,
      () => `(${this.#bool(depth - 1)} ? ${m()} : ${leaf()})`,
      () => (helper.length > 0 ? `${dice.pick(helper)}(${m()}, ${this.#int(depth - 1)})` : leaf()),
      () => (helper.length > 0 ? `${dice.pick(helper)}(...[${m()}, ${this.#int(depth - 1)}])` : leaf()),
      () => `(() => { const q = ${m()}; if (${this.#bool(depth - 1)}) return q.neg(); return q; })()`,
      () => `[${m()}, ${leaf()}, ${leaf()}].slice(1).at(-1)`,
      () => `[${m()}, ${leaf()}].reverse().concat([${leaf()}])[${dice.int(0, 2)}]`,
      () => `[${m()}, ${leaf()}].map((m, i) => m.sub(i)).reduce((p, q) => p.add(q))`,
      () => `new Step(${dice.int(-2, 3)}).apply(${m()})`,
      () => (this.#sees("x") ? `this.steps.reduce((m, step) => step.apply(m), ${m()})` : leaf()),
    ])();
  }

  /** Zeros that go with any matrix. */
  #zeros(): string {
    return this.#sees("x") ? "zeros([x.shape[0], 4])" : "m";
  }

  #rows(depth: number): string {
    const leaf = () => this.#find("rows") ?? this.#mat(0);
    if (depth <= 0) return leaf();
    return this.#dice.pick([
      leaf,
      () => `cat([${this.#rows(depth - 1)}, ${this.#mat(depth - 1)}], 0).slice(0, 0, 12)`,
      () => `cat([${leaf()}, ${this.#vec(depth - 1)}.unsqueeze(0)], 0).slice(0, 0, 12)`,
      () => `${this.#rows(depth - 1)}.neg()`,
      () => `(${this.#bool(depth - 1)} ? ${this.#rows(depth - 1)} : ${leaf()})`,
    ])();
  }

  #vec(depth: number): string {
    const leaf = () => this.#find("vec") ?? "bias";
    if (depth <= 0) return leaf();
    return this.#dice.pick([
      leaf,
      () => `${this.#mat(depth - 1)}.sum(0)`,
      () => `${this.#rows(depth - 1)}.sum(0)`,
      () => `${this.#vec(depth - 1)}.add(${leaf()})`,
      () => `${this.#vec(depth - 1)}.sub(${this.#int(depth - 1)} + 0)`,
      () => `(${this.#bool(depth - 1)} ? ${this.#vec(depth - 1)} : ${leaf()})`,
    ])();
  }

  #int(depth: number): string {
    const dice = this.#dice;
    const leaf = () => {
      const [record, list] = [this.#find("record"), this.#find("list")];
      const name = this.#find("int");
      const variable = name ?? "limit";
      return dice.pick([
        String(dice.int(-3, 5)),
        variable,
        variable,
        variable,
        record ? `${record}.b` : variable,
        list ? `${list}.length` : variable,
      ]);
    };
    if (depth <= 0) return leaf();
    const i = () => this.#int(depth - 1);
    return dice.pick([
      leaf,
      leaf,
      () => `(${i()} + ${leaf()})`,
      () => `(${i()} - ${leaf()})`,
      () => `(${i()} * ${leaf()}) % 11`,
      () => `(${i()}) % ${dice.int(2, 5)}`,
      () => `Math.floor((${i()}) / 2)`,
      () => `Math.abs(${i()})`,
      () => `Math.sign(${i()})`,
      () => `Math.trunc(${this.#float(depth - 1)})`,
      () => `Math.ceil((${i()}) / 3)`,
      () => `((${i()}) ${dice.pick(["&", "|", "^", ">>", "<<"])} ${dice.int(0, 3)})`,
      () => `Math.min(${i()}, ${leaf()})`,
      () => `Math.max(${i()}, ${leaf()})`,
      () => `-(${i()})`,
      () => `(${this.#bool(depth - 1)} ? ${i()} : ${leaf()})`,
      () => (this.#sees("x") ? "x.shape[0]" : leaf()),
      () => (this.#sees("x") ? "this.secret" : leaf()),
    ])();
  }

  #float(depth: number): string {
    const dice = this.#dice;
    const leaf = () => {
      const [record, name] = [this.#find("record"), this.#find("float")];
      const variable = name ?? "0.5";
      return dice.pick([String(dice.int(-8, 8) / 4), variable, variable, record ? `${record}.c.d` : variable]);
    };
    if (depth <= 0) return leaf();
    const f = () => this.#float(depth - 1);
    return dice.pick([
      leaf,
      () => `(${f()} + ${leaf()})`,
      () => `(${f()} - ${leaf()})`,
      () => `(${f()} * ${dice.int(-2, 3)})`,
      () => `Math.floor(${f()})`,
      () => `Math.abs(${f()})`,
      () => `Math.min(${f()}, ${leaf()})`,
      () => `(${this.#int(depth - 1)}) / 2`,
      () => `(${this.#int(depth - 1)} + ${leaf()})`,
      () => `${this.#mat(depth - 1)}.sum().item()`,
      () => `(${this.#bool(depth - 1)} ? ${f()} : ${leaf()})`,
      () => (this.#sees("x") ? "this.steps[0].half" : leaf()),
    ])();
  }

  #bool(depth: number): string {
    const dice = this.#dice;
    const compare = () => {
      const kind = dice.flip() ? "int" : "float";
      return `${this.#expression(kind, Math.max(0, depth - 1))} ${dice.pick(comparisons)} ${this.#expression(kind, 0)}`;
    };
    if (depth <= 0) return this.#find("bool") ?? `(${compare()})`;
    const b = () => this.#bool(depth - 1);
    return dice.pick([
      compare,
      compare,
      compare,
      () => `(${b()} && ${b()})`,
      () => `(${b()} || ${b()})`,
      () => `!(${b()})`,
      () => `(${b()} === ${b()})`,
      () => (this.#sees("x") ? "this.mode === 1" : compare()),
    ])();
  }

  // ---- names ----------------------------------------------------------------------------------------------------------

  #fresh(): string {
    return `v${this.#names++}`;
  }

  #declare(variable: Variable): void {
    this.#scopes[this.#scopes.length - 1]?.push(variable);
  }

  #visible(wanted: (v: Variable) => boolean): Variable[] {
    return this.#scopes.flat().filter(wanted);
  }

  /** A variable of this kind, those of inner scopes more often. */
  #find(kind: Kind): string | undefined {
    const all = this.#visible((v) => v.kind === kind);
    if (all.length === 0) return undefined;
    return (this.#dice.flip() ? all[all.length - 1] : this.#dice.pick(all))?.name;
  }

  /** Whether the code stands in `forward`, where `this` and its inputs are. */
  #sees(name: string): boolean {
    return this.#scopes.flat().some((v) => v.name === name);
  }
}
