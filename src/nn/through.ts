// Layers in a row, and a row beside a shortcut, with the memory of what passes between them given back as soon as it is dead: eager memory then
// follows the liveness of the graph. Between modules that may hold on to a tensor nothing is given back.
import { add } from "../eager/functions/math.ts";
import { sharesMemory, type Temporaries, withTemporaries } from "../eager/temporaries.ts";
import type { Tensor } from "../eager/tensor.ts";
import { isRow, keepsNothing } from "./keeps-nothing.ts";
import type { Layer } from "./module.ts";

/**
 * The layers one after the other, the output of each being the input of the next.
 *
 * @example through(x, this.conv1, this.bn1, this.relu)
 */
export function through(x: Tensor, ...layers: readonly Layer[]): Tensor {
  return withTemporaries((own) => inTurn(own, handed(own, x), layers).tensor);
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

function inTurn(own: Temporaries | undefined, first: Passing, layers: readonly Layer[]): Passing {
  if (!own) return { tensor: layers.reduce((x, layer) => layer.forward(x), first.tensor), forgotten: false };
  let at = first;
  for (const layer of layers) {
    const before = at;
    const handOver = before.forgotten && isRow(layer);
    const [tensor, claimed] = own.lending(handOver ? before.tensor : undefined, () => layer.forward(before.tensor));
    // What a layer passes on is known to whoever had it before. (What was claimed may have been given back and be the result's new memory.)
    const passedOn = !claimed && sharesMemory(before.tensor, tensor);
    const ours = passedOn ? before.forgotten : own.isOurs(tensor);
    const keepsNeither = (ours || before.forgotten) && keepsNothing(layer);
    if (before.forgotten && !claimed && keepsNeither) own.giveBack(before.tensor, tensor);
    at = { tensor, forgotten: ours && keepsNeither };
  }
  return at;
}
