// Module: the base of every layer and model. State is plain properties under PyTorch's names: a property that holds a Module is a child, one
// that holds a Parameter is a parameter, and a registered name is a buffer; so a state-dict key is simply a property path.
import type { Tensor } from "../eager/tensor.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { isParameter, Parameter } from "./parameter.ts";
import { printModule } from "./print-module.ts";
import { convertState, findOwner, type LoadReport, loadState, replaceState, type StateDict } from "./state-dict.ts";
import { unregistered } from "./unregistered.ts";

/** Recognises modules, also those of another copy of the package. */
export function isModule(x: unknown): x is Module {
  return typeof x === "object" && x !== null && "isIngotModule" in x;
}

/** A module that takes one tensor and gives one: what `Sequential` chains. */
export interface Layer extends Module {
  forward(input: Tensor): Tensor;
}

/**
 * A layer or model. Subclasses assign their layers to properties and define `forward`; modules are called with `.forward`.
 *
 * @example
 * class Net extends nn.Module {
 *   conv1 = new nn.Conv2d(3, 8, 3, { padding: 1 });
 *   fc = new nn.Linear(8, 10);
 *   forward(x: Tensor) {
 *     const features = this.conv1.forward(x).relu().mean([2, 3]);
 *     return this.fc.forward(features);
 *   }
 * }
 * const net = new Net().eval();
 */
export abstract class Module {
  declare readonly isIngotModule: true;
  /** True in train mode, which is what a new module is in; set for the whole tree by `train()` and `eval()`. */
  training = true;
  readonly #parameters = new Set<string>();
  readonly #buffers = new Map<string, { readonly persistent: boolean }>();

  /** The computation. Synchronous; takes and gives tensors (or arrays and records of them). */
  abstract forward(...inputs: never[]): unknown;

  // ---- registering ------------------------------------------------------------------------------------------------

  /** Makes property `name` a parameter. Assigning a Parameter to a property does the same; `undefined` stands for one left out. */
  registerParameter(name: string, value: Tensor | undefined): void {
    this.#parameters.add(name);
    this.#set(name, value === undefined || isParameter(value) ? value : new Parameter(value));
  }

  /**
   * Makes property `name` a buffer: state that is not trained, such as running statistics. `forward` may assign to it
   * (`this.count = this.count.add(1)`). A buffer that is not `persistent` stays out of the state dict.
   */
  registerBuffer(name: string, value: Tensor | undefined, options: { readonly persistent?: boolean } = {}): void {
    this.#buffers.set(name, { persistent: options.persistent ?? true });
    this.#set(name, value);
  }

