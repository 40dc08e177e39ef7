// From a pattern to the instructions of Thompson's machine: repetitions are written out, so that matching is a walk with no memory but a set.
// Source: K. Thompson, Regular Expression Search Algorithm (1968); R. Cox, Regular Expression Matching: the Virtual Machine Approach.
import { mostInstructions, type Pattern, type Place } from "./pattern.ts";

/** `next` and `other` are places in the program; one that only goes on has the kind `fork` and both alike. */
export type Instruction =
  | { readonly kind: "take"; readonly takes: (codePoint: number) => boolean; readonly next: number }
  | { readonly kind: "place"; readonly place: Place; readonly next: number }
  | { readonly kind: "fork"; readonly next: number; readonly other: number }
  | { readonly kind: "match" };

/** The first instruction to run is the last one. */
export function writeProgram(pattern: Pattern, fail: (problem: string) => never): readonly Instruction[] {
  const program: Instruction[] = [{ kind: "match" }];
  let steps = 0;
  const spend = (): void => {
    if (++steps > mostInstructions) fail(`with its repetitions written out it has more than ${mostInstructions} parts`);
  };
  const emit = (instruction: Instruction): number => program.push(instruction) - 1;
  /** Writes `p` from its end to its beginning, before the instruction at `next`; gives the place of its first instruction. */
  const before = (p: Pattern, next: number): number => {
    // Counts parts and not instructions: those that write nothing may be repeated as often as others.
    spend();
    if (p.kind === "character") return emit({ kind: "take", takes: p.takes, next });
    if (p.kind === "place") return emit({ kind: "place", place: p.place, next });
    if (p.kind === "row") return p.of.reduceRight((after, part) => before(part, after), next);
    if (p.kind === "either")
      return p.of.map((part) => before(part, next)).reduceRight((other, first) => emit({ kind: "fork", next: first, other }));
    return repeated(p.of, p.least, p.most, next);
  };
  const repeated = (of: Pattern, least: number, most: number, next: number): number => {
    let to = next;
    if (most === Number.POSITIVE_INFINITY) {
      const again = emit({ kind: "fork", next, other: next });
      program[again] = { kind: "fork", next: before(of, again), other: next };
      to = again;
    } else for (let i = least; i < most; i++) to = emit({ kind: "fork", next: before(of, to), other: next });
    for (let i = 0; i < least; i++) to = before(of, to);
    return to;
  };
  const start = before(pattern, 0);
  program.push({ kind: "fork", next: start, other: start });
  return program;
}
