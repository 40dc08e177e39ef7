// Type-checks the public surface as a stranger's program would.
import { type CompiledModule, nn, randn, type Tensor, topk, trace } from "ingot";

class Net extends nn.Module {
  fc = new nn.Linear(8, 4);
  forward(x: Tensor): Tensor {
    return this.fc.forward(x);
  }
}

const traced: CompiledModule<Tensor> = await trace(new Net().eval(), randn([1, 8], { seed: 1 }));
const best: Tensor = topk(await traced.run(randn([1, 8], { seed: 2 })), 2).indices;
export const text: string = String(best);
