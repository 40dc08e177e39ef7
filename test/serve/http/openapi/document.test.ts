import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { managementRoutes } from "../../../../src/serve/http/management.ts";
import { metricsRoutes } from "../../../../src/serve/http/metrics.ts";
import { apiDocument, describedPaths, type OpenApi } from "../../../../src/serve/http/openapi/document.ts";
import { operations } from "../../../../src/serve/http/openapi/operations.ts";
import { routes } from "../../../../src/serve/routes.ts";
import { callApi } from "../../../support/api-client.ts";
import { serveStore, storeModel } from "../../../support/model-store.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("the OpenAPI documents", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;
  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    server = await serveStore(store, { load_models: "all" });
  });
  after(() => server.close());

  const document = async (method: string, url: string) => {
    const answer = await callApi(method, url);
    assert.equal(answer.status, 200, url);
    return answer.json as OpenApi;
  };
  const operationsOf = ({ paths }: OpenApi) =>
    Object.values(paths).flatMap((path) =>
      Object.values(path as Record<string, { readonly operationId: string }>).map((o) => o.operationId),
    );

  it("have the operations of TorchServe's", async () => {
    const inference = await document("OPTIONS", `${server.addresses.inference}/`);
    assert.equal(inference.openapi, "3.0.1");
    for (const id of [
      "apiDescription",
      "ping",
      "predictions",
      "version_predictions",
      "kserve_v1_predict",
      "kserve_v2_infer",
      "api-description",
      "metrics",
    ])
      assert.ok(operationsOf(inference).includes(id), id);
    const management = await document("OPTIONS", `${server.addresses.management}/`);
    for (const id of [
      "apiDescription",
      "listModels",
      "registerModel",
      "describeModel",
      "setAutoScale",
      "unregisterModel",
      "version_describeModel",
      "version_setAutoScale",
      "version_unregisterModel",
      "setDefault",
      "api-description",
      "metrics",
    ])
      assert.ok(operationsOf(management).includes(id), id);
    assert.deepEqual(await document("GET", `${server.addresses.inference}/api-description`), inference);
    assert.deepEqual(await document("GET", `${server.addresses.management}/api-description`), management);
  });

  it("are valid by OpenAPI's own schema, references and all", async () => {
    const { inference, management } = server.addresses;
    for (const url of [`${inference}/`, `${management}/`, `${inference}/predictions/doubler`, `${management}/models/doubler`]) {
      const { valid, errors } = await new Validator().validate((await document("OPTIONS", url)) as unknown as Record<string, unknown>);
      assert.ok(valid, `${url}: ${JSON.stringify(errors)}`);
    }
  });

  it("say nothing that no route answers", () => {
    assert.deepEqual(apiDocument([], ["inference", "management", "metrics"]).paths, {});
    const taken = describedPaths(routes);
    for (const [path, methods] of Object.entries(apiDocument(routes, ["inference", "management", "metrics"]).paths)) {
      const found = taken.get(path);
      assert.ok(found, path);
      for (const method of Object.keys(methods)) assert.ok(found === "any" || found.has(method.toUpperCase()), `${method} ${path}`);
    }
  });

  it("leave out no route of the management and metrics APIs but those that only say no", () => {
    const undocumented = [...describedPaths([...managementRoutes, ...metricsRoutes])].flatMap(([path, methods]) => {
      const described = operations[path] ?? {};
      if (methods === "any") return described.get || described.post ? [] : [path];
      return [...methods].filter((method) => !Object.hasOwn(described, method.toLowerCase())).map((method) => `${method} ${path}`);
    });
    assert.deepEqual(undocumented, ["/workflows"]);
  });

  it("hold together: ids are unique, parameters of paths are declared, and answers described", () => {
    const { paths } = apiDocument(routes, ["inference", "management", "metrics"]);
    const ids = new Set<string>();
    for (const [path, methods] of Object.entries(paths))
      for (const operation of Object.values(methods as Record<string, DocumentedOperation>)) {
        assert.ok(!ids.has(operation.operationId), operation.operationId);
        ids.add(operation.operationId);
        const declared = operation.parameters.filter((p) => p.in === "path").map((p) => p.name);
        assert.deepEqual(
          declared,
          [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        );
        assert.ok(Object.keys(operation.responses).length > 0);
        for (const [status, { description }] of Object.entries(operation.responses)) {
          assert.match(status, /^[2-5]\d\d$/);
          assert.notEqual(description, "");
        }
      }
  });

  interface DocumentedOperation {
    readonly operationId: string;
    readonly parameters: readonly { readonly in: string; readonly name: string }[];
    readonly responses: Readonly<Record<string, { readonly description: string }>>;
  }

  it("of a model say what it takes and gives", async () => {
    const model = await document("OPTIONS", `${server.addresses.inference}/predictions/doubler`);
    assert.equal(model.info.title, "RESTful API for: doubler");
    assert.deepEqual(Object.keys(model.paths), ["/predictions/doubler", "/predictions/doubler/1.0"]);
    assert.match(JSON.stringify(model), /Takes x: float32\[batch, 3\]; gives y: float32\[batch, 3\]\./);
    const management = await document("OPTIONS", `${server.addresses.management}/models/doubler/1.0`);
    assert.deepEqual(Object.keys(management.paths), [
      "/models/{model_name}",
      "/models/{model_name}/{model_version}",
      "/models/{model_name}/{model_version}/set-default",
    ]);
    for (const url of [`${server.addresses.inference}/predictions/absent`, `${server.addresses.management}/models/absent`])
      assert.equal((await callApi("OPTIONS", url)).status, 404);
  });

  it("are one where one listener serves all", async () => {
    const store = join(folder(), "other", "store");
    mkdirSync(store, { recursive: true });
    const address = `unix:${join(folder(), "all.sock")}`;
    const all = await serveStore(store, { inference_address: address, management_address: address, metrics_address: address });
    try {
      const { paths } = apiDocument(routes, ["inference", "management", "metrics"]);
      const { request } = await import("node:http");
      const text = await new Promise<string>((resolve, reject) => {
        request({ socketPath: join(folder(), "all.sock"), method: "OPTIONS", path: "/" }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => resolve(Buffer.concat(chunks).toString()));
        })
          .on("error", reject)
          .end();
      });
      assert.deepEqual(Object.keys((JSON.parse(text) as OpenApi).paths), Object.keys(paths));
    } finally {
      await all.close();
    }
  });
});
