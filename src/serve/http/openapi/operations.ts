// What the OpenAPI documents say of the routes, by path and method. Ids are TorchServe's, whose clients are generated from them. Paths are those of
// the route tables: what no route answers is in no document.

/** A JSON schema, as far as the documents need it. */
export interface Schema {
  readonly type: "string" | "integer" | "boolean" | "object" | "array" | "number";
  readonly format?: string;
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

export interface Answer {
  readonly about: string;
  /** By media type. */
  readonly content: Readonly<Record<string, Schema>>;
}

export interface Operation {
  readonly id: string;
  readonly about: string;
  readonly deprecated?: true;
  /** Of the query, by name; those of the path are known from it. */
  readonly query?: Readonly<Record<string, Schema & { readonly needed?: true }>>;
  /** Whether it has a body of whatever type the model takes. */
  readonly body?: true;
  readonly answers: Readonly<Record<string, Answer>>;
}

export type Method = "get" | "put" | "post" | "delete" | "options";
export type PathOperations = Readonly<Partial<Record<Method, Operation>>>;

const text = (description: string): Schema => ({ type: "string", description });
const whole = (description: string, fallback?: number): Schema => ({
  type: "integer",
  ...(fallback !== undefined && { default: fallback }),
  description,
});
const flag = (description: string, fallback: boolean): Schema => ({ type: "boolean", default: fallback, description });
const record = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: "object",
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
const json = (about: string, schema: Schema): Answer => ({ about, content: { "application/json": schema } });

const error = (about: string) =>
  json(
    about,
    record({ code: whole("HTTP status."), type: text("Kind of the error, as clients compare it."), message: text("What is wrong.") }),
  );
const status = (about: string) => json(about, record({ status: text("What was done.") }));
const failed = error("Internal Server Error");
const missing = error("Model not found or Model Version not found");
const off = error("The model API is off: enable_model_api is false");

const description: Operation = {
  id: "apiDescription",
  about: "Get this description.",
  answers: {
    200: json("An OpenAPI 3.0.1 document", record({ openapi: text("3.0.1"), info: { type: "object" }, paths: { type: "object" } })),
    500: failed,
  },
};

const anything: Readonly<Record<string, Schema>> = { "*/*": { type: "string", format: "binary" } };

const prediction = (id: string, about: string): Operation => ({
  id,
  about,
  body: true,
  answers: {
    200: { about: "What the model's handler answers.", content: anything },
    400: error("The input is none that the model takes"),
    404: missing,
    408: error("The client's time was over"),
    413: { about: "The body is larger than max_request_size", content: {} },
    500: failed,
    503: error("No worker is there for the request, or its handler failed"),
  },
});

const worker = record(
  {
    id: text("Number of the worker."),
    startTime: text("When its process was started."),
    status: { type: "string", enum: ["READY", "UNLOADING"], description: "READY, or not." },
    memoryUsage: whole("Memory in bytes; 0 where the system does not say."),
    pid: whole("Number of its process."),
    gpu: flag("Whether it runs on a GPU.", false),
    gpuUsage: text("N/A"),
  },
  ["gpu", "gpuUsage"],
);

const model = record(
  {
    modelName: text("Name of the model."),
    modelVersion: text("Version of the model."),
    modelUrl: text("How its archive was named."),
    minWorkers: whole("Workers that there should be, at least."),
    maxWorkers: whole("Workers that there may be, at most."),
    batchSize: whole("Requests that are run together, at most."),
    maxBatchDelay: whole("Longest wait of a request for others, in ms."),
    status: text("Healthy or Unhealthy."),
    workers: { type: "array", items: worker, description: "Its workers." },
    jobQueueStatus: record({
      remainingCapacity: whole("Requests that may still be queued."),
      pendingRequests: whole("Requests that wait."),
    }),
    customizedMetadata: { type: "object", description: "What the model takes and gives, with customized=true." },
  },
  ["customizedMetadata"],
);

const describeModel = (id: string, about: string): Operation => ({
  id,
  about,
  query: { customized: flag("Whether a worker is asked what the model takes and gives.", false) },
  answers: {
    200: json("OK", { type: "array", items: model }),
    404: missing,
    500: failed,
    503: error("No worker is there to be asked"),
  },
});

const scaleModel = (id: string, about: string): Operation => ({
  id,
  about,
  query: {
    min_worker: whole("Workers that there should be.", 1),
    max_worker: whole("Workers that there may be; default: min_worker."),
    number_gpu: whole("Accepted, and without an effect: models run on the processor.", 0),
    synchronous: flag("Whether the answer waits for the workers.", false),
    timeout: whole("Accepted, and without an effect.", -1),
  },
  answers: {
    200: status("The workers are there"),
    202: status("The workers are on their way"),
    206: status("Some workers are there, and others are being started again"),
    400: error("The numbers cannot be"),
    404: missing,
    500: error("The workers do not start"),
  },
});

const unregisterModel = (id: string, about: string): Operation => ({
  id,
  about,
  query: {
    synchronous: flag("Accepted, and without an effect: the answer comes when the model is gone.", false),
    timeout: whole("Accepted, and without an effect: unregister_model_timeout says how long running requests may take.", -1),
  },
  answers: {
    200: status("The model is gone"),
    403: error("It is the default version, and there are others"),
    404: missing,
    405: off,
    408: error("The model is gone, and requests of it were cut off"),
    500: failed,
  },
});

/** By path, in the order of the documents. */
export const operations: Readonly<Record<string, PathOperations>> = {
  "/": { options: description },
  "/ping": {
    get: {
      id: "ping",
      about: "Get the health of the server.",
      answers: {
        200: json("All models have their workers", record({ status: text("Healthy") })),
        500: json("A model lacks workers, or the server is on its way down", record({ status: text("Unhealthy") })),
      },
    },
  },
  "/v1/models/{model_name}:predict": { post: prediction("kserve_v1_predict", "Predict by KServe's protocol v1.") },
  "/v2/models/{model_name}/infer": { post: prediction("kserve_v2_infer", "Predict by the Open Inference Protocol v2.") },
  "/predictions/{model_name}": { post: prediction("predictions", "Predict with the default version of a model.") },
  "/predictions/{model_name}/{model_version}": { post: prediction("version_predictions", "Predict with one version of a model.") },
  "/models": {
    get: {
      id: "listModels",
      about: "List the models, by name.",
      query: { limit: whole("Models of one page, at most 100.", 100), next_page_token: text("The nextPageToken of the page before.") },
      answers: {
        200: json(
          "OK",
          record(
            {
              nextPageToken: text("For the next page; absent where this is the last one."),
              models: {
                type: "array",
                items: record({ modelName: text("Name of the model."), modelUrl: text("How its archive was named.") }),
              },
            },
            ["nextPageToken"],
          ),
        ),
        500: failed,
      },
    },
    post: {
      id: "registerModel",
      about: "Register a model. The parameters may stand in the query, or as an object in a JSON body.",
      query: {
        url: { ...text("An archive of the model store, or an http(s) URL that allowed_urls has."), needed: true },
        model_name: text("Name instead of the archive's own."),
        handler: text("Handler instead of the archive's own."),
        runtime: {
          type: "string",
          enum: ["python", "python3", "LSP"],
          description: "Shown in descriptions; archives run here without it.",
        },
        batch_size: whole("Requests that are run together, at most.", 1),
        max_batch_delay: whole("Longest wait of a request for others, in ms.", 100),
        response_timeout: whole("Seconds after which a worker without an answer is ended; default: default_response_timeout."),
        startup_timeout: whole("Seconds after which a worker that is not ready is ended; default: default_startup_timeout."),
        initial_workers: whole("Workers to begin with; default: what the archive or default_workers_per_model says."),
        synchronous: flag("Whether the answer waits for the workers.", true),
        s3_sse_kms: flag("Accepted, and without an effect.", false),
      },
      answers: {
        200: status("Registered"),
        202: status("Registered, and the workers are on their way"),
        400: error("The archive cannot be had, or is none that can be served"),
        404: error("There is no such archive"),
        405: off,
        409: error("The version is registered already"),
        500: error("The workers do not start, and the model is gone again"),
      },
    },
  },
  "/models/{model_name}": {
    get: describeModel("describeModel", "Describe the default version of a model."),
    put: scaleModel("setAutoScale", "Set the number of workers of the default version of a model."),
    delete: unregisterModel("unregisterModel", "Unregister the default version of a model, if it is the only one."),
  },
  "/models/{model_name}/{model_version}": {
    get: describeModel("version_describeModel", "Describe one version of a model; all of them with the version `all`."),
    put: scaleModel("version_setAutoScale", "Set the number of workers of one version of a model."),
    delete: unregisterModel("version_unregisterModel", "Unregister one version of a model."),
  },
  "/models/{model_name}/{model_version}/set-default": {
    put: {
      id: "setDefault",
      about: "Set the default version of a model.",
      answers: { 200: status("It is the default version"), 404: missing, 500: failed },
    },
  },
  "/v1/models/{model_name}": {
    get: {
      id: "kserve_v1_ready",
      about: "Ask whether a model is ready, by KServe's protocol v1.",
      answers: {
        200: json("OK", record({ name: text("Name of the model."), ready: flag("Whether a worker is ready.", true) })),
        404: missing,
      },
    },
  },
  "/token": {
    get: {
      id: "renewToken",
      about: "Make a new token; the API key of the key file is the bearer token of this request.",
      query: { type: { type: "string", enum: ["management", "inference"], description: "Which token.", needed: true } },
      answers: { 200: json("The key file has the new token", text("Empty.")), 400: error("The API key is wrong") },
    },
  },
  "/api-description": { get: { ...description, id: "api-description", deprecated: true } },
  "/metrics": {
    get: {
      id: "metrics",
      about: "Get metrics in Prometheus's text format.",
      query: { "name[]": { type: "array", items: { type: "string" }, description: "Names of metrics; all, where there is none." } },
      answers: {
        200: { about: "Metrics", content: { "text/plain; version=0.0.4; charset=utf-8": { type: "string" } } },
        500: failed,
      },
    },
  },
};
