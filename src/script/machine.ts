// The state of one compilation that all parts of the interpreter share: the stage, the heap, where the interpreted program stands, and what
// is known on the path that is interpreted.
import type { AnyNode } from "acorn";
import type { ErrorCode } from "../errors/catalogue.ts";
import { type CodeFrame, IngotError, ingotError } from "../errors/error.ts";
import type { Origin, Provenance } from "../ir/provenance.ts";
import type { SourceText } from "../source/function-source.ts";
import { Heap } from "./heap.ts";
import type { Stage } from "./stage.ts";
import { Partial, Poison, Reported, type Scalar, Sym } from "./values.ts";

/** A call that is being interpreted. */
export interface CallFrame {
  /** The function's name in messages. */
  readonly name: string;
  readonly source: SourceText;
  /** True for code of this library: what it checks, its operators check again at run time. */
  readonly library: boolean;
  /** The innermost node being evaluated. */
  node: AnyNode;
  /** The path of the module whose forward runs. */
  readonly scope: string;
}

/** A branch that always throws ends here; caught where branches are joined. */
export class DeadBranch extends Error {}

export const recursionLimit = 200;

export class Machine {
  readonly stage: Stage;
  readonly heap = new Heap();
  readonly calls: CallFrame[] = [];
  /** Errors that were reported and passed over, so that more are found in one go. */
  readonly errors: IngotError[] = [];
  readonly #known: ReadonlyMap<Sym, boolean>[] = [];

  constructor(stage: Stage) {
    this.stage = stage;
  }

  // ---- where ------------------------------------------------------------------------------------------------------

  get frame(): CallFrame {
    return this.calls[this.calls.length - 1] as CallFrame;
  }

  /** Makes (does not throw) an error of the catalogue at a node, by default the one being evaluated. */
  error(
    code: ErrorCode,
    params: Readonly<Record<string, string | number | boolean>>,
    node: AnyNode = this.userNode().node,
    more: { readonly cause?: unknown; readonly notes?: readonly string[] } = {},
  ): IngotError {
    const { source } = this.#frameOf(node);
    return ingotError(code, params as never, {
      kind: "ScriptError",
      frame: this.codeFrame(node, source),
      notes: [...(more.notes ?? []), ...this.notes()],
      ...(more.cause !== undefined && { cause: more.cause }),
    });
  }

  /** Throws an error of the catalogue. */
  fail(code: ErrorCode, params: Readonly<Record<string, string | number | boolean>>, node?: AnyNode): never {
    throw this.error(code, params, node);
  }

  /** The source text of a node, cut where it is long. */
  text(node: { readonly start: number; readonly end: number }): string {
    const text = this.frame.source.excerpt(node.start, node.end);
    return text.length > 60 ? `${text.slice(0, 57)}…` : text;
  }

  /** The source text of the object whose member is read, written or called; of another node, its own. */
  subject(node: AnyNode): string {
    if (node.type === "CallExpression" && node.callee.type === "MemberExpression") return this.text(node.callee.object);
    return this.text(node.type === "MemberExpression" ? node.object : node);
  }

  /** The source text of what is called. */
  callee(node: AnyNode): string {
    if (node.type === "NewExpression") return `new ${this.text(node.callee)}`;
    return this.text(node.type === "CallExpression" ? node.callee : node);
  }

  codeFrame(node: AnyNode, source: SourceText = this.frame.source): CodeFrame | undefined {
    // Source maps have no entries for parentheses: what stands in them has.
    let { start } = node;
    while (start < node.end - 1 && /[(\s]/.test(source.text[start] as string)) start++;
    return source.frame(start, Math.max(1, lengthInLine(source.text, start, node.end)));
  }

  /** `called from model.ts:12:8`, outwards; repeated places once. */
  notes(): string[] {
    const lines: string[] = [];
    for (let i = this.calls.length - 2; i >= 0; i--) {
      const { source, node, library, name } = this.calls[i] as CallFrame;
      if (library) continue;
      const place = source.position(node.start);
      if (place) lines.push(`called from ${name} (${place.file}:${place.line}:${place.column})`);
    }
    return lines.filter((line, i) => line !== lines[i - 1]).slice(0, 8);
  }

  /** The innermost frame of code that is not this library's. */
  userNode(): CallFrame {
    for (let i = this.calls.length - 1; i >= 0; i--) if (!(this.calls[i] as CallFrame).library) return this.calls[i] as CallFrame;
    return this.frame;
  }

  /** Where nodes that are added now come from. */
  origin(): Origin {
    const { source, node } = this.userNode();
    const { scope } = this.frame;
    return { source: new Place(source, node.start), scope: scope || undefined };
  }

  #frameOf(node: AnyNode): CallFrame {
    for (let i = this.calls.length - 1; i >= 0; i--) if ((this.calls[i] as CallFrame).node === node) return this.calls[i] as CallFrame;
    return this.frame;
  }

  // ---- what is known ----------------------------------------------------------------------------------------------

  /** Runs `body` on a path on which `condition` is `truth`. */
  assuming<T>(condition: Sym, truth: boolean, body: () => T): T {
    this.#known.push(implied(condition, truth));
    try {
      return body();
    } finally {
      this.#known.pop();
    }
  }

