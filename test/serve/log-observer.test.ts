import assert from "node:assert/strict";
import { logObserver } from "../../src/serve/log-observer.ts";
import { keptLog } from "../support/model-store.ts";

describe("what is logged", () => {
  const answered = { method: "GET", path: "/ping", status: 200, ms: 1.25, requestId: "r" };

  it("of a request is a line only where an access log is asked for", () => {
    const quiet = keptLog();
    logObserver(quiet.log, false).answered(answered);
    assert.deepEqual(quiet.lines, []);
    const told = keptLog();
    logObserver(told.log, true).answered(answered);
    assert.deepEqual(told.lines, [
      { level: "info", event: "answered", fields: { method: "GET", path: "/ping", status: 200, requestId: "r", ms: 1.3 } },
    ]);
  });

  it("of models is each change", () => {
    const { log, lines } = keptLog();
    logObserver(log, false).model({ model: "m", version: "1.0", what: "registered", workers: 0 });
    assert.deepEqual(lines, [{ level: "info", event: "model registered", fields: { model: "m", version: "1.0", workers: 0 } }]);
  });
});
