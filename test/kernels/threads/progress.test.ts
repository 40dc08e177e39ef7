import assert from "node:assert/strict";
import fc from "fast-check";
import { cutProduct } from "../../../src/kernels/threads/panel-product.ts";
import { Progress } from "../../../src/kernels/threads/progress.ts";
import { TileBoard } from "../../../src/kernels/threads/tile-board.ts";

/** A product of these sizes; where its operands lie is nothing to its progress. */
const sized = (m: number, n: number, k: number) => ({
  ...{ m, n, k, a: { at: 0, row: 4 * k, col: 4 }, c: 0, cRow: 4 * n, accumulate: false },
  b: { pack: "rows", at: 0, stride: 4 * n } as const,
});

const countUp = (counts: Uint8Array, from: number, count: number) => {
  for (let at = from; at < from + count; at++) counts[at] = (counts[at] as number) + 1;
};

describe("the progress of a shared product", () => {
  it("brings rows and columns in once, before tiles that read them are given out, and carries each element of the result out once", () => {
    const size = (max: number) => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(size(600), size(2000), fc.constantFrom(1, 64, 2304, 30_000), fc.integer({ min: 1, max: 5 }), (m, n, k, threads) => {
        const [rows, columns] = [new Uint8Array(m), new Uint8Array(n)];
        const out = new Uint8Array(m * n);
        const board = new TileBoard(1);
        const progress = new Progress(sized(m, n, k), cutProduct(m, n, k, threads), {
          rows: (i, count) => countUp(rows, i, count),
          columns: (j, count) => countUp(columns, j, count),
          out(i, height, j, width) {
            assert.ok(i + height <= m && j + width <= n);
            assert.ok(rows.subarray(i, i + height).every((times) => times === 1));
            assert.ok(columns.subarray(j, j + width).every((times) => times === 1));
            for (let r = i; r < i + height; r++) countUp(out, r * n + j, width);
          },
        });
        while (!progress.isComplete) {
          while (progress.give(board));
          while (board.take() >= 0) board.finish(true);
          assert.ok(board.collect((tile) => progress.take(tile)));
        }
        assert.ok(out.every((times) => times === 1));
        assert.equal(progress.give(board), false);
      }),
      { numRuns: 40 },
    );
  });
});

describe("the board of tiles", () => {
  it("gives out the first tile, or one that is wanted, and each only once", () => {
    const board = new TileBoard(2);
    const other = new TileBoard(board.buffer);
    for (const tile of [7, 3, 5]) assert.ok(board.open(tile));
    assert.equal(other.take(), 3);
    assert.equal(
      board.take((tile) => tile === 7),
      7,
    );
    assert.equal(
      board.take((tile) => tile === 3),
      5,
    );
    assert.equal(board.take(), -1);
  });

  it("tells of tiles that are finished, and has their places for others again", () => {
    const board = new TileBoard(1);
    let tiles = 0;
    while (board.open(tiles)) tiles++;
    const before = board.finished;
    assert.equal(board.take(), 0);
    board.finish(true);
    assert.equal(board.finished, before + 1);
    assert.ok(board.wait(before, 1000));
    const told: number[] = [];
    assert.ok(board.collect((tile) => told.push(tile)));
    assert.deepEqual(told, [0]);
    assert.ok(board.open(tiles));
    assert.equal(board.open(tiles + 1), false);
  });

  it("says so when a tile could not be computed, and when nobody finishes any", () => {
    const board = new TileBoard(1);
    board.open(0);
    board.take();
    assert.equal(board.wait(board.finished, 1), false);
    board.finish(false);
    assert.equal(
      board.collect(() => {}),
      false,
    );
  });
});
