// Runs a model again without its printing again: a model that logs is recorded several times, with other values in place of those it reads.

const streams = [process.stdout, process.stderr];

/** Runs synchronous `body` with `console` and the standard streams silent. */
export function quietly<T>(body: () => T): T {
  const methods = Object.entries(console).filter(([, method]) => typeof method === "function");
  const writes = streams.map((stream) => Object.getOwnPropertyDescriptor(stream, "write"));
  for (const [name] of methods) Reflect.set(console, name, () => {});
  for (const stream of streams) Object.defineProperty(stream, "write", { value: () => true, configurable: true, writable: true });
  try {
    return body();
  } finally {
    for (const [name, method] of methods) Reflect.set(console, name, method);
    streams.forEach((stream, i) => {
      const own = writes[i];
      if (own) Object.defineProperty(stream, "write", own);
      else Reflect.deleteProperty(stream, "write");
    });
  }
}
