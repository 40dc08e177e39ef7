import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError, ServeError } from "../../../src/errors/error.ts";
import { formatAddress } from "../../../src/serve/config/address.ts";
import type { ServeFlags } from "../../../src/serve/config/flags.ts";
import { keys, keysWithoutEffect, variableOf } from "../../../src/serve/config/keys.ts";
import { type ConfigSources, resolveConfig } from "../../../src/serve/config/resolve.ts";
import type { ServerConfig, Settings } from "../../../src/serve/config/server-config.ts";

const cwd = "/srv/ingot";
const config = (text = "", flags: ServeFlags = {}, environment: ConfigSources["environment"] = {}): ServerConfig =>
  resolveConfig({ cwd, flags, environment, file: { path: "config.properties", text } });

function errorOf(work: () => unknown): IngotError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof IngotError, String(error));
    return error;
  }
  assert.fail("no error");
}

/** The first lines of the error: what is wrong, and what else. */
const complaint = (text: string, flags: ServeFlags = {}, environment: ConfigSources["environment"] = {}) => {
  const error = errorOf(() => config(text, flags, environment));
  assert.ok(error instanceof ServeError);
  return [error.summary, ...error.notes];
};

describe("the configuration without a file", () => {
  const defaults = resolveConfig({ cwd });

  it("has TorchServe's defaults, on loopback", () => {
    const { inferenceAddress, managementAddress, metricsAddress } = defaults;
    assert.deepEqual([inferenceAddress, managementAddress, metricsAddress].map(formatAddress), [
      "http://127.0.0.1:8080",
      "http://127.0.0.1:8081",
      "http://127.0.0.1:8082",
    ]);
    assert.deepEqual([defaults.grpcInferenceAddress, defaults.grpcInferencePort, defaults.grpcManagementPort], ["127.0.0.1", 7070, 7071]);
    assert.deepEqual([defaults.jobQueueSize, defaults.maxRequestSize, defaults.maxResponseSize], [100, 6553500, 6553500]);
    assert.deepEqual([defaults.enableModelApi, defaults.disableTokenAuthorization, defaults.metricsMode], [false, undefined, "log"]);
    assert.deepEqual([defaults.loadModels, defaults.models.size, defaults.modelSnapshot], [{ kind: "none" }, 0, undefined]);
    assert.deepEqual([defaults.keystoreType, defaults.keystorePass, defaults.tokenExpirationMin], ["PKCS12", "changeit", 60]);
  });

  it("counts times in ms", () => {
    assert.equal(defaults.defaultResponseTimeout, 120_000);
    assert.equal(defaults.metricTimeInterval, 60_000);
    assert.equal(defaults.grpcInferenceMaxConnectionAgeMs, Number.POSITIVE_INFINITY);
    const changed = config("unregister_model_timeout=0.5\ngrpc_management_max_connection_age_ms=1500\nshutdown_grace=0");
    assert.deepEqual([changed.unregisterModelTimeout, changed.grpcManagementMaxConnectionAgeMs, changed.shutdownGrace], [500, 1500, 0]);
    assert.equal(
      config("grpc_inference_max_connection_age_ms=9223372036854775807").grpcInferenceMaxConnectionAgeMs,
      Number.POSITIVE_INFINITY,
    );
  });

  it("allows no URL but those that are listed", () => {
    assert.deepEqual(defaults.allowedUrls, []);
    const { allowedUrls } = config("allowed_urls=https://models.example.org/.*, file://.*");
    assert.deepEqual(
      ["https://models.example.org/a.mar", "https://models.example.org.evil.test/", "xfile://a", "file:///a"].map((url) =>
        allowedUrls.some((u) => u.test(url)),
      ),
      [true, false, false, true],
    );
  });

  it("writes into the folder where it was started, or where it is told to", () => {
    assert.deepEqual([defaults.stateDir, defaults.logLocation, defaults.metricsLocation], [cwd, `${cwd}/logs`, `${cwd}/logs`]);
    const moved = config("", { stateDir: "state" }, { METRICS_LOCATION: "/var/metrics" });
    assert.deepEqual([moved.stateDir, moved.logLocation, moved.metricsLocation], [`${cwd}/state`, `${cwd}/state/logs`, "/var/metrics"]);
    const logs = config("", {}, { LOG_LOCATION: "l" });
    assert.deepEqual([logs.logLocation, logs.metricsLocation, logs.logToFile], [`${cwd}/l`, `${cwd}/l`, true]);
  });
});

