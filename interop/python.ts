// Finds a Python that has a package, and runs a peer's program in it. The peers answer in lines of JSON.
import { spawn, spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

const here = import.meta.dirname;

/** One line of a peer. */
export interface Answer {
  /** The peer's own version; the first line. */
  readonly version?: string;
  readonly model?: string;
  /** The largest error over the largest value. */
  readonly error?: number;
  /** Whether the top-5 of the first output are equal. */
  readonly top5?: boolean;
  readonly problem?: string;
  readonly note?: string;
  /** The files that the peer wrote of a model, by the way it took. */
  readonly exports?: Readonly<Record<string, string>>;
  /** Why the peer cannot judge this model. */
  readonly skipped?: string;
}

/** The first interpreter that can import all of these packages, and has those of `installed`, which need not be fit for import. */
export function findPython(packages: readonly string[], installed: readonly string[] = []): string | undefined {
  const program = `import importlib.util, ${packages.join(", ")}\nassert all(map(importlib.util.find_spec, ${JSON.stringify(installed)}))`;
  const named = (process.env.INTEROP_PYTHON ?? "").split(delimiter).filter((path) => path !== "");
  return [...named, join(here, ".venv/bin/python"), "python3", "/usr/bin/python3"].find(
    (python) => spawnSync(python, ["-c", program], { stdio: "ignore" }).status === 0,
  );
}

/** Runs `peers/<program>` and gives its answers as they come. Throws when the program fails. */
export async function* ask(python: string, program: string, args: readonly string[]): AsyncIterable<Answer> {
  const child = spawn(python, [join(here, "peers", program), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("ANSWER ")) yield JSON.parse(line.slice(7)) as Answer;
    else console.log(`  ${line}`);
  }
  const status = await ended;
  if (status !== 0) throw new Error(`${program} ended with status ${status}`);
}
