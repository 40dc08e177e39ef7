// A mocha reporter: a line per file with its time, failures in full, and the closing line that continuous integration reads.
const { relative } = require("node:path");
const { reporters } = require("mocha");

module.exports = class SummaryReporter extends reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    const files = new Map();
    const row = (test) => {
      const file = relative(process.cwd(), test.file ?? test.parent?.file ?? "?");
      let found = files.get(file);
      if (!found) {
        found = { passed: 0, failed: 0, skipped: 0, ms: 0 };
        files.set(file, found);
      }
      return found;
    };
    let current;
    const flush = (next) => {
      if (current && current !== next) {
        const r = files.get(current);
        const extra = `${r.failed ? `, ${r.failed} FAILED` : ""}${r.skipped ? `, ${r.skipped} skipped` : ""}`;
        console.log(`${current}  ${r.passed} passed${extra}  (${(r.ms / 1000).toFixed(1)} s)`);
      }
      current = next;
    };
    const count = (key) => (test) => {
      const r = row(test);
      r[key]++;
      r.ms += test.duration ?? 0;
      flush(relative(process.cwd(), test.file ?? test.parent?.file ?? "?"));
    };
    runner.on("pass", count("passed"));
    runner.on("fail", count("failed"));
    runner.on("pending", count("skipped"));
    runner.once("end", () => {
      flush(undefined);
      if (this.failures.length > 0) reporters.Base.list(this.failures);
      const { passes = 0, pending = 0 } = this.stats;
      // Failures of hooks count as well.
      console.log(`${passes} passed, ${this.failures.length} failed, ${pending} skipped`);
    });
  }
};
