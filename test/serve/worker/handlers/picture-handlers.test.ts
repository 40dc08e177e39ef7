import assert from "node:assert/strict";
import sharp from "sharp";
import { tensor } from "../../../../src/eager/create.ts";
import { preprocess } from "../../../../src/image/index.ts";
import { renderImage } from "../../../../src/image/render.ts";
import type { HandlerFactory } from "../../../../src/serve/worker/handler.ts";
import { imageClassifier } from "../../../../src/serve/worker/handlers/image-classifier.ts";
import { imageSegmenter } from "../../../../src/serve/worker/handlers/image-segmenter.ts";
import { objectDetector } from "../../../../src/serve/worker/handlers/object-detector.ts";
import { type ContextParts, float, handlerContext, handlerRequest, refusal } from "../../../support/handler-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const batch = float("x", "batch", 3, 224, 224);
const rendered = renderImage(5, { width: 60, height: 40 });
const picture = () => sharp(rendered.data, { raw: { width: 60, height: 40, channels: 3 } });
const png = await picture().png().toBuffer();

/** The input that a handler makes of a request's data. */
async function inputOf(factory: HandlerFactory, parts: ContextParts, data: unknown) {
  const handler = await factory(handlerContext(parts));
  const [input] = await handler.preprocess(handlerRequest(data));
  assert.ok(input);
  return input;
}

