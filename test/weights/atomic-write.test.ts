import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { fileError } from "../../src/errors/file-error.ts";
import { writeFileAtomically, writeFilesTogether } from "../../src/weights/atomic-write.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("writing a file atomically", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  it("writes all chunks in order and leaves nothing else in the folder", async () => {
    await writeFileAtomically(inFolder("a.bin"), [bytes("one "), bytes(""), bytes("two")]);
    assert.equal(readFileSync(inFolder("a.bin"), "utf8"), "one two");
    assert.deepEqual(readdirSync(inFolder()), ["a.bin"]);
  });

  it("takes chunks that are made while it writes", async () => {
    async function* chunks() {
      yield bytes("made ");
      await Promise.resolve();
      yield bytes("later");
    }
    await writeFileAtomically(inFolder("a.bin"), chunks());
    assert.equal(readFileSync(inFolder("a.bin"), "utf8"), "made later");
  });

  it("replaces a file, keeps its permissions, and follows a symbolic link", async () => {
    writeFileSync(inFolder("real"), "old", { mode: 0o640 });
    symlinkSync("real", inFolder("link"));
    await writeFileAtomically(inFolder("link"), [bytes("new")]);
    assert.equal(readFileSync(inFolder("real"), "utf8"), "new");
    assert.equal(statSync(inFolder("real")).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(inFolder()).sort(), ["link", "real"]);
  });

  it("keeps the old file and removes the temporary one when a chunk cannot be made", async () => {
    writeFileSync(inFolder("a.bin"), "old");
    function* chunks() {
      yield bytes("half");
      throw new RangeError("no more");
    }
    await assert.rejects(writeFileAtomically(inFolder("a.bin"), chunks()), RangeError);
    assert.equal(readFileSync(inFolder("a.bin"), "utf8"), "old");
    assert.deepEqual(readdirSync(inFolder()), ["a.bin"]);
  });

  it("names a folder that does not exist, and a path that is a folder", async () => {
    const nowhere = inFolder("no/a.bin");
    await assert.rejects(writeFileAtomically(nowhere, [bytes("x")]), {
      code: "FileNotWritable",
      summary: `${nowhere} cannot be written: the folder does not exist`,
    });
    await assert.rejects(writeFileAtomically(inFolder(), [bytes("x")]), {
      code: "FileNotWritable",
      summary: `${inFolder()} cannot be written: it is a folder`,
    });
    writeFileSync(inFolder("file"), "");
    await assert.rejects(writeFileAtomically(inFolder("file/a.bin"), [bytes("x")]), { code: "FileNotWritable" });
    await assert.rejects(writeFileAtomically(inFolder("n".repeat(300)), [bytes("x")]), { code: "FileNotWritable" });
  });

  it("refuses a file that is marked read-only", async function () {
    if (process.getuid?.() === 0) this.skip(); // root may write everywhere
    writeFileSync(inFolder("a.bin"), "old");
    chmodSync(inFolder("a.bin"), 0o444);
    await assert.rejects(writeFileAtomically(inFolder("a.bin"), [bytes("x")]), { code: "FileNotWritable" });
    assert.equal(readFileSync(inFolder("a.bin"), "utf8"), "old");
  });

  it("says when the device is full", async function () {
    if (!existsSync("/dev/full")) this.skip();
    await assert.rejects(writeFileAtomically("/dev/full", [bytes("x")]), { code: "DiskFull" });
    assert.ok(statSync("/dev/full").isCharacterDevice(), "the device itself must not be replaced");
  });

  it("maps the system's errors, and only these", () => {
    const system = (code: string) => Object.assign(new Error(code), { code, syscall: "write" });
    const coded = (action: "read" | "write", code: string) => (fileError(action, "f", system(code)) as { code: string }).code;
    assert.equal(coded("write", "EDQUOT"), "DiskFull");
    assert.equal(coded("write", "EROFS"), "FileNotWritable");
    assert.equal(coded("read", "ENOENT"), "FileNotFound");
    assert.equal(coded("read", "EACCES"), "FileNotReadable");
    const bug = new TypeError("undefined is not a function");
    assert.equal(fileError("read", "f", bug), bug);
  });
});

describe("writing files that belong together", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  it("changes none of them when one cannot be made, and removes nothing", async () => {
    for (const name of ["a", "b", "old"]) writeFileSync(inFolder(name), name);
    function* broken() {
      yield bytes("half");
      throw new RangeError("no more");
    }
    const files = [
      { path: inFolder("a"), chunks: [bytes("new")] },
      { path: inFolder("b"), chunks: broken() },
    ];
    await assert.rejects(writeFilesTogether(files, [inFolder("old")]), RangeError);
    for (const name of ["a", "b", "old"]) assert.equal(readFileSync(inFolder(name), "utf8"), name);
    assert.deepEqual(readdirSync(inFolder()).sort(), ["a", "b", "old"]);
  });

  it("removes what is replaced, whether it is there or not, and names the file that cannot be written", async () => {
    writeFileSync(inFolder("old"), "old");
    await writeFilesTogether([{ path: inFolder("a"), chunks: [bytes("new")] }], [inFolder("old"), inFolder("never")]);
    assert.deepEqual(readdirSync(inFolder()), ["a"]);
    const nowhere = inFolder("no/b");
    const files = [
      { path: inFolder("a"), chunks: [bytes("newer")] },
      { path: nowhere, chunks: [bytes("x")] },
    ];
    await assert.rejects(writeFilesTogether(files), {
      code: "FileNotWritable",
      summary: `${nowhere} cannot be written: the folder does not exist`,
    });
    assert.equal(readFileSync(inFolder("a"), "utf8"), "new");
    assert.deepEqual(readdirSync(inFolder()), ["a"]);
  });
});
