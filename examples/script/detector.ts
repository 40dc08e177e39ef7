// A detector with its post-processing: boxes that overlap a better one are dropped. Once by hand, in a loop that runs until no box is left,
// and once by the operator NonMaxSuppression.
//
//     npx tsx examples/script/detector.ts
import { arange, cat, maximum, meshgrid, minimum, nn, op, randn, script, stack, type Tensor, tensor, zeros } from "../../src/index.ts";

export interface Detections {
  /** [kept, 4]: x1, y1, x2, y2 in pixels, the best first. */
  readonly boxes: Tensor;
  /** [kept] */
  readonly scores: Tensor;
}

const area = (boxes: Tensor) =>
  boxes
    .select(1, 2)
    .sub(boxes.select(1, 0))
    .mul(boxes.select(1, 3).sub(boxes.select(1, 1)));

/** How much of their union a box [1, 4] and each of the others [N, 4] have in common: [N]. */
export function overlap(box: Tensor, others: Tensor): Tensor {
  const corner = maximum(box.narrow(1, 0, 2), others.narrow(1, 0, 2));
  const opposite = minimum(box.narrow(1, 2, 2), others.narrow(1, 2, 2));
  const sides = opposite.sub(corner).relu();
  const shared = sides.select(1, 0).mul(sides.select(1, 1));
  return shared.div(area(box).add(area(others)).sub(shared));
}

/** Indices int64 [kept] of the boxes [N, 4] that score over `least` and overlap no better one by more than `most`, the best first. */
export function suppress(boxes: Tensor, scores: Tensor, most: number, least: number): Tensor {
  const order = scores.argsort(0, true);
  let left = order.maskedSelect(scores.indexSelect(0, order).gt(least));
  let kept = zeros([0], { dtype: "int64" });
  while (left.size(0) > 0) {
    const best = left.narrow(0, 0, 1);
    const others = left.slice(0, 1);
    kept = cat([kept, best]);
    left = others.maskedSelect(overlap(boxes.indexSelect(0, best), boxes.indexSelect(0, others)).le(most));
  }
  return kept;
}

/** The same by ONNX's operator. */
export function suppressByOperator(boxes: Tensor, scores: Tensor, most: number, least: number): Tensor {
  const limits = [tensor([boxes.size(0)], { dtype: "int64" }), tensor([most]), tensor([least])];
  const [triples] = op("NonMaxSuppression", [boxes.unsqueeze(0), scores.reshape(1, 1, -1), ...limits]);
  return (triples as Tensor).select(1, 2);
}

/** One box and one score per cell of 4×4 pixels. */
export class Detector extends nn.Module {
  static readonly inputs = "float32[1, 3, 32, 32]";
  readonly stem = new nn.Conv2d(3, 8, 3, { stride: 2, padding: 1 });
  readonly body = new nn.Conv2d(8, 8, 3, { stride: 2, padding: 1 });
  readonly head = new nn.Conv2d(8, 5, 1);
  readonly byOperator: boolean;

  constructor(options: { readonly byOperator?: boolean } = {}) {
    super();
    this.byOperator = options.byOperator ?? false;
  }

  /** An image [1, 3, H, W]. */
  forward(image: Tensor): Detections {
    const maps = this.head.forward(this.body.forward(this.stem.forward(image).relu()).relu());
    const [boxes, scores] = [this.boxes(maps), maps.select(1, 0).sigmoid().reshape(-1)];
    const kept = (this.byOperator ? suppressByOperator : suppress)(boxes, scores, 0.3, 0.5);
    return { boxes: boxes.indexSelect(0, kept), scores: scores.indexSelect(0, kept) };
  }

  /** maps [1, 5, h, w] → [h·w, 4]: around the middle of each cell, between a fifth and five times its size. */
  boxes(maps: Tensor): Tensor {
    const [y, x] = meshgrid(arange(maps.size(2)), arange(maps.size(3))).map((at) => at.float().add(0.5).mul(4)) as [Tensor, Tensor];
    const [dx, dy] = [1, 2].map((channel) => maps.select(1, channel).squeeze(0).tanh().mul(2)) as [Tensor, Tensor];
    const [width, height] = [3, 4].map((channel) => maps.select(1, channel).squeeze(0).tanh().mul(1.6).exp().mul(6)) as [Tensor, Tensor];
    const [cx, cy] = [x.add(dx), y.add(dy)];
    const sides = [cx.sub(width), cy.sub(height), cx.add(width), cy.add(height)];
    return stack(sides, 2).reshape(-1, 4);
  }
}

if (process.argv[1] === import.meta.filename) {
  const scripted = await script(nn.seeded(0, () => new Detector()));
  for (const seed of [1, 2, 3]) {
    const { boxes, scores } = await scripted.run(randn([1, 3, 32, 32], { seed }));
    console.log(`${boxes.size(0)} boxes, the best scores ${scores.amax().item().toFixed(3)}`);
  }
  await scripted.close();
}
