// A load generator in a process of its own.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { quantile } from "../figure.ts";

export interface Load {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In base64. */
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** ms of each answer. */
  readonly latencies: readonly number[];
  /** Answers by HTTP status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export async function startProcess(name: string, args: readonly string[] = []): Promise<ChildProcess> {
  const child = fork(program(name), [...args], { execArgv: ["--import", "tsx"] });
  await once(child, "message");
  return child;
}

/** Generates load until its time is over. */
export async function generate(generator: ChildProcess, load: Load): Promise<LoadResult> {
  generator.send(load);
  const [result] = (await once(generator, "message")) as [LoadResult];
  return result;
}

/** Answers per second. Throws where one was not 200: a server that refuses is fast. */
export function throughput({ latencies, statuses, seconds }: LoadResult): number {
  const others = Object.keys(statuses).filter((s) => s !== "200");
  if (others.length > 0) throw new Error(`the server answered ${others.map((s) => `${statuses[s]} × ${s}`).join(", ")}`);
  return latencies.length / seconds;
}

export const p50 = ({ latencies }: LoadResult): number => quantile(latencies, 0.5);

/** From the smallest to the largest. */
export const rangeOf = (values: readonly number[]): string => `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
