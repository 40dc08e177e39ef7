import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { resolveConfig } from "../../../src/serve/config/resolve.ts";
import { tokenRule } from "../../../src/serve/config/token-rule.ts";
import { openTokens, type TokenOptions, type Tokens } from "../../../src/serve/config/tokens.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

interface Keys {
  readonly management: { readonly key: string; readonly "expiration time": string };
  readonly inference: { readonly key: string; readonly "expiration time": string };
  readonly API: { readonly key: string };
}

describe("tokens", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  let opened: Tokens[] = [];
  afterEach(() => {
    for (const tokens of opened) tokens.close();
    opened = [];
  });

  const open = (options: Partial<TokenOptions> = {}) => {
    const tokens = openTokens({
      file: inFolder("key_file.json"),
      needed: { management: true, inference: true },
      expirationMin: 60,
      ...options,
    });
    opened.push(tokens);
    return tokens;
  };
  const keys = (): Keys => JSON.parse(readFileSync(inFolder("key_file.json"), "utf8")) as Keys;

  it("are in a file of TorchServe's form that only its owner can read", () => {
    open({ now: () => Date.UTC(2026, 0, 2) });
    const written = keys();
    assert.deepEqual(Object.keys(written), ["management", "inference", "API"]);
    assert.deepEqual(Object.keys(written.management), ["key", "expiration time"]);
    assert.equal(written.inference["expiration time"], "2026-01-02T01:00:00.000Z");
    assert.deepEqual(Object.keys(written.API), ["key"]);
    assert.equal(statSync(inFolder("key_file.json")).mode & 0o777, 0o600);
    assert.equal(readFileSync(inFolder("key_file.json"), "utf8").split("\n")[1], '  "management": {', "pretty-printed");
  });

  it("are three different ones of at least 128 bits, new ones in each run", () => {
    open();
    const first = keys();
    open();
    const second = keys();
    const all = [first, second].flatMap(({ management, inference, API }) => [management.key, inference.key, API.key]);
    assert.equal(new Set(all).size, 6);
    for (const key of all) {
      assert.match(key, /^[\w-]+$/, "TorchServe's header takes what has no blanks");
      assert.ok(Buffer.from(key, "base64url").length * 8 >= 128);
    }
  });

  it("open their own kind of request only, in TorchServe's scheme", () => {
    const tokens = open();
    const { management, inference, API } = keys();
    const refusal = {
      ok: false,
      message: "Token Authorization failed. Token either incorrect, expired, or not provided correctly",
    };
    assert.deepEqual(tokens.check(`Bearer ${management.key}`, "management"), { ok: true });
    assert.deepEqual(tokens.check(`Bearer \t ${inference.key}`, "inference"), { ok: true });
    assert.deepEqual(tokens.check(`Bearer ${API.key}`, "API"), { ok: true });
    const wrong = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      `Bearer ${inference.key}`,
      `Bearer ${API.key}`,
      `Bearer ${management.key} `,
      ` Bearer ${management.key}`,
      `bearer ${management.key}`,
      `Basic ${management.key}`,
      management.key,
      `Bearer ${management.key}x`,
      `Bearer ${management.key.slice(0, -1)}`,
      `Bearer ${management.key.toLowerCase()}\u0000`,
      "Bearer undefined",
    ];
    for (const header of wrong) assert.deepEqual(tokens.check(header, "management"), refusal, header);
    assert.deepEqual(tokens.check(`Bearer ${management.key}`, "API"), {
      ok: false,
      message: "Token Authentication failed. Token either incorrect, expired, or not provided correctly",
    });
  });

  it("hold until they expire, whatever is done to the machine's clock; the API's does not expire", () => {
    let clock = 0;
    let wall = 0;
    const tokens = open({ expirationMin: 0.5, monotonic: () => clock, now: () => wall });
    const { management, API } = keys();
    wall = 1e12;
    clock = 29_999;
    assert.ok(tokens.check(`Bearer ${management.key}`, "management").ok);
    wall = 0;
    clock = 30_000;
    assert.ok(!tokens.check(`Bearer ${management.key}`, "management").ok);
    assert.ok(tokens.check(`Bearer ${API.key}`, "API").ok);
  });

  it("are renewed one by one: the old one is refused, the other goes on", () => {
    let clock = 0;
    const tokens = open({ expirationMin: 1, monotonic: () => clock });
    const before = keys();
    clock = 59_000;
    tokens.renew("inference");
    const after = keys();
    assert.deepEqual([after.management, after.API], [before.management, before.API]);
    assert.notEqual(after.inference.key, before.inference.key);
    assert.ok(!tokens.check(`Bearer ${before.inference.key}`, "inference").ok);
    clock = 61_000;
    assert.ok(tokens.check(`Bearer ${after.inference.key}`, "inference").ok, "a minute from when it was made");
    assert.ok(!tokens.check(`Bearer ${after.management.key}`, "management").ok);
    assert.equal(statSync(inFolder("key_file.json")).mode & 0o777, 0o600);
  });

  it("stay as they are where a renewal cannot be written", () => {
    const file = inFolder("state/key_file.json");
    const tokens = open({ file });
    const { management } = JSON.parse(readFileSync(file, "utf8")) as Keys;
    // A folder in the file's place: the rename fails for root too.
    spawnSync("rm", [file]);
    mkdirSync(file);
    writeFileSync(`${file}/x`, "");
    assert.throws(() => tokens.renew("management"), { code: "ServeKeyFile" });
    assert.ok(tokens.check(`Bearer ${management.key}`, "management").ok);
    assert.deepEqual(readdirSync(inFolder("state")), ["key_file.json"], "nothing is left beside it");
  });

  it("need a file that can be written: without one nothing starts", () => {
    const path = inFolder("file", "");
    assert.throws(() => open({ file: `${path}/key_file.json` }), {
      name: "ServeError",
      code: "ServeKeyFile",
      hint: /--state-dir FOLDER.*--disable-token-auth/,
    });
  });

  it("do not follow a link that somebody put in the file's place", () => {
    const victim = inFolder("victim", "keep");
    symlinkSync(victim, inFolder("key_file.json"));
    open();
    assert.equal(readFileSync(victim, "utf8"), "keep");
    assert.ok(!lstatSync(inFolder("key_file.json")).isSymbolicLink());
  });

  it("leave no file behind; that of another server stays", () => {
    const first = open();
    const second = open();
    first.close();
    assert.ok(existsSync(inFolder("key_file.json")), "it is the second's by now");
    second.close();
    second.close();
    assert.deepEqual(readdirSync(inFolder()), []);
  });

  it("leave no file behind where the process ends without closing them", () => {
    const program = `import { openTokens } from ${JSON.stringify(new URL("../../../src/serve/config/tokens.ts", import.meta.url).href)};
      openTokens({ file: process.argv[1], needed: { management: true, inference: false }, expirationMin: 60 });
      process.exit(3);`;
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
    const { status } = spawnSync(process.execPath, ["--import", tsx, "--input-type=module", "-e", program, inFolder("key_file.json")]);
    assert.equal(status, 3);
    assert.deepEqual(readdirSync(inFolder()), []);
  });

  it("are not asked for where nothing needs them, and no file is made", () => {
    const tokens = open({ needed: { management: false, inference: false } });
    assert.deepEqual(
      [tokens.file, tokens.check(undefined, "management"), tokens.check(undefined, "API")],
      [undefined, { ok: true }, { ok: true }],
    );
    assert.deepEqual(readdirSync(inFolder()), []);
  });

  it("are not asked for inference where only management needs them", () => {
    const tokens = open({ needed: { management: true, inference: false } });
    assert.ok(tokens.check(undefined, "inference").ok);
    assert.ok(!tokens.check(undefined, "management").ok);
    assert.ok(!tokens.check(undefined, "API").ok);
  });
});

