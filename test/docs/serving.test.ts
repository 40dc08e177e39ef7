// docs/guides/serving.md as a person types it: its program, then each `sh` block by a shell, with the command line of this checkout as `ingot`.
// Ports 8080 to 8082 may be taken on the machine of a test, and the pid file by somebody's server. So `ingot serve` gets --ts-config with free ports and
// --state-dir behind what the page says, and the page's address means the free port; test/cli parses the lines as they are.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { launcherText } from "../../src/archive/launchers.ts";
import { thisProgram } from "../../src/cli/this-program.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { missingLine, programsOf } from "./pages.ts";

const root = join(import.meta.dirname, "../..");
const page = join(root, "docs/guides/serving.md");
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

interface Step {
  readonly title: string;
  readonly commands: string;
  /** What the page says that they print, in order; `…` stands for anything. */
  readonly prints: readonly string[];
}

/** The `sh` blocks of a page, each with the `output` block behind it. */
function stepsOf(text: string): Step[] {
  const blocks = [...text.matchAll(/^```(sh|output)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, language, body = ""], i) => {
    if (language !== "sh") return [];
    const next = blocks[i + 1];
    const prints = next?.[1] === "output" ? (next[2] ?? "").trimEnd().split("\n") : [];
    return [{ title: body.trimEnd().split("\n").at(-1) ?? "", commands: body, prints }];
  });
}

describe("the walk-through of serving", function () {
  this.timeout(300_000);
  // Where a step failed, its server may run on; before the folder is removed.
  after(() => void run("ingot serve --stop"));
  const inFolder = temporaryFolder();
  let port = 0;
  const environment = () => ({
    ...process.env,
    PATH: `${inFolder("bin")}${delimiter}${process.env.PATH ?? ""}`,
    NO_COLOR: "1",
  });
  /** Runs a step in the folder. The shell stops at the first command that fails. */
  const run = (commands: string) => {
    const typed = commands
      .replace(/^(ingot serve .*)$/gm, "$1 --ts-config config.properties --state-dir state")
      .replaceAll("http://127.0.0.1:8080", `http://127.0.0.1:${port}`);
    const { stdout, stderr, status } = spawnSync("sh", ["-ec", typed], { cwd: inFolder(), env: environment(), encoding: "utf8" });
    return { out: stdout.replaceAll(`http://127.0.0.1:${port}`, "http://127.0.0.1:8080"), err: stderr, status };
  };

  before(async function () {
    if (spawnSync("curl", ["--version"]).error || spawnSync("sh", ["-c", ":"]).error) {
      console.log("    SKIPPED: the page needs a shell and curl");
      this.skip();
    }
    port = await freePort();
    mkdirSync(inFolder("bin"));
    inFolder("bin/ingot", launcherText(thisProgram()));
    chmodSync(inFolder("bin/ingot"), 0o755);
    copyFileSync(join(root, "examples/images/scene.jpg"), inFolder("my_cat.jpg"));
    const others = ["management_address", "metrics_address"].map((key) => `${key}=http://127.0.0.1:0`);
    const addresses = [`inference_address=http://127.0.0.1:${port}`, ...others, "grpc_inference_port=0", "grpc_management_port=0"];
    inFolder("config.properties", [...addresses, "default_workers_per_model=1"].join("\n"));
    const source = pathToFileURL(`${join(root, "src")}/`).href;
    const data = JSON.stringify({ data: { root: source, extension: ".ts" } });
    const hooks = new URL("source/module-hooks.ts", source);
    inFolder("hooks.mjs", `import { register } from "node:module";\nregister("${hooks}", import.meta.url, ${data});\n`);
    const [program] = programsOf(page);
    writeFileSync(inFolder("program.ts"), program?.code ?? "");
    const made = spawnSync(process.execPath, ["--import", tsx, "--import", "./hooks.mjs", "program.ts"], {
      cwd: inFolder(),
      encoding: "utf8",
    });
    assert.equal(made.status, 0, made.stderr);
  });

  const steps = stepsOf(readFileSync(page, "utf8"));
  for (const { title, commands, prints } of steps)
    it(`goes as the page says: ${title}`, () => {
      const { out, err, status } = run(commands);
      assert.equal(status, 0, `${out}\n${err}`);
      const missing = missingLine(out, prints);
      assert.equal(missing, undefined, `the page says that this is printed: ${missing}\n${out}\n${err}`);
      assert.doesNotMatch(err, /warning|error/i);
    });

  it("leaves a log without warnings and errors", () => {
    const log = readFileSync(inFolder("state/logs/ts_log.log"), "utf8");
    assert.equal(log.match(/ listening {2}/g)?.length, 3, "three servers were started");
    assert.doesNotMatch(log, / (WARN|ERROR) /);
  });

  it("holds the lines of the guides that people know", () => {
    const commands = steps.map((step) => step.commands).join("");
    for (const line of [
      "ingot archive --model-name my_fancy_model --version 1.0 --serialized-file deployable_model.onnx --export-path model_store --extra-files index_to_name.json --handler image_classifier",
      "ingot serve --start --ncs --model-store model_store --models my_fancy_model=my_fancy_model.mar",
      "curl http://127.0.0.1:8080/predictions/my_fancy_model -T my_cat.jpg",
      "ingot serve --start --ncs --model-store model_store --models all",
      "ingot serve --stop",
    ])
      assert.ok(commands.includes(`${line}\n`), line);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
