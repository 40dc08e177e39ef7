import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { type Call, snippets } from "../../../src/serve/pages/app/snippets.ts";

const call = (more: Partial<Call> = {}): Call => ({
  url: "http://127.0.0.1:8080/predictions/m",
  socket: undefined,
  needsToken: false,
  contentType: "application/json",
  body: { text: "[1, 2]" },
  ...more,
});

describe("the snippets of a call", () => {
  it("are what one would type", () => {
    assert.equal(
      snippets.curl(call({ contentType: undefined, body: { file: "my_cat.jpg" } })),
      "curl http://127.0.0.1:8080/predictions/m \\\n  -T my_cat.jpg",
    );
    assert.match(snippets.Python(call()), /data="\[1, 2\]"\.encode\(\),\n {4}headers=\{"Content-Type": "application\/json"\}/);
    assert.match(snippets.JavaScript(call({ body: { file: "cat.jpg" } })), /body: await readFile\("cat\.jpg"\)/);
  });

  it("name the token where one is needed, and never hold one", () => {
    assert.match(snippets.curl(call({ needsToken: true })), /-H "Authorization: Bearer \$INFERENCE_TOKEN"/);
    assert.match(snippets.JavaScript(call({ needsToken: true })), /`Bearer \$\{process\.env\.INFERENCE_TOKEN\}`/);
    assert.match(snippets.Python(call({ needsToken: true })), /os\.environ\['INFERENCE_TOKEN'\]/);
  });

  it("give a shell the very text, whatever is in it", () => {
    for (const text of ["it's", '"; rm -rf / #', "$(date) `date` $HOME", "a\nb", "\\'"]) {
      const line = snippets.curl(call({ body: { text } })).replace(/^curl/, `printf '%s\\0'`);
      const words = execFileSync("bash", ["-c", line], { encoding: "utf8" }).split("\0");
      assert.equal(words[words.indexOf("--data-raw") + 1], text);
    }
  });

  it("hold names of files as literals", () => {
    const file = 'x"); import os; ("';
    const [, literal] = /open\((".*"), "rb"\)/.exec(snippets.Python(call({ body: { file } }))) ?? [];
    assert.equal(JSON.parse(literal ?? ""), file);
    const [, other] = /readFile\((".*")\)/.exec(snippets.JavaScript(call({ body: { file } }))) ?? [];
    assert.equal(JSON.parse(other ?? ""), file);
  });

  it("put a long body into a file", () => {
    const long = call({ body: { text: "1".repeat(5000) } });
    assert.match(snippets.curl(long), /--data-binary @input\.json/);
    assert.match(snippets.Python(long), /open\("input\.json", "rb"\)/);
  });
});
