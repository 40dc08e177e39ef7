// ingot serve: starts, stops and describes the server, with torchserve's flags.
import process from "node:process";
import { type Command, Option } from "commander";
import { producerVersion } from "../onnx/producer.ts";
import type { ServeFlags } from "../serve/config/flags.ts";
import { loadConfig } from "../serve/lifecycle/load-config.ts";
import { pidFilePath } from "../serve/lifecycle/pid-file.ts";
import { runServer } from "../serve/lifecycle/run-server.ts";
import { startDaemon } from "../serve/lifecycle/start-daemon.ts";
import { stopServer } from "../serve/lifecycle/stop-server.ts";
import { action, collect, makeCommand, type Session } from "./command.ts";

/** The release of TorchServe whose interface this is. */
const torchserve = "0.12.0";

interface Flags extends ServeFlags {
  readonly version?: boolean;
  readonly start?: boolean;
  readonly stop?: boolean;
  /** commander's reading of `--no-config-snapshots`: false where that is given. */
  readonly configSnapshots?: boolean;
  readonly ppath?: string;
}

const what = "What to do:";
const own = "Not in torchserve:";

export function serveCommand(session: Session): Command {
  const command = makeCommand(
    session,
    "serve",
    "Serve models over HTTP and gRPC, with torchserve's flags, routes and configuration.",
    "ingot serve --start --ncs --model-store model_store --models all",
    "ingot serve --foreground --model-store model_store --models resnet=resnet18.mar bert.mar",
    "ingot serve --stop",
  )
    .addOption(new Option("--start", "start the server in the background, which is what happens without any of these").helpGroup(what))
    .addOption(new Option("--stop", "stop it: running requests are answered first").conflicts("start").helpGroup(what))
    .addOption(new Option("-v, --version", "print the version").conflicts(["start", "stop"]).helpGroup(what))
    .addOption(new Option("--foreground", "run the server here, with its log on standard error").helpGroup(what))
    .option("--ts-config <file>", "configuration file; without one config.properties of this folder, if there is one")
    .option("--model-store <folder>", "where archives are")
    .option("--models <model...>", "what to load: files of the model store, name=file, URLs, or all")
    .option("--workflow-store <folder>", "accepted; workflows are not served")
    .option("--log-config <file>", "accepted; it is log4j's")
    .option("--cpp-log-config <file>", "accepted; there are no workers in C++")
    .option("--no-config-snapshots", "neither write nor read snapshots of the models")
    .addOption(new Option("--ncs", "the same").implies({ configSnapshots: false }))
    .option("--plugins-path <path>", "accepted; plugins are Java archives")
    .addOption(new Option("--ppath <path>", "the same"))
    .option("--disable-token-auth", "no request needs a token")
    .addOption(new Option("--dt", "the same").implies({ disableTokenAuth: true }))
    .option("--enable-model-api", "let requests register and unregister models");
  for (const option of ownOptions()) command.addOption(option.helpGroup(own));
  return command.action(
    action<[], Flags>(session, async ({ options, progress, print, streams }) => {
      const cwd = process.cwd();
      const pidFile = pidFilePath(options.stateDir, cwd);
      if (options.version) {
        streams.out(`Ingot Version is ${producerVersion} (serves as TorchServe ${torchserve})\n`);
        return 0;
      }
      if (options.stop) {
        progress.show("stopping");
        const { lines, status } = await stopServer(pidFile);
        progress.done();
        streams.out(`${lines.join("\n")}\n`);
        return status;
      }
      const flags = serveFlags(options);
      if (options.foreground) return runServer(loadConfig(flags, process.env, cwd), { pidFile, daemon: false });
      progress.show("starting");
      const started = await startDaemon(flags, cwd);
      print(started, () => startedText(started));
      return 0;
    }),
  );
}

function ownOptions(): Option[] {
  return [
    new Option("--profile <name>", "whose ports are the defaults: torchserve, kserve or triton"),
    new Option("--log-format <format>", "text or json"),
    new Option("--log-level <level>", "debug, info, warn or error"),
    new Option("--access-log", "log each request"),
    new Option("--handler-module <name=file>", "a handler of your own; may be repeated").argParser(collect),
    new Option("--json-nonfinite <what>", "for NaN in a JSON answer: error or null"),
    new Option("--bad-input-status <status>", "for input that cannot be read: 400 and why, or TorchServe's 503"),
    new Option("--metrics-mode <mode>", "log, prometheus or legacy"),
    new Option("--metrics-config <file>", "accepted; it describes metrics of Python handlers"),
    new Option("--state-dir <folder>", "where tokens, logs, snapshots and the pid file are"),
  ];
}

/** The flags that the configuration is made from; those that the program starts itself with are not among them. */
function serveFlags(options: Flags): ServeFlags {
  const { tsConfig, modelStore, workflowStore, models, logConfig, cppLogConfig, ppath, pluginsPath = ppath, stateDir } = options;
  const { disableTokenAuth, enableModelApi, accessLog } = options;
  const noConfigSnapshots = options.configSnapshots === false ? true : undefined;
  const { profile, logFormat, logLevel, handlerModule, jsonNonfinite, badInputStatus, metricsMode, metricsConfig } = options;
  const texts = { tsConfig, modelStore, workflowStore, logConfig, cppLogConfig, pluginsPath, stateDir };
  const own = { profile, logFormat, logLevel, jsonNonfinite, badInputStatus, metricsMode, metricsConfig };
  const given = Object.entries({ ...texts, ...own, models, handlerModule, noConfigSnapshots, disableTokenAuth, enableModelApi, accessLog });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function startedText({ pid, addresses, log }: Awaited<ReturnType<typeof startDaemon>>): string {
  const { inference, management, metrics } = addresses;
  const where = [`inference ${inference}`, `management ${management}`, ...(metrics ? [`metrics ${metrics}`] : [])];
  return `The server runs as process ${pid}: ${where.join(", ")}.\nIts log is ${log}; ingot serve --stop stops it.`;
}
