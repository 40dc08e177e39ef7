// The machine a figure belongs to: without it a time says nothing.
import { cpus, totalmem } from "node:os";
import process from "node:process";
import Benchmark from "benchmark";

export interface Environment {
  /** `20.20.2` */
  readonly node: string;
  readonly v8: string;
  /** `linux x64` */
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  /** Memory of the machine in bytes. */
  readonly memory: number;
  /** Version of Benchmark.js. */
  readonly benchmark: string;
}

export function environment(): Environment {
  const cores = cpus();
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cores[0]?.model.trim() ?? "unknown processor",
    cores: cores.length,
    memory: totalmem(),
    benchmark: Benchmark.version,
  };
}

/** `Node 20.20.2, linux x64, 2 × AMD EPYC 9B14` */
export function formatEnvironment({ node, platform, cores, cpu }: Environment): string {
  return `Node ${node}, ${platform}, ${cores} × ${cpu}`;
}

/** The most memory that this process has held so far, in bytes. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}
