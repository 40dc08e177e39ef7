// Models of sequences as people write them for PyTorch: decoders, taggers, caches, searches.
import { cat, nn, stack, type Tensor, tensor, zeros } from "../../src/index.ts";
import { faithful, staged } from "./eager-agreement.ts";

const matrix = { x: "float32[m=3, 4]" };
const counted = { ...matrix, n: "int64[]" };

describe("script() compiles models of sequences", () => {
  it("generating tokens until the end token or a limit, with a record as state", async () => {
    class Generator extends nn.Module {
      readonly project = new nn.Linear(4, 6);
      readonly embed = new nn.Embedding(6, 4);
      readonly end = 2;
      forward(x: Tensor, n: Tensor) {
        const state = { h: x.mean(0), tokens: zeros([1], { dtype: "int64" }), done: false, steps: 0 };
        while (!state.done && state.steps < n.item()) {
          const next = this.project.forward(state.h).argmax(0);
          state.tokens = cat([state.tokens, next.reshape([1])]);
          state.h = state.h.add(this.embed.forward(next)).tanh();
          state.steps += 1;
          if (next.item() === this.end) state.done = true;
        }
        return { tokens: state.tokens, h: state.h, steps: tensor(state.steps) };
      }
    }
    await staged(
      nn.seeded(1, () => new Generator()),
      counted,
    );
  });

  it("searching with beams that are records, sorted by hand and mapped", async () => {
    interface Beam {
      readonly tokens: Tensor;
      readonly score: number;
      readonly done: boolean;
    }
    class BeamSearch extends nn.Module {
      readonly project = new nn.Linear(4, 5);
      forward(x: Tensor, n: Tensor) {
        const start = zeros([1], { dtype: "int64" });
        let beams: [Beam, Beam] = [
          { tokens: start, score: 0, done: false },
          { tokens: start, score: -1, done: false },
        ];
        const { values, indices } = this.project.forward(x.mean(0)).logSoftmax(0).topk(2, 0);
        for (let t = 0; t < n.item(); t++) {
          beams = beams.map((beam, i) => {
            if (beam.done) return beam;
            const token = indices.select(0, i);
            const score = beam.score + values.select(0, i).item() * (t + 1);
            return { tokens: cat([beam.tokens, token.reshape([1])]), score, done: token.item() === 0 };
          }) as [Beam, Beam];
          if (beams.every((beam) => beam.done)) break;
          if (beams[1].score > beams[0].score) beams = [beams[1], beams[0]];
        }
        const best = beams.reduce((a, b) => (b.score > a.score ? b : a));
        return { tokens: best.tokens, score: tensor(best.score) };
      }
    }
    await staged(
      nn.seeded(2, () => new BeamSearch()),
      counted,
    );
  });

  it("collapsing repeats, as CTC decodes", async () => {
    const forward = (x: Tensor) => {
      const ids = x.argmax(1);
      let previous = -1;
      let out = zeros([0], { dtype: "int64" });
      for (let t = 0; t < ids.size(0); t++) {
        const id = ids.select(0, t).item();
        if (id !== 0 && id !== previous) out = cat([out, tensor([id], { dtype: "int64" })]);
        previous = id;
      }
      return out;
    };
    await staged(forward, matrix);
  });

  it("walking back along the best path, as Viterbi does", async () => {
    class Tagger extends nn.Module {
      readonly transitions = new nn.Linear(4, 4);
      forward(x: Tensor) {
        let score = x.select(0, 0);
        const back: Tensor[] = [];
        for (let t = 1; t < x.size(0); t++) {
          const all = score.unsqueeze(0).add(this.transitions.weight);
          back.push(all.argmax(1));
          score = all.amax(1).add(x.select(0, t));
        }
        let tag = score.argmax(0).item();
        const path = [tag];
        for (let t = back.length - 1; t >= 0; t--) {
          tag = (back[t] as Tensor).select(0, tag).item();
          path.push(tag);
        }
        return [score, tensor(tag), tensor(path.length)];
      }
    }
    await staged(
      nn.seeded(3, () => new Tagger()),
      matrix,
    );
  });

  it("passing over masked steps", async () => {
    const forward = (x: Tensor, mask: Tensor) => {
      let h = zeros([4]);
      for (const [i, row] of x.unbind(0).entries()) {
        if (!mask.select(0, i).item()) continue;
        h = h.mul(0.5).add(row);
      }
      return h;
    };
    await staged(forward, { x: "float32[3, 4]", mask: "bool[3]" });
  });

  it("attending to a cache that starts as undefined", async () => {
    class Attention extends nn.Module {
      readonly query = new nn.Linear(4, 4);
      readonly key = new nn.Linear(4, 4);
      step(x: Tensor, cache?: { readonly k: Tensor; readonly v: Tensor }) {
        const k = this.key.forward(x);
        const keys = cache ? cat([cache.k, k]) : k;
        const values = cache ? cat([cache.v, x]) : x;
        const weights = this.query.forward(x).matmul(keys.transpose(0, 1)).div(2).softmax(1);
        return { out: weights.matmul(values), cache: { k: keys, v: values } };
      }
      forward(x: Tensor) {
        let { out, cache } = this.step(x.narrow(0, 0, 1));
        for (let t = 1; t < x.size(0); t++) ({ out, cache } = this.step(x.narrow(0, t, 1), cache));
        return [out, cache.k];
      }
    }
    await staged(
      nn.seeded(4, () => new Attention()),
      matrix,
    );
  });

  it("choosing the best of several by a score with a penalty for length", async () => {
    const forward = (x: Tensor) => {
      const lengths = x.gt(0).sum(1);
      let best = x.select(0, 0);
      let bestScore = Number.NEGATIVE_INFINITY;
      for (let b = 0; b < x.size(0); b++) {
        const penalty = ((5 + lengths.select(0, b).item()) / 6) ** 0.5;
        const score = x.select(0, b).sum().item() / penalty;
        if (score >= bestScore) [best, bestScore] = [x.select(0, b), score];
      }
      return [best, tensor(bestScore)];
    };
    await staged(forward, matrix);
  });

  it("keeping the k best, where k is bounded by a number or a size", async () => {
    const forward = (x: Tensor, n: Tensor) => {
      const rows = Math.max(1, Math.min(n.item(), x.size(0)));
      const columns = Math.max(1, Math.min(n.item(), 4));
      const { values } = x.topk(columns, 1);
      const { indices } = x.sum(1).topk(rows, 0);
      return [values.sum(1), indices, values.size(1) === columns ? x : x.neg()];
    };
    await faithful(forward, counted);
  });

  it("sliding a window, which may not fit once", async () => {
    const forward = (x: Tensor) => {
      const out: Tensor[] = [];
      for (let start = 0; start + 2 <= x.size(0); start += 2) out.push(x.narrow(0, start, 2).mean(0));
      return out.length > 0 ? stack(out) : x.narrow(0, 0, 1);
    };
    await staged(forward, matrix);
  });
});
