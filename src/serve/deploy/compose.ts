// Docker: an image with the server, and a compose file that runs it with as few rights as it needs.
import { producerVersion } from "../../onnx/producer.ts";
import type { DeployedModel } from "./deployed-model.ts";
import {
  type ContainerOptions,
  containerPaths,
  containerProperties,
  containerUser,
  type DeployFile,
  dnsName,
  memoryFor,
  stopSeconds,
  storeFolder,
  yamlText,
} from "./deployment.ts";

export interface ComposeOptions extends ContainerOptions {
  /** On this machine's loopback, for inference. */
  readonly port: number;
}

/** `compose.yaml`, `Dockerfile` and `config.properties`. */
export function composeFiles(model: DeployedModel, options: ComposeOptions): DeployFile[] {
  return [
    { path: "compose.yaml", text: `# docker compose up --build --wait\n${yamlText(compose(model, options))}` },
    { path: "Dockerfile", text: dockerfile() },
    { path: "config.properties", text: containerProperties(options, "fixed") },
  ];
}

function compose(model: DeployedModel, options: ComposeOptions) {
  const user = `${containerUser}:${containerUser}`;
  return {
    name: dnsName(model.name),
    services: {
      ingot: {
        build: ".",
        image: options.image,
        // Compose takes `$` for a variable, and `$$` for a dollar.
        command: serveWords(model).map((word) => word.replaceAll("$", "$$$$")),
        // For the processes that the workers leave behind; it hands SIGTERM on.
        init: true,
        user,
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        tmpfs: ["/tmp"],
        volumes: [
          `./${storeFolder}:${containerPaths.models}:ro`,
          `./config.properties:${containerPaths.config}:ro`,
          `state:${containerPaths.state}`,
        ],
        // Other machines do not reach them; a proxy with TLS in front does.
        ports: [`127.0.0.1:${options.port}:8080`, "127.0.0.1:8082:8082"],
        healthcheck: {
          test: ["CMD", "node", "-e", healthy],
          interval: "10s",
          timeout: "5s",
          retries: 3,
          start_period: "120s",
        },
        stop_signal: "SIGTERM",
        stop_grace_period: `${stopSeconds}s`,
        restart: "unless-stopped",
        cpus: options.cpu,
        mem_limit: `${Math.ceil(memoryFor(model, options) / 2 ** 20)}m`,
      },
    },
    volumes: { state: {} },
  };
}

/** The image has no curl. */
const healthy = "fetch('http://127.0.0.1:8080/v2/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))";

const serveWords = ({ name, file }: DeployedModel) => [
  "serve",
  "--foreground",
  "--ncs",
  "--ts-config",
  containerPaths.config,
  "--state-dir",
  containerPaths.state,
  "--model-store",
  containerPaths.models,
  "--models",
  `${name}=${file}`,
];

/** An image with the server, for this file, KServe, and whatever else runs images. */
export function dockerfile(): string {
  const packed = `ingot-${producerVersion}.tgz`;
  return `# \`npm pack\` in the folder of the package makes ${packed}; put it beside this file.
FROM node:20-slim
COPY ${packed} /tmp/
RUN npm install --global --omit=dev --onnxruntime-node-install=skip /tmp/${packed} \\
  && npm cache clean --force \\
  && mkdir -p ${containerPaths.state} \\
  && chown ${containerUser}:${containerUser} ${containerPaths.state}
ENV NODE_ENV=production
USER ${containerUser}:${containerUser}
WORKDIR ${containerPaths.state}
EXPOSE 8080 8081 8082
STOPSIGNAL SIGTERM
ENTRYPOINT ["ingot"]
CMD ["serve", "--help"]
`;
}
