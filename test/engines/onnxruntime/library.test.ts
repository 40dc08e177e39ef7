import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findLibrary, findPackage, loadLibrary, openLibrary } from "../../../src/engines/onnxruntime/library.ts";

const run = promisify(execFile);

describe("the library of ONNX Runtime", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ingot-library-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is found in the package and tells its version", async () => {
    assert.ok(findLibrary().startsWith(findPackage()));
    assert.match((await loadLibrary()).version, /^\d+\.\d+\.\d+/);
  });

  it("that is missing for the platform is named", () => {
    assert.throws(() => findLibrary(folder), {
      code: "EngineLibraryMissing",
      message: new RegExp(`${process.platform} on ${process.arch}`),
    });
  });

  it("of the newest binding generation is taken", () => {
    const name =
      { linux: "libonnxruntime.so.1", darwin: "libonnxruntime.1.dylib", win32: "onnxruntime.dll" }[process.platform as string] ?? "";
    for (const generation of ["napi-v3", "napi-v10", "napi-v6"]) {
      const place = join(folder, "bin", generation, process.platform, process.arch);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, name), "");
    }
    assert.ok(findLibrary(folder).includes("napi-v10"));
  });

  it("that the loader refuses is an error with the loader's words", async () => {
    const path = join(folder, "broken.so");
    writeFileSync(path, "this is no library");
    await assert.rejects(
      openLibrary(() => path),
      (error: Error & { code?: string }) => error.code === "EngineLibraryMissing" && error.message.includes(path),
    );
  });

  it("holds no process open: a program with an open session ends by itself", async () => {
    const session = new URL("../../../src/engines/onnxruntime/session.ts", import.meta.url).href;
    const support = new URL("../../support/tiny-models.ts", import.meta.url).href;
    const program = `
      import { OrtSession } from ${JSON.stringify(session)};
      import { tinyModel } from ${JSON.stringify(support)};
      const port = (name) => ({ name, dtype: 1, shape: [1] });
      const s = await OrtSession.create(tinyModel({ inputs: [port("x")], outputs: [port("y")], nodes: [{ op: "Neg", inputs: ["x"], outputs: ["y"] }] }));
      const [y] = await s.run(new Map([["x", { dtype: 1, shape: [1], data: Float32Array.of(3) }]]));
      console.log(y.data[0]);`;
    const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { timeout: 60_000 });
    assert.equal(stdout.trim(), "-3");
    assert.equal(stderr, "");
  }).timeout(60_000);
});
