// Rounded numbers are whole numbers of the graph, which has neither NaN nor infinity among them.
import { script, type Tensor } from "../../src/index.ts";
import { assertError, errorOf } from "../support/trace-errors.ts";
import { judgePrograms } from "./judged-programs.ts";

describe("a rounded number", () => {
  judgePrograms({
    "is exact where the number is finite": {
      body: "const s = x.sum().item(); return [x.add(Math.floor(s)).add(Math.round(s / 4)).add(Math.ceil(k.item() / 3)).add(Math.trunc(-s))];",
    },
  });

  it("is no whole number of another value where the number is NaN or infinite: the graph fails, and script() sees that", async () => {
    const root = (x: Tensor) => x.add(Math.trunc(Math.sqrt(x.sum().item())) === 0 ? 1 : 0);
    const error = await errorOf(() => script(root, { inputs: { x: "float32[3]" } }));
    assertError(error, "TraceNotFaithful", /Math\.trunc of NaN/);
  });
});