describe("where a setting comes from", () => {
  it("is the environment before flags, flags before the file, the file before the default", () => {
    const file = "enable_envvars_config=true\nmodel_store=of-file\nload_models=of-file.mar\njob_queue_size=7";
    const all = config(file, { modelStore: "of-flag", models: ["of-flag.mar", "n=b.mar"] }, { TS_MODEL_STORE: "/of/environment" });
    assert.equal(all.modelStore, "/of/environment");
    assert.deepEqual(all.loadModels, {
      kind: "list",
      models: [
        { name: undefined, location: "of-flag.mar" },
        { name: "n", location: "b.mar" },
      ],
    });
    assert.equal(all.jobQueueSize, 7);
    assert.deepEqual(
      ["model_store", "load_models", "job_queue_size", "max_request_size"].map((key) => all.origin.get(key)),
      [
        { from: "environment", variable: "TS_MODEL_STORE", text: "/of/environment" },
        { from: "flag", flag: "--models", text: "of-flag.mar,n=b.mar" },
        { from: "file", file: "config.properties", line: 4, text: "7", written: "7" },
        { from: "default", text: "6553500" },
      ],
    );
  });

  it("is the environment only where enable_envvars_config says so; that is told", () => {
    const unheard = config("", {}, { TS_JOB_QUEUE_SIZE: "9" });
    assert.equal(unheard.jobQueueSize, 100);
    assert.deepEqual(unheard.warnings, ["TS_JOB_QUEUE_SIZE is set and has no effect: enable_envvars_config is not true"]);
    assert.equal(config("", {}, { TS_JOB_QUEUE_SIZE: "9", TS_ENABLE_ENVVARS_CONFIG: "true" }).jobQueueSize, 9);
  });

  it("is the environment for allowed_urls only where use_env_allowed_urls says so as well", () => {
    const environment = { TS_ALLOWED_URLS: ".*" };
    const without = config("enable_envvars_config=true", {}, environment);
    assert.deepEqual(without.allowedUrls, []);
    assert.deepEqual(without.warnings, ["TS_ALLOWED_URLS is set and has no effect: use_env_allowed_urls is not true"]);
    assert.equal(config("enable_envvars_config=true\nuse_env_allowed_urls=true", {}, environment).allowedUrls.length, 1);
  });

  it("may be a variable that TorchServe names in its own way", () => {
    assert.equal(variableOf("ts_open_inference_protocol"), "TS_OPEN_INFERENCE_PROTOCOL");
    assert.equal(config("", {}, { TS_OPEN_INFERENCE_PROTOCOL: "oip" }).tsOpenInferenceProtocol, true);
    assert.equal(config("ts_open_inference_protocol=true", {}, { TS_OPEN_INFERENCE_PROTOCOL: "kserve" }).tsOpenInferenceProtocol, false);
    assert.equal(config("enable_envvars_config=true", {}, { TS_TOKEN_EXPIRATION_TIME_MIN: "0.5" }).tokenExpirationMin, 0.5);
  });

  it("is a profile's port where nothing says another", () => {
    const kserve = config("grpc_management_port=7099", { profile: "kserve" });
    assert.deepEqual([kserve.grpcInferencePort, kserve.grpcManagementPort, kserve.tsOpenInferenceProtocol], [8081, 7099, true]);
    const triton = config("profile=triton");
    assert.deepEqual(
      [formatAddress(triton.inferenceAddress), triton.grpcInferencePort, formatAddress(triton.metricsAddress)],
      ["http://127.0.0.1:8000", 8001, "http://127.0.0.1:8002"],
    );
    assert.equal(formatAddress(config("inference_address=http://0.0.0.0:80", { profile: "triton" }).inferenceAddress), "http://0.0.0.0:80");
  });

  it("is $PORT for the port of inference, on whatever host the address has", () => {
    const of = (text: string, environment: ConfigSources["environment"]) => {
      const { inferenceAddress, managementAddress } = config(text, {}, environment);
      return [inferenceAddress, managementAddress].map(formatAddress);
    };
    assert.deepEqual(of("", { PORT: "9000" }), ["http://127.0.0.1:9000", "http://127.0.0.1:8081"]);
    assert.deepEqual(of("inference_address=https://0.0.0.0:1\nkeystore=k.p12", { PORT: "9000" })[0], "https://0.0.0.0:9000");
    const shared = "inference_address=http://0.0.0.0:8085\nmanagement_address=http://0.0.0.0:8085";
    assert.deepEqual(of(shared, { PORT: "9000" }), ["http://0.0.0.0:9000", "http://0.0.0.0:9000"]);
    const named = { PORT: "9000", TS_ENABLE_ENVVARS_CONFIG: "true", TS_INFERENCE_ADDRESS: "http://0.0.0.0:7000" };
    assert.deepEqual(of("", named)[0], "http://0.0.0.0:7000");
    assert.deepEqual(of("inference_address=unix:/run/a", { PORT: "9000" })[0], "unix:/run/a");
    assert.deepEqual(complaint("", {}, { PORT: "http" }), [
      "the environment variable PORT: `inference_address` is `http`, expected an integer from 0 to 65535",
    ]);
  });

  it("is $$NAME$$ in a file for a variable", () => {
    assert.equal(config("model_store=$$STORE$$/$$SUB$$", {}, { STORE: "/models", SUB: "a" }).modelStore, "/models/a");
    assert.deepEqual(complaint("\nmodel_store=$$STORE$$"), [
      "config.properties:2: `model_store` refers to the environment variable STORE, which is not set",
    ]);
  });

  it("is debug for one worker and all details, and log_level for the level alone", () => {
    assert.equal(config("debug=TRUE").logLevel, "debug");
    assert.equal(config("debug=true\nlog_level=warn").logLevel, "warn");
    assert.equal(config("log_level=warn", { logLevel: "error" }, { INGOT_LOG_LEVEL: "debug" }).logLevel, "debug");
  });
});

