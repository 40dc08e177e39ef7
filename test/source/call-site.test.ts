import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CallSite, captureCallSite } from "../../src/source/call-site.ts";
import { isLibraryScript, libraryRoot, scriptHref } from "../../src/source/library.ts";

const thisFile = fileURLToPath(import.meta.url);
const written = readFileSync(thisFile, "utf8").split("\n");

/** The text of this file from the place of a call site on. */
function textAt(site: CallSite | undefined): string {
  assert.equal(site?.file, thisFile);
  return written[(site?.line ?? 0) - 1]?.slice((site?.column ?? 0) - 1) ?? "";
}

describe("captureCallSite", () => {
  it("gives the line and column of the call in the TypeScript", () => {
    const site: CallSite | undefined = captureCallSite(); // here
    assert.match(textAt(site), /^captureCallSite\(\); \/\/ here/);
  });

  it("gives the same object for the same place, and another for another", () => {
    const sites = [1, 2, 3].map(() => captureCallSite());
    assert.equal(sites[0], sites[2]);
    assert.notEqual(sites[0], captureCallSite());
  });

  it("passes over native frames", () => {
    const sites: (CallSite | undefined)[] = [];
    [0].forEach(() => {
      Reflect.apply(() => sites.push(captureCallSite()), undefined, []); // inside
    });
    assert.match(textAt(sites[0]), /^captureCallSite\(\)\), undefined, \[\]\); \/\/ inside/);
  });

  it("climbs a hundred frames", () => {
    const climb = (n: number): CallSite | undefined => (n === 0 ? captureCallSite() : climb(n - 1));
    assert.match(textAt(climb(100)), /^captureCallSite\(\) : climb/);
  });

  it("leaves Error as it was, also where a program has its own hook and limit", () => {
    const { prepareStackTrace, stackTraceLimit } = Error;
    const had = Object.hasOwn(Error, "prepareStackTrace");
    const mine = () => "mine";
    try {
      Error.prepareStackTrace = mine;
      Error.stackTraceLimit = 3;
      assert.match(textAt(captureCallSite()), /^captureCallSite/);
      assert.equal(Error.prepareStackTrace, mine);
      assert.equal(Error.stackTraceLimit, 3);
      Reflect.deleteProperty(Error, "prepareStackTrace");
      captureCallSite();
      assert.equal(Object.hasOwn(Error, "prepareStackTrace"), false);
    } finally {
      if (had) Error.prepareStackTrace = prepareStackTrace;
      Error.stackTraceLimit = stackTraceLimit;
    }
  });
});

describe("isLibraryScript", () => {
  const root = libraryRoot ?? assert.fail("the library knows its folder");

  it("knows the library's folders, by URL and by path, but not the model zoo", () => {
    assert.equal(isLibraryScript(`${root}nn/conv.ts`), true);
    assert.equal(isLibraryScript(fileURLToPath(`${root}eager/tensor.ts`)), true);
    assert.equal(isLibraryScript(`${root}eager/tensor.ts?again=1`), true);
    assert.equal(isLibraryScript(`${root}models/resnet.ts`), false);
  });

  it("does not take a file for the library's because of its name", () => {
    assert.equal(isLibraryScript("file:///home/me/project/src/nn/conv.ts"), false);
    assert.equal(isLibraryScript("/home/me/ingot/src/source/library.ts"), false);
    assert.equal(isLibraryScript(import.meta.url), false);
  });

  it("spells paths with odd characters as V8 does", () => {
    assert.equal(scriptHref("/a b/c#d?.ts"), "file:///a%20b/c%23d%3F.ts");
  });
});
