// ingot deploy: ready files that run a model on Kubernetes, in Docker, under systemd, or with Triton.
import { cpus } from "node:os";
import { isAbsolute } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { namePattern } from "../archive/manifest.ts";
import { type Deployment, deploy, type Target } from "../serve/deploy/deploy.ts";
import { defaultImage } from "../serve/deploy/deployment.ts";
import { type KserveProtocol, kserveProtocols } from "../serve/deploy/kserve.ts";
import { action, connect, makeCommand, type Session, withCommonOptions } from "./command.ts";
import { printWarnings } from "./console.ts";

interface Flags {
  readonly output: string;
  readonly name?: string;
  readonly force?: boolean;
  readonly workers: number;
}
interface Sized extends Flags {
  readonly cpu: number;
  readonly memory?: number;
}
interface Contained extends Sized {
  readonly image: string;
}
interface KserveFlags extends Contained {
  readonly storageUri: string;
  readonly protocol: KserveProtocol;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly scaleTarget: number;
}
interface ComposeFlags extends Contained {
  readonly port: number;
}
interface SystemdFlags extends Sized {
  readonly installDir?: string;
  readonly program: string;
}
interface TritonFlags extends Flags {
  readonly maxBatchSize: number;
}

export function deployCommand(session: Session): Command {
  const command = connect(new Command("deploy"), session)
    .description("Write ready files that run a model on Kubernetes, in Docker, under systemd, or with Triton.")
    .usage("kserve | compose | systemd | triton [options] <model>")
    .addHelpText(
      "after",
      `\nExamples:\n${Object.values(examples)
        .map((line) => `  ${line}`)
        .join("\n")}`,
    )
    .enablePositionalOptions();
  for (const make of [kserveCommand, composeCommand, systemdCommand, tritonCommand]) command.addCommand(withCommonOptions(make(session)));
  return command;
}

const examples = {
  kserve: "ingot deploy kserve model_store/resnet.mar --storage-uri s3://models/resnet.mar -o deploy",
  compose: "ingot deploy compose model_store/resnet.mar -o deploy",
  systemd: "ingot deploy systemd model_store/resnet.mar -o deploy --install-dir /srv/ingot/resnet",
  triton: "ingot deploy triton model_store/resnet.mar -o model_repository",
} as const;

function kserveCommand(session: Session): Command {
  const command = target(session, "kserve", "A ServingRuntime, an InferenceService and a Dockerfile.")
    .requiredOption("--storage-uri <uri>", "where the cluster finds the archive: s3://, gs://, pvc://, https://", uri)
    .addOption(new Option("--protocol <protocol>", "which clients speak").choices(kserveProtocols).default("v2"))
    .option("--min-replicas <n>", "pods at least; 0: none while there are no requests", whole(0), 1)
    .option("--max-replicas <n>", "pods at most", whole(1), 3)
    .option("--scale-target <n>", "requests at one time that a pod should have", whole(1), 8);
  return contained(command).action(
    run<KserveFlags>(session, (flags) => {
      const { image, storageUri, protocol, minReplicas, maxReplicas, scaleTarget } = flags;
      return { kind: "kserve", options: { ...sizes(flags), image, storageUri, protocol, minReplicas, maxReplicas, scaleTarget } };
    }),
  );
}

function composeCommand(session: Session): Command {
  const command = target(session, "compose", "A compose file, a Dockerfile and the server's configuration.");
  return contained(command.option("--port <port>", "for inference, on this machine", whole(1, 65535), 8080)).action(
    run<ComposeFlags>(session, (flags) => ({ kind: "compose", options: { ...sizes(flags), image: flags.image, port: flags.port } })),
  );
}

function systemdCommand(session: Session): Command {
  const command = target(session, "systemd", "A unit and the server's configuration.")
    .option("--install-dir <folder>", "where the files will be (default: /srv/ingot/ and the model's name)", absolute)
    .option("--program <file>", "the command `ingot` of that machine", absolute, "/usr/local/bin/ingot");
  return sized(command).action(
    run<SystemdFlags>(session, (flags, name) => {
      const { installDir = `/srv/ingot/${name}`, program } = flags;
      return { kind: "systemd", options: { ...sizes(flags), installDir, program: [program] } };
    }),
  );
}

function tritonCommand(session: Session): Command {
  return target(session, "triton", "A model repository: the ONNX file and its config.pbtxt.")
    .option("--max-batch-size <n>", "requests that run together at most; 0: the model's own batches only", whole(0), 32)
    .action(run<TritonFlags>(session, ({ workers, maxBatchSize }) => ({ kind: "triton", options: { workers, maxBatchSize } })));
}

/** What all targets have. */
function target(session: Session, kind: keyof typeof examples, description: string): Command {
  return makeCommand(session, kind, description, examples[kind])
    .argument("<model>", "an archive, or an .onnx file, which becomes one")
    .option("-o, --output <folder>", "where the files go", "deploy")
    .option("--name <name>", "what the model is called there (default: its name)", modelName)
    .option("-f, --force", "replace files that are there already")
    .option("--workers <n>", "worker processes of the model", whole(1, 1024), 1);
}

/** What those have that run the server. */
function sized(command: Command): Command {
  return command
    .option("--cpu <cores>", "cores that it may use", cores, Math.min(2, cpus().length))
    .option("--memory <amount>", "memory that it may use: 1500Mi, 4Gi (default: by the model's size)", memory);
}

const contained = (command: Command): Command => sized(command).option("--image <name>", "the container's image", defaultImage);

const sizes = ({ workers, cpu, memory: bytes }: Sized) => ({ workers, cpu, memory: bytes });

function run<F extends Flags>(session: Session, targetOf: (flags: F, name: string) => Target) {
  return action<[string], F>(session, async ({ options, progress, print, streams }, model) => {
    progress.show(`reading ${model}`);
    const { output, name, force } = options;
    const written = await deploy({ model, name, output, force }, (deployed) => targetOf(options, deployed.name));
    print(written, () => summary(written));
    if (!options.json) printWarnings(streams, written.notes);
    return 0;
  });
}

const summary = ({ model, version, files }: Deployment) => `${model}, version ${version}:\n${files.map((file) => `  ${file}`).join("\n")}`;

function whole(from: number, to = 2 ** 31 - 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < from || value > to) throw new InvalidArgumentError(`Expected a whole number from ${from} to ${to}.`);
    return value;
  };
}

function cores(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d{1,3})?$/.test(text) || value <= 0) throw new InvalidArgumentError("Expected a number of cores, such as 2 or 0.5.");
  return value;
}

function memory(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(Mi|Gi)$/.exec(text) ?? [];
  const bytes = Math.ceil(Number(digits) * (unit === "Gi" ? 2 ** 30 : 2 ** 20));
  if (!(bytes > 0)) throw new InvalidArgumentError("Expected an amount of memory, such as 1500Mi or 4Gi.");
  return bytes;
}

function absolute(text: string): string {
  if (!isAbsolute(text) || /[\n\r\0]/.test(text)) throw new InvalidArgumentError("Expected an absolute path.");
  return text.replace(/(.)\/+$/, "$1");
}

function uri(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/][^\s]*[^\s/]$/i.test(text))
    throw new InvalidArgumentError("Expected the URI of the archive, such as s3://models/resnet.mar.");
  return text;
}

function modelName(text: string): string {
  if (!namePattern.test(text))
    throw new InvalidArgumentError("A name begins with a letter or digit, and goes on with those, _, - and dots.");
  return text;
}
