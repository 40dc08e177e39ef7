import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findLibrary, findPackage, loadLibrary, openLibrary } from "../../../src/engines/onnxruntime/library.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("the library of ONNX Runtime", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  it("is found in the package and tells its version", async () => {
    assert.ok(findLibrary().startsWith(findPackage()));
    assert.match((await loadLibrary()).version, /^\d+\.\d+\.\d+/);
  });

  it("that is missing for the platform is named", () => {
    assert.throws(() => findLibrary(inFolder()), {
      code: "EngineLibraryMissing",
      message: new RegExp(`${process.platform} on ${process.arch}`),
    });
  });

  it("of the newest binding generation is taken", () => {
    const name =
      { linux: "libonnxruntime.so.1", darwin: "libonnxruntime.1.dylib", win32: "onnxruntime.dll" }[process.platform as string] ?? "";
    for (const generation of ["napi-v3", "napi-v10", "napi-v6"]) {
      const place = join(inFolder(), "bin", generation, process.platform, process.arch);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, name), "");
    }
    assert.ok(findLibrary(inFolder()).includes("napi-v10"));
  });

  it("that the loader refuses is an error with the loader's words", async () => {
    const path = inFolder("broken.so");
    writeFileSync(path, "this is no library");
    await assert.rejects(
      openLibrary(() => path),
      (error: Error & { code?: string }) => error.code === "EngineLibraryMissing" && error.message.includes(path),
    );
  });

  it("that INGOT_ONNXRUNTIME_LIBRARY names is taken, and named when it is not there", () => {
    const before = process.env.INGOT_ONNXRUNTIME_LIBRARY;
    try {
      process.env.INGOT_ONNXRUNTIME_LIBRARY = inFolder("libonnxruntime.so.9");
      assert.throws(() => findLibrary(), {
        code: "EngineLibraryMissing",
        message: /libonnxruntime\.so\.9: INGOT_ONNXRUNTIME_LIBRARY names a file/,
      });
      writeFileSync(inFolder("libonnxruntime.so.9"), "");
      assert.equal(findLibrary(), inFolder("libonnxruntime.so.9"));
    } finally {
      if (before === undefined) delete process.env.INGOT_ONNXRUNTIME_LIBRARY;
      else process.env.INGOT_ONNXRUNTIME_LIBRARY = before;
    }
  });
});
