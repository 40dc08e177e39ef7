// OpenAPI documents out of the route tables: a path is in one if a route answers it, with the methods that the route takes.
import { producerVersion } from "../../../onnx/producer.ts";
import type { ServedVersion } from "../../models/served-version.ts";
import type { TensorSpec } from "../../wire/messages.ts";
import type { Port, Route } from "../router.ts";
import { type Answer, type Operation, operations, type PathOperations, type Schema } from "./operations.ts";

/** An OpenAPI 3.0.1 document. */
export interface OpenApi {
  readonly openapi: "3.0.1";
  readonly info: { readonly title: string; readonly description?: string; readonly version: string };
  readonly paths: Readonly<Record<string, object>>;
}

/** The APIs of the ports. */
export function apiDocument(routes: readonly Route[], ports: readonly Port[]): OpenApi {
  const known = describedPaths(routes.filter(({ port }) => ports.includes(port)));
  return {
    openapi: "3.0.1",
    info: {
      title: "Ingot APIs",
      description: `The ${ports.filter((port) => port !== "metrics").join(" and ")} API of Ingot, compatible with TorchServe's.`,
      version: producerVersion,
    },
    paths: Object.fromEntries(Object.entries(operations).flatMap(([path, ofPath]) => pathOf(path, ofPath, known.get(path)))),
  };
}

/** What may be done with one model by the management API. */
export function modelManagementDocument(routes: readonly Route[], { name }: ServedVersion): OpenApi {
  const { paths } = apiDocument(routes, ["management"]);
  const ofModels = Object.entries(paths).filter(([path]) => path.startsWith("/models/{model_name}"));
  return {
    openapi: "3.0.1",
    info: { title: `RESTful Management API for: ${name}`, version: producerVersion },
    paths: Object.fromEntries(ofModels),
  };
}

/** How one model is asked, and, once a worker was ready, what it takes and gives. */
export function modelDocument({ name, version, io }: ServedVersion): OpenApi {
  const about = io
    ? `Takes ${io.inputs.map(tensorText).join(", ")}; gives ${io.outputs.map(tensorText).join(", ")}. How they are written is up to the handler.`
    : "What the model takes is known once a worker has loaded it.";
  const operation = operations["/predictions/{model_name}"]?.post;
  const paths = ["", `/${encodeURIComponent(version)}`].map((rest, i) => {
    const id = i === 0 ? name : `${name}_${version}`;
    const post = operation && { ...operationObject(operation, []), operationId: id, description: `Predict with ${name}. ${about}` };
    return [`/predictions/${encodeURIComponent(name)}${rest}`, { post }];
  });
  return { openapi: "3.0.1", info: { title: `RESTful API for: ${name}`, version }, paths: Object.fromEntries(paths) };
}

const tensorText = ({ name, dtype, shape }: TensorSpec) => `${name}: ${dtype}${shape ? `[${shape.join(", ")}]` : ""}`;

/** The paths of the routes as OpenAPI writes them, each with the methods that are taken. */
export function describedPaths(routes: readonly Route[]): ReadonlyMap<string, ReadonlySet<string> | "any"> {
  const found = new Map<string, ReadonlySet<string> | "any">();
  for (const { path, methods } of routes)
    for (const written of openApiPaths(path)) {
      const before = found.get(written) ?? new Set();
      found.set(written, methods === undefined || before === "any" ? "any" : new Set([...before, ...methods]));
    }
  return found;
}

/** A path of the table; one with a parameter that may be missing is two, and what may follow is left out. */
function openApiPaths(path: string): string[] {
  const named = path
    .replace(/\/\{\w+\*\}/, "")
    .replace("{model", "{model_name")
    .replace("{version", "{model_version");
  const optional = /\/\{(\w+)\?\}/.exec(named);
  if (!optional) return [named === "" ? "/" : named];
  return [named.replace(optional[0], ""), named.replace(optional[0], `/{${optional[1]}}`)];
}

function pathOf(path: string, ofPath: PathOperations, taken: ReadonlySet<string> | "any" = new Set()): [string, object][] {
  const methods = Object.entries(ofPath).filter(([method]) => taken === "any" || taken.has(method.toUpperCase()));
  if (methods.length === 0) return [];
  return [[path, Object.fromEntries(methods.map(([method, operation]) => [method, operationObject(operation, parametersOf(path))]))]];
}

const parametersOf = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);

const pathTexts: Readonly<Record<string, string>> = { model_name: "Name of the model.", model_version: "Version of the model." };

function operationObject({ id, about, deprecated, query = {}, body, answers }: Operation, path: readonly string[]): object {
  const ofPath = path.map((name) => ({
    in: "path",
    name,
    description: pathTexts[name] ?? name,
    required: true,
    schema: { type: "string" },
  }));
  const ofQuery = Object.entries(query).map(([name, { needed, description, ...schema }]) => ({
    in: "query",
    name,
    description,
    required: needed ?? false,
    schema,
  }));
  return {
    description: about,
    operationId: id,
    ...(deprecated && { deprecated }),
    parameters: [...ofPath, ...ofQuery],
    ...(body && {
      requestBody: {
        description: "The input, as the model's handler takes it.",
        content: mediaTypes({ "*/*": { type: "string", format: "binary" } }),
        required: true,
      },
    }),
    responses: Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseObject(answer)])),
  };
}

const responseObject = ({ about, content }: Answer) => ({
  description: about,
  ...(Object.keys(content).length > 0 && { content: mediaTypes(content) }),
});

const mediaTypes = (content: Readonly<Record<string, Schema>>) =>
  Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
