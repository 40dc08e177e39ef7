import assert from "node:assert/strict";
import { allowedUrl } from "../../../../src/serve/models/download/url-policy.ts";

const entries = (...sources: string[]) => sources.map((source) => new RegExp(`^(?:${source})$`));
const everything = entries("file://.*|http(s)?://.*");

describe("a URL that a model may come from", () => {
  it("matches an entry of allowed_urls as a whole", () => {
    assert.equal(allowedUrl("https://models.example/m.mar", []), undefined);
    assert.equal(allowedUrl("https://evil.example/?https://models.example/m.mar", entries("https://models\\.example/.*")), undefined);
    assert.equal(allowedUrl("https://models.example/m.mar", entries("https://models\\.example/.*"))?.publicOnly, false);
  });

  it("may be anywhere on the public internet where an entry names no host, and only there", () => {
    for (const url of ["http://127.0.0.1/m.mar", "http://169.254.169.254/m.mar", "http://[::1]/m.mar", "https://models.example/m.mar"])
      assert.equal(allowedUrl(url, everything)?.publicOnly, true, url);
    assert.equal(allowedUrl("http://10.0.0.5/m.mar", entries("https?://[^/]*/m\\.mar"))?.publicOnly, true);
  });

  it("may be in the own network where an entry names it", () => {
    for (const [url, entry] of [
      ["http://10.0.0.5/m.mar", "http://10\\.0\\.0\\.5/.*"],
      ["http://localhost:8000/m.mar", "http://localhost:8000/.*"],
      ["http://models.corp/m.mar", "https?://models\\.corp/.*"],
      ["http://models.corp:80/m.mar", "http://models\\.corp:80/.*"],
      ["http://store.corp/m.mar", "http://[a-z]+\\.corp/.*"],
    ] as const)
      assert.equal(allowedUrl(url, [...everything, ...entries(entry)])?.publicOnly, false, url);
  });

  it("is judged as it would be fetched, however it is written", () => {
    const trusted = entries("http://[^/]*\\.models\\.example/.*", "http://models\\.example/.*");
    // A browser takes the backslash for a slash, and what follows for the path.
    assert.equal(allowedUrl("http://evil.example\\.models.example/m.mar", trusted), undefined);
    assert.equal(allowedUrl("http://0x7f.1/m.mar", entries("http://127\\.0\\.0\\.1/.*"))?.url.hostname, "127.0.0.1");
    assert.equal(allowedUrl("HTTP://MODELS.example/m.mar", trusted)?.url.hostname, "models.example");
  });

  it("has no user in it, is not endless, and is http", () => {
    for (const url of [
      "http://user@models.example/m.mar",
      "http://models.example@10.0.0.1/m.mar",
      "ftp://models.example/m.mar",
      "gopher://x/",
    ])
      assert.equal(allowedUrl(url, entries(".*")), undefined, url);
    assert.equal(allowedUrl(`http://models.example/${"a".repeat(2048)}`, everything), undefined);
  });
});
