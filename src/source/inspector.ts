// The only file that talks to V8's inspector: an in-process, synchronous session that tells where a function's source lies and what its
// closure holds. A session pins what it has touched, so it lives as long as one question and then lets go of everything.
import type { Debugger, InspectorNotification, Runtime, Session } from "node:inspector";
import process from "node:process";
import { ingotError } from "../errors/error.ts";
import { scriptHref } from "./library.ts";

/** Anything that can be called or constructed. */
export type Callable = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/** A script as V8 holds it. Positions inside it count from 0 and include the start offsets. */
export interface ScriptInfo {
  readonly id: string;
  readonly url: string;
  readonly sourceMapUrl: string | undefined;
  readonly startLine: number;
  readonly startColumn: number;
  readonly isModule: boolean;
}

/** A captured variable's value, or undefined where no scope has the name. */
export type ScopeLookup = (name: string) => { readonly value: unknown } | undefined;

/** Where a function's code is: its `(`, an arrow function's start, or a class's `class` where it has no constructor. */
export interface FunctionFacts {
  readonly script: ScriptInfo;
  readonly line: number;
  readonly column: number;
  /** Reads the captured variables as they are now; ask again for later values. */
  readonly scopes: () => ScopeLookup;
}

export interface BoundFacts {
  readonly target: Callable;
  readonly boundThis: unknown;
  readonly boundArgs: readonly unknown[];
}

/** A private member: a field's value, or an accessor's functions. Two classes of one object may have the same name: then neither is told. */
export interface PrivateMember {
  readonly ambiguous?: true;
  readonly value?: unknown;
  readonly get?: unknown;
  readonly set?: unknown;
}

/** V8 tells private members too; the published types leave them out. */
type Properties = Runtime.GetPropertiesReturnType & {
  readonly privateProperties?: readonly Omit<Runtime.PropertyDescriptor, "enumerable">[];
};

interface Bridge {
  out: unknown;
  in: unknown;
}

const bridgeKey = "ingot: inspector bridge";
const group = "ingot";

let current: Inspector | undefined;
let available: boolean | undefined;

/**
 * Runs `use` with an open session and closes it afterwards; nested calls share the outer session. Throws `NoInspector` where this
 * platform has none.
 *
 * @example
 * const names = withInspector((inspector) => functions.map((f) => inspector.functionFacts(f)?.script.url));
 */
export function withInspector<T>(use: (inspector: Inspector) => T): T {
  if (current) return use(current);
  current = new Inspector();
  try {
    return use(current);
  } finally {
    current.close();
    current = undefined;
  }
}

/** Whether functions can be inspected here: not in other engines, nor under `--permission` without leave. Asked once. */
export function inspectorAvailable(): boolean {
  if (available === undefined) {
    try {
      available = withInspector(() => true);
    } catch {
      available = false;
    }
  }
  return available;
}

/** Scripts by id, from all sessions: ids are never used again, and listing all scripts costs tens of milliseconds in a large program. */
const knownScripts = new Map<string, ScriptInfo>();

/** One session. Not made directly: `withInspector` opens and closes it. */
export class Inspector {
  readonly #session: Session;
  readonly #bridge: Bridge = { out: undefined, in: undefined };
  readonly #bridgeId: string;
  #scripts: Map<string, ScriptInfo> | undefined;

