// Errors of the server: its configuration and its life as a process.
import { errorFamily } from "../entry.ts";

export const serveErrors = errorFamily({
  ServeConfigValue: {
    kind: "ServeError",
    message: "{place}: `{key}` is {actual}, expected {expected}",
    hint: "docs/guides/serve-configuration.md lists every key with what it takes.",
    about:
      "A setting of `ingot serve` has a value that it cannot take. The message names where the value comes from: a line of the configuration file, a flag, or a variable of the environment. All wrong values are listed at once; nothing was started.",
  },
  ServeConfigSyntax: {
    kind: "ServeError",
    message: "{place}: `{escape}` is no character: \\u takes four hexadecimal digits",
    hint: "Write a backslash that stands for itself twice: `C:\\\\users`.",
    about:
      "The configuration file is in Java's `.properties` format, where a backslash begins an escape. `\\u` must be followed by four hexadecimal digits; Java refuses such a file too.",
  },
  ServeConfigVariable: {
    kind: "ServeError",
    message: "{place}: `{key}` refers to the environment variable {name}, which is not set",
    hint: "Set {name}, or write the value in place of $${name}$$.",
    about: "`$$NAME$$` in a value of the configuration file stands for a variable of the environment. This one is not set there.",
  },
  ServeFileMissing: {
    kind: "ServeError",
    message: "{flag} file not found: {path}",
    hint: "Give the path of a file; it is looked for from the folder {folder}.",
    about: "A flag of `ingot serve`, or the variable `TS_CONFIG_FILE`, names a file that is not there, or that is no file.",
  },
  ServeAddressClash: {
    kind: "ServeError",
    message: "{first} and {second} are both {address}",
    hint: "Give each its own port; {profile}",
    about:
      "Two listeners of the server cannot share a port. The HTTP addresses may be equal where their scheme is too, as in TorchServe: one listener then serves them all. A gRPC port is never shared. The variable `PORT`, where it is set, replaces the port of `inference_address`, and a profile sets all ports at once.",
  },
  ServeTls: {
    kind: "ServeError",
    message: "{key} is encrypted, and {problem}",
    hint: "Give certificate_file and private_key_file (PEM), or keystore (PKCS12).",
    about:
      "An address that begins with `https://`, and gRPC with `enable_grpc_ssl=true`, need a certificate and its private key: `certificate_file` and `private_key_file` in PEM, or `keystore` with `keystore_pass` in PKCS12. TorchServe makes up a certificate where none is given, which no client can trust; that is an error here.",
  },
  ServeModelStoreRequired: {
    kind: "ServeError",
    message: "--model-store is required to load model locally.",
    hint: "Give the folder that holds {model}: --model-store FOLDER, or model_store in the configuration file.",
    about: "A model to be loaded at the start is named by its file, and no model store is given in which to look for it.",
  },
  ServeKeyFile: {
    kind: "ServeError",
    message: "the tokens cannot be written to {path}: {why}",
    hint: "Give a folder that can be written to (--state-dir FOLDER), or start without tokens (--disable-token-auth).",
    about:
      "Requests need tokens, and the server writes them to `key_file.json` for its operator: in the folder where it is started, or the one of `--state-dir`. Where that folder cannot be written to (a container with a read-only file system), nobody could get a token, and the server does not start. It never starts without asking for tokens unless it is told to.",
  },
  ServeCannotListen: {
    kind: "ServeError",
    message: "{key}: the server cannot listen at {where}: {why}",
    hint: "Set {key} to a free port (`ss -ltnp` lists those that are taken), or stop what listens there.",
    about:
      "The system did not give the server one of its ports: another program (an earlier server, or TorchServe) has it, a port below 1024 needs rights that this user does not have, or the address is none of this machine's. The exit status is 1. The message names the key of the configuration that sets the port.",
  },
  ServeAlreadyRunning: {
    kind: "ServeError",
    message: "TorchServe is already running, please use torchserve --stop to stop TorchServe.",
    hint: "`ingot serve --stop` stops it. It is process {pid}, by {path}; with --state-dir FOLDER a second server can run beside it.",
    about:
      "The pid file names a process that is alive. One server is started with each pid file: `.model_server.pid` in the system's folder for temporary files, or in the folder of `--state-dir`. The message is TorchServe's, so that programs that look for it find it.",
  },
  ServeDidNotStart: {
    kind: "ServeError",
    message: "the server did not start: {problem}",
    hint: "Its log is {log}; --foreground shows it here.",
    about: "The process of the server in the background ended before it listened. The lines are what it said, or the last ones of its log.",
  },
  ServeCannotStop: {
    kind: "ServeError",
    message: "process {pid} cannot be stopped: {why}",
    hint: "Stop it as the user who started it.",
    about: "The pid file names the process of a running server, and the system does not let this user send it a signal.",
  },
  DeployTriton: {
    kind: "ServeError",
    message: "Triton cannot serve {model}: its {kind} {name} is {type}, and {problem}",
    hint: "Serve it with Ingot (`ingot deploy kserve`, `compose` or `systemd`), or export a model whose inputs and outputs are tensors of known rank.",
    about:
      "`ingot deploy triton` writes a config.pbtxt, which describes every input and output of a model as a tensor with an element type of Triton's and a fixed number of axes. This model has one that cannot be described so.",
  },
  DeployExists: {
    kind: "ServeError",
    message: "{path} is there already",
    hint: "Give another folder with --output, or replace the files with --force.",
    about: "`ingot deploy` writes its files into a folder, and does not replace what is there unless it is told to. Nothing was written.",
  },
  ServeStateFolder: {
    kind: "ServeError",
    message: "the server cannot write to its state folder {path}: {why}",
    hint: "Give a folder that can be written to: --state-dir FOLDER.",
    about:
      "The server unpacks and compiles models in its state folder: the one where it is started, or that of `--state-dir`. Where the file system is read-only (a container) or belongs to somebody else, it needs one that it can write to. Nothing was started.",
  },
});
