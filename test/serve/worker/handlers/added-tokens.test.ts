import assert from "node:assert/strict";
import fc from "fast-check";
import { type AddedToken, addedTokens } from "../../../../src/serve/worker/handlers/added-tokens.ts";

const split = (text: string, tokens: readonly AddedToken[], spelt?: (content: string) => string) =>
  addedTokens(tokens, spelt)(text).map((s) => (s.token ? { [s.token.content]: s.text } : s.text));

describe("addedTokens", () => {
  it("finds the longest token that begins first, and gives the text between", () => {
    const tokens = [{ content: "<s" }, { content: "<s>" }, { content: "s>x" }];
    assert.deepEqual(split("a<s>x", tokens), ["a", { "<s>": "<s>" }, "x"]);
    assert.deepEqual(split("<s<s>", tokens), [{ "<s": "<s" }, { "<s>": "<s>" }]);
    assert.deepEqual(split("none", tokens), ["none"]);
    assert.deepEqual(split("none", []), ["none"]);
  });

  it("takes spaces away where the token says so", () => {
    assert.deepEqual(split("a \t<m> b", [{ content: "<m>", lstrip: true }]), ["a", { "<m>": "<m>" }, " b"]);
    assert.deepEqual(split("a <m>\u3000 b", [{ content: "<m>", rstrip: true }]), ["a ", { "<m>": "<m>" }, "b"]);
    assert.deepEqual(split("<m> <m>", [{ content: "<m>", lstrip: true, rstrip: true }]), [{ "<m>": "<m>" }, { "<m>": "<m>" }]);
  });

  it("finds a word for itself only where no letter touches it", () => {
    const tokens = [{ content: "cat", single_word: true }];
    assert.deepEqual(split("cat, bobcat cat's catsé écat", tokens), [{ cat: "cat" }, ", bobcat ", { cat: "cat" }, "'s catsé écat"]);
  });

  it("looks for tokens as they are spelt, the first of two that are spelt alike", () => {
    const tokens = [{ content: "Ab" }, { content: "AB" }, { content: "$^" }];
    assert.deepEqual(
      split("ab$^AB", tokens, (t) => t.toLowerCase()),
      [{ Ab: "ab" }, { "$^": "$^" }, "AB"],
    );
  });

  it("loses nothing of a text when no token strips", () => {
    const pieces = fc.array(fc.constantFrom("a", " ", "<s>", "<", "é", "😀"));
    fc.assert(
      fc.property(pieces, (texts) => {
        const text = texts.join("");
        const sections = addedTokens([{ content: "<s>" }, { content: "😀", single_word: true }])(text);
        assert.equal(sections.map((s) => s.text).join(""), text);
      }),
    );
  });
});