  constructor() {
    this.#session = connect();
    try {
      Object.defineProperty(process, bridgeKey, { value: this.#bridge, configurable: true });
      const reply = ask<Runtime.EvaluateReturnType>((done) =>
        this.#session.post(
          "Runtime.evaluate",
          { expression: `process[${JSON.stringify(bridgeKey)}]`, objectGroup: group, silent: true },
          done,
        ),
      );
      const id = reply.result.objectId;
      if (id === undefined) throw ingotError("NoInspector", { reason: "its session does not see this context" });
      this.#bridgeId = id;
    } catch (error) {
      this.#session.disconnect();
      throw error;
    } finally {
      Reflect.deleteProperty(process, bridgeKey);
    }
  }

  close(): void {
    this.#bridge.out = this.#bridge.in = undefined;
    this.#session.post("Runtime.releaseObjectGroup", { objectGroup: group });
    this.#session.disconnect();
  }

  /** Where a function's code is and what it captured; undefined for what has no source (native, bound, proxy). */
  functionFacts(fn: Callable): FunctionFacts | undefined {
    const location = this.#internals(fn).get("[[FunctionLocation]]")?.value as Debugger.Location | undefined;
    if (!location) return undefined;
    const script = this.script(location.scriptId);
    if (!script) return undefined;
    const scopes = () => withInspector((inspector) => inspector.scopes(fn));
    return { script, line: location.lineNumber, column: location.columnNumber ?? 0, scopes };
  }

  /** What a bound function binds, or undefined for any other function. */
  boundFacts(fn: Callable): BoundFacts | undefined {
    const internals = this.#internals(fn);
    const target = internals.get("[[TargetFunction]]");
    if (!target) return undefined;
    return {
      target: this.#receive(target) as Callable,
      boundThis: this.#receive(internals.get("[[BoundThis]]")),
      boundArgs: Array.from(this.#receive(internals.get("[[BoundArgs]]")) as ArrayLike<unknown>),
    };
  }

  /** The captured variables of a function, innermost scope first, with the identity of what they hold. */
  scopes(fn: Callable): ScopeLookup {
    const chain: object[] = [];
    let globalScope: object | undefined;
    const list = this.#internals(fn).get("[[Scopes]]");
    for (const entry of list?.objectId === undefined ? [] : this.#properties(list.objectId).result) {
      if (!/^\d+$/.test(entry.name) || !entry.value) continue;
      const { object } = this.#receive(entry.value) as { object: object };
      if (entry.value.description === "Global") globalScope = object;
      else chain.push(object);
    }
    return (name) => {
      for (const scope of chain) if (Object.hasOwn(scope, name)) return { value: Reflect.get(scope, name) };
      return globalScope && name in globalScope ? { value: Reflect.get(globalScope, name) } : undefined;
    };
  }

  /** The private members (`#name`) of an object, methods included. */
  privateMembers(object: object): ReadonlyMap<string, PrivateMember> {
    const members = new Map<string, PrivateMember>();
    const add = (name: string, member: PrivateMember) => members.set(name, members.has(name) ? { ambiguous: true } : member);
    const { privateProperties, internalProperties } = this.#properties(this.#send(object));
    for (const { name, value, get, set } of privateProperties ?? []) {
      add(name, value ? { value: this.#receive(value) } : { get: this.#receive(get), set: this.#receive(set) });
    }
    const methods = internalProperties?.find(({ name }) => name === "[[PrivateMethods]]")?.value;
    for (const entry of methods?.objectId === undefined ? [] : this.#properties(methods.objectId).result) {
      if (!/^\d+$/.test(entry.name) || !entry.value) continue;
      const { name, value } = this.#receive(entry.value) as { name: string; value: unknown };
      add(name, { value });
    }
    return members;
  }

  script(id: string): ScriptInfo | undefined {
    return knownScripts.get(id) ?? this.#allScripts().get(id);
  }

  /** The latest script of that name (a URL or a path); where none has its very query, the latest of that file. */
  scriptByUrl(url: string): ScriptInfo | undefined {
    const href = scriptHref(url);
    const scripts = [...this.#allScripts().values()].filter((script) => scriptHref(script.url) === href);
    return scripts.reverse().find((script) => script.url === url) ?? scripts[0];
  }

  /** The whole text of a script, as it was executed. */
  scriptText(id: string): string {
    this.#allScripts();
    return ask<Debugger.GetScriptSourceReturnType>((done) => this.#session.post("Debugger.getScriptSource", { scriptId: id }, done))
      .scriptSource;
  }

  /** Every live script, in order of creation; asking costs some milliseconds, once per session. */
  #allScripts(): ReadonlyMap<string, ScriptInfo> {
    if (this.#scripts) return this.#scripts;
    const scripts = new Map<string, ScriptInfo>();
    this.#session.on("Debugger.scriptParsed", ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) => {
      const script: ScriptInfo = {
        id: params.scriptId,
        url: params.url,
        sourceMapUrl: params.sourceMapURL || undefined,
        startLine: params.startLine,
        startColumn: params.startColumn,
        isModule: params.isModule ?? false,
      };
      scripts.set(script.id, script);
      knownScripts.set(script.id, script);
    });
    ask<void>((done) => this.#session.post("Debugger.enable", (error) => done(error, undefined)));
    this.#scripts = scripts;
    return scripts;
  }

  #internals(object: object): ReadonlyMap<string, Runtime.RemoteObject> {
    const found = new Map<string, Runtime.RemoteObject>();
    for (const { name, value } of this.#properties(this.#send(object)).internalProperties ?? []) if (value) found.set(name, value);
    return found;
  }

  #properties(objectId: string): Properties {
    return ask((done) => this.#session.post("Runtime.getProperties", { objectId, ownProperties: true }, done));
  }

  /** Hands an object to the session and gives the session's id for it. */
  #send(object: object): string {
    this.#bridge.out = object;
    const declaration = "function () { return this.out }";
    const { result } = ask<Runtime.CallFunctionOnReturnType>((done) =>
      this.#session.post(
        "Runtime.callFunctionOn",
        { objectId: this.#bridgeId, functionDeclaration: declaration, objectGroup: group, silent: true },
        done,
      ),
    );
    if (result.objectId === undefined) throw new TypeError("the inspector session gave no id for an object");
    return result.objectId;
  }

  /** Takes a value out of the session, as the same object. */
  #receive(remote: Runtime.RemoteObject | undefined): unknown {
    if (!remote) return undefined;
    const argument: Runtime.CallArgument =
      remote.objectId !== undefined
        ? { objectId: remote.objectId }
        : remote.unserializableValue !== undefined
          ? { unserializableValue: remote.unserializableValue }
          : { value: remote.value };
    ask<Runtime.CallFunctionOnReturnType>((done) =>
      this.#session.post(
        "Runtime.callFunctionOn",
        { objectId: this.#bridgeId, functionDeclaration: "function (value) { this.in = value }", arguments: [argument], silent: true },
        done,
      ),
    );
    return this.#bridge.in;
  }
}

function connect(): Session {
  const inspector = process.getBuiltinModule?.("node:inspector");
  if (!inspector) throw ingotError("NoInspector", { reason: "this engine or build does not have it" });
  try {
    const session = new inspector.Session();
    session.connect();
    return session;
  } catch (cause) {
    throw ingotError("NoInspector", { reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}

/** A session in the same thread answers before `post` returns. */
function ask<T>(post: (done: (error: Error | null, result: T) => void) => void): T {
  let reply: { error: Error | null; result: T } | undefined;
  post((error, result) => {
    reply = { error, result };
  });
  if (!reply) throw new TypeError("the inspector session did not answer at once");
  if (reply.error) throw Object.assign(new Error(`inspector: ${reply.error.message}`), { cause: reply.error });
  return reply.result;
}
