import assert from "node:assert/strict";
import fc from "fast-check";
import { cutProduct } from "../../../src/kernels/threads/cut-product.ts";
import { productJob } from "../../../src/kernels/threads/product-job.ts";
import { Progress } from "../../../src/kernels/threads/progress.ts";
import { TileBoard } from "../../../src/kernels/threads/tile-board.ts";

/** `count` products of these sizes; where their operands lie is nothing to their progress. */
const sized = (m: number, n: number, k: number, count: number) => ({
  ...{ m, n, k, batch: { count, a: 0, b: 0, c: 0 }, a: { at: 0, row: 4 * k, col: 4 }, c: 0, cRow: 4 * n, accumulate: false },
  b: { pack: "rows", at: 0, stride: 4 * n } as const,
});

const countUp = (counts: Uint8Array, from: number, count: number) => {
  for (let at = from; at < from + count; at++) counts[at] = (counts[at] as number) + 1;
};

describe("the progress of a shared product", () => {
  it("brings rows and columns of each product in once, before tiles that read them are given out, and carries each element out once", () => {
    const size = (max: number) => fc.integer({ min: 1, max });
    const sizes = [size(600), size(2000), fc.constantFrom(1, 64, 2304, 30_000), size(5), size(3)] as const;
    fc.assert(
      fc.property(...sizes, (m, n, k, threads, count) => {
        const [rows, columns] = [new Uint8Array(count * m), new Uint8Array(count * n)];
        const out = new Uint8Array(count * m * n);
        const board = new TileBoard(1);
        const carrier = {
          rows: (i: number, height: number, item: number) => countUp(rows, item * m + i, height),
          columns: (j: number, width: number, item: number) => countUp(columns, item * n + j, width),
          out(i: number, height: number, j: number, width: number, item: number) {
            assert.ok(i + height <= m && j + width <= n);
            assert.ok(rows.subarray(item * m + i, item * m + i + height).every((times) => times === 1));
            assert.ok(columns.subarray(item * n + j, item * n + j + width).every((times) => times === 1));
            for (let r = i; r < i + height; r++) countUp(out, (item * m + r) * n + j, width);
          },
        };
        const progress = new Progress(productJob(sized(m, n, k, count), cutProduct(m, n, k, threads), 0, carrier));
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
