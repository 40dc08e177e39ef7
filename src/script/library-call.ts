// Calls of library code on symbolic tensors. The code itself runs, once per assignment of sizes, on tensors without elements; the small
// recordings are laid side by side, every number that differs is explained by the sizes, and the nodes are added to the graph.
import { withInterpreter } from "../eager/interpreter.ts";
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import { align, isDivergence } from "../trace/align.ts";
import { Emitter } from "./call-emitter.ts";
import { mapLeaves, visitLeaves } from "./leaves.ts";
import { FailsAtSize, MiniRecorder, NeedsAllSizes, type Recording, type Shared } from "./mini-recorder.ts";
import type { Stage } from "./stage.ts";
import { Sym } from "./values.ts";

/** Runs `body` per assignment on arguments that `take` gives; what it returns is put together again. */
export function callLibrary(stage: Stage, args: readonly unknown[], body: (args: readonly unknown[]) => unknown): unknown {
  try {
    return new LibraryCall(stage, args, body).run(needsAllSizes(stage, args) ? stage.hints.length : 1);
  } catch (error) {
    if (!(error instanceof NeedsAllSizes)) throw error;
    return new LibraryCall(stage, args, body).run(stage.hints.length);
  }
}

function needsAllSizes(stage: Stage, args: readonly unknown[]): boolean {
  let all = false;
  for (const arg of args)
    visitLeaves(arg, (leaf) => {
      if (leaf instanceof Sym || (isTensor(leaf) && (stage.stagedOf(leaf)?.handles.length ?? 1) > 1)) all = true;
    });
  return all;
}

class LibraryCall {
  readonly #stage: Stage;
  readonly #args: readonly unknown[];
  readonly #body: (args: readonly unknown[]) => unknown;
  readonly #shared: Shared = { unknown: [], computed: [], doubtful: new Set(), failures: new Map() };

  constructor(stage: Stage, args: readonly unknown[], body: (args: readonly unknown[]) => unknown) {
    this.#stage = stage;
    this.#args = args;
    this.#body = body;
  }

  run(count: number): unknown {
    const recordings = this.#recordAll(count);
    const first = recordings[0] as Recording;
    if (first.mini.isEmpty && recordings.every((r) => r.mini.isEmpty) && count === 1) return first.result;
    const alignments = recordings.slice(1).map((r) => {
      const result = align(first.mini.graph, r.mini.graph);
      if (!isDivergence(result)) {
        const crossed = first.mini.graph.inputs.some(
          (v, i) => first.mini.outer.get(v) !== r.mini.outer.get(r.mini.graph.inputs[i] as Value),
        );
        if (!crossed) return result;
        throw ingotError("OpError", { op: "this call", message: "which tensors it reads depends on the sizes" });
      }
      throw ingotError("OpError", { op: "this call", message: `what it does depends on the sizes: ${result.difference}` });
    });
    return new Emitter(this.#stage, recordings, alignments, this.#givenSizes()).run();
  }

  /** The sizes among the arguments: what the call makes of them is explained by them first. */
  #givenSizes(): Dim[] {
    const given: Dim[] = [];
    for (const arg of this.#args)
      visitLeaves(arg, (leaf) => {
        if (leaf instanceof Sym && typeof leaf.dim === "object") given.push(leaf.dim);
      });
    for (const dim of given) {
      const values = this.#stage.hints.map((_, j) => this.#stage.hint(dim, j));
      if (new Set(values).size === 1)
        throw ingotError("OpError", {
          op: "this call",
          message: `its argument ${dim} is ${values[0]} at all sizes that are tried, so that nothing tells what follows from it`,
        });
    }
    return given;
  }

  #recordAll(count: number): Recording[] {
    for (;;)
      try {
        return Array.from({ length: count }, (_, j) => this.#record(j, count));
      } catch (error) {
        if (!(error instanceof FailsAtSize)) throw error;
        this.#shared.failures.clear();
      }
  }

  #record(assignment: number, count: number): Recording {
    const stage = this.#stage;
    const mini = new MiniRecorder(stage, assignment, count, this.#shared);
    const args = this.#args.map((arg) =>
      mapLeaves(arg, (leaf) => {
        if (leaf instanceof Sym) return leaf.dim === undefined ? leaf : stage.hint(leaf.dim, assignment);
        if (!isTensor(leaf)) return leaf;
        const staged = stage.stagedOf(leaf);
        if (!staged) return leaf;
        const handle = (staged.handles[assignment] ?? staged.handles[0]) as Tensor;
        mini.meet(handle, leaf);
        return handle;
      }),
    );
    const result = withInterpreter(mini, () => this.#body(args));
    const outputs: Value[] = [];
    visitLeaves(result, (leaf) => {
      if (isTensor(leaf)) outputs.push(mini.valueOf(leaf));
    });
    mini.graph.setOutputs(outputs);
    return { mini, result };
  }
}
