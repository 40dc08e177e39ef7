// Identifiers for the values of a graph in generated code, and the keys under which it asks for its weights.
import type { Value } from "../ir/graph.ts";

/** Names that generated code may not declare: reserved words of modules, and what it imports and takes itself. */
const taken =
  "weights op tensor Tensor forward arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield".split(
    " ",
  );

/** One name per value, unique in the whole function, so that no block hides what an inner one reads. */
export class CodeNames {
  readonly #names = new Map<Value, string>();
  readonly #used = new Set(taken);
  readonly #weights = new Map<Value, string>();
  readonly #weightNames = new Set<string>();

  of(v: Value): string {
    let name = this.#names.get(v);
    if (name === undefined) {
      name = this.fresh(v.name ?? v.producer?.op.split(".").pop() ?? "value");
      this.#names.set(v, name);
    }
    return name;
  }

  /** A free identifier like `wish`, beginning in lower case. */
  fresh(wish: string): string {
    const base = wish
      .replace(/[^A-Za-z0-9_]/g, "_")
      .replace(/^(?=\d|$)/, "_")
      .replace(/^[A-Z]+/, (head) => head.toLowerCase());
    return unused(base, this.#used);
  }

  /** The key of a large constant in the record of weights. */
  weight(v: Value): string {
    let name = this.#weights.get(v);
    if (name === undefined) {
      name = unused(v.name ?? "constant", this.#weightNames);
      this.#weights.set(v, name);
    }
    return name;
  }
}

function unused(wish: string, used: Set<string>): string {
  let name = wish;
  for (let i = 1; used.has(name); i++) name = `${wish}_${i}`;
  used.add(name);
  return name;
}
