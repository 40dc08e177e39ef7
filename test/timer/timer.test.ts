// The Timer on a clock that the test turns, so that every figure can be worked out by hand.
import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import type { TimedFunction } from "../../src/timer/rounds.ts";
import { Timer } from "../../src/timer/timer.ts";

/** A clock in ms, and functions that take a given time on it: one entry per call, the last one for all further calls. */
function bench() {
  let time = 0;
  const calls: string[] = [];
  const taking = (name: string, ...ms: readonly number[]) => {
    let i = 0;
    return () => {
      calls.push(name);
      time += ms[Math.min(i++, ms.length - 1)] as number;
    };
  };
  return { now: () => time, taking, calls };
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6 * Math.max(1, Math.abs(expected)), `${actual}, expected ${expected}`);

const named = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof IngotError && error.code === code && text.test(error.message) ? true : assert.fail(String(error));

describe("Timer", () => {
  it("gives each function its mean and median in ms", async () => {
    const { now, taking } = bench();
    const { a, b } = await new Timer({ a: taking("a", 200), b: taking("b", 300) }, { now }).timeit(6);
    near(a?.mean as number, 200);
    near(b?.median as number, 300);
    assert.equal(a?.times.length, 6);
    near(b?.hz as number, 1 / 0.3);
  });

  it("calls the functions by turns, every other round backwards", async () => {
    const { now, taking, calls } = bench();
    await new Timer({ a: taking("a", 200), b: taking("b", 200) }, { now }).timeit(3);
    assert.equal(calls.join(""), "ab" + "ab" + "ba" + "ab");
  });

  it("awaits promises, and measures until they are settled", async () => {
    let time = 0;
    const slow = async () => {
      await Promise.resolve();
      time += 150;
    };
    const { slow: measured } = await new Timer({ slow }, { now: () => time }).timeit(5);
    near(measured?.mean as number, 150);
  });

  it("takes the margin of error from Student's t: 12.706 · s / √2 for two samples", async () => {
    const { now, taking } = bench();
    const { a } = await new Timer({ a: taking("a", 500, 100, 300) }, { now }).timeit(2);
    near(a?.mean as number, 200);
    near(a?.variance as number, 20_000);
    near(a?.sem as number, 100);
    near(a?.moe as number, 1270.6);
    near(a?.rme as number, 635.3);
  });

  it("reports the warm-up apart from the samples", async () => {
    const { now, taking } = bench();
    const { a } = await new Timer({ a: taking("a", 900, 200) }, { now }).timeit(5);
    assert.deepEqual(a?.warmUp, { first: 900, calls: 1, total: 900 });
    near(a?.mean as number, 200);
  });

  it("measures a fast function in blocks, so that the clock's resolution does not decide", async () => {
    // A clock that ticks in whole ms, and a function of 1 µs.
    let micros = 0;
    const now = () => Math.floor(micros / 1000);
    const { fast } = await new Timer({ fast: () => micros++ }, { now }).blockedAutorange({ minRunTime: 1 });
    assert.ok((fast?.callsPerSample as number) >= 9000, `${fast?.callsPerSample} calls per sample`);
    assert.ok(Math.abs((fast?.mean as number) - 0.001) < 0.0001, `${fast?.mean} ms`);
    assert.ok((fast?.times.length as number) >= 50);
  });

  it("ends although the clock stands still", async () => {
    const { still } = await new Timer({ still: () => 1 }, { now: () => 0 }).timeit(10);
    assert.equal(still?.times.length, 5);
  });

  it("goes on for the time asked for, at least five rounds", async () => {
    const { now, taking } = bench();
    const quick = await new Timer({ a: taking("a", 100) }, { now }).blockedAutorange({ minRunTime: 2 });
    assert.equal(quick.a?.times.length, 20);
    const slow = await new Timer({ a: taking("a", 4000) }, { now }).blockedAutorange({ minRunTime: 1 });
    assert.equal(slow.a?.times.length, 5);
  });

  it("does not let one slow function hold up the others for minutes", async () => {
    const { now, taking } = bench();
    const { quick } = await new Timer({ quick: taking("quick", 100), slow: taking("slow", 5000) }, { now }).blockedAutorange({
      minRunTime: 10,
    });
    assert.equal(quick?.times.length, 5);
  });

  it("tells how far it is", async () => {
    const { now, taking } = bench();
    const parts: number[] = [];
    await new Timer({ a: taking("a", 100) }, { now, onProgress: ({ part }) => parts.push(part) }).timeit(4);
    assert.deepEqual(parts, [0.25, 0.5, 0.75, 1]);
  });

  it("names the function that threw or rejected, and keeps the cause", async () => {
    const broken = () => {
      throw new RangeError("no such layer");
    };
    await assert.rejects(
      new Timer({ fine: () => 1, broken }).timeit(2),
      named("TimedFunctionFailed", /timed function broken .*RangeError: no such layer/),
    );
    const rejects = () => Promise.reject(new Error("engine gone"));
    await assert.rejects(
      new Timer({ rejects }).compare(),
      (error) => error instanceof IngotError && (error.cause as Error).message === "engine gone",
    );
  });

  it("refuses what it cannot time, in words", async () => {
    assert.throws(() => new Timer({}), named("InvalidArgument", /an empty record/));
    assert.throws(() => new Timer({ a: 3 as unknown as TimedFunction }), named("InvalidArgument", /a: number/));
    assert.throws(() => new Timer(null as unknown as Record<string, TimedFunction>), named("InvalidArgument", /got null/));
    const timer = new Timer({ a: () => 1 });
    await assert.rejects(timer.timeit(0), named("InvalidArgument", /`n` to be a whole number from 1, got 0/));
    await assert.rejects(timer.timeit(2.5), named("InvalidArgument", /got 2.5/));
    await assert.rejects(timer.compare({ minRunTime: -1 }), named("InvalidArgument", /`minRunTime` to be seconds above 0, got -1/));
    await assert.rejects(timer.blockedAutorange({ minRunTime: Number.NaN }), named("InvalidArgument", /NaN/));
  });
});

