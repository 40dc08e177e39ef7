import assert from "node:assert/strict";
import { requestValues } from "../../../src/serve/worker/request-values.ts";
import { refusal } from "../../support/handler-context.ts";

const multipart = "multipart/form-data; boundary=B";
const disposition = (name: string, more = "") => `Content-Disposition: form-data; name="${name}"${more}`;
const part = (head: string, value: string) => `--B\r\n${head}\r\n\r\n${value}\r\n`;
const form = (...parts: readonly string[]) => `${parts.join("")}--B--\r\n`;
const read = async (type: string | undefined, body: string | Uint8Array, decode = true) => [
  ...(await requestValues(type, new Uint8Array(Buffer.from(body)), decode)),
];
const refused = async (type: string, body: string) => {
  const { status, message } = await refusal(() => read(type, body));
  assert.equal(status, 400);
  return message;
};

describe("the values of a request", () => {
  it("are the body, decoded as its type says", async () => {
    assert.deepEqual(await read("application/json; charset=utf-8", "[1]"), [["body", [1]]]);
    assert.deepEqual(await read("text/plain", "é"), [["body", "é"]]);
    assert.deepEqual(await read("image/jpeg", "x"), [["body", new Uint8Array([120])]]);
    assert.deepEqual(await read(undefined, "[1]"), [["body", new Uint8Array(Buffer.from("[1]"))]]);
    assert.deepEqual(await read("application/json", "[1]", false), [["body", new Uint8Array(Buffer.from("[1]"))]]);
  });

  it("are the parts of a form by name, the last of a name", async () => {
    const body = form(
      part(disposition("data", '; filename="a.jpg"\r\nContent-Type: image/jpeg'), "JPEG"),
      part(`${disposition("options")}\r\nContent-Type: application/json`, '{"k": 3}'),
      part(disposition("note"), "first"),
      part(disposition("note"), "second"),
    );
    assert.deepEqual(await read(multipart, body), [
      ["data", Buffer.from("JPEG")],
      ["options", { k: 3 }],
      ["note", "second"],
    ]);
    assert.deepEqual((await read(multipart, body, false))[1], ["options", Buffer.from('{"k": 3}')]);
    assert.deepEqual(await read("application/x-www-form-urlencoded", "a=1&b=x+y&a=2"), [
      ["a", "2"],
      ["b", "x y"],
    ]);
  });

  it("take __proto__ for a name like any other", async () => {
    assert.deepEqual(await read(multipart, form(part(disposition("__proto__"), "x"))), [["__proto__", "x"]]);
    assert.deepEqual(await read("application/x-www-form-urlencoded", "__proto__=x"), [["__proto__", "x"]]);
    assert.equal(({} as Record<string, unknown>).x, undefined);
  });

  it("refuse a form without boundary, without its end, cut off in a head, or without parts", async () => {
    const one = part(disposition("data"), "x");
    assert.match(await refused("multipart/form-data", one), /Boundary not found/);
    for (const body of [one, "--B\r\nContent-Disp", "hello", part(disposition("data", '; filename="a"'), "x")])
      assert.match(await refused(multipart, body), /Unexpected end/, body);
    assert.match(await refused(multipart, form()), /no part with a name/);
    assert.match(await refused(multipart, form(part("Content-Disposition: form-data", "x"))), /no name/);
  });

  it("refuse ten thousand parts, and heads and names of parts without end", async () => {
    for (const more of ["", '; filename="a"'])
      assert.match(await refused(multipart, form(part(disposition("d", more), "x").repeat(10_000))), /more than 1000 parts/);
    assert.match(await refused(multipart, "--B\r\n\r\n".repeat(10_000)), /more than 1000 parts/);
    assert.match(await refused("application/x-www-form-urlencoded", "a=1&".repeat(10_000)), /more than 1000 parts/);
    const long = `a: ${"b".repeat(100_000)}`;
    for (const head of [`${disposition("d")}\r\n${long}`, `${long}\r\n${disposition("d")}`])
      assert.match(await refused(multipart, form(part(head, "x"))), /head of a part has more than 16384 bytes/);
    assert.match(await refused(multipart, form(part(`${disposition("d")}${"\r\na: b".repeat(200)}`, "x"))), /more than 100 lines/);
    assert.match(await refused(multipart, form(part(disposition("n".repeat(5000)), "x"))), /name of a part has more than 1024 bytes/);
  });

  it("name the part whose JSON is wrong, and say so where JSON came as a form", async () => {
    const wrong = part(`${disposition("x")}\r\nContent-Type: application/json`, "[1,");
    assert.match(await refused(multipart, form(wrong)), /^part x is not valid JSON/);
    assert.match(await refused(multipart, "--B\r\n\r\n".repeat(10_000)), /more than 1000 parts/);
    assert.match(await refused("application/x-www-form-urlencoded", "[1, 2]"), /content-type: application\/json/);
  });
});
