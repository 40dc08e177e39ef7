import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { convF32 } from "../../../src/kernels/conv.ts";
import { convByGemm, planConv } from "../../../src/kernels/conv-gemm.ts";
import { type ConvGeometry, convGeometry, volume } from "../../../src/kernels/conv-geometry.ts";
import { normalizeChannelsF32 } from "../../../src/kernels/elementwise.ts";
import { functionF32 } from "../../../src/kernels/functions.ts";
import { sharedWasmPages, wasmPages } from "../../../src/kernels/generated/wasm.ts";
import { type MatmulOperands, matmulF32 } from "../../../src/kernels/matmul.ts";
import { matmulBatchF32 } from "../../../src/kernels/matmul-batch.ts";
import { overRows } from "../../../src/kernels/shared-rows.ts";
import { softmaxF32 } from "../../../src/kernels/softmax.ts";
import { alone, type Crew, crewFor } from "../../../src/kernels/threads/crew.ts";
import { areaBytes } from "../../../src/kernels/threads/panel-product.ts";
import { getThreads, setThreads } from "../../../src/kernels/threads/thread-count.ts";
import { ThreadCrew } from "../../../src/kernels/threads/thread-crew.ts";
import { startProgram } from "../../../src/kernels/worker-program.ts";
import { convCase, convOperands, randomF32 } from "../shapes.ts";

const crews: ThreadCrew[] = [];
const crewOf = (threads: number, patience?: number): ThreadCrew => {
  const crew = new ThreadCrew(threads, patience);
  crews.push(crew);
  return crew;
};

