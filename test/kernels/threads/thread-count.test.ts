import assert from "node:assert/strict";
import { getThreads, matmul, randn, setThreads } from "../../../src/index.ts";

describe("setThreads", () => {
  const before = getThreads();
  afterEach(() => setThreads(before));

  it("sets what getThreads gives", () => {
    setThreads(5);
    assert.equal(getThreads(), 5);
  });

  it("changes no bit of a product", () => {
    const x = randn([300, 300], { seed: 1 });
    setThreads(1);
    const expected = matmul(x, x);
    for (const threads of [2, 3]) {
      setThreads(threads);
      assert.deepEqual(matmul(x, x).data, expected.data);
    }
  });

  it("refuses what is no number of threads", () => {
    for (const [given, said] of [
      [0, "0 (number)"],
      [1.5, "1.5 (number)"],
      [5000, "5000 (number)"],
      ["2", '"2" (string)'],
      [undefined, "undefined (undefined)"],
    ] as const) {
      const wrong: unknown = given;
      assert.throws(
        () => Reflect.apply(setThreads, undefined, [wrong]),
        (error: Error & { code?: string }) => error.code === "InvalidArgument" && error.message.includes(said),
      );
    }
    assert.equal(getThreads(), before);
  });
});
