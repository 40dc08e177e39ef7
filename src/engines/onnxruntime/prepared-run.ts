// One run, made ready for native code: values over the inputs' memory, names as C strings, places for the results.
// It holds on to all of that until it is freed, which must be after the native call has returned.
import type { Pointer } from "./c-api.ts";
import { checkNames, type DeclaredNames, inputError, outputError } from "./check-feeds.ts";
import type { OrtData, OrtResult } from "./element-types.ts";
import type { OrtEnvironment } from "./environment.ts";
import { cStrings, keepAlive } from "./native-strings.ts";
import { makeValue, readValue } from "./ort-value.ts";

export class PreparedRun {
  readonly #env: OrtEnvironment;
  readonly #declared: DeclaredNames;
  readonly #outputNames: readonly string[];
  readonly #values: BigUint64Array;
  readonly #inputText: BigUint64Array;
  readonly #outputText: BigUint64Array;
  readonly #results: BigUint64Array;
  readonly #memory: readonly unknown[];

  /** Throws `EngineInput` or `EngineOutput`. */
  constructor(env: OrtEnvironment, declared: DeclaredNames, feeds: ReadonlyMap<string, OrtData>, outputNames: readonly string[]) {
    this.#env = env;
    this.#declared = declared;
    this.#outputNames = outputNames;
    checkNames(declared, feeds, outputNames);
    this.#values = makeValues(env, declared, feeds);
    const inputText = cStrings(env, [...feeds.keys()]);
    const outputText = cStrings(env, outputNames);
    this.#inputText = inputText.pointers;
    this.#outputText = outputText.pointers;
    this.#results = new BigUint64Array(outputNames.length);
    this.#memory = [[...feeds.values()], inputText.memory, outputText.memory];
  }

  /** Runs on the calling thread; gives the status. */
  call(session: Pointer): Pointer | null {
    return this.#env.api.Run(session, null, ...this.#arguments());
  }

  /** Runs on a thread of the pool; gives the status. */
  start(session: Pointer, runOptions: Pointer): Promise<Pointer | null> {
    return new Promise((resolve, reject) => {
      this.#env.api.Run.async(session, runOptions, ...this.#arguments(), (error, status) => {
        if (error) reject(error);
        else resolve(status);
      });
    });
  }

  /** Copies the results out. Throws `EngineOutput` for a kind of value that has no counterpart. */
  collect(): OrtResult[] {
    return this.#outputNames.map((name, i) => {
      const fail = outputError(name, this.#declared.outputs);
      const value = this.#results[i] as Pointer;
      return value === 0n ? undefined : readValue(this.#env, value, fail);
    });
  }

  /** Gives the native values back. */
  free(): void {
    releaseAll(this.#env, this.#values);
    releaseAll(this.#env, this.#results);
    keepAlive(this.#memory);
  }

  #arguments() {
    const { length } = this.#outputText;
    return [this.#inputText, this.#values, this.#values.length, this.#outputText, length, this.#results] as const;
  }
}

function makeValues(env: OrtEnvironment, { inputs }: DeclaredNames, feeds: ReadonlyMap<string, OrtData>): BigUint64Array {
  const values = new BigUint64Array(feeds.size);
  let at = 0;
  try {
    for (const [name, data] of feeds) values[at++] = makeValue(env, data, inputError(name, inputs));
    return values;
  } catch (error) {
    releaseAll(env, values);
    throw error;
  }
}

function releaseAll(env: OrtEnvironment, values: BigUint64Array): void {
  for (const value of values) if (value !== 0n) env.api.ReleaseValue(value);
}
