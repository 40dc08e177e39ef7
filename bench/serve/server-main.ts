// The program of a server's process: starts it on the store that it is told, says where it listens, and how long its event loop was held up.
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { serveStore } from "../../test/support/model-store.ts";

const [store = "", keys = "{}"] = process.argv.slice(2);
const settings = { load_models: "all", job_queue_size: "1000", ...(JSON.parse(keys) as Record<string, string>) };
// Lines are not kept: in half an hour those of requests alone would be a gigabyte.
const log = { debug() {}, info() {}, warn() {}, error: console.error };
const server = await serveStore(store, settings, {}, { log, lines: [] });
/** ms between two looks; a delay is what comes on top. */
const resolution = 1;
const delays = monitorEventLoopDelay({ resolution });
delays.enable();
process.on("message", () => {
  const inMs = (ns: number) => Math.max(0, ns / 1e6 - resolution);
  process.send?.({ max: inMs(delays.max), p99: inMs(delays.percentile(99)) });
  delays.reset();
});
process.on("disconnect", () => void server.close().then(() => process.exit()));
process.send?.(server.addresses);
