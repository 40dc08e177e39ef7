import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { callApi } from "../../support/api-client.ts";
import { goodParts } from "../../support/archive-files.ts";
import { zipOf } from "../../support/hostile/zip-writer.ts";
import { serveStore } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("registration by URL", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;
  let web: Server;
  let origin: string;
  let store: string;

  before(async () => {
    web = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://x");
      if (pathname === "/absent.mar") response.writeHead(404).end();
      else if (pathname === "/broken.mar") response.end("no archive");
      else if (pathname === "/inside.mar") response.writeHead(302, { location: "http://169.254.169.254/m.mar" }).end();
      else response.end(zipOf(goodParts()));
    });
    await new Promise<void>((done) => web.listen(0, "127.0.0.1", done));
    origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    store = join(folder(), "store");
    mkdirSync(store);
    const keys = { enable_model_api: "true", default_workers_per_model: "0", allowed_urls: `${origin}/.*,https?://.*` };
    server = await serveStore(store, keys);
  });
  after(async () => {
    await server.close();
    web.closeAllConnections();
    await new Promise((done) => web.close(done));
  });

  const register = (url: string, more = "") =>
    callApi("POST", `${server.addresses.management}/models?url=${encodeURIComponent(url)}${more}`);
  const unregister = (model: string) => callApi("DELETE", `${server.addresses.management}/models/${model}`);
  const leftovers = () => readdirSync(join(store, "..", "state", ".ingot", "downloads"));

  it("keeps the archive in the model store while the model is there", async () => {
    const answer = await register(`${origin}/m.mar?signature=x`);
    assert.deepEqual([answer.status, existsSync(join(store, "m.mar"))], [200, true]);
    const again = await register(`${origin}/m.mar`);
    assert.deepEqual(again.json, { code: 500, type: "InternalServerException", message: "Model file already exists m.mar" });
    const [model] = (await callApi("GET", `${server.addresses.management}/models/m`)).json as { modelUrl: string }[];
    assert.equal(model?.modelUrl, `${origin}/m.mar?signature=x`);
    assert.equal((await unregister("m")).status, 200);
    assert.deepEqual([existsSync(join(store, "m.mar")), leftovers()], [false, []]);
  });

  it("lets one of many at once have it", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => register(`${origin}/m.mar`)));
    assert.deepEqual(answers.map((a) => a.status).sort(), [200, ...Array.from({ length: 19 }, () => 500)]);
    assert.equal((await unregister("m")).status, 200);
  });

  it("leaves nothing behind of what cannot be had or is no archive", async () => {
    const absent = await register(`${origin}/absent.mar`);
    const message = `Failed to download archive from: ${origin}/absent.mar`;
    assert.deepEqual(absent.json, { code: 400, type: "DownloadArchiveException", message });
    assert.ok(server.lines.some(({ event, fields }) => event === "download failed" && /status 404/.test(String(fields.reason))));
    assert.equal((await register(`${origin}/broken.mar`)).status, 400);
    assert.equal((await register(`${origin}/`)).status, 400);
    assert.deepEqual([readdirSync(store), leftovers()], [[], []]);
  });

  it("refuses addresses that are nobody's business, named or after a redirect", async () => {
    const other = (web.address() as AddressInfo).port + 1;
    for (const url of [
      "http://169.254.169.254/latest/meta-data/m.mar",
      "http://[::1]/m.mar",
      `http://localhost:${other}/m.mar`,
      "http://10.0.0.1/m.mar",
      `${origin}/inside.mar`,
    ])
      assert.deepEqual((await register(url)).json, {
        code: 400,
        type: "DownloadArchiveException",
        message: `Failed to download archive from: ${url}`,
      });
    for (const url of ["http://user@127.0.0.1/m.mar", "gopher://127.0.0.1/m.mar", "ftp://models.example/m.mar"])
      assert.deepEqual((await register(url)).json, {
        code: 404,
        type: "ModelNotFoundException",
        message: `Given URL ${url} does not match any allowed URL(s)`,
      });
    assert.deepEqual(server.parts.registry.names, []);
  });

  it("keeps no archive of a model whose workers do not start", async () => {
    const answer = await register(`${origin}/m.mar`, "&initial_workers=1&handler=absent_handler");
    assert.deepEqual([answer.status, existsSync(join(store, "m.mar"))], [500, false]);
  });

  it("takes what the operator's own configuration names, again at the next start too", async () => {
    const own = join(folder(), "own");
    mkdirSync(own);
    for (const _ of ["first", "second"]) {
      const started = await serveStore(own, { load_models: `mine=${origin}/m.mar` });
      assert.deepEqual(started.parts.registry.names, ["mine"]);
      await started.close();
      assert.deepEqual(readdirSync(own), ["m.mar"]);
    }
  });
});
