import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const { findViolations } = (await import(new URL("../../scripts/check-layers.mjs", import.meta.url).href)) as {
  findViolations(folder: string): { file: string; line: number; problem: string }[];
};

describe("the rule of the layers", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ingot-layers-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const check = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
    return findViolations(folder).map(({ line, problem }) => `${line}: ${problem}`);
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

  it("does not take comments for imports", () => {
    assert.deepEqual(check("tensor/a.ts", '/**\n * import { a } from "../ops/a.ts"\n */\n// from "../ops/a.ts"\n'), []);
  });

  it("keeps the inspector and the image decoder in their rooms, and folders in the table", () => {
    assert.deepEqual(check("ops/a.ts", 'import { Session } from "inspector";'), ["1: only src/source/ may import node:inspector"]);
    assert.deepEqual(check("ops/a.ts", 'await import("sharp");'), ["1: only src/image/ may import sharp"]);
    assert.deepEqual(check("ops/a.ts", 'import "../stuff/a.ts";'), ["1: src/stuff/ is not in the table of scripts/check-layers.mjs"]);
    assert.deepEqual(check("ops/a.ts", 'import "../index.ts";'), ["1: src/ops/ may not import the public entry ../index.ts"]);
    assert.deepEqual(check("ops/a.ts", 'import "../../test/a.ts";'), ["1: ../../test/a.ts is outside of src/"]);
  });
});
