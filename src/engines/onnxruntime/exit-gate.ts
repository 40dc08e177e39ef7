// A process that ends while a worker thread is inside the binding's native code is aborted by it. So the thread says when it is, in shared
// memory, and the process waits for that at its exit. Later work is not begun any more.

const busy = 0;
const stopped = 1;

/** Two flags in memory that both threads see: whether native code is running, and whether the process is ending. */
export type ExitGate = Int32Array<SharedArrayBuffer>;

const open = new Set<ExitGate>();

function waitForAll(): void {
  for (const gate of open) Atomics.store(gate, stopped, 1);
  for (const gate of open) while (Atomics.load(gate, busy) === 1) Atomics.wait(gate, busy, 1);
}

/** A gate for a new thread; the process heeds it until it is closed. */
export function openGate(): ExitGate {
  const gate: ExitGate = new Int32Array(new SharedArrayBuffer(8));
  if (open.size === 0) process.on("exit", waitForAll);
  open.add(gate);
  return gate;
}

/** To be called when the thread has ended. May be called twice. */
export function closeGate(gate: ExitGate): void {
  if (open.delete(gate) && open.size === 0) process.off("exit", waitForAll);
}

/**
 * Runs native work in the thread. Throws when the process is ending: then nothing is begun.
 *
 * Each side sets its own flag before it reads the other's, so that at least one of them sees the other.
 */
export async function insideGate<T>(gate: ExitGate, work: () => Promise<T>): Promise<T> {
  Atomics.store(gate, busy, 1);
  try {
    if (Atomics.load(gate, stopped) === 1) throw new Error("the process is ending");
    return await work();
  } finally {
    Atomics.store(gate, busy, 0);
    Atomics.notify(gate, busy);
  }
}
