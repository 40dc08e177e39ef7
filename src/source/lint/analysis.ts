// Reads functions with what is known of their arguments, over and over until nothing new is learnt, then once more to report. Every
// function is read once per round for each combination of arguments; recursion and loops settle because knowledge only grows.
import type { AnyNode, Expression } from "acorn";
import { IngotError } from "../../errors/error.ts";
import { isNameHelper } from "../artefacts.ts";
import { type FunctionSource, readFunction } from "../function-source.ts";
import type { Inspector, PrivateMember } from "../inspector.ts";
import { isLibraryScript } from "../library.ts";
import { Activation, assign, type Binding, type Closure, type CodeContext, type Place, type Scope } from "./activation.ts";
import { evaluate } from "./expressions.ts";
import type { Finding } from "./findings.ts";
import { join, joinAll, type Kind, never, sameKind, tensor, unknown, value } from "./kind.ts";
import { type AnyFunction, type Member, readElements, readMember } from "./live.ts";
import { walkFunction } from "./statements.ts";

/** What the lint must be told, for it knows nothing of tensors. */
export interface LintOptions {
  /** Whether a live value is a tensor. */
  isTensor(value: unknown): boolean;
  /** Whether a tensor's method gives a tensor, called with so many arguments. */
  tensorMethod(name: string, argumentCount: number): boolean;
  /** Whether a function of the library gives a tensor. Without it nothing is known of their results. */
  tensorFunction?(fn: AnyFunction): boolean;
}

/** What a call was seen to give: looked up by the function and its `this`. */
export type Witness = (fn: unknown, thisValue: unknown) => Kind | undefined;

const maxRounds = 24;
const maxActivations = 4000;
const maxPerFunction = 24;

export class Analysis {
  readonly options: LintOptions;
  readonly findings = new Map<string, Finding>();
  readonly unread = new Map<string, string>();
  readonly #inspector: Inspector;
  readonly #witness: Witness;
  readonly #activations = new Map<AnyNode, Activation[]>();
  readonly #codes = new Map<AnyFunction, CodeContext & { readonly read: FunctionSource }>();
  readonly #homes = new Map<AnyFunction, "library" | "native" | "user">();
  readonly #privates = new Map<object, ReadonlyMap<string, PrivateMember>>();
  #count = 0;
  #round = 0;
  #changed = false;
  #reporting = false;

  constructor(inspector: Inspector, options: LintOptions, witness: Witness) {
    this.#inspector = inspector;
    this.options = options;
    this.#witness = witness;
  }

