// The state of the machine: processor, memory, disk. Asked for without waiting for a disk: files of /proc are read as all others are.
import { readFile, statfs } from "node:fs/promises";
import { cpus, freemem, totalmem } from "node:os";
import { parse } from "node:path";
import process from "node:process";
import type { MetricName, MetricSink } from "./torchserve-metrics.ts";

/** Time that the processors have spent since the machine was started, in the units of the system. */
interface Cpu {
  readonly busy: number;
  readonly total: number;
}

type Sample = readonly (readonly [MetricName, number])[];

const mega = 2 ** 20;
const giga = 2 ** 30;

/**
 * Hands the state of the machine to the sink, now and every `interval` ms; gives what ends that. The timer keeps no process alive. The first
 * value of CPUUtilization is the mean since the machine was started.
 */
export function watchSystem(sink: MetricSink, interval: number): () => void {
  let before: Cpu = { busy: 0, total: 0 };
  let ended = false;
  const sample = async () => {
    const cpu = await cpuTimes();
    const values: Sample = [["CPUUtilization", utilization(before, cpu)], ...(await memory()), ...(await disk())];
    before = cpu;
    if (!ended) for (const [name, value] of values) sink.put(name, ["Host"], value);
  };
  void sample();
  const timer = setInterval(() => void sample(), interval).unref();
  return () => {
    ended = true;
    clearInterval(timer);
  };
}

const percent = (part: number, whole: number) => (whole > 0 ? Math.round((part / whole) * 1000) / 10 : 0);

const utilization = (before: Cpu, now: Cpu) => percent(now.busy - before.busy, now.total - before.total);

async function cpuTimes(): Promise<Cpu> {
  const line = /^cpu +(.*)$/m.exec(await procFile("stat"))?.[1];
  if (line === undefined) {
    const all = cpus().map(({ times }) => ({ idle: times.idle, total: Object.values(times).reduce((a, b) => a + b, 0) }));
    const total = all.reduce((sum, one) => sum + one.total, 0);
    return { total, busy: total - all.reduce((sum, one) => sum + one.idle, 0) };
  }
  // user nice system idle iowait irq softirq steal; guests are in user already.
  const times = line.split(" ").slice(0, 8).map(Number);
  const total = times.reduce((a, b) => a + b, 0);
  return { total, busy: total - (times[3] ?? 0) - (times[4] ?? 0) };
}

async function memory(): Promise<Sample> {
  const text = await procFile("meminfo");
  const field = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1] ?? Number.NaN) * 1024;
  const [total, available] = text === "" ? [totalmem(), freemem()] : [field("MemTotal"), field("MemAvailable")];
  const used = total - available;
  return [
    ["MemoryUsed", used / mega],
    ["MemoryAvailable", available / mega],
    ["MemoryUtilization", percent(used, total)],
  ];
}

/** Of the disk that the system is on, as TorchServe has it. */
async function disk(): Promise<Sample> {
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(parse(process.cwd()).root);
    const used = (blocks - bfree) * bsize;
    return [
      ["DiskUsage", used / giga],
      ["DiskUtilization", percent(used, used + bavail * bsize)],
      ["DiskAvailable", (bavail * bsize) / giga],
    ];
  } catch {
    return [];
  }
}

const procFile = (name: string) => (process.platform === "linux" ? readFile(`/proc/${name}`, "utf8").catch(() => "") : Promise.resolve(""));
