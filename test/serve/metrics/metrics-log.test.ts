import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { openMetricsLog } from "../../../src/serve/metrics/metrics-log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("the logs of metrics", () => {
  const folder = temporaryFolder({ eachTest: true });

  it("have values as Java writes them, and the time of each", async () => {
    const log = openMetricsLog(folder(), "h", { now: () => 1_764_032_400_123 });
    log.put("Requests2XX", ["Host"], 1);
    log.put("WorkerLoadTime", ["W-9000-m_1.0", "Host"], 12.5);
    log.put("HandlerTime", ["m", "Model"], 0.25, "some-id");
    await log.close();
    const lines = (name: string) =>
      readFileSync(folder(name), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,123 - /, ""));
    assert.deepEqual(lines("ts_metrics.log"), [
      "Requests2XX.Count:1.0|#Level:Host|#hostname:h,timestamp:1764032400",
      "WorkerLoadTime.Milliseconds:12.5|#WorkerName:W-9000-m_1.0,Level:Host|#hostname:h,timestamp:1764032400",
    ]);
    assert.deepEqual(lines("model_metrics.log"), [
      "HandlerTime.ms:0.25|#ModelName:m,Level:Model|#hostname:h,requestID:some-id,timestamp:1764032400",
    ]);
  });

  it("begin anew when they are large, keep five old files, and lose no line of those", async () => {
    const log = openMetricsLog(folder(), "h", { rotateAt: 1000 });
    const lines = 20_000;
    for (let i = 0; i < lines; i++) log.put("QueueTime", ["Host"], i);
    await log.close();
    const files = readdirSync(folder()).filter((name) => name.startsWith("ts_metrics"));
    assert.deepEqual(files.sort(), ["ts_metrics.log", ...[1, 2, 3, 4, 5].map((i) => `ts_metrics.log.${i}`)]);
    const numbers = [
      "ts_metrics.log.5",
      "ts_metrics.log.4",
      "ts_metrics.log.3",
      "ts_metrics.log.2",
      "ts_metrics.log.1",
      "ts_metrics.log",
    ].flatMap((name) => [...readFileSync(folder(name), "utf8").matchAll(/Milliseconds:(\d+)\.0/g)].map(([, n]) => Number(n)));
    assert.equal(numbers.at(-1), lines - 1);
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => lines - numbers.length + i),
    );
  });

  it("take nothing any more when they are closed, twice too", async () => {
    const log = openMetricsLog(folder(), "h");
    await log.close();
    await log.close();
    log.put("Requests2XX", ["Host"], 1);
    assert.equal(readFileSync(folder("ts_metrics.log"), "utf8"), "");
  });
});