describe("image_classifier", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  const answer = async (scores: readonly number[], names?: unknown, config = {}) => {
    if (names !== undefined) inFolder("index_to_name.json", JSON.stringify(names));
    const { postprocess } = await imageClassifier(handlerContext({ inputs: [batch], folder: inFolder(), config }));
    return [...((await postprocess([tensor([[...scores]])], handlerRequest(png))) as Map<string, number>)];
  };
  const names = (pairs: readonly (readonly [string, number])[]) => pairs.map(([name]) => name);

  it("gives the model exactly what ingot/image makes of the picture, from bytes and from base64", async () => {
    const expected = await preprocess(png);
    const base64 = png.toString("base64");
    for (const data of [png, base64, `data:image/png;base64,${base64}`]) {
      const input = await inputOf(imageClassifier, { inputs: [batch] }, data);
      assert.deepEqual(input.shape, [1, 3, 224, 224]);
      assert.deepEqual(input.data, expected.data);
    }
  });

  it("heeds its options as preprocess does", async () => {
    const turned = await picture().jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const config = { resize: 20, crop: 16, mean: [0.5, 0.5, 0.5], std: [0.5, 0.25, 1], rotate: true } as const;
    const inputs = [float("x", 1, 3, "h", "w")];
    assert.deepEqual((await inputOf(imageClassifier, { inputs, config }, turned)).data, (await preprocess(turned, config)).data);
    const upright = await inputOf(imageClassifier, { inputs }, turned);
    assert.deepEqual(upright.data, (await preprocess(turned)).data, "not turned unless asked");
    assert.notDeepEqual(upright.data, (await preprocess(turned, { rotate: true })).data);
  });

  it("takes every kind of picture: grey, transparent, CMYK, 16 bits, palette, animated, progressive, lines and points", async () => {
    const kinds = {
      grey: picture().toColourspace("b-w").png(),
      transparent: picture().ensureAlpha(0.5).png(),
      cmyk: picture().toColourspace("cmyk").jpeg(),
      deep: picture().toColourspace("rgb16").png(),
      "deep grey": picture().toColourspace("grey16").png(),
      palette: picture().png({ palette: true, colours: 8 }),
      gif: picture().gif(),
      webp: picture().webp(),
      progressive: picture().jpeg({ progressive: true }),
      interlaced: picture().png({ progressive: true }),
      point: picture().extract({ left: 3, top: 3, width: 1, height: 1 }).png(),
      line: picture().extract({ left: 0, top: 3, width: 60, height: 1 }).png(),
      column: sharp({ create: { width: 1, height: 30_000, channels: 3, background: "#123456" } }).png(),
      animated: sharp(new Uint8Array(4 * 4 * 3 * 3).fill(200), { raw: { width: 4, height: 12, channels: 3, pageHeight: 4 } }).gif(),
    };
    for (const [kind, pipeline] of Object.entries(kinds)) {
      const input = await inputOf(imageClassifier, { inputs: [batch] }, await pipeline.toBuffer());
      assert.deepEqual(input.shape, [1, 3, 224, 224], kind);
      assert.ok((input.data as Float32Array).every(Number.isFinite), kind);
    }
    const colours = async (bytes: Buffer) => {
      const plain = { resize: false, crop: false, mean: [0, 0, 0], std: [1, 1, 1] } as const;
      const { data } = await inputOf(imageClassifier, { inputs: [float("x", 1, 3, "h", "w")], config: plain }, bytes);
      return Array.from({ length: 3 }, (_, c) => Math.round((data[(c * data.length) / 3] as number) * 255));
    };
    const dot = (channels: 1 | 4, ...values: number[]) => sharp(Uint8Array.from(values), { raw: { width: 1, height: 1, channels } });
    assert.deepEqual(await colours(await dot(1, 77).toColourspace("b-w").png().toBuffer()), [77, 77, 77]);
    assert.deepEqual(await colours(await dot(4, 10, 20, 30, 0).png().toBuffer()), [10, 20, 30], "transparency is dropped");
  });

  it("takes a list as the tensor itself, with or without the batch axis", async () => {
    const inputs = [float("x", "batch", 3, "h", "w")];
    const planes = [[[0.5]], [[0.25]], [[-1]]];
    assert.deepEqual((await inputOf(imageClassifier, { inputs }, planes)).toArray(), [planes]);
    assert.deepEqual((await inputOf(imageClassifier, { inputs }, [planes])).toArray(), [planes]);
    const { preprocess: take } = await imageClassifier(handlerContext({ inputs: [batch] }));
    assert.match((await refusal(() => take(handlerRequest(planes)))).message, /\[3, 1, 1\]; the model takes \[batch, 3, 224, 224\]/);
  });

  it("serves models without a batch axis, and of another float type", async () => {
    const bare = await inputOf(imageClassifier, { inputs: [float("x", 3, 224, 224)] }, png);
    assert.deepEqual(bare.shape, [3, 224, 224]);
    const half = await inputOf(imageClassifier, { inputs: [{ name: "x", dtype: "float16", shape: ["n", 3, 224, 224] }] }, png);
    assert.equal(half.dtype, "float16");
    const { postprocess } = await imageClassifier(handlerContext({ inputs: [float("x", 3, 224, 224)] }));
    assert.deepEqual(
      [...((await postprocess([tensor([0, 0])], handlerRequest(png))) as Map<string, number>)],
      [
        ["0", 0.5],
        ["1", 0.5],
      ],
    );
  });

  it("answers the five most likely classes with their probabilities, or fewer where there are fewer", async () => {
    const [first, ...rest] = await answer([0, 3, 1, 2, 0.5, -1], { 0: "a", 1: "b", 2: "c", 3: "d", 4: "e", 5: "f" });
    const sum = [0, 3, 1, 2, 0.5, -1].reduce((s, x) => s + Math.exp(x), 0);
    assert.equal(first?.[0], "b");
    assert.ok(Math.abs((first?.[1] ?? 0) - Math.exp(3) / sum) < 1e-6);
    assert.deepEqual(names(rest), ["d", "c", "e", "a"]);
    assert.deepEqual(names(await answer([1, 0])), ["a", "b"]);
    assert.deepEqual(names(await answer([0, 3, 1], undefined, { topk: 2 })), ["b", "c"]);
  });

  it("names classes by any of the three forms, and by their index where there is no name", async () => {
    assert.deepEqual(names(await answer([2, 1, 0], { 0: ["n01440764", "tench"], 1: "ray" })), ["tench", "ray", "2"]);
    assert.deepEqual(names(await answer([2, 1], { object_type_names: ["tench", "ray"] })), ["tench", "ray"]);
    assert.deepEqual(names(await answer([2, 1], {})), ["0", "1"]);
    inFolder("index_to_name.json", '{"__proto__": "x", "0": "tench"}');
    assert.deepEqual(names(await answer([2, 1])), ["tench", "1"]);
    assert.equal(({} as Record<string, unknown>)[0], undefined);
  });

  it("says so where there is no file of names, and what is wrong with one", async () => {
    const context = handlerContext({ inputs: [batch], folder: inFolder() });
    await imageClassifier(context);
    assert.deepEqual(context.warnings, ["The archive has no index_to_name.json: classes are named by their index."]);
    for (const [text, problem] of [
      ["[1]", "holds [1] (an array of 1)"],
      ['{"0": 3}', "names class 0 by 3"],
      ['{"0": []}', "names class 0 by an array of 0"],
      ['{"object_type_names": null}', "has null as object_type_names"],
    ]) {
      inFolder("index_to_name.json", text);
      const expected = { code: "HandlerFile", params: { problem } };
      await assert.rejects(
        async () => imageClassifier(handlerContext({ inputs: [batch], folder: inFolder() })),
        (e: typeof expected) => {
          assert.deepEqual([e.code, e.params.problem], [expected.code, expected.params.problem]);
          return true;
        },
      );
    }
    inFolder("index_to_name.json", "{");
    await assert.rejects(async () => imageClassifier(handlerContext({ inputs: [batch], folder: inFolder() })), /is not JSON/);
  });

  it("collapses classes of one name, as TorchServe does", async () => {
    const pairs = await answer([5, 1, 4], { 0: "crane", 1: "lynx", 2: "crane" });
    assert.deepEqual(names(pairs), ["crane", "lynx"]);
    const sum = Math.exp(5) + Math.exp(1) + Math.exp(4);
    assert.ok(Math.abs((pairs[0]?.[1] ?? 0) - Math.exp(4) / sum) < 1e-6, "the last of a name counts");
  });

  it("refuses what is no picture, one that is damaged, and a bomb before it is decoded", async () => {
    const { preprocess: take } = await imageClassifier(handlerContext({ inputs: [batch] }));
    const refused = (data: unknown) => refusal(() => take(handlerRequest(data)));
    const jpeg = await picture().jpeg().toBuffer();
    const corrupt = Buffer.from(png);
    corrupt.writeUInt8(corrupt.readUInt8(60) ^ 0xff, 60);
    const cases: [unknown, RegExp][] = [
      [Buffer.from("hello"), /not a picture/],
      [new Uint8Array(), /holds no picture/],
      ["", /holds no picture/],
      [{ a: 1 }, /holds no picture/],
      [undefined, /holds no picture/],
      ["aGVsbG8=", /not a picture/],
      [jpeg.subarray(0, jpeg.length / 2), /cannot be decoded/],
      [corrupt, /cannot be decoded/],
    ];
    for (const [data, expected] of cases) {
      const { status, message } = await refused(data);
      assert.equal(status, 400);
      assert.match(message, expected);
    }
    // 65500 x 65500 in 70 bytes: only the header is there.
    const bomb = pngHeader(65_500, 65_500);
    const { status, message } = await refused(bomb);
    assert.equal(status, 413);
    assert.match(message, /65500 x 65500 pixels, more than the limit of 178956970/);
    assert.match((await refused(pngHeader(13_378, 13_378))).message, /limit of 178956970/);
    assert.match((await refused(pngHeader(13_377, 13_377))).message, /cannot be decoded/, "one below the limit is tried");
  });

  it("reads a picture above Pillow's limit where the operator allows it", async () => {
    const { preprocess: take } = await imageClassifier(handlerContext({ inputs: [batch], maxImagePixels: 100 }));
    assert.equal((await refusal(() => take(handlerRequest(png)))).status, 413);
    assert.ok(await inputOf(imageClassifier, { inputs: [batch], maxImagePixels: Number.MAX_SAFE_INTEGER }, png));
  });

  it("does not start with an option or a model that cannot be, and says what to write", async () => {
    const start = (parts: ContextParts) => async () => imageClassifier(handlerContext(parts));
    for (const [config, message] of [
      [{ resize: 0 }, /`resize` of image_classifier is 0, expected a whole number of pixels from 1, or false/],
      [{ mean: [1, 2] }, /`mean` .* expected three numbers/],
      [{ std: [1, 0, 1] }, /`std` .* expected three numbers above 0/],
      [{ topk: "five" }, /`topk` of image_classifier is `five` \(string\), expected a whole number from 1/],
      [{ rotate: 1 }, /`rotate` .* expected true or false/],
    ] as const)
      await assert.rejects(start({ inputs: [batch], config }), message);
    await assert.rejects(start({ inputs: [float("x", "n", 3, 299, 299)] }), /makes pictures of 224 x 224[\s\S]*resize: 342, crop: 299/);
    await assert.rejects(start({ inputs: [float("x", "n", 1, 28, 28)] }), { code: "HandlerModel" });
    await assert.rejects(start({ inputs: [float("x", "n", 784)] }), { code: "HandlerModel" });
    await assert.rejects(start({ inputs: [batch, float("y", 1)] }), /inputs x, y/);
    const context = handlerContext({ inputs: [batch], config: { top_k: 3 } });
    await imageClassifier(context);
    assert.match(context.warnings[0] ?? "", /no option top_k \(did you mean topk\?\)/);
  });
});

