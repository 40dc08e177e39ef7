import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findLibrary, findPackage, loadLibrary, openLibrary } from "../../../src/engines/onnxruntime/library.ts";

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

  it("that INGOT_ONNXRUNTIME_LIBRARY names is taken, and named when it is not there", () => {
    const before = process.env.INGOT_ONNXRUNTIME_LIBRARY;
    try {
      process.env.INGOT_ONNXRUNTIME_LIBRARY = join(folder, "libonnxruntime.so.9");
      assert.throws(() => findLibrary(), {
        code: "EngineLibraryMissing",
        message: /libonnxruntime\.so\.9: INGOT_ONNXRUNTIME_LIBRARY names a file/,
      });
      writeFileSync(join(folder, "libonnxruntime.so.9"), "");
      assert.equal(findLibrary(), join(folder, "libonnxruntime.so.9"));
    } finally {
      if (before === undefined) delete process.env.INGOT_ONNXRUNTIME_LIBRARY;
      else process.env.INGOT_ONNXRUNTIME_LIBRARY = before;
    }
  });
});
