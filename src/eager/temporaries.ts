// Memory of eager tensors that are known to be dead. JavaScript counts no references: a tensor's memory comes back when V8 collects the handle,
// which for one activation means up to some 60 MiB later. Library code that makes a tensor, hands it on once and forgets it knows better, and
// gives its memory back at once, to the next operator.
import { LivePool } from "../ops/live-pool.ts";
import { type BufferPool, withPool } from "../tensor/allocate.ts";
import { currentInterpreter, eagerInterpreter } from "./interpreter.ts";
import { Tensor } from "./tensor.ts";

/** In bytes: smaller tensors cost less to collect than to think about. */
const smallest = 1 << 14;

/** Hands out buffers, and knows which were handed out since when. */
class Memory implements BufferPool {
  readonly #pool = new LivePool();
  readonly #taken = new WeakMap<ArrayBuffer, number>();
  /** How many buffers were handed out so far. */
  count = 0;
  /** What a caller gives away with its next call. */
  lent: Tensor | undefined;
  /** What was taken since `tidy` began, if that runs; a buffer that was given back meanwhile may stand there more than once. */
  log: ArrayBuffer[] | undefined;

  take(bytes: number): ArrayBuffer | undefined {
    const buffer = bytes < smallest ? undefined : this.#pool.take(bytes);
    if (!buffer) return undefined;
    this.#taken.set(buffer, this.count++);
    this.log?.push(buffer);
    return buffer;
  }

  isTakenSince(buffer: ArrayBuffer, count: number): boolean {
    return (this.#taken.get(buffer) ?? -1) >= count;
  }

  free(buffer: ArrayBuffer): void {
    // Given back twice, it would be handed out twice.
    if (this.#taken.delete(buffer)) this.#pool.free(buffer);
  }
}

/**
 * Held weakly between two runs. Were the free buffers kept for good, one large picture would cost its memory for ever; were they dropped, each
 * run would start on new pages while the old ones wait for V8.
 */
let waiting: WeakRef<Memory> | undefined;
let current: Memory | undefined;

/** What one piece of library code computed on its way. */
export class Temporaries {
  readonly #memory: Memory;
  readonly #since: number;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#since = memory.count;
  }

  /** Whether the memory of `tensor` was handed out since, and is worth giving back. */
  isOurs(tensor: Tensor): boolean {
    const buffer = bufferOf(tensor);
    return buffer !== undefined && this.#memory.isTakenSince(buffer, this.#since);
  }

  /**
   * Gives the memory of `dead` back, which must be ours or claimed. The caller promises that nobody reads `dead` again; memory that `alive`
   * shares (a reshape, an identity) stays.
   */
  giveBack(dead: Tensor, alive: Tensor): void {
    const buffer = bufferOf(dead);
    if (buffer && !sharesMemory(dead, alive)) this.#memory.free(buffer);
  }

  /** Runs `body`, and gives back all memory that was handed out meanwhile, but for that of its result. */
  tidy(body: () => Tensor): Tensor {
    const memory = this.#memory;
    const { log: outer, count } = memory;
    const log: ArrayBuffer[] = [];
    memory.log = log;
    try {
      const result = body();
      const kept = bufferOf(result);
      for (const buffer of log) if (buffer !== kept && memory.isTakenSince(buffer, count)) memory.free(buffer);
      if (kept && memory.isTakenSince(kept, count)) outer?.push(kept);
      return result;
    } finally {
      memory.log = outer;
    }
  }

  /**
   * Runs `body`, which reads `tensor` for the last time and may claim it: then it is `body`'s to give back. Gives the result, and whether it
   * was claimed.
   */
  lending<T>(tensor: Tensor | undefined, body: () => T): readonly [T, claimed: boolean] {
    const memory = this.#memory;
    memory.lent = tensor;
    try {
      const result = body();
      return [result, tensor !== undefined && memory.lent !== tensor];
    } finally {
      memory.lent = undefined;
    }
  }

  /** Whether `tensor` was lent to whoever asks first. */
  claim(tensor: Tensor): boolean {
    if (this.#memory.lent !== tensor) return false;
    this.#memory.lent = undefined;
    return true;
  }
}

/**
 * Runs synchronous `body` with memory that it can give back. Without any while a model is recorded: a recording keeps every value.
 *
 * @example
 * withTemporaries((own) => {
 *   const y = matmul(a, b);
 *   const z = y.relu();
 *   own?.giveBack(y, z);
 *   return z;
 * });
 */
export function withTemporaries<T>(body: (own: Temporaries | undefined) => T): T {
  if (currentInterpreter() !== eagerInterpreter()) return body(undefined);
  if (current) return body(new Temporaries(current));
  const memory = waiting?.deref() ?? new Memory();
  waiting = new WeakRef(memory);
  current = memory;
  try {
    return withPool(memory, () => body(new Temporaries(memory)));
  } finally {
    current = undefined;
  }
}

/**
 * Runs synchronous `body`, and gives back at once the memory of all tensors that it computes, but for its result. Only for a body that leaves none
 * of them with anybody.
 *
 * @example tidy(() => matmul(softmax(matmul(q, k), -1), v))
 */
export function tidy(body: () => Tensor): Tensor {
  return withTemporaries((own) => (own ? own.tidy(body) : body()));
}

/** Whether two tensors are views of one memory. */
export function sharesMemory(a: Tensor, b: Tensor): boolean {
  return bufferOf(a) === bufferOf(b);
}

function bufferOf(tensor: Tensor): ArrayBuffer | undefined {
  const data = Tensor.storageOf(tensor)?.data;
  return data && !Array.isArray(data) ? data.buffer : undefined;
}