  /** A boolean as it is on this path. */
  resolve(value: unknown): unknown {
    if (!(value instanceof Sym) || value.kind !== "bool") return value;
    for (const known of this.#known) {
      const truth = truthUnder(value, known);
      if (truth !== undefined) return truth;
    }
    return value;
  }

  // ---- trials -----------------------------------------------------------------------------------------------------

  /** True while something is only tried: errors are not reported, nothing is printed. */
  speculating = false;
  /** True while all that is done is taken back at the end. */
  onTrial = false;

  /** Runs `body` and takes everything back. `failed` is the answer when it throws an error of the model; without it that passes on. */
  trial(body: () => boolean, failed?: boolean): boolean {
    const [outer, outerTrial] = [this.speculating, this.onTrial];
    const goBack = this.mark();
    this.speculating = true;
    this.onTrial = true;
    try {
      let answer = false;
      const { graph } = this.stage.subgraph("trial", () => {
        answer = this.heap.region(body).result;
      });
      graph.dropUses();
      return answer;
    } catch (error) {
      if (error instanceof DeadBranch) return false;
      // The trial that asks leaves errors to the real run.
      if (error instanceof IngotError || error instanceof Reported) return failed ?? false;
      throw error;
    } finally {
      this.speculating = outer;
      this.onTrial = outerTrial;
      goBack();
    }
  }

  /** Remembers where the program stands; what it gives puts it back there. */
  mark(): () => void {
    const { calls, frame, stage } = this;
    const depth = calls.length;
    const { node } = frame;
    const { provenance } = stage;
    return () => {
      calls.length = depth;
      frame.node = node;
      stage.provenance = provenance;
    };
  }

  // ---- reading ----------------------------------------------------------------------------------------------------

  /** A value that is really read: throws where there is none on some path. */
  read(value: unknown): unknown {
    if (value instanceof Poison || value instanceof Partial) throw value.reason();
    return this.resolve(value);
  }

  /** True inside of a branch or loop that depends on data. */
  get symbolic(): boolean {
    return this.heap.depth > 0;
  }
}

/** What follows when a condition is true, or false. */
export function implied(condition: Sym, truth: boolean, into: Map<Sym, boolean> = new Map()): ReadonlyMap<Sym, boolean> {
  into.set(condition, truth);
  const { form } = condition;
  if (form?.op === "not") implied(form.a, !truth, into);
  if ((form?.op === "and" && truth) || (form?.op === "or" && !truth)) {
    implied(form.a, truth, into);
    implied(form.b as Sym, truth, into);
  }
  return into;
}

export function truthUnder(value: Scalar, known: ReadonlyMap<Sym, boolean>): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (!(value instanceof Sym)) return undefined;
  const direct = known.get(value);
  if (direct !== undefined) return direct;
  const { form } = value;
  if (form?.op === "not") {
    const inner = truthUnder(form.a, known);
    return inner === undefined ? undefined : !inner;
  }
  if (form?.op !== "and" && form?.op !== "or") return undefined;
  const [a, b] = [truthUnder(form.a, known), truthUnder(form.b as Sym, known)];
  const decisive = form.op === "or";
  if (a === decisive || b === decisive) return decisive;
  return a === !decisive && b === !decisive ? !decisive : undefined;
}

/** The lines of the user's program that a node of a scripted graph comes from. */
export function frameOf([origin]: Provenance): CodeFrame | undefined {
  return origin?.source instanceof Place ? origin.source.frame : undefined;
}

/** A place in the user's program, found when somebody reads it. */
class Place {
  readonly #source: SourceText;
  readonly #offset: number;

  constructor(source: SourceText, offset: number) {
    this.#source = source;
    this.#offset = offset;
  }

  get frame(): CodeFrame | undefined {
    return this.#source.frame(this.#offset);
  }

  get file(): string {
    return this.#source.position(this.#offset)?.file ?? this.#source.url ?? "<script>";
  }

  get line(): number {
    return this.#source.position(this.#offset)?.line ?? 1;
  }

  get column(): number {
    return this.#source.position(this.#offset)?.column ?? 1;
  }
}

function lengthInLine(text: string, start: number, end: number): number {
  const line = text.slice(start, end).search(/[\r\n]/);
  return line < 0 ? end - start : line;
}

/** `y`, `this.count`, `a list`: a cell in the words of an error message. */
export function describeCell(owner: object, key: PropertyKey): string {
  if (owner instanceof Binding) return owner.name;
  if (Array.isArray(owner)) return "a list";
  return typeof key === "symbol" ? `a ${owner.constructor?.name ?? "collection"}` : `${owner.constructor?.name ?? "object"}.${String(key)}`;
}

/** Whose variable a binding is. */
export interface Call {
  /** Set by `return`. */
  readonly returned: Binding;
  /** Set when it has ended: its variables are only read by closures that outlive it. */
  ended: boolean;
}

/** A variable. */
export class Binding {
  readonly name: string;
  readonly constant: boolean;
  value: unknown;
  /** The call whose variable it is; undefined for what only the interpreter reads. */
  call: Call | undefined;
  /** It has no value where the call returned early: nobody may read it once the call has ended. */
  onlyWhileCalled = false;

  constructor(name: string, value: unknown, constant = false) {
    this.name = name;
    this.value = value;
    this.constant = constant;
  }
}
