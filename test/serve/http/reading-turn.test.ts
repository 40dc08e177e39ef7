import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { readInTurn } from "../../../src/serve/http/reading-turn.ts";

const megabyte = 1024 * 1024;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("readInTurn", () => {
  it("lets bodies be read up to 1 MiB together, and the rest in the next turn", async () => {
    const [first, second] = [new PassThrough(), new PassThrough()];
    for (const body of [first, second]) body.on("data", () => {});
    readInTurn(first, megabyte / 2);
    assert.ok(!first.isPaused());
    readInTurn(second, megabyte / 2);
    assert.ok(second.isPaused());
    readInTurn(first, 1);
    assert.ok(first.isPaused());
    await nextTurn();
    assert.ok(!first.isPaused() && !second.isPaused());
    readInTurn(first, 1);
    assert.ok(!first.isPaused());
  });

  it("does not read on where the body was given up", async () => {
    const body = new PassThrough();
    body.on("data", () => {});
    readInTurn(body, megabyte);
    body.removeAllListeners("data");
    await nextTurn();
    assert.ok(body.isPaused());
  });
});