describe("the rule of who needs a token", () => {
  const rule = (text = "", environment = {}) =>
    tokenRule(resolveConfig({ cwd: "/srv", environment, file: { path: "config.properties", text } }));
  const of = (text: string) => {
    const { management, inference } = rule(text);
    return [management, inference];
  };

  it("asks for one for management always, for inference where other machines can reach it", () => {
    assert.deepEqual(of(""), [true, false]);
    assert.deepEqual(of("inference_address=unix:/run/a.sock"), [true, false]);
    assert.deepEqual(of("inference_address=http://0.0.0.0:8080"), [true, true]);
    assert.deepEqual(of("grpc_inference_address=0.0.0.0"), [true, true]);
    assert.deepEqual(of("management_address=http://0.0.0.0:8081"), [true, false]);
  });

  it("follows the key where it is set", () => {
    assert.deepEqual(of("disable_token_authorization=false"), [true, true]);
    assert.deepEqual(of("disable_token_authorization=true\ninference_address=http://0.0.0.0:8080"), [false, false]);
  });

  it("says so in a sentence", () => {
    assert.equal(
      rule().sentence,
      "Management needs a token; inference needs none, as it listens on loopback only (http://127.0.0.1:8080).",
    );
    assert.equal(
      rule("inference_address=http://[::]:8080").sentence,
      "Management and inference need a token: other machines can reach inference at http://[::]:8080.",
    );
    assert.match(rule("grpc_inference_address=::").sentence, /by gRPC at \[::\]:7070\.$/);
    assert.match(rule("disable_token_authorization=true").sentence, /is switched off\.$/);
    assert.match(
      rule("disable_token_authorization=true\ninference_address=http://0.0.0.0:1").sentence,
      /Other machines can reach this server/,
    );
  });
});