describe("what is wrong in a configuration", () => {
  it("is told with key, place, value and what is expected", () => {
    assert.deepEqual(complaint("# queue\njob_queue_size=many"), [
      "config.properties:2: `job_queue_size` is `many`, expected an integer from 1",
    ]);
    assert.deepEqual(complaint("", { profile: "tritn" }), ["--profile: `profile` is `tritn`, expected torchserve or kserve or triton"]);
    assert.deepEqual(complaint("", {}, { TS_ENABLE_ENVVARS_CONFIG: "yes" }), [
      "the environment variable TS_ENABLE_ENVVARS_CONFIG: `enable_envvars_config` is `yes`, expected true or false",
    ]);
  });

  it("is told all at once", () => {
    assert.deepEqual(complaint("debug=1\n\nmetrics_mode=loud\ninference_address=127.0.0.1:80"), [
      "config.properties:4: `inference_address` is `127.0.0.1:80`, expected an address such as http://127.0.0.1:8080, https://[::1]:8443 or unix:/run/ingot.sock",
      "config.properties:3: `metrics_mode` is `loud`, expected log or prometheus or legacy",
      "config.properties:1: `debug` is `1`, expected true or false",
    ]);
  });

  it("is every value that a kind does not take", () => {
    const bad: readonly (readonly [string, string])[] = [
      ["job_queue_size", "0"],
      ["job_queue_size", "1.5"],
      ["job_queue_size", ""],
      ["job_queue_size", "1e3"],
      ["job_queue_size", "99999999999999999999"],
      ["grpc_inference_port", "65536"],
      ["grpc_inference_port", "-1"],
      ["grpc_inference_address", "http://127.0.0.1"],
      ["grpc_inference_max_connection_age_ms", "0"],
      ["default_response_timeout", "0"],
      ["default_response_timeout", "2147484"],
      ["default_response_timeout", "NaN"],
      ["token_expiration_min", "0"],
      ["token_expiration_min", "-1"],
      ["token_expiration_min", "Infinity"],
      ["max_request_size", "2147483648"],
      ["enable_model_api", "yes"],
      ["keystore_type", "JKS"],
      ["allowed_urls", "https://(.*"],
      ["blacklist_env_vars", "["],
      ["load_models", "a.mar,,b.mar"],
      ["load_models", "n=,b.mar"],
      ["load_models", "=a.mar"],
      ["load_models", "all,b.mar"],
      ["handler_modules", "detector.ts"],
      ["handler_modules", "a=b.ts,a=c.ts"],
      ["models", "{"],
      ["models", "[]"],
      ["service_envelope", "kserve3"],
    ];
    for (const [key, value] of bad) {
      const [message = ""] = complaint(`${key}=${value}`);
      assert.ok(message.startsWith(`config.properties:1: \`${key}\` is `), `${key}=${value}: ${message}`);
    }
  });

  it("is not an empty value of a key that may be absent", () => {
    const { keystore, modelStore, corsAllowedOrigin, allowedUrls, loadModels } = config(
      "keystore=\nmodel_store= \ncors_allowed_origin=\nallowed_urls=\nload_models=",
    );
    assert.deepEqual(
      [keystore, modelStore, corsAllowedOrigin, allowedUrls, loadModels],
      [undefined, undefined, undefined, [], { kind: "none" }],
    );
  });

  it("is not control characters in the message: they are written out", () => {
    assert.deepEqual(complaint("metrics_mode=a\\u001b[31m\\nb"), [
      "config.properties:1: `metrics_mode` is `a\\u001b[31m\\nb`, expected log or prometheus or legacy",
    ]);
  });

  it("is two listeners on one port", () => {
    assert.deepEqual(complaint("grpc_inference_port=8080"), ["inference_address and grpc_inference_port are both 127.0.0.1:8080"]);
    assert.deepEqual(complaint("grpc_management_port=7070"), ["grpc_inference_port and grpc_management_port are both 127.0.0.1:7070"]);
    assert.deepEqual(complaint("inference_address=http://0.0.0.0:8081"), [
      "inference_address and management_address are both 127.0.0.1:8081",
    ]);
    assert.deepEqual(complaint("grpc_inference_address=0.0.0.0", {}, { PORT: "7070" }), [
      "inference_address (from PORT) and grpc_inference_port are both 0.0.0.0:7070",
    ]);
  });

  it("is not one listener for several APIs", () => {
    const one = config("inference_address=http://0.0.0.0:8085\nmanagement_address=http://0.0.0.0:8085");
    assert.deepEqual(one.inferenceAddress, one.managementAddress);
    config("metrics_address=http://127.0.0.1:8080\nenable_metrics_api=false\ninference_address=http://0.0.0.0:8080");
  });

  it("is an encrypted address without a certificate", () => {
    assert.deepEqual(complaint("inference_address=https://127.0.0.1"), ["inference_address is encrypted, and there is no certificate"]);
    assert.deepEqual(complaint("enable_grpc_ssl=true\nprivate_key_file=a.key"), [
      "grpc_inference_port is encrypted, and there is a private_key_file without a certificate_file",
    ]);
    const { privateKeyFile } = config("management_address=https://127.0.0.1\nprivate_key_file=a.key\ncertificate_file=/etc/a.pem");
    assert.equal(privateKeyFile, `${cwd}/a.key`);
  });

  it("is a model of the store without a store, in TorchServe's words", () => {
    assert.deepEqual(complaint("load_models=a.mar"), ["--model-store is required to load model locally."]);
    assert.deepEqual(complaint("model_store=standalone", { models: ["n=a.mar"] }), ["--model-store is required to load model locally."]);
    assert.deepEqual(config("", { models: ["n=https://example.org/a.mar?key=1"] }).loadModels, {
      kind: "list",
      models: [{ name: "n", location: "https://example.org/a.mar?key=1" }],
    });
    assert.deepEqual(config("", { models: ["https://example.org/a.mar?key=1"] }).loadModels, {
      kind: "list",
      models: [{ name: undefined, location: "https://example.org/a.mar?key=1" }],
    });
    assert.deepEqual(config("", { models: ["all"] }).loadModels, { kind: "all" });
  });
});

