// KServe on Kubernetes: a ServingRuntime, which is how models are served, and an InferenceService, which is one of them.
// Sources: KServe's API reference, serving.kserve.io/v1alpha1 ServingRuntime and v1beta1 InferenceService.
import type { DeployedModel } from "./deployed-model.ts";
import {
  type ContainerOptions,
  containerPaths,
  containerProperties,
  containerUser,
  type DeployFile,
  dnsName,
  mebibytes,
  memoryFor,
  stateBytes,
  stopSeconds,
  yamlText,
} from "./deployment.ts";

/** The protocols of an InferenceService. */
export const kserveProtocols = ["v1", "v2", "grpc-v2"] as const;
export type KserveProtocol = (typeof kserveProtocols)[number];

export interface KserveOptions extends ContainerOptions {
  /** Where the cluster finds the archive: `s3://…`, `gs://…`, `pvc://…`, `https://…`. */
  readonly storageUri: string;
  readonly protocol: KserveProtocol;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Requests at one time that a pod should have; more start another pod. */
  readonly scaleTarget: number;
}

/** Where KServe's storage initializer puts the file of `storageUri`. */
const mounted = "/mnt/models";
const runtimeName = "ingot";
const ports = { http: 8080, grpc: 8081, metrics: 8082 } as const;

/** `serving-runtime.yaml`, with the server's configuration as a ConfigMap, and `inference-service.yaml`. */
export function kserveFiles(model: DeployedModel, options: KserveOptions): DeployFile[] {
  const runtime = [configMap(options), servingRuntime(model, options)].map(yamlText);
  return [
    { path: "serving-runtime.yaml", text: `# kubectl apply -f serving-runtime.yaml\n${runtime.join("---\n")}` },
    {
      path: "inference-service.yaml",
      text: `# Put ${model.file} where storageUri says, then: kubectl apply -f inference-service.yaml\n${yamlText(inferenceService(model, options))}`,
    },
  ];
}

const configMap = (options: KserveOptions) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: `${runtimeName}-config` },
  data: { "config.properties": containerProperties(options, "$PORT") },
});

function servingRuntime(model: DeployedModel, options: KserveOptions) {
  return {
    apiVersion: "serving.kserve.io/v1alpha1",
    kind: "ServingRuntime",
    metadata: { name: runtimeName },
    spec: {
      annotations: {
        "prometheus.kserve.io/port": String(ports.metrics),
        "prometheus.kserve.io/path": "/metrics",
        "prometheus.io/scrape": "true",
        "prometheus.io/port": String(ports.metrics),
        "prometheus.io/path": "/metrics",
      },
      supportedModelFormats: [{ name: "ingot", version: "1", autoSelect: true }],
      protocolVersions: [...kserveProtocols],
      containers: [
        {
          name: "kserve-container",
          image: options.image,
          // {{.Name}} is the InferenceService, whose name is the model's in its URLs; $(MODEL_FILE) is set there.
          args: [
            "serve",
            "--foreground",
            "--ncs",
            "--profile",
            "kserve",
            "--ts-config",
            containerPaths.config,
            "--state-dir",
            containerPaths.state,
            "--model-store",
            mounted,
            "--models",
            "{{.Name}}=$(MODEL_FILE)",
          ],
          env: [{ name: "MODEL_FILE", value: "model.mar" }],
          // A pod's address goes out of the routes some time after SIGTERM: until then it answers.
          lifecycle: { preStop: { exec: { command: ["sleep", "5"] } } },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: containerUser,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
          },
          resources: resources(model, options),
          volumeMounts: [
            { name: "state", mountPath: containerPaths.state },
            { name: "tmp", mountPath: "/tmp" },
            { name: "config", mountPath: "/etc/ingot", readOnly: true },
          ],
        },
      ],
      volumes: [
        { name: "state", emptyDir: { sizeLimit: mebibytes(stateBytes(model)) } },
        { name: "tmp", emptyDir: {} },
        { name: "config", configMap: { name: `${runtimeName}-config` } },
      ],
    },
  };
}

function inferenceService(model: DeployedModel, options: KserveOptions) {
  const { storageUri, protocol, minReplicas, maxReplicas, scaleTarget } = options;
  const grpc = protocol === "grpc-v2";
  return {
    apiVersion: "serving.kserve.io/v1beta1",
    kind: "InferenceService",
    metadata: { name: dnsName(model.name) },
    spec: {
      predictor: {
        minReplicas,
        maxReplicas,
        scaleMetric: "concurrency",
        scaleTarget,
        terminationGracePeriodSeconds: stopSeconds + 5,
        model: {
          modelFormat: { name: "ingot", version: "1" },
          runtime: runtimeName,
          protocolVersion: protocol,
          storageUri,
          env: [
            { name: "MODEL_FILE", value: storageUri.split("/").pop() || model.file },
            // Knative's $PORT is the port of the container, which here is gRPC's.
            ...(grpc
              ? [
                  { name: "TS_ENABLE_ENVVARS_CONFIG", value: "true" },
                  { name: "TS_INFERENCE_ADDRESS", value: `http://0.0.0.0:${ports.http}` },
                ]
              : []),
          ],
          ports: [
            grpc
              ? { name: "h2c", containerPort: ports.grpc, protocol: "TCP" }
              : { name: "http1", containerPort: ports.http, protocol: "TCP" },
          ],
          readinessProbe: grpc ? { grpc: { port: ports.grpc } } : { httpGet: { path: "/v2/health/ready", port: ports.http } },
          resources: resources(model, options),
        },
      },
    },
  };
}

/** Asked for and allowed alike: a pod that is promised less than it uses is the first to be ended. */
function resources(model: DeployedModel, options: KserveOptions) {
  const amounts = { cpu: String(options.cpu), memory: mebibytes(memoryFor(model, options)) };
  return { requests: amounts, limits: { ...amounts } };
}
