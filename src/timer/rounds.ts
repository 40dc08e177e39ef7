// Taking samples: all functions in turn, round by round, each sample a block of calls that is long enough for the clock.
import { IngotError, ingotError } from "../errors/error.ts";
import type { Samples } from "./comparison.ts";
import type { WarmUp } from "./measurement.ts";

export type TimedFunction = () => unknown;

/** Gives the time in ms. */
export type Clock = () => number;

/** One function with the size of its blocks. */
export interface Subject {
  readonly name: string;
  readonly call: TimedFunction;
  readonly callsPerSample: number;
  readonly warmUp: WarmUp;
}

/** Time of `calls` calls in ms. Throws `TimedFunctionFailed` with the function's name. */
export async function timeBlock(name: string, call: TimedFunction, calls: number, now: Clock): Promise<number> {
  try {
    const since = now();
    for (let i = 0; i < calls; i++) {
      const result = call();
      if (isThenable(result)) await result;
    }
    return now() - since;
  } catch (cause) {
    const problem =
      cause instanceof IngotError ? cause.summary : cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw ingotError("TimedFunctionFailed", { name, problem }, { cause });
  }
}

/** A first call so long is not repeated to find a block size: it is 1. In ms. */
const longCall = 100;
/** A function that the clock does not notice at all. */
const mostCalls = 2 ** 20;

/** Warms a function up: its first call, then blocks of growing size until two in a row take `blockTime` ms. */
export async function warmUp(name: string, call: TimedFunction, blockTime: number, now: Clock): Promise<Subject> {
  const first = await timeBlock(name, call, 1, now);
  let calls = 1;
  let total = first;
  let block = 1;
  let enough = 0;
  if (first < longCall) {
    for (;;) {
      const time = await timeBlock(name, call, block, now);
      calls += block;
      total += time;
      // Code that has just been compiled is faster the second time.
      enough = time >= blockTime ? enough + 1 : 0;
      if (enough === 2 || block >= mostCalls || time >= longCall) break;
      if (enough === 1) continue;
      // Straight for the goal, but in steps: the first calls are slower than those to come.
      const wanted = time > 0 ? Math.ceil((block * blockTime) / time) : block * 10;
      block = Math.min(Math.max(wanted, block + 1), block * 10, mostCalls);
    }
  }
  return { name, call, callsPerSample: block, warmUp: { first, calls, total } };
}

export interface RoundOptions {
  readonly now: Clock;
  /** Whether to go on after so many rounds; `spent` is the time of the quickest function so far in ms. */
  readonly more: (rounds: number, spent: number) => boolean;
  /** All rounds, however long they take. */
  readonly patient?: boolean;
  readonly afterRound?: (rounds: number, spent: number) => void;
}

/** One function that takes seconds must not make the others wait for minutes: after so many ms of it, the least number of rounds will do. */
const patience = 20_000;
export const leastRounds = 5;

/** Samples of all subjects, as many of each. */
export async function takeRounds(
  subjects: readonly Subject[],
  { now, more, patient = false, afterRound }: RoundOptions,
): Promise<Samples[]> {
  const times = subjects.map((): number[] => []);
  const spent = subjects.map(() => 0);
  for (let round = 0; more(round, Math.min(...spent)); round++) {
    if (!patient && round >= leastRounds && Math.max(...spent) > patience) break;
    for (let k = 0; k < subjects.length; k++) {
      // Every other round backwards, so that none always runs behind the same neighbour.
      const i = round % 2 === 0 ? k : subjects.length - 1 - k;
      const { name, call, callsPerSample } = subjects[i] as Subject;
      const ms = await timeBlock(name, call, callsPerSample, now);
      (times[i] as number[]).push(ms / callsPerSample);
      spent[i] = (spent[i] as number) + ms;
    }
    afterRound?.(round + 1, Math.min(...spent));
  }
  return subjects.map(({ name, callsPerSample, warmUp }, i) => ({ name, times: times[i] as number[], callsPerSample, warmUp }));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