describe("what is only told", () => {
  it("is a key that nobody knows, with the one it may have meant", () => {
    assert.deepEqual(config("a=1\ninferance_address=http://0.0.0.0:80").warnings, [
      "config.properties:1: unknown key `a`",
      "config.properties:2: unknown key `inferance_address` (did you mean inference_address?)",
    ]);
  });

  it("is a key that is set twice; the later counts, as in Java", () => {
    const twice = config("job_queue_size=1\nmetrics_mode=log\njob_queue_size=2");
    assert.equal(twice.jobQueueSize, 2);
    assert.deepEqual(twice.warnings, ["config.properties:3: `job_queue_size` is set in line 1 too; line 3 counts"]);
  });

  it("is the keys without effect here, whatever they say", () => {
    const java = config("vmargs=-Xmx4g -XX:+ExitOnOutOfMemoryError\nnumber_of_gpu=1\njob_queue_size=2", { workflowStore: "w" });
    assert.deepEqual([...java.withoutEffect].sort(), ["number_of_gpu", "vmargs", "workflow_store"]);
    assert.deepEqual(java.warnings, []);
  });
});

describe("settings of single models", () => {
  it("are read by name and version, timeouts in ms", () => {
    const text =
      'models={\\\n "noop": {\\\n  "1.0": {"defaultVersion": true, "marName": "noop.mar", "minWorkers": 1, "maxWorkers": 2,\\\n   "batchSize": 4, "maxBatchDelay": 100, "responseTimeout": 120, "deviceType": "cpu"}\\\n }\\\n}';
    assert.deepEqual(
      [...config(text).models].map(([name, versions]) => [name, ...versions]),
      [
        [
          "noop",
          [
            "1.0",
            {
              defaultVersion: true,
              marName: "noop.mar",
              minWorkers: 1,
              maxWorkers: 2,
              batchSize: 4,
              maxBatchDelay: 100,
              responseTimeout: 120_000,
            },
          ],
        ],
      ],
    );
  });

  it("are refused with their path where a value is wrong, and told where a name is", () => {
    const of = (settings: string) => `models={"m": {"1.0": ${settings}}}`;
    const expected = (what: string) => [`config.properties:1: \`models\` is ${what}`];
    assert.deepEqual(complaint(of('{"batchSize": "4"}')), expected("`4` (string) at m.1.0.batchSize, expected an integer from 1"));
    assert.deepEqual(
      complaint(of('{"minWorkers": 3, "maxWorkers": 2}')),
      expected("2 at m.1.0.maxWorkers, expected at least minWorkers, which is 3"),
    );
    assert.deepEqual(complaint(of("[]")), expected('an array of 0 at m.1.0, expected settings: {"minWorkers": 1, …}'));
    assert.deepEqual(config(of('{"batchsize": 4}')).warnings, [
      "config.properties:1: models: m.1.0: unknown setting `batchsize` (did you mean batchSize?)",
    ]);
  });

  it("may have names that JavaScript's objects have too", () => {
    const { models } = config('models={"__proto__": {"constructor": {"batchSize": 2}}}');
    assert.deepEqual(models.get("__proto__")?.get("constructor"), { batchSize: 2 });
    assert.equal(Object.hasOwn(Object.prototype, "batchSize"), false);
  });
});

