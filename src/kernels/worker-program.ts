// Starting the program of a worker thread or process, from compiled code and from TypeScript source alike.
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** How a program is started in a process of its own. */
export interface ChildProgram {
  readonly file: string;
  /** Options of Node before it. */
  readonly execArgv: readonly string[];
}

/**
 * How to start `program`, the URL of a program as the compiled code has it (`….js`), in a process of its own.
 *
 * @example
 * const { file, execArgv } = childProgram(new URL("./worker-main.js", import.meta.url));
 * spawn(process.execPath, [...execArgv, file]);
 */
export function childProgram(program: URL): ChildProgram {
  if (!import.meta.url.endsWith(".ts")) return { file: fileURLToPath(program), execArgv: [] };
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return { file: fileURLToPath(program.href.replace(/\.js$/, ".ts")), execArgv: ["--import", loader] };
}

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
