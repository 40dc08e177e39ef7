// Layers in a row, and a row beside a shortcut, with the memory of what passes between them given back as soon as it is dead: eager memory then
// follows the liveness of the graph. Between modules that may hold on to a tensor nothing is given back.
import { add } from "../eager/functions/math.ts";
import { sharesMemory, type Temporaries, tidy, withTemporaries } from "../eager/temporaries.ts";
import type { Tensor } from "../eager/tensor.ts";
import { forgetsAll, isRow, keepsNothing } from "./keeps-nothing.ts";
import type { Layer, Module } from "./module.ts";

/**
 * The layers one after the other, the output of each being the input of the next.
 *
 * @example through(x, this.conv1, this.bn1, this.relu)
 */
export function through(x: Tensor, ...layers: readonly Layer[]): Tensor {
  return withTemporaries((own) => inTurn(own, handed(own, x), layers).tensor);
}

/**
 * As `through`, where `call` runs each layer on what the one before it gave.
 *
 * @example throughEach(x, this.layers, (layer, y) => layer.forward(y, mask))
 */
export function throughEach<L extends Layer>(x: Tensor, layers: Iterable<L>, call: (layer: L, x: Tensor) => Tensor): Tensor {
  return withTemporaries((own) => inTurn(own, handed(own, x), layers, call).tensor);
}

/**
 * What the `forward` of `module` computes with `body`. The memory of what it computes on the way is given back, unless the module, or one that
 * a user put into it, is not known to keep nothing.
 *
 * @example forward(x: Tensor): Tensor { return tidied(this, () => gelu(this.dense.forward(x))); }
 */
export function tidied(module: Module, body: () => Tensor): Tensor {
  return forgetsAll(module) ? tidy(body) : body();
}

export interface ResidualParts {
  /** What computes the change; its output has the shape of the shortcut's. */
  readonly branch: readonly Layer[];
  /** What the input passes on the other way; without it, the input itself is added. */
  readonly shortcut?: Layer | undefined;
  /** What the sum passes. */
  readonly after?: readonly Layer[];
}

/**
 * after(branch(x) + shortcut(x)): a residual block.
 *
 * @example residual(x, { branch: [this.conv1, this.bn1, this.relu, this.conv2, this.bn2], after: [this.relu] })
 */
export function residual(x: Tensor, { branch, shortcut, after = [] }: ResidualParts): Tensor {
  return withTemporaries((own) => {
    const { forgotten } = handed(own, x);
    const change = inTurn(own, { tensor: x, forgotten: false }, branch);
    // A branch that passes its input on still needs it for the sum.
    const last = forgotten && !sharesMemory(change.tensor, x);
    const rest = inTurn(own, { tensor: x, forgotten: last }, shortcut ? [shortcut] : []);
    const sum = { tensor: add(change.tensor, rest.tensor), forgotten: true };
    for (const term of [change, rest]) if (term.forgotten) own?.giveBack(term.tensor, sum.tensor);
    return inTurn(own, sum, after).tensor;
  });
}

/** A tensor between two layers. */
interface Passing {
  readonly tensor: Tensor;
  /** Whether its memory is ours to give back, and nobody but the row itself can have it. */
  readonly forgotten: boolean;
}

/** The input of a row: the caller's, unless an outer row has handed it over. */
const handed = (own: Temporaries | undefined, tensor: Tensor): Passing => ({ tensor, forgotten: own?.claim(tensor) ?? false });

const forward = (layer: Layer, x: Tensor): Tensor => layer.forward(x);

function inTurn<L extends Layer>(
  own: Temporaries | undefined,
  first: Passing,
  layers: Iterable<L>,
  call: (layer: L, x: Tensor) => Tensor = forward,
): Passing {
  let at = first;
  for (const layer of layers) {
    const before = at;
    if (!own) {
      at = { tensor: call(layer, before.tensor), forgotten: false };
      continue;
    }
    const handOver = before.forgotten && isRow(layer);
    const [tensor, claimed] = own.lending(handOver ? before.tensor : undefined, () => call(layer, before.tensor));
    // What a layer passes on is known to whoever had it before. (What was claimed may have been given back and be the result's new memory.)
    const passedOn = !claimed && sharesMemory(before.tensor, tensor);
    const ours = passedOn ? before.forgotten : own.isOurs(tensor);
    const keepsNeither = (ours || before.forgotten) && keepsNothing(layer);
    if (before.forgotten && !claimed && keepsNeither) own.giveBack(before.tensor, tensor);
    at = { tensor, forgotten: ours && keepsNeither };
  }
  return at;
}
