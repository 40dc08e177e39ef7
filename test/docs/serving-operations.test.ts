// docs/guides/serving-operations.md names metrics, keys and flags that are there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { keys } from "../../src/serve/config/keys.ts";
import { openPrometheus } from "../../src/serve/metrics/prometheus.ts";
import { Registry } from "../../src/serve/models/registry.ts";

describe("the page about running the server", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/guides/serving-operations.md"), "utf8");
  const words = [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => word);

  it("names metrics that Prometheus gets", async () => {
    const prometheus = await openPrometheus(new Registry(), "h", () => true);
    const there = new Set([...(await prometheus.text([])).matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
    const named = words.filter((word) => /^(ingot_|ts_|[A-Z]\w+[a-z](Time|XX)$|Requests\dXX$)/.test(word));
    assert.ok(named.length >= 8, named.join());
    for (const name of named) assert.ok(there.has(name), name);
    const [, query = ""] = /```promql\n([\s\S]*?)```/.exec(text) ?? [];
    assert.ok(there.has(/rate\((\w+)_bucket/.exec(query)?.[1]), query);
  });

  it("names keys of the configuration that are keys", () => {
    const known = new Set(Object.values(keys).map(({ key }) => key));
    const named = words.map((word) => word.split("=")[0] ?? "").filter((word) => /^[a-z]+(_[a-z]+)+$/.test(word));
    const others = ["ingot_stage_seconds", "ts_queue_latency_microseconds", "ts_inference_requests_total"];
    const keysNamed = named.filter((word) => !word.startsWith("ingot_") && !others.includes(word));
    assert.ok(keysNamed.length >= 8, keysNamed.join());
    for (const key of keysNamed) assert.ok(known.has(key), key);
  });

  it("tells the defaults as they are", () => {
    const told = (bytes: string) => Number(bytes.replaceAll(",", ""));
    assert.equal(told(/\| requests \| ([\d,]+) bytes;/.exec(text)?.[1] ?? ""), Number(keys.maxRequestSize.fallback));
    assert.equal(told(/`shutdown_grace` \((\d+) s\)/.exec(text)?.[1] ?? ""), Number(keys.shutdownGrace.fallback));
    assert.equal(told(/`max_bytes_in_flight` \((\d+) MiB\)/.exec(text)?.[1] ?? "") * 2 ** 20, Number(keys.maxBytesInFlight.fallback));
    assert.equal(keys.enableModelApi.fallback, "false");
    assert.equal(keys.inferenceAddress.fallback, "http://127.0.0.1:8080");
  });
});
