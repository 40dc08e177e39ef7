// The program of a server's process: starts it on the store that it is told, and says where it listens.
import process from "node:process";
import { serveStore } from "../../test/support/model-store.ts";

const [store = "", keys = "{}"] = process.argv.slice(2);
const server = await serveStore(store, { load_models: "all", job_queue_size: "1000", ...(JSON.parse(keys) as Record<string, string>) });
for (const { level, event, fields } of server.lines) if (level === "error") console.error(event, fields);
process.on("disconnect", () => void server.close().then(() => process.exit()));
process.send?.(server.addresses);
