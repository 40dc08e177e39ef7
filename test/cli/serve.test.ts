// The command line of `ingot serve`; the server as a process is in test/serve/lifecycle.
import assert from "node:assert/strict";
import { Workplace } from "./command-line.ts";

describe("ingot serve", () => {
  const place = new Workplace();
  after(() => place.remove());

  it("has its own version flag, which the program's does not swallow", async () => {
    for (const flag of ["-v", "--version"]) {
      const { status, out } = await place.ingot("serve", flag);
      assert.equal(status, 0);
      assert.match(out, /^Ingot Version is \d+\.\d+\.\d+ \(serves as TorchServe \d+\.\d+\.\d+\)\n$/);
    }
    assert.match((await place.ingot("--version")).out, /^\d+\.\d+\.\d+\n$/);
  });

  it("takes one of --start, --stop and --version", async () => {
    for (const [first, second] of [
      ["--start", "--stop"],
      ["--stop", "-v"],
      ["--start", "--version"],
    ] as const) {
      const { status, err } = await place.ingot("serve", first, second);
      assert.equal(status, 2);
      assert.match(err, /cannot be used with option/);
    }
  });

  it("has all of torchserve's flags", async () => {
    const { out } = await place.ingot("serve", "--help");
    const flags =
      "-h --help -v --version --start --stop --ts-config --model-store --workflow-store --models --log-config --cpp-log-config --foreground --no-config-snapshots --ncs --plugins-path --ppath --disable-token-auth --dt --enable-model-api";
    for (const flag of flags.split(" ")) assert.ok(new RegExp(`(^|[\\s,])${flag}(?![\\w-])`, "m").test(out), flag);
  });

  it("says what is wrong with flags and configuration before anything starts", async () => {
    const at = ["--state-dir", "./state", "--ncs"];
    const wrong = async (...args: string[]) => {
      const { status, err, out } = await place.ingot("serve", ...at, ...args);
      assert.deepEqual([status, out], [1, ""]);
      return err;
    };
    assert.match(await wrong("--start", "--ts-config", "./none"), /--ts-config file not found: none\n/);
    assert.match(await wrong("--models", "a.mar", "n=b.mar"), /--model-store is required to load model locally\./);
    assert.match(await wrong("--profile", "kservee"), /--profile: `profile` is `kservee`, expected torchserve or kserve or triton/);
    assert.match(
      await wrong("--handler-module", "a=b.ts", "--handler-module", "a=c.ts"),
      /--handler-module: `handler_modules` is `a=b\.ts,a=c\.ts`/,
    );
    place.write("config.properties", "job_queue_size=x");
    assert.match(await wrong("--ts-config", "./config.properties"), /config\.properties:1: `job_queue_size` is `x`/);
    const { status, err } = await place.ingot("serve", "--modle-store", "x");
    assert.equal(status, 2);
    assert.match(err, /Did you mean --model-store\?/);
  });

  it("stops nothing where nothing runs", async () => {
    const { status, out } = await place.ingot("serve", "--stop", "--state-dir", "./state");
    assert.deepEqual([status, out], [0, "TorchServe is not currently running.\n"]);
  });
});
