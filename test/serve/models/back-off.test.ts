import assert from "node:assert/strict";
import { BackOff } from "../../../src/serve/models/back-off.ts";

describe("the wait before a worker is started again", () => {
  it("follows Fibonacci's numbers, and begins anew once a worker has answered", () => {
    const wait = new BackOff();
    const waits = (count: number) => Array.from({ length: count }, () => wait.next());
    assert.deepEqual(waits(13), [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144]);
    wait.reset();
    assert.deepEqual(waits(4), [0, 1, 1, 2]);
  });
});
