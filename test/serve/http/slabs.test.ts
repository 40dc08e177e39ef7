import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import fc from "fast-check";
import { Slabs, slabBytes } from "../../../src/serve/http/slabs.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("slabs of large bodies", () => {
  it("give back what was added, whatever the pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1.5 * slabBytes }), { maxLength: 4 }), (sizes) => {
        const slabs = new Slabs();
        const pieces = sizes.map((size, i) => Buffer.alloc(size, i + 1));
        for (const piece of pieces) slabs.add(piece);
        assert.ok(Buffer.concat(slabs.parts).equals(Buffer.concat(pieces)));
        slabs.release();
      }),
      { numRuns: 30 },
    );
  });

  it("are used again only after they were released", () => {
    const [first, second] = [new Slabs(), new Slabs()];
    first.add(Buffer.alloc(10, 1));
    second.add(Buffer.alloc(10, 2));
    assert.deepEqual([first.parts[0]?.[0], second.parts[0]?.[0]], [1, 2]);
    const memory = first.parts[0]?.buffer;
    first.release();
    const third = new Slabs();
    third.add(Buffer.alloc(10, 3));
    assert.equal(third.parts[0]?.buffer, memory);
    assert.equal(second.parts[0]?.[0], 2);
  });
});

describe("a server with many large requests at once", () => {
  const folder = temporaryFolder();

  it("mixes none of them up", async () => {
    const store = folder("store");
    mkdirSync(store);
    storeModel(store, "doubler");
    const server = await serveStore(store, { load_models: "all", max_response_size: "20000000" });
    const rows = 60_000;
    const ask = async (n: number): Promise<boolean> => {
      const body = JSON.stringify(Array.from({ length: rows }, () => [n, n, n]));
      const response = await fetch(`${server.addresses.inference}/predictions/doubler`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      const answer = (await response.json()) as number[][];
      return answer.length === rows && answer.every((row) => row.length === 3 && row.every((v) => v === 2 * n));
    };
    try {
      const right = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(i + 1)));
      assert.deepEqual(right, Array(12).fill(true));
    } finally {
      await server.close();
    }
  });
});
