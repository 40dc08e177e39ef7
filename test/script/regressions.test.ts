// Programs that once came out wrong, as small as the random ones that showed it became.
import assert from "node:assert/strict";
import { scriptOutcome } from "../support/script-outcome.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Bodies of `forward(x, y, k, j)`, by what went wrong. */
const programs: Readonly<Record<string, string>> = {
  "a value that one way does not give has the sizes that its type says, on ONNX Runtime with no rows too": `
    for (const m of [x.mul(0.5).floor(), y.relu()]) if (k.item() === j.item()) return [m.add(m)];
    return [x.add(y)];`,
  "numbers are shifted by a known number of bits as JavaScript does it": `
    const [a, b] = [k.item() * 1000003, j.item() - 1];
    return [a >> 3, b >> 1, b << 2, (a * 4099) << 9, b >> 33, (b & 6) ^ 3].map((v) => x.sum().mul(0).add(v % 4096 + 0));`,
  "a list of functions that grows in a loop with a symbolic end is no list, but may go unread": `
    const list = [];
    for (let i = 0; i < 3; i++) {
      list.push((by) => i * by);
      if (k.item() >= i) return [x.relu()];
    }
    return [y];`,
  "a record that a loop replaces may have fields called items and list": `
    let s = { items: [x], list: y };
    for (let i = 0; i < k.item(); i++) s = { items: [s.list], list: s.items[0].neg() };
    return [s.items[0], s.list];`,
  "a result without a prototype is looked through for what has no value": `
    const made = Object.assign(Object.create(null), { a: x });
    if (k.item() > 0) made.a = y;
    return [made.a];`,
  "remainders of sizes are operands and sizes": `
    const n = x.shape[0];
    return [x.add(n % 2), x.mul((n + 1) % 2), x.clamp(-3, n % 3), zeros([n % 2 + 1]).add(n % 7)];`,
};

describe("programs that came out wrong", () => {
  const path = temporaryFolder();
  for (const [what, body] of Object.entries(programs))
    it(what, async () => {
      const text = `export const make = ({ tensor, zeros, stack, cat }) => ({ forward(x, y, k, j) {${body}\n} });`;
      const { kind, code, detail } = await scriptOutcome(text, path());
      assert.equal(kind, "agree", `${code}: ${detail}`);
    });
});
