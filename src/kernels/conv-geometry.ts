// What a convolution's shapes mean, worked out once: everything becomes 3-D ([D, H, W], leading ones for 1-D and 2-D),
// so that kernels know one case.

/** The sizes of a convolution, in ONNX terms. Missing lists mean stride 1, dilation 1, no padding. */
export interface ConvShapes {
  /** `[N, C, ...spatial]`, 1 to 3 spatial dimensions, dense. */
  readonly xShape: readonly number[];
  /** Conv: `[M, C / groups, ...kernel]`. ConvTranspose: `[C, M / groups, ...kernel]`. Dense. */
  readonly wShape: readonly number[];
  readonly groups?: number;
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  /** ONNX order: all begins, then all ends, e.g. `[top, left, bottom, right]`. Negative pads crop. */
  readonly pads?: readonly number[];
}

/** One number each for depth, height and width. */
export type Triple = readonly [depth: number, height: number, width: number];

/** A convolution as the kernels see it. */
export interface ConvGeometry {
  readonly batch: number;
  readonly groups: number;
  /** Channels of `x` in one group, and of `y` in one group. */
  readonly inChannels: number;
  readonly outChannels: number;
  readonly input: Triple;
  readonly kernel: Triple;
  readonly output: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  readonly padBegin: Triple;
  /** `[N, M, ...spatial]` in the rank that was given. */
  readonly yShape: readonly number[];
}

/** The geometry of a Conv: output size = ⌊(input + pads − dilation·(kernel − 1) − 1) / stride⌋ + 1. */
export function convGeometry(shapes: ConvShapes): ConvGeometry {
  const { xShape, wShape, groups = 1 } = shapes;
  const s = spatialParts(shapes);
  const output = s.input.map((size, d) => {
    const reach = (s.dilations[d] as number) * ((s.kernel[d] as number) - 1) + 1;
    return Math.max(0, Math.floor((size + (s.pads[d] as number) + (s.pads[d + s.rank] as number) - reach) / (s.strides[d] as number)) + 1);
  });
  const m = wShape[0] as number;
  return assemble(shapes, s, output, {
    inChannels: wShape[1] as number,
    outChannels: m / groups,
    yShape: [xShape[0] as number, m, ...output],
  });
}

/** The geometry of a ConvTranspose: output size = stride·(input − 1) + outputPadding + dilation·(kernel − 1) + 1 − pads. */
export function convTransposeGeometry(shapes: ConvShapes & { readonly outputPadding?: readonly number[] }): ConvGeometry {
  const { xShape, wShape, groups = 1, outputPadding } = shapes;
  const s = spatialParts(shapes);
  const output = s.input.map((size, d) => {
    const reach = (s.dilations[d] as number) * ((s.kernel[d] as number) - 1) + 1;
    return Math.max(
      0,
      (s.strides[d] as number) * (size - 1) + (outputPadding?.[d] ?? 0) + reach - (s.pads[d] as number) - (s.pads[d + s.rank] as number),
    );
  });
  const m = (wShape[1] as number) * groups;
  return assemble(shapes, s, output, {
    inChannels: (wShape[0] as number) / groups,
    outChannels: wShape[1] as number,
    yShape: [xShape[0] as number, m, ...output],
  });
}

/** The number of positions in a triple of sizes. */
export function volume([d, h, w]: Triple): number {
  return d * h * w;
}

interface SpatialParts {
  readonly rank: number;
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

function spatialParts({ xShape, wShape, strides, dilations, pads }: ConvShapes): SpatialParts {
  const rank = xShape.length - 2;
  const ones = new Array<number>(rank).fill(1);
  return {
    rank,
    input: xShape.slice(2),
    kernel: wShape.slice(2),
    strides: strides ?? ones,
    dilations: dilations ?? ones,
    pads: pads ?? new Array<number>(2 * rank).fill(0),
  };
}

type Channels = Pick<ConvGeometry, "inChannels" | "outChannels" | "yShape">;

function assemble({ xShape, groups = 1 }: ConvShapes, s: SpatialParts, output: readonly number[], channels: Channels): ConvGeometry {
  return {
    batch: xShape[0] as number,
    groups,
    ...channels,
    input: triple(s.input, 1),
    kernel: triple(s.kernel, 1),
    output: triple(output, 1),
    strides: triple(s.strides, 1),
    dilations: triple(s.dilations, 1),
    padBegin: triple(s.pads.slice(0, s.rank), 0),
  };
}

function triple(values: readonly number[], filler: number): Triple {
  const [w = filler, h = filler, d = filler] = [...values].reverse();
  return [d, h, w];
}
