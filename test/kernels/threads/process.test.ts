// Threads in processes of their own: that these end by themselves, what the environment says, and where threads cannot be had.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);
const place = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

const prelude = `
  const { getThreads, matmul, randn, setThreads } = await import(${place("../../../src/index.ts")});
  const product = () => { const x = randn([400, 400], { seed: 1 }); return matmul(x, x).data.reduce((a, b) => a + b, 0); };
  const print = (value) => console.log(JSON.stringify(value));`;

/** What a program prints as JSON, and what it says on stderr; it must end by itself. */
async function run(program: string, env: Record<string, string> = {}): Promise<{ value: unknown; stderr: string }> {
  const { stdout, stderr } = await execute(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
    timeout: 60_000,
    env: { ...process.env, ...env },
  });
  return { value: JSON.parse(stdout), stderr };
}

describe("a process whose products run on several threads", function () {
  this.timeout(60_000);
  let expected: unknown;
  before(async () => {
    expected = (await run(`${prelude} setThreads(1); print([product(), 1]);`)).value;
    assert.ok(Array.isArray(expected) && Number.isFinite(expected[0]));
    expected = expected[0];
  });

  it("ends by itself, and takes the number of threads from INGOT_THREADS", async () => {
    assert.deepEqual(await run(`${prelude} print([product(), getThreads()]);`, { INGOT_THREADS: "3" }), {
      value: [expected, 3],
      stderr: "",
    });
  });

  it("refuses an INGOT_THREADS that is no number of threads, by name", async () => {
    const program = `${prelude} try { product(); } catch (error) { print([error.code, error.message.includes("INGOT_THREADS")]); }`;
    assert.deepEqual((await run(program, { INGOT_THREADS: "many" })).value, ["InvalidArgument", true]);
  });

  it("exits at once from the middle of its work", async () => {
    const program = `${prelude} setThreads(2); product(); setTimeout(() => { print([product()]); process.exit(0); }, 0); setInterval(product, 1);`;
    assert.deepEqual(await run(program), { value: [expected], stderr: "" });
  });

  it("uses one thread in a worker thread unless more are asked for there", async () => {
    const worker = `import { parentPort } from "node:worker_threads";
      import { register } from "tsx/esm/api";
      register();
      ${prelude}
      const first = [product(), getThreads()];
      setThreads(2);
      parentPort.postMessage([...first, product(), getThreads()]);`;
    const program = `import { Worker } from "node:worker_threads";
      const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
      worker.on("message", (value) => console.log(JSON.stringify(value)));`;
    assert.deepEqual(await run(program, { INGOT_THREADS: "3" }), { value: [expected, 1, expected, 2], stderr: "" });
  });

  it("goes on with one thread where Node starts none, and says so once", async () => {
    // What Node's permissions do to a program without --allow-worker.
    const refusing = `import workers from "node:worker_threads";
      import { syncBuiltinESMExports } from "node:module";
      workers.Worker = class { constructor() { throw new Error("Access to this API has been restricted"); } };
      syncBuiltinESMExports();`;
    const { value, stderr } = await run(`${refusing} ${prelude} setThreads(2); print([product(), product(), getThreads()]);`);
    assert.deepEqual(value, [expected, expected, 1]);
    assert.equal(stderr.match(/ThreadsUnavailable/g)?.length, 1);
    assert.match(stderr, /one thread: Access to this API has been restricted/);
  });
});
