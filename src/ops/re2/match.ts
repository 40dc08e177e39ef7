// Whole matches against patterns in RE2's syntax, in time proportional to the text whatever the pattern: a file may hold `(a*)*b`, and on
// that JavaScript's RegExp, which goes back and tries again, would never end.
import { ingotError } from "../../errors/error.ts";
import { isWord } from "./classes.ts";
import type { Place } from "./pattern.ts";
import { type Instruction, writeProgram } from "./program.ts";
import { readRe2 } from "./read.ts";

const newline = 10;
const wordEdge = (before: number, after: number): boolean => isWord(before) !== isWord(after);

/** Whether a place lies between two code points; −1 stands for the ends of the text. */
const places: { readonly [P in Place]: (before: number, after: number) => boolean } = {
  textStart: (before) => before < 0,
  textEnd: (_, after) => after < 0,
  lineStart: (before) => before < 0 || before === newline,
  lineEnd: (_, after) => after < 0 || after === newline,
  wordEdge,
  noWordEdge: (before, after) => !wordEdge(before, after),
};

/** Runs a program over texts: at each character it holds the set of instructions that may come next, each at most once. */
class Machine {
  readonly #program: readonly Instruction[];
  /** For each instruction the number of the last place that it was reached at. */
  readonly #reached: Uint32Array;
  #place = 0;
  #takes: Extract<Instruction, { kind: "take" }>[] = [];

  constructor(program: readonly Instruction[]) {
    this.#program = program;
    this.#reached = new Uint32Array(program.length);
  }

  matches(text: string): boolean {
    this.#reached.fill(0);
    this.#place = 0;
    let starts = [this.#program.length - 1];
    let before = -1;
    for (let i = 0; ; ) {
      const c = text.codePointAt(i) ?? -1;
      const matched = this.#follow(starts, before, c);
      if (c < 0) return matched;
      starts = this.#takes.filter((take) => take.takes(c)).map((take) => take.next);
      if (starts.length === 0) return false;
      before = c;
      i += c > 0xffff ? 2 : 1;
    }
  }

  /** Goes from `starts` to all instructions that take a character; gives whether the end is among what is reached. */
  #follow(starts: number[], before: number, after: number): boolean {
    this.#place++;
    this.#takes = [];
    let matched = false;
    while (starts.length > 0) {
      const at = starts.pop() as number;
      if (this.#reached[at] === this.#place) continue;
      this.#reached[at] = this.#place;
      const instruction = this.#program[at] as Instruction;
      if (instruction.kind === "match") matched = true;
      else if (instruction.kind === "take") this.#takes.push(instruction);
      else if (instruction.kind === "fork") starts.push(instruction.other, instruction.next);
      else if (places[instruction.place](before, after)) starts.push(instruction.next);
    }
    return matched;
  }
}

const compiled = new Map<string, (text: string) => boolean>();

/**
 * A test of whole strings against a pattern in RE2's syntax. Throws `RegexPattern` for what RE2 refuses, for `\C`, which has no counterpart,
 * and for a pattern that is too large.
 *
 * @example
 * compileRe2("RegexFullMatch", "[[:alpha:]]+")("abc"); // true
 */
export function compileRe2(op: string, pattern: string): (text: string) => boolean {
  const known = compiled.get(pattern);
  if (known) return known;
  const fail = (problem: string): never => {
    throw ingotError("RegexPattern", { op, pattern: pattern.length > 200 ? `${pattern.slice(0, 200)}…` : pattern, problem });
  };
  const machine = new Machine(writeProgram(readRe2(pattern, fail), fail));
  const test = (text: string) => machine.matches(text);
  if (compiled.size >= 64) compiled.clear();
  compiled.set(pattern, test);
  return test;
}
