import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LiveView } from "../../../src/serve/metrics/live-figures.ts";
import type { ServedGraph } from "../../../src/serve/pages/graph-view.ts";
import type { ServerView } from "../../../src/serve/pages/views.ts";
import { callApi } from "../../support/api-client.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("the routes of the pages", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;
  const management = (path: string) => `${server.addresses.management}${path}`;

  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    server = await serveStore(store, { load_models: "all" });
  });
  after(() => server.close());

  it("send a page that may load nothing but its own files, and may not be framed", async () => {
    for (const path of ["/ui", "/ui/"]) {
      const { status, headers, text } = await callApi("GET", management(path));
      assert.equal(status, 200);
      assert.match(headers["content-type"] ?? "", /^text\/html/);
      assert.match(String(headers["content-security-policy"]), /^default-src 'self';.* frame-ancestors 'none';/);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.doesNotMatch(text, /<style|style=|<script(?![^>]* src=)| on\w+=/);
    }
  });

  it("send script and style under names that change with their content, to be kept", async () => {
    const { text } = await callApi("GET", management("/ui"));
    const files = [...text.matchAll(/(?:src|href)="(\/ui\/app-[0-9a-f]{12}\.(?:js|css))"/g)].map((m) => m[1] as string);
    assert.equal(files.length, 2);
    for (const file of files) {
      const answer = await callApi("GET", management(file));
      assert.equal(answer.status, 200);
      assert.match(String(answer.headers["cache-control"]), /immutable/);
      assert.match(String(answer.headers["content-type"]), /^text\/(css|javascript)/);
    }
  });

  it("say that there is no other file, whatever its name", async () => {
    for (const file of ["app.js", "__proto__", "..%2f..%2fpackage.json", "api/nothing"]) {
      const { status, headers } = await callApi("GET", management(`/ui/${file}`));
      assert.equal(status, 404);
      assert.ok(headers["content-security-policy"]);
    }
    assert.equal((await callApi("POST", management("/ui"))).status, 405);
  });

  it("are on the management port only", async () => {
    assert.equal((await callApi("GET", `${server.addresses.inference}/ui`)).status, 404);
  });

  it("tell models, workers and where predictions are asked for", async () => {
    const view = (await callApi("GET", management("/ui/api/server"))).json as ServerView;
    assert.equal(view.inference, server.addresses.inference);
    assert.equal(view.modelApi, false);
    const [model] = view.models;
    assert.equal(`${model?.name} ${model?.version} ${model?.handler}`, "doubler 1.0 base_handler");
    assert.equal(model?.workers[0]?.status, "READY");
    assert.ok((model?.workers[0]?.pid ?? 0) > 0);
    assert.deepEqual(model?.io?.inputs, [{ name: "x", dtype: "float32", shape: ["batch", 3] }]);
  });

  it("give the graph that is served", async () => {
    const graph = (await callApi("GET", management("/ui/api/graph/doubler/1.0"))).json as ServedGraph;
    assert.deepEqual(graph.operators, [["Add", 1]]);
    assert.equal(graph.engine, "onnxruntime");
    const [node] = graph.graph.nodes;
    assert.deepEqual(
      node?.inputs.map((i) => graph.values[i]?.name),
      ["x", "x"],
    );
    assert.equal((await callApi("GET", management("/ui/api/graph/other/1.0"))).status, 404);
  });

  it("predict as the inference port does", async () => {
    const request = { body: "[1, 2.5, -3]", headers: { "content-type": "application/json" } };
    const own = await callApi("POST", management("/ui/api/predict/doubler/1.0"), request);
    const other = await callApi("POST", `${server.addresses.inference}/predictions/doubler/1.0`, request);
    assert.equal(own.status, 200);
    assert.equal(own.text, other.text);
    assert.equal(own.headers["content-type"], other.headers["content-type"]);
  });

  it("refuse a prediction that a page of another site asks for", async () => {
    const own = new URL(server.addresses.management).host;
    const cases: readonly (readonly [Record<string, string>, number])[] = [
      [{ "sec-fetch-site": "cross-site" }, 403],
      [{ "sec-fetch-site": "same-site" }, 403],
      [{ origin: "http://evil.example" }, 403],
      [{ origin: "null" }, 403],
      [{ "sec-fetch-site": "same-origin", origin: `http://${own}` }, 200],
      [{ origin: `http://${own}` }, 200],
      [{}, 200],
    ];
    for (const [headers, status] of cases) {
      const answer = await callApi("POST", management("/ui/api/predict/doubler/1.0"), {
        body: "[1, 2, 3]",
        headers: { ...headers, "content-type": "application/json" },
      });
      assert.equal(answer.status, status, JSON.stringify(headers));
    }
  });

  it("tell what went wrong by the id that the client was given", async () => {
    const url = `${server.addresses.inference}/predictions`;
    const bad = await callApi("POST", `${url}/doubler`, { body: "[1]", headers: { "content-type": "application/json" } });
    const missing = await callApi("POST", `${url}/other`, { body: "[1]" });
    const { errors, models } = (await callApi("GET", management("/ui/api/live"))).json as LiveView;
    const of = (id: unknown) => errors.find((e) => e.requestId === id);
    assert.match(of(bad.headers["x-request-id"])?.message ?? "", /Input x has shape \[1\]/);
    assert.equal(of(bad.headers["x-request-id"])?.what, "doubler 1.0");
    assert.equal(of(missing.headers["x-request-id"])?.message, "Model not found: other");
    assert.equal(of(missing.headers["x-request-id"])?.what, "POST /predictions/other");
    assert.ok((models.find((m) => m.model === "doubler")?.seconds.length ?? 0) > 0);
  });
});

describe("the pages of a server with tokens", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;
  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    server = await serveStore(store, { disable_token_authorization: "false" });
  });
  after(() => server.close());

  it("are there without one, and know nothing without the management token", async () => {
    const get = (path: string, headers: Record<string, string> = {}) =>
      callApi("GET", `${server.addresses.management}${path}`, { headers });
    assert.equal((await get("/ui")).status, 200);
    for (const path of ["/ui/api/server", "/ui/api/live", "/ui/api/graph/m/1.0"])
      assert.equal(((await get(path)).json as { type?: string }).type, "InvalidKeyException", path);
    const { management, inference } = JSON.parse(await readKeys(server)) as Record<"management" | "inference", { readonly key: string }>;
    const view = await get("/ui/api/server", { authorization: `Bearer ${management.key}` });
    assert.equal((view.json as ServerView).inferenceToken, true);
    assert.equal((await get("/ui/api/server", { authorization: `Bearer ${inference.key}` })).status, 400);
  });
});

async function readKeys(server: Awaited<ReturnType<typeof serveStore>>): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(server.parts.tokens.file ?? "", "utf8");
}
