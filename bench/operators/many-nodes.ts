// A model of a million nodes: what reading and verifying it takes, for each node. A step that is not in proportion shows here.
import { verifyGraph } from "../../src/ir/verify.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { graphFromBytes } from "../../src/onnx/read-file.ts";
import { registry } from "../../src/ops/registry.ts";
import { model, node, value } from "../../test/support/onnx-models.ts";
import { type Measured, time } from "../figure.ts";

const few = 50_000;
const many = 1_000_000;

export async function* manyNodes(progress: (what: string) => void): AsyncIterable<Measured> {
  const perNode: number[] = [];
  // The first size twice: the first round compiles.
  for (const count of [few, few, many]) {
    const bytes = chain(count);
    const ms = await time(() => verifyGraph(graphFromBytes(bytes, registry)));
    progress(`${count} nodes in ${(ms / 1000).toFixed(1)} s`);
    perNode.push(ms / count);
  }
  const [, small = 0, large = 0] = perNode;
  yield {
    name: "reading and verifying a million nodes: time for one, against that in a model of 50 000",
    value: large / small,
    unit: "×",
    bar: "≤ 3",
    spread: `${(1000 * large).toFixed(0)} µs and ${(1000 * small).toFixed(0)} µs a node`,
  };
}

function chain(count: number): Uint8Array {
  const nodes = Array.from({ length: count }, (_, i) => node("Neg", [`v${i}`], [`v${i + 1}`]));
  return encodeToBytes("ModelProto", model({ inputs: [value("v0", [2])], outputs: [value(`v${count}`, [2])], nodes }));
}
