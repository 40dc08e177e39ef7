// Inputs that nobody described: the parameters that they meet tell their types.
import assert from "node:assert/strict";
import { nn, randn, script, type Tensor } from "../../src/index.ts";

class Classifier extends nn.Module {
  readonly conv = new nn.Conv2d(3, 4, 3);
  readonly fc = new nn.Linear(4, 5);

  forward(image: Tensor) {
    const features = this.conv.forward(image.mul(2)).relu().mean([2, 3]);
    return features.sum().item() > 1 ? this.fc.forward(features) : this.fc.forward(features.neg());
  }
}

class Joined extends nn.Module {
  readonly embedding = new nn.Embedding(10, 6);
  readonly fc = new nn.Linear(6, 4);

  forward(ids: Tensor, extra: Tensor) {
    return this.fc.forward(this.embedding.forward(ids).mean(1)).add(this.fc.forward(extra));
  }
}

class Opaque extends nn.Module {
  forward(x: Tensor) {
    return x.relu();
  }
}

const typesOf = ({
  graph,
}: {
  readonly graph: { readonly inputs: readonly { readonly name: string | undefined; readonly type: object }[] };
}) =>
  graph.inputs.map(
    ({ name, type }) => `${name}: ${Reflect.get(type, "dtype")}[${(Reflect.get(type, "shape") as readonly unknown[]).join(", ")}]`,
  );

describe("script() without a description of the inputs", () => {
  it("takes rank and channels from the first convolution, and names the sizes that it leaves open", async () => {
    const model = new Classifier().eval();
    const scripted = await script(model, { engine: "interpreter" });
    assert.deepEqual(typesOf(scripted), ["image: float32[batch, 3, height, width]"]);
    const x = randn([1, 3, 20, 17], { seed: 1 });
    assert.deepEqual((await scripted.run(x)).toArray(), model.forward(x).toArray());
  });

  it("finds the type of each argument, indices among them", async () => {
    const scripted = await script(new Joined().eval(), { engine: "interpreter" });
    assert.deepEqual(typesOf(scripted), ["ids: int64[batch, seq]", "extra: float32[batch, 6]"]);
  });

  it("lists the arguments that no parameter tells about", async () => {
    await assert.rejects(script(new Opaque()), { code: "InputSpecNeeded", message: /x/ });
  });
});
