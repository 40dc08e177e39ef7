// The modules of which it is known that they hold on to no tensor that passes through them: they compute their output anew or pass their input
// on, and store neither. Only between two such modules is a tensor surely dead once the second has read it (see through.ts).
import { ELU, GELU, Hardsigmoid, Hardswish, LeakyReLU, ReLU, ReLU6, Sigmoid, SiLU, Softmax, Tanh } from "./activation.ts";
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from "./batch-norm.ts";
import { Conv1d, Conv2d, Conv3d } from "./conv.ts";
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from "./conv-transpose.ts";
import { Dropout, Dropout1d, Dropout2d, Dropout3d } from "./dropout.ts";
import { Flatten, Identity, Linear, Unflatten } from "./linear.ts";
import type { Module } from "./module.ts";
import { GroupNorm, InstanceNorm2d, LayerNorm, RMSNorm } from "./norm.ts";
import { AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d } from "./pool.ts";
import { Upsample } from "./resample.ts";

/** `leaf`: calls no other module. `caller`: calls its children, of which the same must hold. `row`: `caller`, and is one row. */
type Kind = "leaf" | "caller" | "row";

interface Verdict {
  readonly kind: Kind;
  /** The method that was looked at: one that somebody put in its place may do anything, and so may a subclass. */
  readonly forward: Module["forward"];
}

type ModuleClass = { readonly prototype: Module };

const verdicts = new Map<unknown, Verdict>();

/**
 * Declares of classes that their `forward` stores no tensor that it takes, makes or gives, but in buffers that it computes anew, if the same
 * holds of the modules that are its children. A `row` is more: its `forward` is one call of `through` or `residual` on its input, which it
 * reads nowhere else.
 */
export function declareKeepsNothing(kind: Kind, ...classes: readonly ModuleClass[]): void {
  for (const c of classes) verdicts.set(c, { kind, forward: c.prototype.forward });
}

declareKeepsNothing("leaf", Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, Linear);
declareKeepsNothing("leaf", Flatten, Identity, Unflatten, Dropout, Dropout1d, Dropout2d, Dropout3d, Upsample);
declareKeepsNothing("leaf", BatchNorm1d, BatchNorm2d, BatchNorm3d, GroupNorm, InstanceNorm2d, LayerNorm, RMSNorm);
declareKeepsNothing("leaf", ELU, GELU, Hardsigmoid, Hardswish, LeakyReLU, ReLU, ReLU6, Sigmoid, SiLU, Softmax, Tanh);
declareKeepsNothing("leaf", AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d);

/** Whether `module` surely holds on to nothing that passes through it. */
export function keepsNothing(module: Module): boolean {
  const kind = kindOf(module);
  if (kind === undefined || kind === "leaf") return kind !== undefined;
  for (const child of module.children()) if (!keepsNothing(child)) return false;
  return true;
}

/**
 * Whether all that `module` computes is surely dead when its `forward` returns, but for the result: it keeps nothing, and no module of it is in
 * train mode, in which buffers are computed anew.
 */
export function forgetsAll(module: Module): boolean {
  if (!keepsNothing(module)) return false;
  for (const part of module.modules()) if (part.training) return false;
  return true;
}

/** Whether `module` surely is one row of layers and nothing else. */
export function isRow(module: Module): boolean {
  return kindOf(module) === "row";
}

function kindOf(module: Module): Kind | undefined {
  const verdict = verdicts.get(module.constructor);
  return verdict?.forward === module.forward ? verdict?.kind : undefined;
}