describe("the configuration that KServe gives TorchServe", () => {
  it("is taken as it is", () => {
    const kserve = config(
      [
        "inference_address=http://0.0.0.0:8085",
        "management_address=http://0.0.0.0:8085",
        "metrics_address=http://0.0.0.0:8082",
        "grpc_inference_port=7070",
        "grpc_management_port=7071",
        "enable_envvars_config=true",
        "install_py_dep_per_model=true",
        "enable_metrics_api=true",
        "metrics_format=prometheus",
        "NUM_WORKERS=1",
        "number_of_netty_threads=4",
        "job_queue_size=10",
        "model_store=/mnt/models/model-store",
        'model_snapshot={"name":"startup.cfg","modelCount":1,"models":{"mnist":{"1.0":{"defaultVersion":true,"marName":"mnist.mar","minWorkers":1,"maxWorkers":5,"batchSize":1,"maxBatchDelay":10,"responseTimeout":120}}}}',
      ].join("\n"),
    );
    assert.deepEqual(kserve.warnings, []);
    assert.deepEqual([...kserve.withoutEffect].sort(), [
      "NUM_WORKERS",
      "install_py_dep_per_model",
      "metrics_format",
      "number_of_netty_threads",
    ]);
    assert.equal(kserve.modelSnapshot?.name, "startup.cfg");
    assert.deepEqual(kserve.modelSnapshot?.models.get("mnist")?.get("1.0"), {
      defaultVersion: true,
      marName: "mnist.mar",
      minWorkers: 1,
      maxWorkers: 5,
      batchSize: 1,
      maxBatchDelay: 10,
      responseTimeout: 120_000,
    });
  });
});

