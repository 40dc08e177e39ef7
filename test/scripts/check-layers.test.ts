import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { findViolations, layers } = (await import(new URL("../../scripts/check-layers.mjs", import.meta.url).href)) as {
  findViolations(folder: string, dependencies?: ReadonlySet<string>): { file: string; line: number; problem: string }[];
  layers: readonly string[];
};

describe("the rule of the layers", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  const check = (file: string, text: string, dependencies?: readonly string[]) => {
    mkdirSync(dirname(inFolder(file)), { recursive: true });
    writeFileSync(inFolder(file), text);
    return findViolations(inFolder(), dependencies && new Set(dependencies)).map(({ line, problem }) => `${line}: ${problem}`);
  };

  it("lets a folder import from itself and from the folders it stands on", () => {
    assert.deepEqual(check("ops/conv.ts", 'import { a } from "../tensor/a.ts";\nimport { b } from "./b.ts";\n'), []);
  });

  it("lets the entry import all", () => {
    assert.deepEqual(check("index.ts", 'export { serve } from "./serve/index.ts";\n'), []);
  });

  it("names the line of an import that points up, in any form", () => {
    const up = "src/tensor/ may not import from src/ops/, which stands above it (../ops/a.ts)";
    assert.deepEqual(check("tensor/a.ts", '\nimport {\n  type A,\n} from "../ops/a.ts";\n'), [`4: ${up}`]);
    assert.deepEqual(check("tensor/a.ts", 'export * from "../ops/a.ts";'), [`1: ${up}`]);
    assert.deepEqual(check("tensor/a.ts", 'const a = await import("../ops/a.ts");'), [`1: ${up}`]);
    assert.deepEqual(check("tensor/a.ts", 'new Worker(new URL("../ops/a.ts", import.meta.url));'), [`1: ${up}`]);
  });

  it("counts imports of types alone", () => {
    const up = "src/tensor/ may not import from src/ops/, which stands above it (../ops/a.ts)";
    assert.deepEqual(check("tensor/a.ts", 'import type { A } from "../ops/a.ts";'), [`1: ${up}`]);
    assert.deepEqual(check("tensor/a.ts", 'export type { A } from "../ops/a.ts";'), [`1: ${up}`]);
    assert.deepEqual(check("tensor/a.ts", 'let a: import("../ops/a.ts").A;'), [`1: ${up}`]);
  });

  it("knows every folder that stands in src/, and an order of all of them", () => {
    const source = join(import.meta.dirname, "../../src");
    const folders = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) assert.ok(layers.includes(name), name);
    assert.equal(new Set(layers).size, layers.length);
    layers.forEach((name, i) => {
      const above = layers.slice(i + 1).map((other) => `import "../${other}/x.ts";`);
      const below = layers.slice(0, i).map((other) => `import "../${other}/x.ts";`);
      rmSync(inFolder(), { recursive: true, force: true });
      assert.equal(check(`${name}/a.ts`, [...below, ...above].join("\n")).length, above.length, name);
    });
  });

  it("does not take comments for imports", () => {
    assert.deepEqual(check("tensor/a.ts", '/**\n * import { a } from "../ops/a.ts"\n */\n// from "../ops/a.ts"\n'), []);
  });

  it("keeps each outside format and tool in its room, whatever part of it is imported", () => {
    const rooms = {
      inspector: "src/source/ may import node:inspector",
      "node:inspector/promises": "src/source/ may import node:inspector",
      "protobufjs/minimal.js": "src/onnx/ and src/weights/ and src/archive/ and src/serve/ may import protobufjs",
      koffi: "src/engines/ and src/weights/ may import koffi",
      "onnxruntime-node": "src/engines/ may import onnxruntime-node",
      commander: "src/cli/ may import commander",
      benchmark: "src/timer/ may import benchmark",
    };
    for (const [specifier, room] of Object.entries(rooms)) {
      assert.deepEqual(check("ops/a.ts", `import type { X } from "${specifier}";`), [`1: only ${room}`]);
      assert.deepEqual(check("ops/a.ts", `const x = require("${specifier}");`), [`1: only ${room}`]);
    }
    rmSync(inFolder("ops"), { recursive: true });
    assert.deepEqual(check("engines/a.ts", 'import koffi from "koffi";'), []);
    assert.deepEqual(check("source/a.ts", 'import { Session } from "node:inspector/promises";'), []);
  });

  it("lets the pages import what is bundled into them, and nobody else", () => {
    assert.deepEqual(check("serve/pages/app/main.tsx", 'import { render } from "preact";\nimport uPlot from "uplot";', []), []);
    assert.deepEqual(check("serve/server.ts", 'import { h } from "preact/hooks";', []), [
      "1: only src/serve/pages/app/ may import preact, which is bundled into it",
    ]);
  });

  it("refuses packages that a user of the package would not have", () => {
    const problem = "1: left-pad is not among the dependencies of package.json: whoever installs this package would not have it";
    assert.deepEqual(check("ops/a.ts", 'import pad from "left-pad/index.js";', ["ndarray"]), [problem]);
    assert.deepEqual(check("ops/a.ts", 'import nd from "ndarray";\nimport { join } from "path";', ["ndarray"]), []);
  });

  it("keeps the inspector and the image decoder in their rooms, and folders in the table", () => {
    assert.deepEqual(check("ops/a.ts", 'import { Session } from "inspector";'), ["1: only src/source/ may import node:inspector"]);
    assert.deepEqual(check("ops/a.ts", 'await import("sharp");'), ["1: only src/image/ may import sharp"]);
    assert.deepEqual(check("ops/a.ts", 'import "../stuff/a.ts";'), ["1: src/stuff/ is not in the table of scripts/check-layers.mjs"]);
    assert.deepEqual(check("ops/a.ts", 'import "../index.ts";'), ["1: src/ops/ may not import the public entry ../index.ts"]);
    assert.deepEqual(check("ops/a.ts", 'import "../../test/a.ts";'), ["1: ../../test/a.ts is outside of src/"]);
  });
});
