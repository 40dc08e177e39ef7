// LinearAttention as a Scan over the sequence, in float32, as the standard's function body has it.

import { Graph, type Value } from "../ir/graph.ts";
import { tensorType } from "../ir/type.ts";
import { shapeWords } from "./compose-shapes.ts";
import { building } from "./composition.ts";
import { unknownShape } from "./infer.ts";

interface Attributes {
  readonly kv_num_heads: number;
  readonly q_num_heads: number;
  readonly scale: number;
}

/** The nodes of one step: the next state, and `[batch, query heads, value size]`. */
function step(body: Graph, state: Value, slices: readonly Value[], group: number): { readonly next: Value; readonly read: Value } {
  const c = building(body);
  const { unsqueeze, squeeze, transpose, reshape, sizes } = shapeWords(c);
  const op = (name: string, ...inputs: readonly Value[]) => body.add(name, inputs).output;
  const [q, k, v, ...gates] = slices as [Value, Value, Value, ...Value[]];
  const [decay, beta] = gates as [Value | undefined, Value | undefined];
  const kept = decay ? op("Mul", state, unsqueeze(op("Exp", decay), -1)) : state;
  const column = unsqueeze(k, -1);
  const known = beta && squeeze(op("MatMul", transpose(kept, 0, 1, 3, 2), column), -1);
  const written = beta && known ? op("Mul", beta, op("Sub", v, known)) : v;
  const next = op("Add", kept, op("MatMul", column, unsqueeze(written, -2)));
  // Query heads that share a state stand beside each other: they read it as the rows of one matrix.
  const rows = group === 1 ? unsqueeze(q, -2) : reshape(q, sizes(k, 0, 2), group, sizes(q, 2));
  const read = op("MatMul", rows, next);
  return { next, read: group === 1 ? squeeze(read, -2) : reshape(read, sizes(q, 0, 2), sizes(v, 2)) };
}

/** See `linearAttention`. */
export function decomposeLinearAttention(
  g: Graph,
  inputs: readonly (Value | undefined)[],
  { kv_num_heads: heads, q_num_heads, scale }: Attributes,
): Value[] {
  const c = building(g);
  const { reshape, transpose, cast, sizes, join } = shapeWords(c);
  const [query, key, value, past, decay, beta] = inputs as [Value, Value, Value, ...(Value | undefined)[]];
  // [batch, length, heads · size] → [length, batch, heads, size]
  const steps = (x: Value, n: number) => transpose(reshape(cast(x, "float32"), 0, 0, n, -1), 1, 0, 2, 3);
  const scanned = [steps(query, q_num_heads), steps(key, heads), steps(value, heads)];
  if (decay) scanned.push(steps(decay, heads));
  // A rule without decay gives its steps a decay of zero, so that the body has one form for each set of gates.
  if (beta) {
    if (!decay) scanned.push(g.add("Mul", [scanned[1] as Value, c.scalar(scanned[1] as Value, 0)]).output);
    scanned.push(g.add("Unsqueeze", [transpose(cast(beta, "float32"), 1, 0, 2), c.ints([-1])]).output);
  }
  const shape = join(0, [sizes(query, 0, 1), c.ints([heads]), sizes(scanned[1] as Value, 3), sizes(scanned[2] as Value, 3)]);
  const initial = past ? cast(past, "float32") : g.add("ConstantOfShape", [shape]).output;

  const body = new Graph(g.schemas, "step", g);
  const inner = [initial, ...scanned].map((x, i) => {
    const dims = x.tensorType.shape ?? unknownShape(4);
    return body.addInput(`in${i}`, tensorType("float32", i === 0 ? dims : dims.slice(1)));
  });
  const { next, read } = step(body, inner[0] as Value, inner.slice(1), q_num_heads / heads);
  body.setOutputs([next, read], ["next", "read"]);
  const scan = g.add("Scan", [initial, ...scanned], { body, num_scan_inputs: scanned.length }, { outputCount: 2 });
  const [last, outputs] = scan.outputs as [Value, Value];
  const keySize = sizes(scanned[1] as Value, 3);
  const factor =
    scale !== 0
      ? c.scalar(outputs, scale)
      : g.add("Reciprocal", [g.add("Sqrt", [g.add("Cast", [keySize], { to: 1 }).output]).output]).output;
  const scaled = g.add("Mul", [outputs, factor]).output;
  const y = reshape(transpose(scaled, 1, 0, 2, 3), sizes(query, 0, 2), -1);
  return [cast(y, query.tensorType.dtype), cast(last, (past ?? query).tensorType.dtype)];
}
