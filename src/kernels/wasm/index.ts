// AssemblyScript, compiled by scripts/build-wasm.mjs; not TypeScript that runs in Node.
// The exports of the module. All pointers are byte addresses in the one imported memory, which the caller lays out.
export { depthwise, maxTaps } from "./depthwise";
export { binaryChannels, binaryRows, clip, normalizeRows } from "./elementwise";
export { mapErf, mapGelu, mapSmooth } from "./functions";
export { gemm } from "./gemm";
export { roundsOnce } from "./madd";
export { standardizeRows } from "./norm-rows";
export { packColumns, packPositions, packRows } from "./pack";
export { scatterTap } from "./scatter";
export { softmaxRows } from "./softmax";
export { stage } from "./stage";
export { wideDots } from "./wide-dot";