describe("object_detector", () => {
  const image = float("image", 3, "h", "w");
  const boxes = tensor([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [0, 0, 9, 9],
  ]);
  const labels = tensor([1n, 2n, 1n]);
  const scores = tensor([0.9, 0.4, 0.5]);
  const outputs = { boxes, labels, scores };
  const order = (...names: (keyof typeof outputs)[]) => ({ names, tensors: names.map((n) => outputs[n]) });
  const found = async ({ names, tensors }: ReturnType<typeof order>, config = {}, spoken: readonly string[] = names) => {
    const context = handlerContext({ inputs: [image], outputs: spoken.map((n) => float(n)), config });
    const { postprocess } = await objectDetector(context);
    return ((await postprocess(tensors, handlerRequest(png))) as Map<string, unknown>[]).map((m) => [...m]);
  };
  const row = (box: readonly number[], score: number) => [
    ["1", box],
    ["score", Math.fround(score)],
  ];
  const both = [row([1, 2, 3, 4], 0.9), row([0, 0, 9, 9], 0.5)];

  it("scales the picture to [0, 1] and leaves its size", async () => {
    const input = await inputOf(objectDetector, { inputs: [image] }, png);
    assert.deepEqual(input.shape, [3, 40, 60]);
    assert.equal((input.data as Float32Array)[0], Math.fround((rendered.data[0] as number) / 255));
    const fixed = await objectDetector(handlerContext({ inputs: [float("image", 1, 3, 800, 800)] }));
    assert.match(
      (await refusal(() => fixed.preprocess(handlerRequest(png)))).message,
      /\[1, 3, 40, 60\]; the model takes \[1, 3, 800, 800\]/,
    );
  });

  it("finds boxes, labels and scores in any order, by name or by shape", async () => {
    assert.deepEqual(await found(order("boxes", "labels", "scores")), both);
    assert.deepEqual(await found(order("scores", "boxes", "labels")), both);
    assert.deepEqual(await found(order("labels", "scores", "boxes"), {}, ["6570", "6569", "6568"]), both);
  });

  it("leaves out what scores less than the threshold", async () => {
    assert.equal((await found(order("boxes", "labels", "scores"), { threshold: 0.3 })).length, 3);
    assert.deepEqual(await found(order("boxes", "labels", "scores"), { threshold: 0.95 }), []);
    await assert.rejects(found(order("boxes"), { threshold: 2 }), /`threshold` .* expected a number from 0 to 1/);
  });

  it("takes outputs with a batch axis of one, and none at all for a picture with nothing on it", async () => {
    const withBatch = { names: ["boxes", "labels", "scores"] as const, tensors: [boxes, labels, scores].map((t) => t.unsqueeze(0)) };
    assert.deepEqual(await found({ ...withBatch, names: [...withBatch.names] }), both);
    const empty = [tensor([], { shape: [0, 4] }), tensor(new BigInt64Array(0)), tensor([])];
    assert.deepEqual(await found({ names: ["boxes", "labels", "scores"], tensors: empty }), []);
  });

  it("says what a model without such outputs gives", async () => {
    await assert.rejects(
      found(order("boxes", "scores")),
      /no boxes \[n, 4\], labels \[n\] and scores \[n\]: boxes float32\[3, 4\], scores float32\[3\]/,
    );
  });
});

describe("image_segmenter", () => {
  it("gives the most likely class of each pixel with its probability", async () => {
    const outputs = [float("aux"), float("out")];
    const { postprocess } = await imageSegmenter(handlerContext({ inputs: [batch], outputs }));
    const scores = tensor([[[[0, 2]], [[Math.log(3), 2]]]]); // [1, 2 classes, 1 row, 2 columns]
    const rows = (await postprocess([scores.mul(0), scores], handlerRequest(png))) as number[][][];
    assert.deepEqual(
      rows.map((r) => r.map(([k, p]) => [k, Math.round((p as number) * 1e6) / 1e6])),
      [
        [
          [1, 0.75],
          [0, 0.5],
        ],
      ],
    );
  });

  it("prepares pictures as the classifier does", async () => {
    const input = await inputOf(imageSegmenter, { inputs: [batch] }, png);
    assert.deepEqual(input.data, (await preprocess(png)).data);
  });
});

/** A PNG of which only the header is there. */
function pngHeader(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.byteLength);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", Buffer.from([0x78, 0x9c])), chunk("IEND", Buffer.alloc(0))]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
