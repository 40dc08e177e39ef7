import assert from "node:assert/strict";
import { smallModel, Workplace } from "./command-line.ts";

const halve = `export default class Halve {
  static inputs = { x: "float32[n=3, 4]" };
  forward(x) {
    let turns = 0;
    while (x.abs().max().item() > 1) {
      x = x.mul(0.5);
      turns++;
    }
    return x.add(turns);
  }
}
`;

describe("ingot script", () => {
  let place: Workplace;
  before(() => {
    place = new Workplace();
    place.write("halve.ts", halve);
    place.write("model.ts", smallModel);
  });
  after(() => place.remove());

  it("compiles a model whose loop depends on data, which trace refuses", async () => {
    const { status, out, err } = await place.ingot("script", "./halve.ts", "-o", "./halve.onnx", "--quiet");
    assert.equal(status, 0, err);
    assert.match(out, /^Halve: compiled and checked\n/);
    assert.match(out, /note: paths: 3 of 3 ways through loops taken/);
    assert.match((await place.ingot("verify", "./halve.onnx", "--quiet")).out, /agree|ok/i);
    const traced = await place.ingot("trace", "./halve.ts", "-o", "./traced.onnx", "--quiet");
    assert.equal(traced.status, 1);
    assert.match(traced.err, /use script\(\)/);
  });

  it("names the line and what to write instead where it cannot", async () => {
    place.write(
      "refused.ts",
      `export default Object.assign((x) => {\n  if (x) return x.relu();\n  return x;\n}, { inputs: "float32[3]" });\n`,
    );
    const { status, err } = await place.ingot("script", "./refused.ts", "--quiet");
    assert.equal(status, 1);
    assert.match(err, /TensorTruthiness/);
    assert.match(err, /refused\.ts:2:7/);
  });
});
