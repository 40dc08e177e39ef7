import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ApiRequest, callApi } from "../../support/api-client.ts";
import { serveStore } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

type Server = Awaited<ReturnType<typeof serveStore>>;
interface Keys {
  readonly management: { readonly key: string };
  readonly inference: { readonly key: string };
  readonly API: { readonly key: string };
}

describe("a server's guards", () => {
  const folder = temporaryFolder();
  const servers: Server[] = [];
  let runs = 0;
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  const start = async (keys: Readonly<Record<string, string>>): Promise<Server> => {
    const store = join(folder(), String(runs++), "store");
    mkdirSync(store, { recursive: true });
    const server = await serveStore(store, { enable_model_api: "true", ...keys });
    servers.push(server);
    return server;
  };
  const management = (server: Server, method: string, path: string, options?: ApiRequest) =>
    callApi(method, `${server.addresses.management}${path}`, options);
  const inference = (server: Server, method: string, path: string, options?: ApiRequest) =>
    callApi(method, `${server.addresses.inference}${path}`, options);
  const bearer = (key: string): ApiRequest => ({ headers: { authorization: `Bearer ${key}` } });

  describe("tokens", () => {
    const keysOf = (server: Server): Keys => JSON.parse(readFileSync(server.parts.tokens.file ?? "", "utf8")) as Keys;
    const refused = (what: string) => ({
      code: 400,
      type: "InvalidKeyException",
      message: `Token ${what} failed. Token either incorrect, expired, or not provided correctly`,
    });

    it("open the API that they are for, and no other", async () => {
      const server = await start({ disable_token_authorization: "false" });
      const keys = keysOf(server);
      assert.equal((await management(server, "GET", "/models", bearer(keys.management.key))).status, 200);
      assert.equal((await inference(server, "GET", "/ping", bearer(keys.inference.key))).status, 200);
      for (const header of [
        "",
        "Bearer",
        `Bearer ${keys.inference.key}`,
        `Bearer ${keys.API.key}`,
        `Basic ${keys.management.key}`,
        keys.management.key,
      ]) {
        const answer = await management(server, "GET", "/models", { headers: header === "" ? {} : { authorization: header } });
        assert.deepEqual([answer.status, answer.json], [400, refused("Authorization")], header);
      }
      assert.equal((await inference(server, "GET", "/ping", bearer(keys.management.key))).status, 400);
    });

    it("are not asked for by descriptions of the API and by metrics", async () => {
      const server = await start({ disable_token_authorization: "false" });
      assert.equal((await management(server, "OPTIONS", "/")).status, 200);
      assert.equal((await inference(server, "GET", "/api-description")).status, 200);
      assert.equal((await callApi("GET", `${server.addresses.metrics}/metrics`)).status, 200);
    });

    it("are asked for by management alone where only this machine reaches inference", async () => {
      const server = await start({ disable_token_authorization: "" });
      assert.equal((await inference(server, "GET", "/ping")).status, 200);
      assert.equal((await management(server, "GET", "/models")).status, 400);
    });

    it("are renewed at /token, with the API key and nothing else", async () => {
      const server = await start({ disable_token_authorization: "false" });
      const before = keysOf(server);
      for (const key of ["wrong", before.management.key]) {
        const answer = await management(server, "GET", "/token?type=management", bearer(key));
        assert.deepEqual([answer.status, answer.json], [400, refused("Authentication")]);
      }
      for (const query of ["", "?type=API", "?type=other"]) {
        const answer = await management(server, "GET", `/token${query}`, bearer(before.API.key));
        assert.equal(answer.status, 400);
        assert.match(answer.text, /Token Authentication failed\. /);
      }
      const renewed = await management(server, "GET", "/token?type=inference", bearer(before.API.key));
      assert.deepEqual([renewed.status, renewed.text], [200, '""\n']);
      const after = keysOf(server);
      assert.deepEqual([after.management, after.API], [before.management, before.API]);
      assert.notEqual(after.inference.key, before.inference.key);
      assert.equal((await inference(server, "GET", "/ping", bearer(before.inference.key))).status, 400);
      assert.equal((await inference(server, "GET", "/ping", bearer(after.inference.key))).status, 200);
      assert.equal((await management(server, "GET", "/models?x=/token", bearer(before.API.key))).status, 400);
    });
  });

  describe("names of the server", () => {
    const withHost = (host: string, more: Readonly<Record<string, string>> = {}): ApiRequest => ({ headers: { host, ...more } });

    it("are those of this machine, addresses, and what allowed_hosts has", async () => {
      const server = await start({ allowed_hosts: "models.corp" });
      for (const host of ["localhost:8081", "127.0.0.1", "[::1]:8081", "10.1.2.3:8081", "models.corp", "MODELS.CORP.:8081", "x.localhost"])
        assert.equal((await management(server, "GET", "/models", withHost(host))).status, 200, host);
      for (const host of ["evil.example", "localhost.evil.example:8081", "models.corp.evil.example", "127.0.0.1.evil.example", "a b"]) {
        const answer = await management(server, "GET", "/models", withHost(host));
        assert.equal(answer.status, 403, host);
        assert.match(answer.text, /put it into allowed_hosts/);
      }
      assert.equal((await inference(server, "GET", "/ping", withHost("models.of-a-cluster.example"))).status, 200);
    });

    it("do not help a page of another site to change something", async () => {
      const server = await start({ cors_allowed_origin: "https://trusted.example" });
      const path = "/models/absent?min_worker=1";
      for (const [origin, status] of [
        ["https://evil.example", 403],
        ["null", 403],
        ["http://localhost:9999", 403],
        ["http://localhost:8081", 404],
        ["https://trusted.example", 404],
      ] as const)
        assert.equal((await management(server, "PUT", path, withHost("localhost:8081", { origin }))).status, status, origin);
      assert.equal((await management(server, "GET", "/models", withHost("localhost", { origin: "https://evil.example" }))).status, 200);
    });
  });

  describe("pages of other sites", () => {
    const preflight: ApiRequest = { headers: { origin: "https://page.example", "access-control-request-method": "POST" } };

    it("are told what the configuration allows them, in every answer", async () => {
      const server = await start({
        cors_allowed_origin: "https://page.example",
        cors_allowed_methods: "GET, POST",
        cors_allowed_headers: "X-Custom",
        disable_token_authorization: "false",
      });
      const wanted = ["https://page.example", "GET, POST", "X-Custom"];
      const allowed = ({ headers }: Awaited<ReturnType<typeof callApi>>) =>
        ["origin", "methods", "headers"].map((what) => headers[`access-control-allow-${what}`]);
      const asked = await inference(server, "OPTIONS", "/predictions/absent", preflight);
      assert.deepEqual([asked.status, asked.text, allowed(asked)], [200, "", wanted]);
      for (const path of ["/ping", "/absent/path/of/nobody"]) assert.deepEqual(allowed(await inference(server, "GET", path)), wanted);
    });

    it("are told nothing without it", async () => {
      const server = await start({});
      const asked = await inference(server, "OPTIONS", "/predictions/absent", preflight);
      assert.equal(asked.status, 404);
      assert.deepEqual(
        Object.keys(asked.headers).filter((name) => name.startsWith("access-control")),
        [],
      );
    });
  });

  describe("methods", () => {
    it("that no route takes are 405 where the path is known, and 404 elsewhere", async () => {
      const server = await start({});
      const { inference: i, management: m, metrics } = server.addresses;
      for (const method of ["HEAD", "TRACE", "PATCH"]) {
        for (const url of [
          `${i}/`,
          `${i}/ping`,
          `${i}/predictions/m`,
          `${m}/models`,
          `${m}/models/m`,
          `${m}/models/m/1.0/set-default`,
          `${m}/token`,
          `${metrics}/metrics`,
        ])
          assert.equal((await callApi(method, url)).status, 405, `${method} ${url}`);
        for (const url of [`${i}/no/such/path/at/all`, `${m}/absent`, `${metrics}/absent`])
          assert.equal((await callApi(method, url)).status, 404, `${method} ${url}`);
      }
    });

    it("of other routes are 405 in TorchServe's words", async () => {
      const server = await start({});
      const answer = await management(server, "PUT", "/models");
      assert.deepEqual(answer.json, {
        code: 405,
        type: "MethodNotAllowedException",
        message: "Requested method is not allowed, please refer to API document.",
      });
      for (const path of ["/models/m/1.0/set-default", "/api-description"])
        assert.equal((await management(server, "POST", path)).status, 405, path);
    });
  });

  describe("paths", () => {
    it("that are none are 400, and those of nobody 404", async () => {
      const server = await start({});
      for (const path of ["/models/%", "/models/%ff", "/models/a%00b"])
        assert.equal((await management(server, "GET", path)).status, 400, path);
      for (const path of ["/models/..%2f..%2fetc", "/models/a/b/c/d", "/nothing"])
        assert.equal((await management(server, "GET", path)).status, 404, path);
    });
  });
});
