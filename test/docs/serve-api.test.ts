// docs/guides/serve-api.md says what the tables of the code say.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Port } from "../../src/serve/http/router.ts";
import { openPrometheus } from "../../src/serve/metrics/prometheus.ts";
import { type MetricRow, torchserveMetrics } from "../../src/serve/metrics/torchserve-metrics.ts";
import { Registry } from "../../src/serve/models/registry.ts";
import { routes } from "../../src/serve/routes.ts";

describe("the page about the server's API", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/guides/serve-api.md"), "utf8");
  const section = (title: string) => text.split(/^## /m).find((part) => part.startsWith(title)) ?? "";
  const titles: Readonly<Record<Port, string>> = { inference: "Inference:", management: "Management:", metrics: "Metrics:" };

  for (const port of ["inference", "management", "metrics"] as const)
    it(`has a row for each route of ${port}, with its methods, and no other`, () => {
      const rows = [...section(titles[port]).matchAll(/^\| ([A-Z ]+|any) \| `(\/[^`]*)` \|/gm)].map(
        ([, methods, path]) => `${methods} ${path}`,
      );
      // The pages have a guide of their own.
      const ofPort = routes.filter((route) => route.port === port && !route.path.startsWith("/ui"));
      assert.deepEqual(rows.sort(), ofPort.map(({ methods, path }) => `${methods?.join(" ") ?? "any"} ${path}`).sort());
    });

  /** Type and labels by name, from the tables of metrics. */
  const metricRows = new Map(
    [...section(titles.metrics).matchAll(/^\| (`[^|]+`) \| (counter|gauge|histogram) \| (`[^|]+`) \| ([^|]+) \|$/gm)].flatMap(
      ([, names = "", type, labels = "", last = ""]) => words(names).map((name) => [name, { type, labels: words(labels), last }] as const),
    ),
  );

  it("has every metric of TorchServe with its type, labels and unit", () => {
    for (const [name, { type, labels, unit }] of Object.entries(torchserveMetrics) as [string, MetricRow][])
      assert.deepEqual(metricRows.get(name), { type, labels: [...labels], last: unit }, name);
  });

  it("has every metric of ours, and none that is not there", async () => {
    const prometheus = await openPrometheus(new Registry(), "h", () => true);
    const types = [...(await prometheus.text([])).matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    assert.deepEqual([...metricRows].map(([name, { type }]) => `${name} ${type}`).sort(), types.sort());
  });
});

/** What stands between backticks. */
function words(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
}
