// Calls of compiled modules: their graph becomes a part of this one, whole, with the branches and loops that it has.
import { type Interpreter, withInterpreter } from "../eager/interpreter.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { unknownDim } from "../ir/dim.ts";
import type { Graph } from "../ir/graph.ts";
import { inlineGraph } from "../ir/inline.ts";
import { tensorType } from "../ir/type.ts";
import type { Storage } from "../tensor/storage.ts";
import type { AnyFunction } from "./context.ts";
import type { Stage } from "./stage.ts";

/** Known by shape: compiled modules live above this folder. */
export const isCompiled = (module: unknown): module is object =>
  typeof module === "object" && module !== null && "isIngotCompiled" in module;

/** Runs the module's own `forward`, which checks its arguments and then asks for its graph to be performed. */
export function callCompiled(stage: Stage, forward: AnyFunction, module: object, args: readonly unknown[]): unknown {
  return withInterpreter(new GraphInliner(stage), () => Reflect.apply(forward, module, args as never[]));
}

class GraphInliner implements Interpreter {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  applyGraph(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
    const stage = this.#stage;
    const values = inputs.map((t) => stage.valueOf(t));
    return inlineGraph(stage.current, graph, values, { provenance: stage.provenance }).map((value) => {
      // The module's own names for sizes mean nothing here.
      const { dtype, shape } = value.tensorType;
      if (shape && value.producer)
        value.type = tensorType(
          dtype,
          shape.map((d) => (typeof d === "number" ? d : unknownDim())),
        );
      return stage.wrap(value);
    });
  }

  apply(): never {
    throw this.#refusal();
  }
  constant(): never {
    throw this.#refusal();
  }
  read(): Storage {
    throw this.#refusal();
  }
  drawUnseeded(): never {
    throw this.#refusal();
  }
  place(): undefined {
    return undefined;
  }

  /** A compiled module's forward does nothing of this. */
  #refusal(): Error {
    return ingotError("OpError", { op: "forward", message: "this is not a compiled module of this copy of the library" });
  }
}
