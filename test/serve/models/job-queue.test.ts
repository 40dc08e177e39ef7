import assert from "node:assert/strict";
import { type Job, JobQueue } from "../../../src/serve/models/job-queue.ts";

const job = (name: number, isCancelled = false): Job => ({
  named: false,
  shipment: { head: { protocol: "torchserve", headers: {}, requestId: String(name) }, body: [], bytes: 0 } as unknown as Job["shipment"],
  queuedAt: 0,
  deadline: Number.POSITIVE_INFINITY,
  isCancelled: () => isCancelled,
  answer: () => {},
  losses: 0,
});
const nameOf = (j: Job | undefined) => j?.shipment.head.requestId;

describe("the queue of a model", () => {
  it("gives out first what came first, over many thousands", () => {
    const queue = new JobQueue();
    for (let i = 0; i < 5000; i++) queue.push(job(i));
    assert.equal(nameOf(queue.first), "0");
    for (let i = 0; i < 5000; i++) assert.equal(nameOf(queue.shift()), String(i));
    assert.deepEqual([queue.shift(), queue.length], [undefined, 0]);
  });

  it("takes back in front what a dead worker had not begun", () => {
    const queue = new JobQueue();
    for (const i of [1, 2, 3]) queue.push(job(i));
    const taken = [queue.shift() as Job, queue.shift() as Job];
    queue.unshift(taken);
    assert.deepEqual(
      [1, 2, 3].map(() => nameOf(queue.shift())),
      ["1", "2", "3"],
    );
  });

  it("forgets what nobody waits for", () => {
    const queue = new JobQueue();
    for (const i of [1, 2, 3, 4]) queue.push(job(i, i % 2 === 0));
    queue.dropCancelled();
    assert.equal(queue.length, 2);
    assert.deepEqual(queue.drain().map(nameOf), ["1", "3"]);
    assert.equal(queue.length, 0);
  });
});
