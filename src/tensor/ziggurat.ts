// The tables of the ziggurat method for the normal distribution: 256 layers of equal area under exp(-x²/2).
// Source: G. Marsaglia and W. W. Tsang, "The ziggurat method for generating random variables", 2000; the layer and the
// position within it come from different bits, as J. A. Doornik, "An improved ziggurat method", 2005, asks.

export const LAYERS = 256;
/** Where the tail begins, and the area of each layer, for 256 layers. */
export const TAIL_START = 3.6541528853610088;
const AREA = 0.00492867323399;

const density = (x: number) => Math.exp(-0.5 * x * x);

/** Right edges of the layers, widest first; `edges[0]` is the width of a box with the area of base and tail together. */
export const edges = new Float64Array(LAYERS + 1);
/** `density(edges[i])`, with 1 at the top. */
export const heights = new Float64Array(LAYERS + 1);

edges[0] = AREA / density(TAIL_START);
edges[1] = TAIL_START;
for (let i = 1; i < LAYERS - 1; i++) {
  const x = edges[i] as number;
  edges[i + 1] = Math.sqrt(-2 * Math.log(AREA / x + density(x)));
}
edges[LAYERS] = 0;
for (let i = 0; i <= LAYERS; i++) heights[i] = density(edges[i] as number);