  /** Runs `readAll` until it teaches nothing new, then once more with reports on. */
  settle(readAll: () => void): void {
    do {
      this.#round++;
      this.#changed = false;
      readAll();
    } while (this.#changed && this.#round < maxRounds);
    if (this.#changed) {
      this.unread.set("the program", `what its variables hold did not settle in ${maxRounds} rounds`);
      return;
    }
    this.#round++;
    this.#reporting = true;
    readAll();
  }

  evaluate(node: Expression, place: Place): Kind {
    return evaluate(node, place, this);
  }

  assign(binding: Binding, kind: Kind): void {
    if (assign(binding, kind)) this.#changed = true;
  }

  /** Adds a possible result of the function being read. */
  returns(activation: Activation, kind: Kind): void {
    const joined = join(activation.result, kind);
    if (sameKind(joined, activation.result)) return;
    activation.result = joined;
    this.#changed = true;
  }

  report(at: AnyNode, place: Place, make: (code: CodeContext) => Finding): void {
    if (!this.#reporting) return;
    const { code } = place.activation;
    const key = `${code.source.url ?? ""}:${at.start}:${at.end}`;
    if (!this.findings.has(key)) this.findings.set(key, make(code));
  }

  kindOf(live: unknown): Kind {
    return this.options.isTensor(live) ? tensor : value(live);
  }

  /** What a property may hold; getters of the user's are read as functions. */
  member(object: Kind, key: string): Kind {
    if (object.is === "never") return never;
    if (object.is === "record") return object.fields.get(key) ?? unknown;
    if (object.is === "list") return object.items[Number(key)] ?? unknown;
    if (object.is !== "values") return unknown;
    return joinAll(object.values.map((owner) => this.memberKind(readMember(owner, key), value(owner))));
  }

  memberKind(member: Member | undefined, thisKind: Kind): Kind {
    if (!member) return unknown;
    return "value" in member ? this.kindOf(member.value) : this.call(member.getter, thisKind, []);
  }

  /** What `#name` of the objects may hold. */
  privateMember(object: Kind, name: string): Kind {
    if (object.is !== "values") return object.is === "never" ? never : unknown;
    return joinAll(
      object.values.map((owner) => {
        if (typeof owner !== "object" || owner === null) return unknown;
        let members = this.#privates.get(owner);
        if (!members) {
          members = this.#inspector.privateMembers(owner);
          this.#privates.set(owner, members);
        }
        const found = members.get(`#${name}`);
        if (!found) return unknown;
        if (typeof found.get === "function") return this.call(found.get as AnyFunction, value(owner), []);
        return "value" in found ? this.kindOf(found.value) : unknown;
      }),
    );
  }

  /** What iterating gives, turn by turn. */
  elements(iterable: Kind): Kind {
    if (iterable.is === "never") return never;
    if (iterable.is === "list") return joinAll(iterable.items);
    if (iterable.is !== "values") return unknown;
    return joinAll(
      iterable.values.map((one) => {
        const found = readElements(one, (iterator) => this.#home(iterator) === "library");
        return found ? joinAll(found.map((element) => this.kindOf(element))) : unknown;
      }),
    );
  }

  /** What calling any of these gives; functions that cannot be read give anything. */
  callKind(callee: Kind, thisKind: Kind, args: readonly Kind[]): Kind {
    if (callee.is === "never") return never;
    if (callee.is === "closure") return this.callClosure(callee.closure, args);
    if (callee.is === "values") {
      return joinAll(callee.values.map((fn) => (typeof fn === "function" ? this.call(fn as AnyFunction, thisKind, args) : unknown)));
    }
    this.escape(args);
    return unknown;
  }

  /** Reads a live function's body with these arguments. */
  call(fn: AnyFunction, thisKind: Kind, args: readonly Kind[]): Kind {
    if (isNameHelper(fn)) return args[0] ?? unknown;
    const seen = this.#witnessed(fn, thisKind);
    if (seen) return seen;
    const home = this.#home(fn);
    const result = home === "user" ? this.read(fn, thisKind, args) : undefined;
    if (result) return result;
    this.escape(args);
    return home === "library" && this.options.tensorFunction?.(fn) ? tensor : unknown;
  }

  /** Reads a function whatever was seen of its calls; undefined where it has no body that can be read. */
  read(fn: AnyFunction, thisKind: Kind, args: readonly Kind[]): Kind | undefined {
    const code = this.code(fn);
    if (!code || !("params" in code.read.node)) return undefined;
    const { bound, node } = code.read;
    const givenThis = bound ? this.kindOf(bound.thisValue) : thisKind;
    const givenArgs = bound ? [...bound.args.map((arg) => this.kindOf(arg)), ...args] : args;
    return this.#run(node, code, givenThis, givenArgs, undefined);
  }

  callClosure(closure: Closure, args: readonly Kind[]): Kind {
    const { activation, node, scope } = closure;
    const isArrow = node.type === "ArrowFunctionExpression";
    return this.#run(node, activation.code, isArrow ? activation.thisKind : unknown, args, scope);
  }

  /** Functions that go where their calls cannot be seen are read with arguments of which nothing is known. */
  escape(kinds: Iterable<Kind>): void {
    for (const kind of kinds) {
      if (kind.is === "closure")
        this.callClosure(
          kind.closure,
          kind.closure.node.params.map(() => unknown),
        );
      else if (kind.is === "list") this.escape(kind.items);
      else if (kind.is === "record") this.escape(kind.fields.values());
    }
  }

  /** A function's text and variables, or undefined where it cannot be read; that is noted. */
  code(fn: AnyFunction): (CodeContext & { readonly read: FunctionSource }) | undefined {
    const known = this.#codes.get(fn);
    if (known) return known;
    try {
      const read = readFunction(fn);
      const lookup = read.scopes();
      const code = { source: read.source, name: fn.name, fn: read.fn, captured: lookup, read };
      this.#codes.set(fn, code);
      return code;
    } catch (error) {
      if (!(error instanceof IngotError) || error.code !== "NoSource") throw error;
      this.unread.set(fn.name || "an anonymous function", error.summary);
      return undefined;
    }
  }

  isLibrary(fn: AnyFunction): boolean {
    return this.#home(fn) === "library";
  }

  #run(node: Activation["node"], code: CodeContext, thisKind: Kind, args: readonly Kind[], outer: Scope | undefined): Kind {
    const activation = this.#activation(node, code, thisKind, args, outer);
    if (!activation) return unknown;
    if (activation.round !== this.#round) {
      activation.round = this.#round;
      walkFunction(activation, this);
    }
    return node.async || node.generator ? unknown : activation.result;
  }

  #activation(
    node: Activation["node"],
    code: CodeContext,
    thisKind: Kind,
    args: readonly Kind[],
    outer: Scope | undefined,
  ): Activation | undefined {
    const known = this.#activations.get(node) ?? [];
    const same = known.find((one) => one.isFor(thisKind, args, outer));
    if (same) return same;
    if (known.length >= maxPerFunction) {
      const general = known.find((one) => one.outer === outer && one.args.every((arg) => arg === unknown));
      if (general || args.every((arg) => arg === unknown)) return general;
      return this.#activation(
        node,
        code,
        unknown,
        args.map(() => unknown),
        outer,
      );
    }
    if (++this.#count > maxActivations) {
      this.unread.set("the program", `it has more than ${maxActivations} ways of being called`);
      return undefined;
    }
    this.#changed = true;
    const made = new Activation(node, code, thisKind, args, outer);
    this.#activations.set(node, [...known, made]);
    return made;
  }

  #witnessed(fn: AnyFunction, thisKind: Kind): Kind | undefined {
    if (thisKind.is !== "values") return undefined;
    let all: Kind = never;
    for (const owner of thisKind.values) {
      const seen = this.#witness(fn, owner);
      if (!seen) return undefined;
      all = join(all, seen);
    }
    return all;
  }

  #home(fn: AnyFunction): "library" | "native" | "user" {
    let home = this.#homes.get(fn);
    if (!home) {
      const target = this.#inspector.boundFacts(fn)?.target ?? fn;
      const url = this.#inspector.functionFacts(target)?.script.url;
      home = url === undefined || url.startsWith("node:") ? "native" : isLibraryScript(url) ? "library" : "user";
      this.#homes.set(fn, home);
    }
    return home;
  }
}
