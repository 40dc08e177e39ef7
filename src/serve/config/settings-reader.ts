// Reads the text of each key with its kind, and collects what is wrong, so that one error names all of it.
import { describeValue } from "../../errors/describe-value.ts";
import { ingotError } from "../../errors/error.ts";
import { type Address, formatAddress } from "./address.ts";
import { type Key, keys, profiles } from "./keys.ts";
import { port, type ReadContext } from "./kinds.ts";
import { type Layered, placeOf } from "./layers.ts";
import type { Origin, Settings } from "./server-config.ts";

interface Problem {
  readonly place: string;
  readonly key: string;
  readonly actual: string;
  readonly expected: string;
}

/** One reading of all keys. */
export class SettingsReader {
  readonly origin = new Map<string, Origin>();
  readonly warnings: string[] = [];
  readonly #layered: Layered;
  readonly #context: ReadContext;
  readonly #problems: Problem[] = [];

  constructor(layered: Layered, context: ReadContext) {
    this.#layered = layered;
    this.#context = context;
  }

  /** Every setting; throws `ServeConfigValue`. A platform's `$PORT` is where its clients come: it replaces the port for inference. */
  all(platformPort: string | undefined): Settings {
    const profile = this.#read("profile");
    const settings: Partial<Record<keyof Settings, unknown>> = { profile };
    for (const name of Object.keys(keys) as (keyof Settings)[])
      if (name !== "profile") settings[name] = this.#read(name, profiles[profile ?? "torchserve"][name]);
    this.#throwIfWrong();
    // The table has a row for each setting, and all of them could be read.
    const complete = settings as Settings;
    return platformPort === undefined ? complete : this.#withPort(complete, platformPort.trim());
  }

  /** The value of a setting; undefined where it is wrong. `fromProfile` stands in for the default. */
  #read<S extends keyof Settings>(name: S, fromProfile?: string): Settings[S] | undefined {
    const row: Key<Settings[S]> = keys[name];
    const origin = this.#originOf(row.key, fromProfile, row.fallback);
    this.origin.set(row.key, origin);
    if (origin.text === undefined) return undefined;
    const text = row.kind.verbatim ? origin.text : origin.text.trim();
    // An empty value of a key that may be absent is its absence.
    if (text === "" && row.fallback === undefined) return undefined;
    const reading = row.kind.read(text, this.#context);
    const place = placeOf(origin);
    if ("wrong" in reading) {
      this.#problems.push({ place, key: row.key, actual: reading.actual ?? quoted(text), expected: reading.expected ?? row.kind.expected });
      return undefined;
    }
    for (const warning of reading.warnings ?? []) this.warnings.push(`${place}: ${row.key}: ${warning}`);
    return reading.value;
  }

  #throwIfWrong(): void {
    const [first, ...others] = this.#problems;
    if (!first) return;
    throw ingotError(
      "ServeConfigValue",
      { ...first },
      { notes: others.map((o) => `${o.place}: \`${o.key}\` is ${o.actual}, expected ${o.expected}`) },
    );
  }

  #originOf(key: string, profile: string | undefined, fallback: string | undefined): Origin {
    const set = this.#layered.set.get(key);
    if (set) return set;
    return profile === undefined ? { from: "default", text: fallback } : { from: "profile", text: profile };
  }

  #withPort(settings: Settings, text: string): Settings {
    const { inferenceAddress, managementAddress, metricsAddress } = settings;
    // A socket's path has no port; the variable for the whole address says more than PORT does.
    if (this.origin.get("inference_address")?.from === "environment" || inferenceAddress.kind !== "tcp") return settings;
    const reading = port.read(text, this.#context);
    if ("wrong" in reading)
      throw ingotError("ServeConfigValue", {
        place: "the environment variable PORT",
        key: "inference_address",
        actual: quoted(text),
        expected: port.expected,
      });
    this.origin.set("inference_address", { from: "environment", variable: "PORT", text });
    const moved: Address = { ...inferenceAddress, port: reading.value };
    // Where one listener serves all, it goes on to.
    const follow = (address: Address) => (formatAddress(address) === formatAddress(inferenceAddress) ? moved : address);
    return { ...settings, inferenceAddress: moved, managementAddress: follow(managementAddress), metricsAddress: follow(metricsAddress) };
  }
}

const quoted = (text: string): string => (text === "" ? "empty" : describeValue(text).replace(/ \(string\)$/, ""));