describe("Timer.compare", () => {
  it("gives twice as fast as a gain of 100 %, and half as fast as −50 %", async () => {
    const { now, taking } = bench();
    const result = await new Timer({ base: taking("b", 200), twice: taking("t", 100), half: taking("h", 400) }, { now }).compare();
    near(result.row("twice")?.gain as number, 100);
    near(result.row("half")?.gain as number, -50);
    assert.deepEqual(
      result.rows.map((r) => r.verdict),
      ["baseline", "faster", "slower"],
    );
  });

  it("pairs the rounds: what slows both functions does not widen the interval of the gain", async () => {
    const { now, taking } = bench();
    // The machine is 1 to 5 times as slow; the second function always takes half of the first.
    const result = await new Timer(
      { base: taking("b", 200, 200, 1000, 400, 600, 800), half: taking("h", 100, 100, 500, 200, 300, 400) },
      { now },
    ).compare({
      minRunTime: 0.1,
    });
    const { gain, gainInterval, measurement } = result.row("half") as (typeof result.rows)[number];
    near(gain, 100);
    near(gainInterval[0], 100);
    near(gainInterval[1], 100);
    assert.ok(measurement.rme > 50, "the times themselves are spread widely");
  });

  it("gives the interval of hand-made samples", async () => {
    const { now, taking } = bench();
    // Ratios e^0.1, e^0.3, e^0.1, e^0.3, e^0.2: mean of the logarithms 0.2, s = 0.1, t(4) = 2.776, margin 2.776 · 0.1 / √5 = 0.124147.
    const ratios = [0.1, 0.3, 0.1, 0.3, 0.2].map((log) => 1000 * Math.exp(log));
    const result = await new Timer({ base: taking("b", 1000, ...ratios), b: taking("b", 1000) }, { now }).compare();
    const { gain, gainInterval } = result.rows[1] as (typeof result.rows)[number];
    near(gain, Math.expm1(0.2) * 100);
    near(gainInterval[0], Math.expm1(0.2 - 0.12414649) * 100);
    near(gainInterval[1], Math.expm1(0.2 + 0.12414649) * 100);
  });

  it("does not call a difference significant that the samples do not show", async () => {
    const { now, taking } = bench();
    const result = await new Timer(
      { a: taking("a", 200, 210, 190, 205, 195, 200), b: taking("b", 200, 191, 209, 201, 196, 204) },
      { now },
    ).compare({
      minRunTime: 0.1,
    });
    assert.equal(result.rows[1]?.verdict, "indeterminate");
    assert.match(String(result), /no significant difference/);
  });

  it("prints a table with the gain, its interval and the machine", async () => {
    const { now, taking } = bench();
    const result = await new Timer({ eager: taking("b", 812), compiled: taking("c", 203) }, { now }).compare();
    const lines = String(result).split("\n");
    assert.match(lines[0] as string, /^ +mean +\(95 %\) +median +IQR +first call +gain$/);
    assert.match(lines[1] as string, /^eager +812\.0 ms +± 0\.0 % +812\.0 ms +0 ns +812\.0 ms +baseline$/);
    assert.match(lines[2] as string, /^compiled +203\.0 ms .* \+300\.0 % \(95 %: \+300\.0 to \+300\.0\), faster$/);
    assert.match(lines[4] as string, /^5 paired rounds$/);
    assert.match(
      lines[5] as string,
      new RegExp(
        `^Node ${process.versions.node.replaceAll(".", "\\.")}, ${process.platform} ${process.arch}, \\d+ × .+; peak memory \\d+ MiB$`,
      ),
    );
  });

  it("gives the same as JSON", async () => {
    const { now, taking } = bench();
    const data = JSON.parse(JSON.stringify(await new Timer({ a: taking("a", 200), b: taking("b", 100) }, { now }).compare()));
    assert.deepEqual(Object.keys(data), ["rows", "rounds", "peakMemory", "environment"]);
    const { name, times, callsPerSample, verdict, warmUp } = data.rows[1];
    assert.deepEqual(
      { name, callsPerSample, verdict, rounds: times.length, first: warmUp.first },
      { name: "b", callsPerSample: 1, verdict: "faster", rounds: data.rounds, first: 100 },
    );
    near(data.rows[1].gain, 100);
    for (const key of ["mean", "median", "iqr", "deviation", "variance", "sem", "moe", "rme", "hz"])
      assert.equal(typeof data.rows[0][key], "number", key);
    assert.equal(data.environment.node, process.versions.node);
    assert.ok(data.peakMemory > 2 ** 20);
  });
});
