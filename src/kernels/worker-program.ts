// Starting the program of a worker thread, from compiled code and from TypeScript source alike.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/**
 * Starts a worker thread. `program` is the URL of its program as the compiled code has it (`….js`). That is one line; when Ingot itself runs
 * from its TypeScript source, the loader for it has to be registered in the thread first.
 *
 * @example
 * const worker = startProgram(new URL("./worker-main.js", import.meta.url), { model });
 */
export function startProgram(program: URL, workerData: unknown, options: WorkerOptions = {}): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(program, { ...options, workerData });
  const loader = JSON.stringify(
    pathToFileURL(
      createRequire(import.meta.url)
        .resolve("tsx/esm/api")
        .replace(/cjs$/, "mjs"),
    ).href,
  );
  const source = JSON.stringify(program.href.replace(/\.js$/, ".ts"));
  return new Worker(`import(${loader}).then(({ register }) => { register(); return import(${source}); });`, {
    ...options,
    eval: true,
    workerData,
  });
}
