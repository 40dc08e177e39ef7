import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { claimPidFile, pidFilePath, readPidFile } from "../../../src/serve/lifecycle/pid-file.ts";
import { processIdentity } from "../../../src/serve/lifecycle/process-identity.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("the pid file", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  const path = () => inFolder(".model_server.pid");

  it("is TorchServe's, or one in the state folder where that is given", () => {
    assert.equal(pidFilePath(undefined, "/srv"), join(tmpdir(), ".model_server.pid"));
    assert.equal(pidFilePath("state", "/srv"), "/srv/state/.model_server.pid");
  });

  it("names this process in its first line, and is gone when it is let go", () => {
    const { removedOrphan, release } = claimPidFile(path(), 5000);
    assert.equal(removedOrphan, false);
    assert.equal(readFileSync(path(), "utf8").split("\n")[0], String(process.pid));
    assert.deepEqual(readPidFile(path()), { state: "running", pid: process.pid, grace: 5000 });
    release();
    release();
    assert.deepEqual(readdirSync(inFolder()), []);
    assert.deepEqual(readPidFile(path()), { state: "none" });
  });

  it("is held by one server only", () => {
    const { release } = claimPidFile(path(), 0);
    assert.throws(() => claimPidFile(path(), 0), {
      code: "ServeAlreadyRunning",
      summary: "TorchServe is already running, please use torchserve --stop to stop TorchServe.",
    });
    release();
    claimPidFile(path(), 0).release();
  });

  it("is not removed by a server whose file another one has replaced", () => {
    const { release } = claimPidFile(path(), 0);
    writeFileSync(path(), "1\n");
    release();
    assert.ok(existsSync(path()));
  });

  it("is an orphan where its process is gone, or its number is another process's by now, or it is no number", () => {
    const identity = JSON.stringify({ identity: "another boot 1", grace: 0 });
    for (const text of ["", "x", "-1", "0", "999999999", "1 2", `${process.pid}\n${identity}\n`, "99999999999999999999"]) {
      writeFileSync(path(), text);
      assert.deepEqual(readPidFile(path()), { state: "orphan" }, text);
    }
    const { removedOrphan, release } = claimPidFile(path(), 0);
    assert.equal(removedOrphan, true);
    release();
  });

  it("is foreign where a living process is named by somebody else's program", () => {
    writeFileSync(path(), `${process.pid}`);
    assert.deepEqual(readPidFile(path()), { state: "foreign", pid: process.pid });
    assert.throws(() => claimPidFile(path(), 0), { code: "ServeAlreadyRunning" });
  });

  it("is not believed through a link", () => {
    symlinkSync(inFolder("elsewhere", `${process.pid}\n${JSON.stringify({ identity: processIdentity(process.pid) })}`), path());
    assert.deepEqual(readPidFile(path()), { state: "orphan" });
    claimPidFile(path(), 0).release();
    assert.ok(existsSync(inFolder("elsewhere")));
  });

  it("is an error where it cannot be made", () => {
    mkdirSync(path());
    assert.throws(() => claimPidFile(path(), 0), { code: "FileNotWritable" });
    inFolder("file", "");
    assert.throws(() => claimPidFile(inFolder("file/x"), 0), { code: "FileNotWritable" });
  });
});

describe("the identity of a process", () => {
  it("is the same each time, another one for another process, and none for one that has ended", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
    await once(child, "spawn");
    const { pid = 0 } = child;
    const identity = processIdentity(pid);
    assert.ok(identity);
    assert.equal(processIdentity(pid), identity);
    assert.notEqual(processIdentity(process.pid), undefined);
    child.stdin.end();
    await once(child, "close");
    assert.equal(processIdentity(pid), undefined);
  });
});
