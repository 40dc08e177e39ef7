// docs/guides/from-torchserve.md has a row for all that people bring along, and what it says is there is in the tables of the code.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { builtInHandlers } from "../../src/archive/handlers.ts";
import { configKeys } from "../../src/archive/model-config-keys.ts";
import { archiveCommand } from "../../src/cli/archive-command.ts";
import { type Session, withCommonOptions } from "../../src/cli/command.ts";
import { serveCommand } from "../../src/cli/serve-command.ts";
import { keys, keysWithoutEffect } from "../../src/serve/config/keys.ts";
import { Router } from "../../src/serve/http/router.ts";
import { routes } from "../../src/serve/routes.ts";

const session: Session = {
  streams: { out: () => {}, err: () => {}, terminal: false, colors: { out: false, err: false } },
  status: 0,
};

describe("the guide for people of TorchServe", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/guides/from-torchserve.md"), "utf8");
  const section = (title: string) => text.split(/^## /m).find((part) => part.startsWith(title)) ?? assert.fail(title);
  /** The cells of a section's table, row by row, without its head. */
  const table = (title: string) =>
    [...section(title).matchAll(/^\| (.*) \|$/gm)].slice(1).map(([, row = ""]) => row.split(" | ")) as [string, string, string?][];
  const words = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
  const rowsOf = (title: string) => table(title).flatMap(([first]) => words(first));
  const flagsOf = (command: Command, isOwn: (group: string | undefined) => boolean) =>
    command.options
      .filter(({ helpGroupHeading }) => !isOwn(helpGroupHeading))
      .flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined && flag !== null));
  const everywhere = "With every command:";
  const own = "Not in torchserve:";

  it("has a row for each flag of torchserve, and for no other", () => {
    const command = withCommonOptions(serveCommand(session));
    const expected = ["-h", "--help", ...flagsOf(command, (group) => group === everywhere || group === own)];
    assert.deepEqual(rowsOf("Flags of `torchserve`").sort(), expected.sort());
  });

  it("names each flag of ours", () => {
    const ours = flagsOf(serveCommand(session), (group) => group !== own);
    const [, named = ""] = /^Ours beside these: ([\s\S]*?)\n\n/m.exec(section("Flags of `torchserve`")) ?? [];
    assert.deepEqual(words(named).sort(), ours.sort());
  });

  it("has a row for each flag of torch-model-archiver, and for no other", () => {
    const expected = ["-h", "--help", ...flagsOf(withCommonOptions(archiveCommand(session)), (group) => group === everywhere)];
    assert.deepEqual(rowsOf("Flags of `torch-model-archiver`").sort(), expected.sort());
  });

  it("has routes that are there, on the port that it says, for the method that it says", () => {
    const router = new Router(routes);
    const rows = table("Routes");
    assert.ok(rows.length > 15);
    for (const [route, port] of rows) {
      const [, method = "", path = ""] = /^`([A-Z]+) (\/\S*)`$/.exec(route) ?? assert.fail(route);
      const found = [...router.matches(path.replaceAll(/[{}]/g, ""))].map((match) => match.route);
      const fits = found.find((r) => r.port === port && (r.methods === undefined || r.methods.includes(method)));
      assert.ok(fits, `${route} on ${port}`);
    }
  });

  it("leaves out no route of TorchServe's that the code has", () => {
    const router = (path: string) => new Router([{ port: "inference", path, handle: () => {} }]);
    const rows = rowsOf("Routes").map((row) => (row.split(" ")[1] ?? "").replaceAll(/[{}]/g, ""));
    // The protocols of KServe and Triton, and our pages, are not TorchServe's.
    const theirs = routes.map(({ path }) => path).filter((path) => !/^\/(v1|v2|ui)\b/.test(path));
    for (const path of theirs) {
      // The same route with a version, or with the description of a model, is the same row.
      const covered = rows.some((row) => [...router(path).matches(row)].length > 0) || path === "/{model}/{version}/predict";
      assert.ok(covered, path);
    }
  });

  it("has keys that the configuration knows, and says of those without effect that they have none", () => {
    const known = new Set(Object.values(keys).map(({ key }) => key));
    for (const [first, , here = ""] of table("`config.properties`"))
      for (const key of words(first)) {
        if (Object.hasOwn(keysWithoutEffect, key)) assert.match(here, /^no effect: /, key);
        else assert.ok(known.has(key) && !here.startsWith("no effect"), key);
      }
  });

  it("names keys of model-config.yaml that are keys, and every handler that both have", () => {
    const [row] = table("Files").filter(([first]) => first === "`model-config.yaml`");
    for (const key of words(row?.[2] ?? "")) assert.ok(Object.hasOwn(configKeys, key), key);
    for (const name of builtInHandlers) assert.ok(rowsOf("Handlers").includes(name), name);
  });
});
