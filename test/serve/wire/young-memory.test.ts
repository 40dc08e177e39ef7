import assert from "node:assert/strict";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { dropped } from "../../../src/serve/wire/young-memory.ts";

describe("memory of chunks that were read", () => {
  it("is looked for among what is young, once for 4 MiB", async () => {
    let collections = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries() as readonly { detail?: unknown }[])
        if ((detail as { readonly kind: number }).kind === constants.NODE_PERFORMANCE_GC_MINOR) collections++;
    });
    observer.observe({ entryTypes: ["gc"] });
    for (let i = 0; i < 640; i++) dropped(64 * 1024);
    await new Promise((resolve) => setTimeout(resolve, 50));
    observer.disconnect();
    // Some may be V8's own.
    assert.ok(collections >= 10 && collections < 20, `${collections}`);
  });
});