describe("the table of keys", () => {
  it("names each setting as the key in camel case, and no key twice", () => {
    const camel = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    for (const name of Object.keys(keys) as (keyof Settings)[]) assert.equal(name, camel(keys[name].key));
    const all = [...Object.values(keys).map(({ key }) => key), ...Object.keys(keysWithoutEffect)];
    assert.equal(new Set(all).size, all.length);
  });

  it("has every key of TorchServe 0.12", () => {
    const torchserve =
      "inference_address management_address metrics_address grpc_inference_address grpc_management_address grpc_inference_port grpc_management_port grpc_inference_max_connection_age_ms grpc_inference_max_connection_age_grace_ms grpc_management_max_connection_age_ms grpc_management_max_connection_age_grace_ms enable_grpc_ssl load_models models model_store workflow_store model_snapshot default_workers_per_model default_response_timeout default_startup_timeout unregister_model_timeout number_of_netty_threads netty_client_threads job_queue_size number_of_gpu metrics_config metrics_mode model_metrics_auto_detect disable_system_metrics system_metrics_cmd metric_time_interval enable_metrics_api async_logging cors_allowed_origin cors_allowed_methods cors_allowed_headers decode_input_request keystore keystore_pass keystore_type certificate_file private_key_file max_request_size max_response_size limit_max_image_pixels default_service_handler service_envelope model_server_home prefer_direct_buffer allowed_urls use_env_allowed_urls install_py_dep_per_model blacklist_env_vars initial_worker_port initial_distribution_port cpp_log_config ts_open_inference_protocol token_expiration_min disable_token_authorization enable_model_api ts_header_key_sequence_id ts_header_key_sequence_start ts_header_key_sequence_end enable_envvars_config use_native_io io_ratio ipex_enable cpu_launcher_enable cpu_launcher_args ipex_gpu_enable vmargs debug";
    const own = new Set(Object.values(keys).flatMap(({ key, own }) => (own ? [key] : [])));
    const known = new Set([...Object.values(keys).map(({ key }) => key), ...Object.keys(keysWithoutEffect)]);
    for (const key of torchserve.split(" ")) assert.ok(known.has(key) && !own.has(key), key);
  });
});

describe("any configuration file", () => {
  it("gives a configuration or an error with a place, whatever is in it", () => {
    const names = [...Object.values(keys).map(({ key }) => key), ...Object.keys(keysWithoutEffect)];
    const examples = Object.values(keys).map(({ fallback }) => fallback ?? "");
    const odd = [
      "",
      "0",
      "-1",
      "1e9",
      "NaN",
      "{}",
      "[]",
      "null",
      '{"m":{"1":{"batchSize":2}}}',
      '{"models":{"m":{}}}',
      "a.mar",
      "$$X$$",
      "(",
      "\\u12",
    ];
    const value = fc.oneof(fc.constantFrom(...examples, ...odd), fc.string(), fc.json());
    const line = fc.tuple(fc.constantFrom(...names), fc.constantFrom("=", ":", " "), value).map((parts) => parts.join(""));
    let read = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 3 }), fc.option(fc.string(), { nil: undefined }), (lines, PORT) => {
        try {
          config(lines.join("\n"), {}, PORT === undefined ? {} : { PORT });
          read++;
        } catch (error) {
          assert.ok(error instanceof ServeError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
    assert.ok(read > 100, `${read} could be read`);
  });
});
