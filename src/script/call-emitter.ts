// From the recordings of a library call at several sizes to nodes of the graph: each number that differs is explained by the sizes.
import { isTensor } from "../eager/operand.ts";
import { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { Node, Value } from "../ir/graph.ts";
import { tensorType } from "../ir/type.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { type Alignment, sameStorage } from "../trace/align.ts";
import { mapLeaves, visitLeaves } from "./leaves.ts";
import type { Recording } from "./mini-recorder.ts";
import type { Stage } from "./stage.ts";
import { Sym } from "./values.ts";

/** Adds the aligned recordings to the graph. */
export class Emitter {
  readonly #stage: Stage;
  readonly #recordings: readonly Recording[];
  readonly #alignments: readonly Alignment[];
  readonly #values = new Map<Value, Value>();
  readonly #given: readonly Dim[];

  constructor(stage: Stage, recordings: readonly Recording[], alignments: readonly Alignment[], given: readonly Dim[]) {
    this.#stage = stage;
    this.#recordings = recordings;
    this.#alignments = alignments;
    this.#given = given;
  }

  #explain(values: readonly number[]): Dim | undefined {
    const stage = this.#stage;
    return this.#given.find((dim) => values.every((v, j) => stage.hint(dim, j) === v)) ?? stage.explain(values);
  }

  run(): unknown {
    const first = this.#recordings[0] as Recording;
    for (const node of first.mini.graph.nodes()) this.#emit(node);
    const leaves = this.#recordings.map((r) => {
      const list: unknown[] = [];
      visitLeaves(r.result, (leaf) => list.push(leaf));
      return list;
    });
    let at = 0;
    return mapLeaves(first.result, () => {
      const here = leaves.map((list) => list[at]);
      at++;
      return this.#leaf(here);
    });
  }

  #leaf(versions: readonly unknown[]): unknown {
    const [first] = versions;
    if (isTensor(first)) return this.#tensor(versions as readonly Tensor[]);
    if (typeof first !== "number" || versions.every((v) => Object.is(v, first))) return first;
    const dim = this.#explain(versions as readonly number[]);
    if (dim !== undefined) return typeof dim === "number" ? dim : new Sym("int", undefined, { dim });
    throw ingotError("OpError", {
      op: "this call",
      message: `gives ${versions.join(", ")} at different sizes, which no arithmetic of them explains`,
    });
  }

  #tensor(versions: readonly Tensor[]): Tensor {
    const first = versions[0] as Tensor;
    const mini = (this.#recordings[0] as Recording).mini;
    const own = mini.valueOf(first);
    const outer = mini.outer.get(own);
    if (outer && !this.#differs(own)) return outer;
    const value = this.#value(own);
    return this.#adopt(value, versions);
  }

  #adopt(value: Value, versions: readonly Tensor[]): Tensor {
    const first = versions[0] as Tensor;
    const storage = Tensor.storageOf(first);
    const same = storage
      ? versions.every((t) => t === first || sameStorage(storage, Tensor.storageOf(t) as Storage))
      : versions.every((t) => t.shape.every((d, i) => d === first.shape[i]));
    return this.#stage.adopt({ value, handles: same ? [first] : versions });
  }

  #differs(value: Value): boolean {
    return this.#alignments.some((a) => a.constants.has(value));
  }

  #emit(node: Node): void {
    for (const { attributes } of this.#alignments) {
      const differing = attributes.find((a) => a.node === node);
      if (differing)
        throw ingotError("OpError", {
          op: node.op,
          message: `its attribute ${differing.name} follows a symbolic size (${JSON.stringify(node.attributes[differing.name])} and ${JSON.stringify(differing.other)}), which ONNX cannot express`,
        });
    }
    const inputs = node.inputs.map((v) => v && this.#value(v));
    const outputs = this.#stage.add(node.op, inputs, node.attributes, node.outputs.length);
    node.outputs.forEach((mini, i) => {
      const value = outputs[i] as Value;
      this.#refine(mini, value);
      this.#values.set(mini, value);
    });
  }

  #value(mini: Value): Value {
    const known = this.#values.get(mini);
    if (known) return known;
    const outer = (this.#recordings[0] as Recording).mini.outer.get(mini) as Tensor;
    const staged = this.#stage.stagedOf(outer);
    const value = !staged && this.#differs(mini) ? this.#explained(mini) : this.#stage.valueOf(outer);
    this.#values.set(mini, value);
    return value;
  }

  /** A constant whose elements follow the sizes becomes shape arithmetic. */
  #explained(mini: Value): Value {
    const storages = [mini, ...this.#alignments.map((a) => a.values.get(mini) as Value)].map((v) => v.storage as Storage);
    const first = storages[0] as Storage;
    if (first.dtype === "string" || first.rank > 1 || storages.some((s) => s.size !== first.size))
      throw ingotError("OpError", {
        op: "this call",
        message: `a constant of ${first.dtype}${formatShape(first.shape)} depends on the sizes`,
      });
    const rows = storages.map((s) => s.toNumbers());
    const dims = (rows[0] as readonly number[]).map((_, i): Dim => {
      const dim = this.#explain(rows.map((row) => row[i] as number));
      if (dim !== undefined && (typeof dim !== "number" || Number.isInteger(dim) || !isFloat(first.dtype))) return dim;
      throw ingotError("OpError", {
        op: "this call",
        message: `the number ${rows.map((row) => row[i]).join(", ")} depends on the sizes in no way that shape arithmetic expresses`,
      });
    });
    return this.#stage.sizes(dims, first.dtype, first.rank === 0);
  }

  /** Where inference gave up on a size, or contradicts what was recorded, the recorded sizes explain it. */
  #refine(mini: Value, made: Value): void {
    const versions = [mini, ...this.#alignments.map((a) => a.values.get(mini) as Value)];
    const shapes = versions.map((v) => v.tensorType.shape as readonly number[]);
    const inferred = made.tensorType.shape;
    const stage = this.#stage;
    const shape = (shapes[0] as readonly number[]).map((_, axis): Dim => {
      const sizes = shapes.map((s) => s[axis] as number);
      const guess = inferred?.[axis];
      if (guess !== undefined && sizes.every((size, j) => stage.hint(guess, j) === size)) return guess;
      const dim = this.#explain(sizes);
      if (dim === undefined)
        throw ingotError("OpError", {
          op: mini.producer?.op ?? "this call",
          message: `the size of axis ${axis} is ${sizes.join(", ")} at different sizes, which no arithmetic of them explains`,
        });
      if (stage.isAnonymous(dim)) stage.setSource(dim, { input: made, axis });
      return dim;
    });
    made.type = tensorType(made.tensorType.dtype, shape);
  }
}
