// The interpreter at the bottom of the stack: runs each operation's kernel at once.
import { ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import type { Attributes } from "../ir/schema.ts";
import type { OpDefinition } from "../ops/define.ts";
import { evaluateOp } from "../ops/evaluate.ts";
import { asStorage, runGraph } from "../ops/run-graph.ts";
import type { Storage } from "../tensor/storage.ts";
import type { Interpreter, Operand } from "./interpreter.ts";
import type { Tensor } from "./tensor.ts";

export interface TensorAccess {
  wrap(storage: Storage): Tensor;
  /** The elements, or undefined for a tensor that exists as a type only. */
  storageOf(tensor: Tensor): Storage | undefined;
}

export class EagerInterpreter implements Interpreter {
  readonly #access: TensorAccess;

  constructor(access: TensorAccess) {
    this.#access = access;
  }

  apply(op: OpDefinition, inputs: readonly Operand[], attributes: Attributes, outputCount: number): Tensor[] {
    const values = inputs.map((t) => t && this.read(t, op.opType));
    while (values.length > 0 && values[values.length - 1] === undefined) values.pop();
    return evaluateOp(op, values, attributes, { outputCount })
      .slice(0, outputCount)
      .map((v) => this.#access.wrap(asStorage(v)));
  }

  applyGraph(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
    const values = inputs.map((t) => this.read(t, graph.name));
    return runGraph(graph, values, { reuseMemory: true }).map((v) => this.#access.wrap(asStorage(v)));
  }

  constant(storage: Storage): Tensor {
    return this.#access.wrap(storage);
  }

  read(tensor: Tensor, how: string): Storage {
    const storage = this.#access.storageOf(tensor);
    if (storage) return storage;
    throw ingotError("SymbolicRead", { op: how });
  }

  drawUnseeded(): void {}

  place(): undefined {
    return undefined;
  }
}