describe("a crew of threads", () => {
  let two: ThreadCrew;
  let three: ThreadCrew;
  const before0 = getThreads();
  before(() => {
    two = crewOf(2);
    three = crewOf(3);
  });
  after(() => {
    for (const crew of crews) crew.close();
    setThreads(before0);
  });

  const bits = (x: Float32Array) => new Uint32Array(x.buffer, x.byteOffset, x.length);

  it("multiplies any matrices to the same bits as one thread: views, transposed, broadcast, onto a bias or a sum", () => {
    const size = (max: number) => fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max }));
    const order = fc.constantFrom("rows", "columns", "reversed", "broadcast");
    fc.assert(
      fc.property(
        ...([
          size(300),
          size(400),
          size(700),
          order,
          order,
          fc.constantFrom("zero", "bias", "columns", "sum"),
          fc.nat(3),
          fc.nat(1e6),
        ] as const),
        (m, n, k, aOrder, bOrder, start, offset, seed) => {
          const strides = (how: typeof aOrder, rows: number, cols: number) =>
            ({ rows: [0, cols, 1], columns: [0, 1, rows], reversed: [rows * cols - 1, -cols, -1], broadcast: [0, 0, 1] })[how] as [
              number,
              number,
              number,
            ];
          const [aFirst, aRowStride, aColStride] = strides(aOrder, m, k);
          const [bFirst, bRowStride, bColStride] = strides(bOrder, k, n);
          const multiply = (crew: Crew) => {
            const c = randomF32(offset + m * (n + 3), seed);
            const operands: MatmulOperands = {
              ...{ m, n, k, c, cOffset: offset, cRowStride: n + offset, accumulate: start === "sum" },
              ...{ a: randomF32(m * k + offset, seed + 1), aOffset: aFirst + offset, aRowStride, aColStride },
              ...{ b: randomF32(k * n + offset, seed + 2), bOffset: bFirst + offset, bRowStride, bColStride },
              rowBias: start === "bias" ? randomF32(m, seed + 3) : null,
              columnBias: start === "columns" ? randomF32(n, seed + 3) : null,
            };
            matmulF32(operands, crew);
            return bits(c);
          };
          const expected = multiply(alone);
          assert.deepEqual(multiply(two), expected);
          assert.deepEqual(multiply(three), expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("multiplies batches of matrices to the same bits as one thread: heads beside each other, transposed, from anywhere", () => {
    const size = fc.integer({ min: 1, max: 70 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        fc.nat(3),
        fc.nat(1e6),
        (m, n, k, count, transposed, offset, seed) => {
          const [a, b] = [randomF32(count * m * k + offset, seed), randomF32(count * k * n + offset, seed + 1)];
          // a: [m, count, k], as heads lie in a projection; b: [count, k, n] or [count, n, k].
          const layout = {
            ...{ m, n, k, a, aRowStride: count * k, aColStride: 1, b },
            ...(transposed ? { bRowStride: 1, bColStride: k } : { bRowStride: n, bColStride: 1 }),
          };
          const starts = Array.from({ length: count }, (_, i) => ({
            aOffset: offset + i * k,
            bOffset: offset + i * k * n,
            cOffset: offset + (count - 1 - i) * m * n,
          }));
          const multiply = (crew: Crew) => {
            const c = new Float32Array(offset + count * m * n).fill(7);
            matmulBatchF32({ ...layout, c }, starts, crew);
            return bits(c);
          };
          const expected = multiply(alone);
          assert.deepEqual(multiply(two), expected);
          assert.deepEqual(multiply(three), expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("multiplies more matrices than the memory holds at once, and attention's by itself", () => {
    const [m, n, k, count] = [130, 257, 70, 150];
    const [a, b] = [randomF32(count * m * k, 1), randomF32(count * k * n, 2)];
    const starts = Array.from({ length: count }, (_, i) => ({ aOffset: i * m * k, bOffset: i * k * n, cOffset: i * m * n }));
    const multiply = (crew?: Crew) => {
      const c = new Float32Array(count * m * n);
      matmulBatchF32({ m, n, k, a, b, c }, starts, crew);
      return bits(c);
    };
    const expected = multiply(alone);
    setThreads(2);
    for (const crew of [three, undefined]) assert.deepEqual(multiply(crew), expected);
  });

  const bytes = (x: Float32Array) => Buffer.from(x.buffer, x.byteOffset, x.byteLength);

  it("computes functions of one number and softmax to the same bits as one thread, in place too, whatever the sizes", () => {
    const x = randomF32(300_003, 5).map((v) => 6 * v);
    const functions = ["exp", "sigmoid", "swish", "tanh", "geluByTanh", "erf", "gelu"] as const;
    const cases = [
      ...functions.flatMap((name) => [
        { kernel: name, row: 1, from: 0, count: 65_536 },
        { kernel: name, row: 1, from: 3, count: 99_999 },
      ]),
      { kernel: "softmax", row: 77, from: 1, count: 3_001 },
      { kernel: "softmax", row: 70_001, from: 2, count: 4 },
    ] as const;
    const results = (isInPlace: boolean) =>
      cases.map(({ kernel, row, from, count }) => {
        const part = x.subarray(from, from + row * count);
        const y = isInPlace ? part.slice() : new Float32Array(part.length);
        if (kernel === "softmax") softmaxF32(isInPlace ? y : part, { outer: count, n: row, inner: 1 }, y);
        else functionF32(kernel, isInPlace ? y : part, y);
        return y;
      });
    setThreads(1);
    const expected = results(false);
    for (const threads of [2, 3]) {
      setThreads(threads);
      for (const isInPlace of [false, true])
        results(isInPlace).forEach((y, i) => assert.ok(bytes(y).equals(bytes(expected[i] as Float32Array)), JSON.stringify(cases[i])));
    }
  });

  it("normalises channels to the same bits as one thread, in place too, and more than the memory holds at once", () => {
    for (const split of [
      { outer: 2, channels: 301, inner: 237 },
      { outer: 1, channels: 70_000, inner: 50 },
      { outer: 1, channels: 3, inner: 1_200_000 },
    ]) {
      const x = randomF32(split.outer * split.channels * split.inner, 7);
      const table = (seed: number) => Float64Array.from(randomF32(split.channels, seed));
      const statistics = { mean: table(8), factor: table(9), shift: randomF32(split.channels, 10) };
      const on = (threads: number, isInPlace: boolean) => {
        setThreads(threads);
        const y = isInPlace ? x.slice() : new Float32Array(x.length);
        normalizeChannelsF32(isInPlace ? y : x, statistics, split, y);
        return bytes(y);
      };
      const expected = on(1, false);
      for (const threads of [2, 3]) for (const isInPlace of [false, true]) assert.ok(on(threads, isInPlace).equals(expected));
    }
  });

  it("computes rows that the memory does not hold at once, and leaves what follows the last row alone", () => {
    const x = randomF32(5_000_000, 6);
    const on = (threads: number) => {
      const y = new Float32Array(x.length + 5).fill(9);
      setThreads(threads);
      softmaxF32(x, { outer: 50_000, n: 100, inner: 1 }, y);
      return bytes(y);
    };
    assert.ok(on(3).equals(on(1)));
  });

  const convolve = (g: ConvGeometry, o: ReturnType<typeof convOperands>, crew: Crew) => {
    const y = new Float32Array(g.batch * g.groups * g.outChannels * volume(g.output));
    const plan = planConv(g);
    assert.ok(plan);
    assert.ok(convByGemm(crew, g, plan, { x: o.x, w: o.w, bias: o.bias, y }));
    return bits(y);
  };

  it("convolves in 1 to 3 dimensions, with groups, strides, dilations and pads, to the same bits as one thread", () => {
    fc.assert(
      fc.property(convCase, (c) => {
        const o = convOperands(c, [c.groups * c.outChannels, c.inChannels, ...c.kernel]);
        const g = convGeometry(o);
        if (volume(g.output) === 0) return;
        const expected = convolve(g, o, alone);
        assert.deepEqual(convolve(g, o, two), expected);
        assert.deepEqual(convolve(g, o, three), expected);
      }),
      { numRuns: 150 },
    );
  });

  const case2d = {
    batch: 1,
    groups: 1,
    strides: [1, 1],
    dilations: [1, 1],
    pads: [1, 1, 1, 1],
    outputPadding: [0, 0],
    bias: true,
    seed: 7,
  };
  for (const [what, sizes] of [
    ["many tiles", { inChannels: 33, outChannels: 130, spatial: [41, 43], kernel: [3, 3] }],
    ["strips of output rows", { inChannels: 4, outChannels: 6, spatial: [901, 701], kernel: [3, 3] }],
    ["blocks of output channels", { inChannels: 2, outChannels: 100, spatial: [199, 201], kernel: [2, 2] }],
    ["blocks of input channels", { inChannels: 50, outChannels: 2, spatial: [2, 20_001], kernel: [3, 1] }],
  ] as const)
    it(`convolves in ${what} to the same bits as one thread`, () => {
      const c = { ...case2d, ...sizes };
      const o = convOperands(c, [c.outChannels, c.inChannels, ...c.kernel]);
      const g = convGeometry(o);
      assert.deepEqual(convolve(g, o, three), convolve(g, o, alone));
    });

  const square = (size: number, accumulate = false) => {
    const [a, b] = [randomF32(size * size, 1), randomF32(size * size, 2)];
    return (crew: Crew) => {
      const c = randomF32(size * size, 3);
      matmulF32({ m: size, n: size, k: size, a, b, c, accumulate }, crew);
      return bits(c);
    };
  };

  it("finishes without a thread that has ended, says so once, and goes on with one thread", async () => {
    setThreads(3);
    const crew = crewOf(3);
    const warned = once(process, "warning");
    const multiply = square(300);
    const expected = multiply(alone);
    const ended = Promise.all(crew.workers.map((worker) => worker.terminate()));
    assert.deepEqual(multiply(crew), expected);
    await ended;
    const [warning] = await warned;
    assert.equal(warning.code, "ThreadsUnavailable");
    assert.ok(crew.isLost);
    assert.equal(getThreads(), 1);
    assert.equal(crewFor(1000, 1000, 1000), alone);
    assert.deepEqual(multiply(crew), expected);
  });

  const filters = { ...case2d, inChannels: 64, outChannels: 256, spatial: [57, 57], kernel: [3, 3] };
  const convolution = convOperands(filters, [256, 64, 3, 3]);
  const convolved = (crew: Crew) => bits(convF32(convolution, crew));
  const heads = Array.from({ length: 40 }, (_, i) => ({ aOffset: i * 6400, bOffset: i * 6400, cOffset: i * 10_000 }));
  const [queries, keys] = [randomF32(40 * 6400, 1), randomF32(40 * 6400, 2)];
  const scores = (crew: Crew) => {
    const c = new Float32Array(40 * 10_000);
    matmulBatchF32({ m: 100, n: 100, k: 64, a: queries, b: keys, bRowStride: 1, bColStride: 64, c }, heads, crew);
    return bits(c);
  };
  /** In place: what is computed again must be what was not carried out. */
  const exponentials = (crew: Crew) => {
    const y = randomF32(400_000, 4);
    const single = (from: Float32Array, to: Float32Array) => functionF32("exp", from, to);
    setThreads(1);
    if (crew instanceof ThreadCrew) overRows({ kernel: "smooth", argument: 0, row: 1, x: y, y }, single, crew);
    else single(y, y);
    return bits(y);
  };
  for (const [what, compute] of [
    ["product", square(640)],
    ["sum", square(640, true)],
    ["convolution", convolved],
    ["batch of products", scores],
    ["function in place", exponentials],
  ] as const)
    it(`does the part of a ${what} again that a thread held when it died`, async () => {
      const crew = crewOf(2, 1000);
      const thief = startProgram(new URL("./tile-thief.js", import.meta.url), crew.board.buffer);
      await once(thief, "message");
      const expected = compute(alone);
      const warned = once(process, "warning");
      while (!crew.isLost) {
        assert.deepEqual(compute(crew), expected);
        await sleep(0);
      }
      const [warning] = await warned;
      assert.match(warning.message, /stopped in the middle/);
      assert.deepEqual(compute(crew), expected);
      await thief.terminate();
    });

  it("has memory for the most threads that it is asked for", () => {
    const scratch = crewOf(2).scratch;
    assert.ok(scratch.f32.byteLength >= 32 * 1024 * 1024 + 2 * areaBytes);
    assert.ok(wasmPages + Math.ceil((256 * areaBytes) / 65536) <= sharedWasmPages);
  });

  it("starts again when threads are asked for again", () => {
    setThreads(2);
    const crew = crewFor(1000, 1000, 1000);
    assert.equal(crew.threads, 2);
    assert.equal(crewFor(1000, 1000, 1000), crew);
    assert.equal(crewFor(10, 10, 10), alone);
    setThreads(1);
    assert.equal(crewFor(1000, 1000, 1000), alone);
    setThreads(2);
    assert.equal(crewFor(1000, 1000, 1000), crew);
  });
});
