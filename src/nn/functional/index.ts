// The namespace `nn.functional`: layers as functions, with weights as arguments.
export { oneHot } from "../../eager/create.ts";
export { linear } from "../../eager/functions/reduce.ts";
export { pad } from "../../eager/functions/shape.ts";
export * from "./activation.ts";
export { type AttentionOptions, scaledDotProductAttention } from "./attention.ts";
export * from "./conv.ts";
export * from "./distance.ts";
export { type DropoutCall, dropout, dropoutChannels } from "./dropout.ts";
export * from "./norm.ts";
export * from "./pool.ts";
export * from "./resample.ts";
