// Shapes that depend on data (nonzero, masked selection) are plain numbers in JavaScript, and nobody sees them read. A model with such shapes
// is recorded again on other data: what then changes in the graph was decided by the example's values.
import { Tensor } from "../eager/tensor.ts";
import { IngotError, ingotError, TraceError } from "../errors/error.ts";
import { Generator } from "../tensor/random.ts";
import { elementCount } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { align, describeNode, isDivergence } from "./align.ts";
import { frameOf } from "./frame.ts";
import { type Recording, record, type Subject } from "./record.ts";

/** Throws `DataReachesGraph`. A model that refuses the other data as a whole tells nothing and passes. */
export function checkDataShapes(subject: Subject, first: Recording): void {
  for (const seed of [1, 2]) {
    const again = recordOn(
      subject,
      subject.args.tensors.map((t, i) => sparseLike(t, seed * 100 + i)),
    );
    if (!again) continue;
    const result = align(first.graph, again.graph);
    if (isDivergence(result)) throw fail(result.difference, result.node?.provenance);
    const attribute = result.attributes[0];
    if (attribute) throw fail(`attribute ${attribute.name} of ${describeNode(attribute.node)}`, attribute.node.provenance);
    const constant = [...result.constants.keys()][0];
    const user = constant?.consumers[0];
    if (constant) throw fail(user ? `a constant of ${describeNode(user)}` : "a constant that is an output", user?.provenance);
  }
}

function recordOn(subject: Subject, tensors: readonly Tensor[]): Recording | undefined {
  try {
    return record(subject, { kernels: true, tensors });
  } catch (error) {
    if (error instanceof TraceError || !(error instanceof IngotError)) throw error;
    return undefined;
  }
}

const fail = (difference: string, provenance: Parameters<typeof frameOf>[0]) =>
  ingotError("DataReachesGraph", { difference }, frameOf(provenance));

/** Of the example's type: about half zeros, the rest drawn from its own elements. */
function sparseLike(like: Tensor, seed: number): Tensor {
  const g = new Generator(seed);
  const source = Tensor.storageOf(like)?.dense() ?? [];
  const zero = like.dtype === "string" ? "" : typeof source[0] === "bigint" ? 0n : 0;
  const elements = Array.from({ length: elementCount(like.shape) }, () =>
    g.integer(0, 2) === 0 ? zero : (source[g.integer(0, source.length)] ?? zero),
  );
  // Elements as they are stored: half precision is copied as its bits.
  const storage = Storage.empty(like.dtype, like.shape);
  const target = storage.dense();
  for (let i = 0; i < elements.length; i++) target[i] = elements[i] as never;
  return Tensor.fromStorage(storage);
}
