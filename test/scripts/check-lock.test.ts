import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

interface Entry {
  version?: string;
  integrity?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
const root = new URL("../../", import.meta.url);
const { lockProblems } = (await import(new URL("scripts/check-lock.mjs", root).href)) as {
  lockProblems(manifest: Entry, lock: { packages: Record<string, Entry> }): string[];
};
const { satisfies } = (await import(new URL("scripts/version-range.mjs", root).href)) as {
  satisfies(version: string, range: string): boolean;
};

const manifest: Entry = { dependencies: { image: "^1.2.0" }, optionalDependencies: { fast: "^2.0.0" } };
const entry = (version: string, more: Entry = {}): Entry => ({ version, integrity: "sha512-x", ...more });
/** A lock that is whole: `image` has builds for two platforms, and an older `tool` than `fast`. */
const whole = (): Record<string, Entry> => ({
  "": manifest,
  "node_modules/image": entry("1.4.0", {
    optionalDependencies: { "@image/linux": "1.4.0", "@image/mac": "1.4.0" },
    dependencies: { tool: "^1" },
  }),
  "node_modules/@image/linux": entry("1.4.0"),
  "node_modules/@image/mac": entry("1.4.0"),
  "node_modules/image/node_modules/tool": entry("1.9.9"),
  "node_modules/fast": entry("2.3.4", { dependencies: { tool: ">=3" } }),
  "node_modules/tool": entry("3.0.0"),
});

describe("the check of the lock file", () => {
  it("finds nothing wrong with a whole one", () => {
    assert.deepEqual(lockProblems(manifest, { packages: whole() }), []);
  });

  it("names the build for another platform that npm left out", () => {
    const { "node_modules/@image/mac": _, ...packages } = whole();
    assert.deepEqual(lockProblems(manifest, { packages }), ["image asks for @image/mac 1.4.0, which has no entry"]);
  });

  it("looks a package up from the inside out", () => {
    const { "node_modules/image/node_modules/tool": _, ...packages } = whole();
    assert.deepEqual(lockProblems(manifest, { packages }), ["image asks for tool ^1, the lock has 3.0.0"]);
  });

  it("names what package.json asks for and the lock does not know", () => {
    const changed = { dependencies: { image: "^1.5.0" }, optionalDependencies: { fast: "^2.0.0" }, devDependencies: { new: "1" } };
    assert.deepEqual(lockProblems(changed, { packages: whole() }), [
      "dependencies: package.json has image ^1.5.0, the lock ^1.2.0",
      "devDependencies: package.json has new 1, the lock not at all",
    ]);
  });

  it("passes on the repository's own", () => {
    const read = (name: string) => JSON.parse(readFileSync(new URL(name, root), "utf8"));
    assert.deepEqual(lockProblems(read("package.json"), read("package-lock.json")), []);
  });
});

describe("ranges of versions", () => {
  const table: readonly (readonly [range: string, inside: string, outside: string])[] = [
    ["^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-beta.1 1.3.0-beta.1"],
    ["^0.2.3", "0.2.3 0.2.9", "0.3.0 1.0.0"],
    ["^0.0.3", "0.0.3", "0.0.4"],
    ["^1", "1.0.0 1.9.9", "2.0.0 0.9.9"],
    ["^0", "0.0.1 0.9.9", "1.0.0"],
    ["~1.2.3", "1.2.3 1.2.9", "1.3.0"],
    ["~1.2", "1.2.0", "1.3.0"],
    ["~1", "1.9.9", "2.0.0"],
    ["1.2.3", "1.2.3", "1.2.4"],
    ["1.2.x", "1.2.9", "1.3.0"],
    ["1", "1.9.0", "2.0.0"],
    ["*", "0.0.1 9.9.9", "1.0.0-beta"],
    ["", "5.0.0", "5.0.0-rc.1"],
    [">=1.2", "1.2.0 7.0.0", "1.1.9"],
    [">=1.2.0 <2", "1.9.9", "2.0.0"],
    [">1.2", "1.3.0", "1.2.9"],
    ["<=1.2", "1.2.9", "1.3.0"],
    ["1.2 - 2.3", "1.2.0 2.3.9", "2.4.0 1.1.9"],
    ["^1.0.0 || ^3.0.0", "1.5.0 3.5.0", "2.0.0"],
    [">= 1.0.0", "1.0.0", "0.9.0"],
    ["1.0.0-beta.2", "1.0.0-beta.2", "1.0.0 1.0.0-beta.3"],
    ["^1.0.0-beta.2", "1.0.0-beta.2 1.0.0-beta.11 1.0.0 1.2.0", "1.0.0-beta.1 1.0.0-alpha 1.1.0-beta.2"],
  ];
  for (const [range, inside, outside] of table)
    it(`"${range}" takes ${inside}, and not ${outside}`, () => {
      for (const version of inside.split(" ")) assert.equal(satisfies(version, range), true, version);
      for (const version of outside.split(" ")) assert.equal(satisfies(version, range), false, version);
    });
});
