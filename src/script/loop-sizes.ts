// Sizes that a loop changes. Tensors that grow together (the keys and values of a cache) keep one size between them, which is what lets
// code in the body, and behind the loop, use them together.
import { type Dim, type DimExpr, substituteDim, symbol, symbolsOf } from "../ir/dim.ts";

/**
 * The size of an axis that is not the same in every turn. Axes of one group have the same size at the start of each turn: they began with
 * the same size, and each turn gives them the same one.
 */
export class TurnSize {
  readonly start: Dim | undefined;
  /** Undefined until the turn that changed it has been compared with others, and where it stays alone. */
  readonly group: number | undefined;
  /** What the last turn made of it; undefined where it left it alone. */
  readonly after: Dim | undefined;

  constructor(start: Dim | undefined, group: number | undefined, after: Dim | undefined) {
    this.start = start;
    this.group = group;
    this.after = after;
  }
}

/** The symbol of each group in one turn, or behind the loop. */
export type GroupSizes = Map<number, DimExpr>;

/**
 * Groups for sizes, by what they were and what the turn made of them; `sizes` are the symbols that the turn computed with. An old group only
 * ever falls apart. Gives the number of each, and whether any group fell apart or is new.
 */
export function regroup(all: readonly TurnSize[], sizes: GroupSizes): { readonly groups: readonly number[]; readonly changed: boolean } {
  const names = new Map([...sizes].map(([group, dim]) => [[...symbolsOf(dim)][0] as string, symbol(`turn${group}`)]));
  const numbers = new Map<string, number>();
  const groups = all.map(({ start, group, after }) => {
    const from = group === undefined ? `from ${start}` : `group ${group}`;
    const key = `${from} to ${after === undefined ? "itself" : substituteDim(after, (name) => names.get(name))}`;
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  });
  return { groups, changed: numbers.size !== new Set(all.map(({ group }) => group)).size || all.some(({ group }) => group === undefined) };
}