  #set(name: string, value: unknown): void {
    Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
  }

  // ---- what the module itself holds -------------------------------------------------------------------------------

  /** Own parameters by property name, without those of children. */
  *ownParameters(): Generator<[string, Parameter]> {
    for (const [name, value] of Object.entries(this))
      if (isParameter(value) && !this.#buffers.has(name)) yield [name, value];
      else if (this.#parameters.has(name) && value !== undefined) yield [name, value as Parameter];
  }

  /** Own buffers by property name, without those of children. */
  *ownBuffers(options: { readonly persistentOnly?: boolean } = {}): Generator<[string, Tensor]> {
    for (const [name, { persistent }] of this.#buffers) {
      const value: unknown = Reflect.get(this, name);
      if (value !== undefined && (persistent || !options.persistentOnly)) yield [name, value as Tensor];
    }
  }

  /** Children by property name, each once. */
  *namedChildren(): Generator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, value] of Object.entries(this)) {
      if (!isModule(value) || seen.has(value)) continue;
      seen.add(value);
      yield [name, value];
    }
  }
  *children(): Generator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }

  // ---- the tree ---------------------------------------------------------------------------------------------------

  /**
   * This module (path "") and all below it, parents first, each once. Throws `ModulesNotRegistered` for modules or parameters that
   * hide in an array or record, where nothing would find them.
   */
  *namedModules(): Generator<[string, Module]> {
    const seen = new Set<Module>();
    function* visit(module: Module, path: string): Generator<[string, Module]> {
      if (seen.has(module)) return;
      seen.add(module);
      yield [path, module];
      for (const [name, child] of module.namedChildren()) yield* visit(child, join(path, name));
    }
    yield* visit(this, "");
    for (const module of seen) unregistered(module, seen);
  }
  *modules(): Generator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /** All parameters by path. A shared one comes once, under its first name, unless `removeDuplicate` is false. */
  *namedParameters(options: { readonly removeDuplicate?: boolean } = {}): Generator<[string, Parameter]> {
    yield* unique(this, (module) => module.ownParameters(), options.removeDuplicate ?? true);
  }
  *parameters(): Generator<Parameter> {
    for (const [, parameter] of this.namedParameters()) yield parameter;
  }

  /** All buffers by path, each once unless `removeDuplicate` is false. */
  *namedBuffers(options: { readonly removeDuplicate?: boolean } = {}): Generator<[string, Tensor]> {
    yield* unique(this, (module) => module.ownBuffers(), options.removeDuplicate ?? true);
  }
  *buffers(): Generator<Tensor> {
    for (const [, buffer] of this.namedBuffers()) yield buffer;
  }

  /** The module at a path such as `"layer1.0.conv1"`; `""` is this one. Throws `UnknownStatePath`. */
  getSubmodule(path: string): Module {
    return findOwner(this, path === "" ? [] : path.split("."), path);
  }

  // ---- state ------------------------------------------------------------------------------------------------------

  /** Parameters and persistent buffers by path, in PyTorch's order; a shared tensor stands under each of its names. */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    const visit = (module: Module, prefix: string) => {
      for (const [name, value] of module.ownParameters()) state.set(prefix + name, value);
      for (const [name, value] of module.ownBuffers({ persistentOnly: true })) state.set(prefix + name, value);
      for (const [name, value] of Object.entries(module)) if (isModule(value)) visit(value, `${prefix}${name}.`);
    };
    this.#checkRegistered();
    visit(this, "");
    return state;
  }

  /**
   * Replaces parameters and buffers by those of `state` (a Map or a record by path), converted to the dtype of what they replace and
   * without copying where it is the same. Nothing is replaced unless everything fits: throws `StateDictMismatch`, which lists the keys that
   * are missing, unexpected or of another shape. With `strict: false` missing and unexpected keys are only reported.
   * A shared tensor may stand under any of its names.
   *
   * @example model.loadStateDict(readSafetensors("resnet152.safetensors"))
   */
  loadStateDict(state: StateDict, options: { readonly strict?: boolean } = {}): LoadReport {
    return loadState(this, state, options.strict ?? true);
  }

  /** Replaces the parameter or buffer at `path` in every place that shares it. Throws `UnknownStatePath`, `ShapeMismatch`. */
  setParameter(path: string, value: Tensor): this {
    replaceState(this, path, value);
    return this;
  }

  /** Converts floating-point parameters and buffers to `dtype`. */
  to(dtype: DType): this {
    convertState(this, (tensor) => (isFloat(tensor.dtype) ? dtype : tensor.dtype));
    return this;
  }
  float(): this {
    return this.to("float32");
  }
  double(): this {
    return this.to("float64");
  }
  half(): this {
    return this.to("float16");
  }

  // ---- mode and traversal -----------------------------------------------------------------------------------------

  /** Train mode (BatchNorm uses batch statistics, Dropout drops), or with `false` as `eval()`. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }
  /** Evaluation mode: what inference wants. */
  eval(): this {
    return this.train(false);
  }
  /** Calls `fn` with every module, children before their parents. */
  apply(fn: (module: Module) => void): this {
    this.#checkRegistered();
    const visit = (module: Module) => {
      for (const child of module.children()) visit(child);
      fn(module);
    };
    visit(this);
    return this;
  }

  #checkRegistered(): void {
    for (const _ of this.namedModules());
  }

  // ---- text -------------------------------------------------------------------------------------------------------

  /** The name in print: the class name. */
  protected printName(): string {
    return this.constructor.name;
  }
  /** What stands in the brackets of a layer's text, as PyTorch's `extra_repr`. */
  extraRepr(): string {
    return "";
  }
  /** The children as they are printed; containers may group them. */
  protected printedChildren(): readonly (readonly [label: string, text: string])[] {
    return [...Object.entries(this)].filter(([, v]) => isModule(v)).map(([name, v]) => [`(${name})`, String(v)]);
  }
  /** Prints as PyTorch does: one line for a layer, an indented tree for a model. */
  toString(): string {
    return printModule(this.printName(), this.extraRepr(), this.printedChildren());
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
Object.defineProperty(Module.prototype, "isIngotModule", { value: true });

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function* unique<T extends Tensor>(
  root: Module,
  own: (module: Module) => Iterable<[string, T]>,
  removeDuplicate: boolean,
): Generator<[string, T]> {
  const seen = new Set<Tensor>();
  for (const [path, module] of root.namedModules())
    for (const [name, value] of own(module)) {
      if (removeDuplicate && seen.has(value)) continue;
      seen.add(value);
      yield [join(path, name), value];
    }
}
