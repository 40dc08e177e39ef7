// ingot deploy: what it writes is what the platforms' schemas ask for, and what this server takes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import { parse, parseAllDocuments } from "yaml";
import { openArchive } from "../../src/archive/open-archive.ts";
import { resolveConfig } from "../../src/serve/config/resolve.ts";
import { reluModel } from "../support/archive-files.ts";
import { storeModel } from "../support/model-store.ts";
import { Workplace } from "./command-line.ts";

/** Fields by path; a number is a place of a list. */
function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((v, key) => (v as Record<string, unknown> | undefined)?.[key], value);
}

/** Whether a name is a label of DNS, as Kubernetes asks of resources. */
const label = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

describe("ingot deploy", () => {
  const place = new Workplace();
  after(() => place.remove());
  before(() => {
    place.write("My_Fancy.Model.onnx", reluModel);
    storeModel(place.folder, "doubler", { config: "batchSize: 4\n" });
  });
  const done = async (...args: string[]) => {
    const ended = await place.ingot("deploy", ...args);
    assert.equal(ended.status, 0, ended.err);
    return ended;
  };
  /** The flags of a server's words, as `ingot serve` reads them: it must know each. */
  const served = async (words: readonly string[]) => {
    const { out: help } = await place.ingot("serve", "--help");
    assert.equal(words[0], "serve");
    for (const flag of words.filter((word) => word.startsWith("--"))) assert.ok(help.includes(flag), flag);
    const value = (flag: string) => words[words.indexOf(flag) + 1] ?? assert.fail(flag);
    assert.ok(words.includes("--foreground"));
    return { value };
  };
  const configOf = (text: string, environment = {}, profile = "torchserve") => {
    const config = resolveConfig({ cwd: "/", file: { path: "config.properties", text }, environment, flags: { profile } });
    assert.deepEqual([config.warnings, config.withoutEffect], [[], []]);
    return config;
  };

  describe("kserve", () => {
    const deployed = async (protocol: string) => {
      const folder = `./kserve-${protocol}`;
      const uri = ["--storage-uri", "s3://models/My_Fancy.Model.mar"];
      const { out, err } = await done(
        "kserve",
        "./My_Fancy.Model.onnx",
        ...uri,
        "--protocol",
        protocol,
        "--workers",
        "2",
        "--force",
        "-o",
        folder,
      );
      const documents = (file: string) =>
        parseAllDocuments(place.read(`${folder}/${file}`), { strict: true }).map((document) => {
          assert.deepEqual([document.errors, document.warnings], [[], []]);
          return document.toJS() as unknown;
        });
      const [config, runtime] = documents("serving-runtime.yaml");
      const [service] = documents("inference-service.yaml");
      return { out, err, config, runtime, service };
    };

    it("writes what the ServingRuntime must have", async () => {
      const { config, runtime, out, err } = await deployed("v2");
      assert.match(out, /kserve-v2\/serving-runtime\.yaml\n/);
      assert.match(err, /Put model_store\/My_Fancy\.Model\.mar at s3:/);
      assert.equal(at(runtime, "apiVersion"), "serving.kserve.io/v1alpha1");
      assert.equal(at(runtime, "kind"), "ServingRuntime");
      assert.match(String(at(runtime, "metadata.name")), label);
      assert.deepEqual(at(runtime, "spec.protocolVersions"), ["v1", "v2", "grpc-v2"]);
      assert.deepEqual(at(runtime, "spec.supportedModelFormats.0"), { name: "ingot", version: "1", autoSelect: true });
      assert.equal(at(runtime, "spec.annotations")?.["prometheus.kserve.io/port" as never], "8082");
      const container = at(runtime, "spec.containers.0");
      assert.equal(at(container, "name"), "kserve-container", "KServe puts the model beside the container of this name");
      assert.equal(at(container, "image"), "ingot:0.1.0");
      const security = at(container, "securityContext");
      assert.deepEqual(
        ["runAsNonRoot", "runAsUser", "readOnlyRootFilesystem", "allowPrivilegeEscalation"].map((key) => at(security, key)),
        [true, 1000, true, false],
      );
      const words = at(container, "args") as string[];
      const { value } = await served(words);
      assert.deepEqual([value("--model-store"), value("--models")], ["/mnt/models", "{{.Name}}=$(MODEL_FILE)"]);
      // What is written to is on a volume, and each mount has its volume.
      const volumes = at(runtime, "spec.volumes") as { name: string; emptyDir?: object }[];
      const mounts = at(container, "volumeMounts") as { name: string; mountPath: string }[];
      for (const { name } of mounts)
        assert.ok(
          volumes.some((volume) => volume.name === name),
          name,
        );
      const state = mounts.find(({ mountPath }) => mountPath === value("--state-dir"));
      assert.ok(volumes.find(({ name }) => name === state?.name)?.emptyDir, "the state folder can be written to");
      assert.ok(mounts.some(({ mountPath }) => value("--ts-config").startsWith(`${mountPath}/`)));
      assert.deepEqual(at(container, "resources.requests"), at(container, "resources.limits"));
      assert.equal(at(config, "kind"), "ConfigMap");
      const { inferenceAddress, managementAddress, metricsAddress, grpcInferencePort, ...rest } = configOf(
        String(at(config, "data")?.["config.properties" as never]),
        { PORT: "9999" },
        "kserve",
      );
      assert.deepEqual(inferenceAddress, { kind: "tcp", tls: false, host: "0.0.0.0", port: 9999 });
      assert.deepEqual(managementAddress, { kind: "tcp", tls: false, host: "127.0.0.1", port: 8083 });
      assert.deepEqual(metricsAddress, { kind: "tcp", tls: false, host: "0.0.0.0", port: 8082 });
      assert.deepEqual(
        [grpcInferencePort, rest.defaultWorkersPerModel, rest.metricsMode, rest.enableModelApi],
        [8081, 2, "prometheus", false],
      );
    });

    for (const protocol of ["v1", "v2", "grpc-v2"])
      it(`writes what the InferenceService must have for ${protocol}`, async () => {
        const { config, runtime, service } = await deployed(protocol);
        assert.equal(at(service, "apiVersion"), "serving.kserve.io/v1beta1");
        assert.equal(at(service, "kind"), "InferenceService");
        assert.equal(at(service, "metadata.name"), "my-fancy-model");
        const predictor = at(service, "spec.predictor");
        assert.deepEqual(
          ["minReplicas", "maxReplicas", "scaleMetric", "scaleTarget"].map((key) => at(predictor, key)),
          [1, 3, "concurrency", 8],
        );
        const model = at(predictor, "model");
        assert.equal(at(model, "runtime"), at(runtime, "metadata.name"));
        assert.equal(at(model, "modelFormat.name"), at(runtime, "spec.supportedModelFormats.0.name"));
        assert.equal(at(model, "protocolVersion"), protocol);
        assert.equal(at(model, "storageUri"), "s3://models/My_Fancy.Model.mar");
        const env = Object.fromEntries((at(model, "env") as { name: string; value: string }[]).map(({ name, value }) => [name, value]));
        assert.equal(env.MODEL_FILE, "My_Fancy.Model.mar");
        // Knative gives the port of the container as $PORT.
        const port = at(model, "ports.0.containerPort") as number;
        const text = String(at(config, "data")?.["config.properties" as never]);
        const { inferenceAddress, grpcInferencePort } = configOf(text, { ...env, PORT: String(port) }, "kserve");
        const http = inferenceAddress.kind === "tcp" ? inferenceAddress.port : 0;
        assert.equal(protocol === "grpc-v2" ? grpcInferencePort : http, port);
        const probed = protocol === "grpc-v2" ? at(model, "readinessProbe.grpc.port") : at(model, "readinessProbe.httpGet.port");
        assert.equal(probed, port);
        assert.ok(Number(at(predictor, "terminationGracePeriodSeconds")) > 30 + 5, "time to drain, behind that of the hook");
      });

    it("packs an .onnx file into an archive that is served", async () => {
      const { manifest } = await openArchive(place.path("kserve-v2/model_store/My_Fancy.Model.mar"));
      assert.deepEqual([manifest.model.modelName, manifest.model.handler], ["My_Fancy.Model", "base_handler"]);
    });

    it("quotes what Kubernetes, which reads YAML 1.1, takes for no text", async () => {
      await done("kserve", "./doubler", "--name", "no", "--storage-uri", "s3://models/12:30", "-o", "./kserve-quoted");
      const service = parse(place.read("kserve-quoted/inference-service.yaml"), { version: "1.1", strict: true }) as unknown;
      assert.equal(at(service, "metadata.name"), "no");
      assert.equal(at(service, "spec.predictor.model.env.0.value"), "12:30");
    });

    it("asks where the archive will be", async () => {
      const { status, err } = await place.ingot("deploy", "kserve", "./doubler");
      assert.equal(status, 2);
      assert.match(err, /required option '--storage-uri <uri>' not specified/);
      assert.equal((await place.ingot("deploy", "kserve", "./doubler", "--storage-uri", "models/x.mar")).status, 2);
    });
  });

  describe("compose", () => {
    it("writes a service without rights, on a file system that cannot be written to", async () => {
      await done("compose", "./doubler", "-o", "./compose", "--port", "9000", "--memory", "2Gi", "--cpu", "1.5");
      const file = parse(place.read("compose/compose.yaml"), { strict: true }) as unknown;
      const service = at(file, "services.ingot");
      assert.deepEqual(
        ["read_only", "user", "cap_drop.0", "security_opt.0", "cpus", "mem_limit", "stop_signal"].map((key) => at(service, key)),
        [true, "1000:1000", "ALL", "no-new-privileges:true", 1.5, "2048m", "SIGTERM"],
      );
      assert.deepEqual(at(service, "ports"), ["127.0.0.1:9000:8080", "127.0.0.1:8082:8082"]);
      const { value } = await served(at(service, "command") as string[]);
      const mounts = (at(service, "volumes") as string[]).map((volume) => volume.split(":"));
      const mounted = (path: string) => mounts.find(([, target]) => target === path) ?? assert.fail(path);
      assert.deepEqual(mounted(value("--model-store")), ["./model_store", "/models", "ro"]);
      assert.deepEqual(mounted(value("--ts-config"))[2], "ro");
      const [state = "", , mode] = mounted(value("--state-dir"));
      assert.equal(mode, undefined);
      assert.ok(Object.hasOwn(at(file, "volumes") as object, state));
      assert.equal(value("--models"), "doubler=doubler");
      assert.ok(statSync(place.path("compose/model_store/doubler/MAR-INF/MANIFEST.json")).isFile());
      const grace = configOf(place.read("compose/config.properties")).shutdownGrace;
      assert.ok(Number(/^(\d+)s$/.exec(String(at(service, "stop_grace_period")))?.[1]) * 1000 > grace);
      const [, , , probe = ""] = at(service, "healthcheck.test") as string[];
      assert.equal(spawnSync(process.execPath, ["--check", "-"], { input: probe }).status, 0);
    });

    it("keeps names that YAML 1.1 or Compose would read otherwise", async () => {
      storeModel(place.folder, "priced", { folder: "price$HOME$$" });
      await done("compose", "./price$HOME$$", "--name", "on", "-o", "./compose-names");
      for (const version of ["1.1", "1.2"] as const) {
        const file = parse(place.read("compose-names/compose.yaml"), { version, strict: true }) as unknown;
        assert.equal(at(file, "name"), "on");
        // A dollar begins a variable there, and two are one.
        assert.equal((at(file, "services.ingot.command") as string[]).at(-1), "on=price$$HOME$$$$");
      }
    });

    it("writes a Dockerfile whose lines Docker knows, and that ends as a user without rights", () => {
      const lines = place
        .read("compose/Dockerfile")
        .replaceAll("\\\n", "")
        .split("\n")
        .filter((line) => line && !line.startsWith("#"));
      for (const line of lines) assert.match(line, /^(FROM|COPY|RUN|ENV|USER|WORKDIR|EXPOSE|STOPSIGNAL|ENTRYPOINT|CMD) \S/);
      assert.match(lines[0] ?? "", /^FROM node:20-slim$/);
      assert.ok(lines.includes("USER 1000:1000"));
      for (const line of lines.filter((l) => /^(ENTRYPOINT|CMD)/.test(l))) JSON.parse(line.replace(/^\w+ /, ""));
    });
  });

  describe("systemd", () => {
    const program = () => place.path("ingot");
    before(async () => {
      place.write("ingot", "#!/bin/sh\n");
      chmodSync(program(), 0o755);
      await done("systemd", "./My_Fancy.Model.onnx", "-o", "./unit", "--program", program(), "--install-dir", "/srv/my models/100%");
    });
    const unit = () => place.read("unit/ingot-my-fancy-model.service");
    const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit())?.[1];

    it("writes a unit that gives the server time, and little else", () => {
      assert.match(unit(), /\[Unit\][\s\S]*\[Service\][\s\S]*\[Install\]/);
      const hardened = { DynamicUser: "yes", NoNewPrivileges: "yes", ProtectSystem: "strict", PrivateTmp: "yes", KillSignal: "SIGTERM" };
      for (const [key, wanted] of Object.entries(hardened)) assert.equal(value(key), wanted, key);
      assert.equal(value("StateDirectory"), "ingot-my-fancy-model");
      const { shutdownGrace } = configOf(place.read("unit/config.properties"));
      assert.ok(Number(value("TimeoutStopSec")) * 1000 > shutdownGrace);
      const start = value("ExecStart") ?? "";
      assert.ok(start.includes(' serve --foreground --ncs --ts-config "/srv/my models/100%%/config.properties"'), start);
      assert.ok(start.includes("--state-dir /var/lib/ingot-my-fancy-model "), "the folder that systemd makes");
    });

    it("passes systemd's own check", function () {
      const { error, status, stderr } = spawnSync("systemd-analyze", ["verify", place.path("unit/ingot-my-fancy-model.service")], {
        encoding: "utf8",
      });
      if (error) {
        console.log("      SKIPPED: there is no systemd-analyze here");
        return this.skip();
      }
      // It tells of the machine's other units as well.
      const about = stderr.split("\n").filter((line) => line.includes("ingot-my-fancy-model"));
      assert.deepEqual([status, about], [0, []]);
    }).timeout(30_000);
  });

  it("replaces nothing without --force, and writes nothing then", async () => {
    await done("compose", "./doubler", "-o", "./twice");
    const { status, err } = await place.ingot("deploy", "systemd", "./doubler", "-o", "./twice");
    assert.equal(status, 1);
    assert.match(err, /DeployExists: twice\/config\.properties is there already/);
    assert.ok(!readdirSync(place.path("twice")).some((name) => name.endsWith(".service")));
    await done("systemd", "./doubler", "-o", "./twice", "--force");
  });

  it("refuses what is no model, and amounts that are none", async () => {
    place.write("text.mar", "hello");
    const { status, err } = await place.ingot("deploy", "triton", "./text.mar", "-o", "./none");
    assert.equal(status, 1);
    assert.match(err, /ArchiveFormat/);
    assert.ok(!existsSync(place.path("none")));
    for (const wrong of [
      ["--cpu", "0"],
      ["--cpu", "two"],
      ["--memory", "4GB"],
      ["--workers", "0"],
      ["--name", "a/b"],
    ])
      assert.equal((await place.ingot("deploy", "compose", "./doubler", "-o", "./none", ...wrong)).status, 2, wrong.join(" "));
  });
});
