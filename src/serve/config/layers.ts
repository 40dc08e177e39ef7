// The layers that a setting comes from, the strongest first: environment, flags, file, profile, default. Here they are texts; `resolve.ts`
// reads the winner of each key.
import { ingotError } from "../../errors/error.ts";
import { didYouMean } from "../../errors/nearest.ts";
import { flagSettings, type ServeFlags } from "./flags.ts";
import { keys, keysWithoutEffect, variableOf } from "./keys.ts";
import { readProperties } from "./properties.ts";
import type { Origin } from "./server-config.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration file: as errors call it, and what is in it. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** The text of each key that something sets, and what there is to tell. */
export interface Layered {
  readonly set: ReadonlyMap<string, Origin>;
  readonly warnings: readonly string[];
  readonly withoutEffect: readonly string[];
}

const settingKeys = Object.values(keys).map(({ key }) => key);
const known = [...settingKeys, ...Object.keys(keysWithoutEffect)];

/** Variables that TorchServe names otherwise than the rule of `variableOf` does. */
const alias: Readonly<Record<string, string>> = { token_expiration_min: "TS_TOKEN_EXPIRATION_TIME_MIN" };

/** Lays file, flags and environment over each other. Throws `ServeConfigSyntax` and `ServeConfigVariable`. */
export function layer(flags: ServeFlags, environment: Environment, file: ConfigFile | undefined): Layered {
  const set = new Map<string, Origin>();
  const warnings: string[] = [];
  if (file) addFile(set, warnings, file, environment);
  for (const { key, flag, text } of flagSettings(flags)) set.set(key, { from: "flag", flag, text });
  addEnvironment(set, warnings, environment);
  const withoutEffect = Object.keys(keysWithoutEffect).filter((key) => set.has(key));
  return { set, warnings, withoutEffect };
}

function addFile(set: Map<string, Origin>, warnings: string[], file: ConfigFile, environment: Environment): void {
  for (const { key, value, line } of readProperties(file.text, file.path)) {
    const place = `${file.path}:${line}`;
    if (!known.includes(key)) {
      warnings.push(`${place}: unknown key \`${key}\`${didYouMean(key, known)}`);
      continue;
    }
    const before = set.get(key);
    if (before?.from === "file") warnings.push(`${place}: \`${key}\` is set in line ${before.line} too; line ${line} counts`);
    set.set(key, { from: "file", file: file.path, line, written: value, text: substitute(value, key, place, environment) });
  }
}

/** `$$NAME$$` in a file is a variable of the environment. */
function substitute(value: string, key: string, place: string, environment: Environment): string {
  return value.replace(/\$\$([^$]+)\$\$/g, (_, name: string) => {
    const replacement = environment[name];
    if (replacement === undefined) throw ingotError("ServeConfigVariable", { place, key, name });
    return replacement;
  });
}

function addEnvironment(set: Map<string, Origin>, warnings: string[], environment: Environment): void {
  const given = (key: string): { variable: string; text: string } | undefined => {
    for (const variable of [variableOf(key), alias[key]]) {
      const text = variable === undefined ? undefined : environment[variable];
      if (variable !== undefined && text !== undefined) return { variable, text };
    }
    return undefined;
  };
  const enabled = (key: string) => (given(key)?.text ?? set.get(key)?.text ?? "false").trim().toLowerCase() === "true";
  const all = enabled("enable_envvars_config");
  // Who sets the environment of a server should not by that alone open it to other sources of models.
  const urls = all && enabled("use_env_allowed_urls");
  for (const key of known) {
    const found = given(key);
    if (!found) continue;
    const { variable, text } = found;
    const always = key === "enable_envvars_config" || key === "ts_open_inference_protocol";
    if (key === "allowed_urls" ? urls : all || always) set.set(key, { from: "environment", variable, text: oip(key, text) });
    else
      warnings.push(
        `${variable} is set and has no effect: ${key === "allowed_urls" && all ? "use_env_allowed_urls" : "enable_envvars_config"} is not true`,
      );
  }
  const level = environment.INGOT_LOG_LEVEL;
  if (level) set.set("log_level", { from: "environment", variable: "INGOT_LOG_LEVEL", text: level });
}

/** TorchServe's variable for the protocol says `oip` where the key says `true`. */
const oip = (key: string, text: string): string =>
  key === "ts_open_inference_protocol" && !/^\s*(true|false)\s*$/i.test(text) ? String(text.trim() === "oip") : text;

/** Where a value comes from, as errors say it. */
export function placeOf(origin: Origin): string {
  switch (origin.from) {
    case "file":
      return `${origin.file}:${origin.line}`;
    case "flag":
      return origin.flag;
    case "environment":
      return `the environment variable ${origin.variable}`;
    default:
      return origin.from;
  }
}
