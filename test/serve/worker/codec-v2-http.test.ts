import assert from "node:assert/strict";
import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import type { RequestHead, TensorSpec } from "../../../src/serve/wire/messages.ts";
import { monotonicMs } from "../../../src/serve/wire/monotonic.ts";
import { decodeV2Http } from "../../../src/serve/worker/codec-v2-http.ts";
import type { CodecModel } from "../../../src/serve/worker/codecs.ts";
import { type Datatype, datatypes, elementBytes } from "../../../src/serve/worker/v2-datatypes.ts";
import { dtypeInfo } from "../../../src/tensor/dtype.ts";
import { echo, echoModel, headOf } from "../../support/served-model.ts";

const spec = (name: string, datatype: Datatype, shape: TensorSpec["shape"]): TensorSpec => ({ name, dtype: datatypes[datatype], shape });
const floats = echoModel([spec("x", "FP32", ["batch", 3])]);
const memory = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** A request as its JSON and the bytes behind it. */
function bodyOf(json: unknown, behind: readonly Uint8Array[] = []) {
  const text = Buffer.from(typeof json === "string" ? json : JSON.stringify(json));
  const headers = behind.length > 0 ? { "inference-header-content-length": String(text.byteLength) } : {};
  return { headers, body: memory(Buffer.concat([text, ...behind])) };
}

const ask = async (json: unknown, model: CodecModel = floats, behind: readonly Uint8Array[] = [], head: Partial<RequestHead> = {}) => {
  const { headers, body } = bodyOf(json, behind);
  return decodeV2Http(headOf({ ...headers, ...head.headers }, { ...head, headers: { ...headers, ...head.headers } }), body, model);
};
const answerTo = async (...args: Parameters<typeof ask>) => echo(await ask(...args));
const textOf = (body: Uint8Array) => Buffer.from(body).toString("utf8");
const one = (data: unknown, rest: object = {}) => ({ inputs: [{ name: "x", shape: [1, 3], datatype: "FP32", data, ...rest }] });

async function refused(what: Promise<unknown>, message: RegExp, status = 400): Promise<void> {
  await assert.rejects(what, (error: Error & { fault?: { status: number } }) => {
    assert.match(error.message, message);
    assert.equal(error.fault?.status, status, error.stack);
    return true;
  });
}

describe("the protocol v2 in JSON", () => {
  it("answers byte for byte as the protocol says", async () => {
    const { headers, body } = await answerTo({ id: "7", ...one([1, 2.5, -0]) });
    assert.deepEqual(headers, { "content-type": "application/json" });
    // JSON.stringify above writes −0 as 0.
    assert.equal(
      textOf(body),
      '{"model_name":"echo","model_version":"1.0","id":"7","outputs":[{"name":"x_out","datatype":"FP32","shape":[1,3],"data":[1,2.5,0]}]}',
    );
  });

  it("generates an id where there is none", async () => {
    assert.match(textOf((await answerTo(one([1, 2, 3]))).body), /"id":"generated"/);
  });

  it("takes flat and nested data, with keys in any order", async () => {
    for (const data of ["[1,2,3,4,5,6]", "[[1,2,3],[4,5,6]]", " [ [ 1 , 2,3] ,[4 ,5, 6 ] ] "]) {
      const decoded = await ask(`{"inputs":[{"data":${data},"datatype":"FP32","shape":[2,3],"name":"x"}],"unknown":{"a":[1]}}`);
      assert.deepEqual(decoded.inputs[0]?.toNumbers(), [1, 2, 3, 4, 5, 6]);
      assert.deepEqual(decoded.inputs[0]?.shape, [2, 3]);
    }
  });

  it("keeps integers of 64 bits, the sign of zero and text", async () => {
    const model = echoModel([spec("i", "INT64", ["n"]), spec("u", "UINT64", [1]), spec("f", "FP64", [2]), spec("s", "BYTES", [2])]);
    const body = `{"inputs":[{"name":"i","shape":[2],"datatype":"INT64","data":[9223372036854775807,-9223372036854775808]},
      {"name":"u","shape":[1],"datatype":"UINT64","data":[18446744073709551615]},
      {"name":"f","shape":[2],"datatype":"FP64","data":[-0,1e-320]},
      {"name":"s","shape":[2],"datatype":"BYTES","data":["\\u00e9\\"", "日本"]}]}`;
    const text = textOf((await answerTo(body, model)).body);
    for (const part of [
      '"data":[9223372036854775807,-9223372036854775808]',
      '"data":[18446744073709551615]',
      '"data":[-0.0,1e-320]',
      '"data":["é\\"","日本"]',
    ])
      assert.ok(text.includes(part), text);
  });

  it("takes true, false, 0 and 1 for BOOL and answers booleans", async () => {
    const model = echoModel([spec("b", "BOOL", [4])]);
    const text = textOf((await answerTo({ inputs: [{ name: "b", shape: [4], datatype: "BOOL", data: [true, 0, false, 1] }] }, model)).body);
    assert.match(text, /"data":\[true,false,false,true\]/);
    await refused(
      ask({ inputs: [{ name: "b", shape: [4], datatype: "BOOL", data: [2, 0, 0, 0] }] }, model),
      /expected true, false, 0 or 1/,
    );
  });

  it("refuses 16-bit floats, which JSON cannot carry", async () => {
    for (const type of ["FP16", "BF16"] as const) {
      const model = echoModel([spec("h", type, [1])]);
      await refused(
        ask(
          {
            inputs: [{ name: "h", shape: [1], datatype: type, data: [1] }],
            outputs: [{ name: "h_out", parameters: { binary_data: true } }],
          },
          model,
        ),
        new RegExp(`Receiving ${type} data via JSON is not supported. Please use the binary data format for input h`),
      );
      await refused(ask({ inputs: [] }, model), new RegExp(`Sending ${type} data via JSON is not supported`));
    }
  });

  it("names the input and what is expected where type or shape are others", async () => {
    await refused(ask(one([1, 2, 3], { datatype: "FP8" })), /Input x has the unknown datatype FP8; the model takes FP32/);
    await refused(ask(one([1, 2, 3], { datatype: "INT64" })), /Input x has datatype INT64; the model takes FP32 \[batch, 3\]/);
    await refused(ask(one([1, 2], { shape: [1, 2] })), /Input x has shape \[1, 2\]; the model takes \[batch, 3\]/);
    await refused(ask(one([1, 2, 3], { shape: [3] })), /Input x has shape \[3\]; the model takes/);
    await refused(ask(one([1, 2, 3], { shape: [-1, 3] })), /negative dimension in its shape \[-1, 3\]/);
    await refused(ask(one([1, 2, 3], { shape: [1.5, 3] })), /expected an integer/);
    await refused(
      ask('{"inputs":[{"name":"x","shape":[9223372036854775808,3],"datatype":"FP32","data":[]}]}'),
      /dimension that is too large/,
    );
    await refused(ask(one([1, 2, 3], { shape: [2 ** 52, 3] })), /product of its shape \[4503599627370496,3\] is too large/);
    await refused(ask(one([1], { shape: [1e12, 3] })), /Input x has 1 elements, and its shape \[1000000000000, 3\] has 3000000000000/);
    await refused(ask(one([1, 2])), /Input x has 2 elements, and its shape \[1, 3\] has 3/);
    await refused(ask(one([[1, 2, 3], []], { shape: [1, 3] })), /Input x is ragged/);
    await refused(
      ask(
        one(
          [
            [1, 2],
            [3, 4, 5, 6],
          ],
          { shape: [2, 3] },
        ),
      ),
      /ragged: a list at depth 1 has 2 elements, and its shape is \[2, 3\]/,
    );
    await refused(ask(one([[[1], 2, 3]])), /not valid JSON|ragged/);
  });

  it("wants one size for one name of a dimension, so that no request gets rows of another", async () => {
    const model = echoModel([spec("a", "FP32", ["batch"]), spec("b", "FP32", ["batch"])]);
    const tensor = (name: string, data: number[]) => ({ name, shape: [data.length], datatype: "FP32", data });
    await refused(
      ask({ inputs: [tensor("a", [1, 2]), tensor("b", [1])] }, model),
      /Input b has shape \[1\], and batch is 2 in an input before it/,
    );
  });

  it("refuses missing, further and repeated inputs, and outputs that are none", async () => {
    const { inputs } = one([1, 2, 3]);
    await refused(ask({ inputs: [] }), /Input x \(FP32 \[batch, 3\]\) is missing/);
    await refused(ask({ id: "1" }), /The request has no inputs/);
    await refused(ask({ inputs: [...inputs, { ...inputs[0], name: "y" }] }), /The model has no input y: it takes x \(FP32 \[batch, 3\]\)/);
    await refused(ask({ inputs: [...inputs, ...inputs] }), /Input x is there twice/);
    await refused(ask({ inputs, outputs: [{ name: "z" }] }), /The model has no output z: it gives x_out/);
    await refused(ask({ inputs, outputs: [{ name: "x_out" }, { name: "x_out" }] }), /Output x_out is asked for twice/);
    for (const [key, value] of [
      ["name", 1],
      ["datatype", null],
      ["parameters", 3],
      ["shape", "3"],
      ["data", 5],
    ] as const)
      await refused(ask({ inputs: [{ ...inputs[0], [key]: value }] }), /must be|expected/);
    for (const key of ["name", "datatype", "shape"])
      await refused(ask({ inputs: [{ ...inputs[0], [key]: undefined }] }), new RegExp(`inputs\\[0\\] has no ${key}`));
    await refused(ask({ inputs: [{ ...inputs[0], data: undefined }] }), /Input x has no data and no binary_data_size/);
  });

  it("gives only the outputs that were asked for, in that order", async () => {
    const model = echoModel([spec("a", "INT32", [1]), spec("b", "INT32", [1]), spec("c", "INT32", [1])]);
    const inputs = ["a", "b", "c"].map((name, i) => ({ name, shape: [1], datatype: "INT32", data: [i] }));
    const { body } = await answerTo({ inputs, outputs: [{ name: "c_out" }, { name: "a_out" }] }, model);
    const { outputs } = JSON.parse(textOf(body)) as { outputs: { name: string; data: number[] }[] };
    assert.deepEqual(
      outputs.map(({ name, data }) => [name, ...data]),
      [
        ["c_out", 2],
        ["a_out", 0],
      ],
    );
  });

  it("refuses numbers that are none, and those that a type cannot hold", async () => {
    const text = (data: string, datatype = "FP32") => `{"inputs":[{"name":"x","shape":[1,3],"datatype":"${datatype}","data":${data}}]}`;
    await refused(ask(text("[1,NaN,3]")), /JSON has no NaN and no infinities/);
    await refused(ask(text("[1,-Infinity,3]")), /JSON has no NaN and no infinities/);
    await refused(ask(text("[1,1e999,3]")), /Input x: element 1 is 1e999, which FP32 cannot hold/);
    await refused(ask(text("[1,2,3.5e38]")), /Input x: element 2 is 3.5e38, which FP32 cannot hold/);
    await refused(ask(text("[1,null,3]")), /expected a value/);
    await refused(ask(text('[1,"2",3]')), /expected a value/);
    const small = (type: Datatype) => echoModel([spec("x", type, [1, 3])]);
    await refused(ask(text("[1,300,3]", "UINT8"), small("UINT8")), /element 1 is 300, which UINT8 cannot hold/);
    await refused(ask(text("[1,-1,3]", "UINT64"), small("UINT64")), /element 1 is -1, which UINT64 cannot hold/);
    await refused(ask(text("[1,9223372036854775808,3]", "INT64"), small("INT64")), /element 1 is 9223372036854775808, which INT64/);
    await refused(ask(text("[1,1.5,3]", "INT32"), small("INT32")), /expected an integer/);
    assert.deepEqual((await ask(text("[1,2.0,3e0]", "INT32"), small("INT32"))).inputs[0]?.toNumbers(), [1, 2, 3]);
  });

  it("answers NaN and infinities as an error, or as null where the operator says so", async () => {
    const values = (model: CodecModel) =>
      answerTo({ inputs: [{ name: "x", shape: [1, 3], datatype: "FP32", parameters: { binary_data_size: 12 } }] }, model, [
        Buffer.from(Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY).buffer),
      ]);
    await refused(values(floats), /non-finite output, request binary_data/, 500);
    assert.match(textOf((await values(echoModel(floats.io.inputs, { nonfinite: "null" }))).body), /"data":\[1,null,null\]/);
  });

  it("refuses sequences, shared memory and damaged parameters", async () => {
    await refused(ask({ ...one([1, 2, 3]), parameters: { sequence_id: 5 } }), /sequence_id is set/);
    await refused(ask(one([1, 2, 3], { parameters: { shared_memory_region: "r" } })), /shared memory is not supported/);
    await refused(ask({ ...one([1, 2, 3]), parameters: { timeout: -1 } }), /Parameter timeout of the request must be an integer from 0/);
    await refused(ask({ ...one([1, 2, 3]), parameters: { binary_data_output: "yes" } }), /must be true or false/);
  });

  it("refuses a request whose timeout was over before it was read", async () => {
    const request = { ...one([1, 2, 3]), parameters: { timeout: 1000 } };
    await refused(ask(request, floats, [], { arrivedAt: monotonicMs() - 50 }), /timeout is 1000 µs, and it waited/, 408);
    await ask({ ...request, parameters: { timeout: 1e12 } }, floats, [], { arrivedAt: monotonicMs() - 50 });
  });

  it("gives the best classes with value, index and label", async () => {
    const classes = { name: "x_out", parameters: { classification: 2 } };
    const request = { inputs: [{ name: "x", shape: [2, 3], datatype: "FP32", data: [0.5, 2, 1, 9, 9, -1] }], outputs: [classes] };
    const { outputs } = JSON.parse(textOf((await answerTo(request)).body)) as { outputs: object[] };
    assert.deepEqual(outputs, [{ name: "x_out", datatype: "BYTES", shape: [2, 2], data: ["2:1", "1:2", "9:0", "9:1"] }]);
    await refused(ask({ ...request, outputs: [{ ...classes, parameters: { classification: 0 } }] }), /must be an integer from 1/);
  });
});

describe("the protocol v2 with binary data", () => {
  const x = { name: "x", shape: [1, 3], datatype: "FP32", parameters: { binary_data_size: 12 } };
  const bytes = Buffer.from(Float32Array.of(1, -2, 0.5).buffer);

  it("reads tensors behind the JSON and writes them there", async () => {
    const { headers, body } = await answerTo({ id: "a", inputs: [x], parameters: { binary_data_output: true } }, floats, [bytes]);
    const json =
      '{"model_name":"echo","model_version":"1.0","id":"a","outputs":[{"name":"x_out","datatype":"FP32","shape":[1,3],"parameters":{"binary_data_size":12}}]}';
    assert.deepEqual(headers, { "content-type": "application/octet-stream", "inference-header-content-length": String(json.length) });
    assert.equal(textOf(body.subarray(0, json.length)), json);
    assert.deepEqual(Buffer.from(body.subarray(json.length)), bytes);
  });

  it("lets each output say how it is sent", async () => {
    const request = {
      inputs: [x],
      parameters: { binary_data_output: true },
      outputs: [{ name: "x_out", parameters: { binary_data: false } }],
    };
    assert.match(textOf((await answerTo(request, floats, [bytes])).body), /"data":\[1,-2,0.5\]/);
  });

  it("uses the memory of the request where it is aligned", async () => {
    const text = JSON.stringify({ inputs: [x] });
    const padded = text + " ".repeat((4 - (text.length % 4)) % 4);
    const { headers, body } = bodyOf(padded, [bytes]);
    const decoded = await decodeV2Http(headOf(headers), body, floats);
    const [x0] = decoded.inputs;
    assert.equal(x0 && (x0.data as Float32Array).buffer, body.buffer);
    const shifted = bodyOf(`${padded} `, [bytes]);
    assert.deepEqual((await decodeV2Http(headOf(shifted.headers), shifted.body, floats)).inputs[0]?.toNumbers(), [1, -2, 0.5]);
  });

  it("takes a raw body for a model of one input", async () => {
    const raw = { headers: { "inference-header-content-length": "0" } };
    const two = memory(Buffer.concat([bytes, bytes]));
    const decoded = await decodeV2Http(headOf(raw.headers), two, floats);
    assert.deepEqual(decoded.inputs[0]?.shape, [2, 3]);
    assert.equal((await echo(decoded)).headers["content-type"], "application/octet-stream");
    await refused(decodeV2Http(headOf(raw.headers), memory(bytes.subarray(1)), floats), /11 bytes, which are no FP32 \[batch, 3\]/);
    const text = echoModel([spec("s", "BYTES", [1])]);
    assert.deepEqual((await decodeV2Http(headOf(raw.headers), memory(Buffer.from("héllo")), text)).inputs[0]?.dense(), ["héllo"]);
    const several = echoModel([spec("a", "FP32", [1]), spec("b", "FP32", [1])]);
    await refused(decodeV2Http(headOf(raw.headers), two, several), /for a model of one input; this one takes a, b/);
    const open = echoModel([spec("a", "FP32", ["n", "m"])]);
    await refused(decodeV2Http(headOf(raw.headers), two, open), /does not follow from the length/);
  });

  it("refuses lengths that do not fit", async () => {
    const send = (length: string, body: Uint8Array) =>
      decodeV2Http(headOf({ "inference-header-content-length": length }), memory(body), floats);
    for (const length of ["-1", "abc", "1.5", "", "99999999999999999999"]) await refused(send(length, bytes), /must be an integer from 0/);
    await refused(send("13", bytes), /Inference-Header-Content-Length is 13, and the body has 12 bytes/);
    await refused(ask({ inputs: [x] }, floats, [bytes.subarray(4)]), /binary_data_size of 12, and 8 bytes are left/);
    await refused(ask({ inputs: [x] }, floats, [bytes, bytes]), /24 bytes behind its JSON, and the inputs' binary_data_size are 12/);
    await refused(
      ask({ inputs: [{ ...x, parameters: { binary_data_size: 8 } }] }, floats, [bytes.subarray(4)]),
      /Input x has 8 bytes; FP32 \[1, 3\] has 12/,
    );
    await refused(ask({ inputs: [{ ...x, data: [1, 2, 3] }] }, floats, [bytes]), /both data and binary_data_size/);
    for (const size of [-12, 1.5, "12"])
      await refused(ask({ inputs: [{ ...x, parameters: { binary_data_size: size } }] }, floats, [bytes]), /must be an integer from 0/);
    await refused(send("0", new Uint8Array()), /has no body/);
  });

  it("refuses text elements that overrun their bytes or are not as many", async () => {
    const model = echoModel([spec("s", "BYTES", ["n"])]);
    const send = (data: readonly number[], n: number) =>
      ask({ inputs: [{ name: "s", shape: [n], datatype: "BYTES", parameters: { binary_data_size: data.length } }] }, model, [
        Uint8Array.from(data),
      ]);
    assert.deepEqual((await send([1, 0, 0, 0, 65, 0, 0, 0, 0], 2)).inputs[0]?.dense(), ["A", ""]);
    await refused(send([2, 0, 0, 0, 65], 1), /element 0 goes beyond the end/);
    await refused(send([255, 255, 255, 255, 65], 1), /element 0 goes beyond the end/);
    await refused(send([1, 0, 0], 1), /element 0 goes beyond the end/);
    await refused(send([0, 0, 0, 0], 2), /has 1 elements in its bytes, and its shape has 2/);
    await refused(send([0, 0, 0, 0, 0, 0, 0, 0], 1), /has more than 1 elements in its bytes/);
    await refused(send([1, 0, 0, 0, 255], 1), /element 0 is not UTF-8/);
  });

  it("refuses BOOL elements that are no booleans", async () => {
    const model = echoModel([spec("b", "BOOL", [2])]);
    const request = { inputs: [{ name: "b", shape: [2], datatype: "BOOL", parameters: { binary_data_size: 2 } }] };
    await refused(ask(request, model, [Uint8Array.of(1, 2)]), /neither 0 nor 1/);
  });
});

describe("compressed bodies", () => {
  const text = Buffer.from(JSON.stringify(one([1, 2, 3])));

  it("are read, whichever of the codings", async () => {
    for (const [coding, body] of [
      ["gzip", gzipSync(text)],
      ["deflate", deflateSync(text)],
      ["deflate", deflateRawSync(text)],
      ["identity", text],
    ] as const)
      assert.deepEqual(
        (await decodeV2Http(headOf({ "content-encoding": coding }), memory(body), floats)).inputs[0]?.toNumbers(),
        [1, 2, 3],
      );
  });

  it("are refused where damaged, unknown or larger than they may be", async () => {
    const send = (coding: string, body: Uint8Array) => decodeV2Http(headOf({ "content-encoding": coding }), memory(body), floats);
    await refused(send("br", text), /Content-Encoding br is not supported/);
    await refused(send("gzip", text), /The body is damaged, it is not gzip/);
    await refused(send("gzip", gzipSync(text).subarray(0, 20)), /The body is damaged/);
    await refused(
      send("gzip", gzipSync(Buffer.alloc(1 << 23))),
      /decompressed body is larger than max_request_size, which is 1048576/,
      413,
    );
  });

  it("are what a client gets that asks for one", async () => {
    const model = echoModel([spec("x", "INT32", ["n"])]);
    const data = Array.from({ length: 2000 }, () => 1);
    const request = (binary: boolean) => ({
      inputs: [{ name: "x", shape: [2000], datatype: "INT32", data }],
      parameters: { binary_data_output: binary },
    });
    const send = (accept: string, binary = false) => answerTo(request(binary), model, [], { headers: { "accept-encoding": accept } });
    const plain = textOf((await answerTo(request(false), model)).body);
    const zipped = await send("gzip");
    assert.equal(zipped.headers["content-encoding"], "gzip");
    assert.equal(textOf(gunzipSync(zipped.body)), plain);
    assert.equal(textOf(inflateSync((await send("deflate")).body)), plain);
    assert.equal((await send("br")).headers["content-encoding"], undefined);
    assert.equal((await send("gzip;q=0")).headers["content-encoding"], undefined);
    assert.equal((await send("gzip, deflate, br")).headers["content-encoding"], "gzip");
    assert.equal((await send("gzip, deflate, br", true)).headers["content-encoding"], undefined);
    assert.equal((await send("gzip", true)).headers["content-encoding"], "gzip");
  });
});

interface AnyTensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly elements: ArrayLike<unknown>;
  /** Of all but text. */
  readonly bytes: Uint8Array | undefined;
}

describe("a tensor of any datatype", () => {
  const anyTensor = fc
    .record({
      datatype: fc.constantFrom(...(Object.keys(datatypes) as Datatype[])),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    })
    .chain(({ datatype, shape }): fc.Arbitrary<AnyTensor> => {
      const count = shape.reduce((a, b) => a * b, 1);
      const size = elementBytes(datatype);
      if (size === undefined)
        return fc
          .array(fc.string({ unit: "binary" }), { minLength: count, maxLength: count })
          .map((texts) => ({ datatype, shape, elements: texts as ArrayLike<unknown>, bytes: undefined }));
      const length = count * size;
      return fc.uint8Array({ minLength: length, maxLength: length, max: datatype === "BOOL" ? 1 : 255 }).map((random) => {
        const bytes = new Uint8Array(random);
        const elements = dtypeInfo(datatypes[datatype]).view?.(bytes.buffer, 0, count) as ArrayLike<unknown>;
        return { datatype, shape, elements, bytes };
      });
    });

  it("comes back the same through binary data", async () => {
    await fc.assert(
      fc.asyncProperty(anyTensor, async ({ datatype, shape, elements, bytes }) => {
        const model = echoModel([spec("x", datatype, shape)]);
        const texts = Array.from(elements).flatMap((t) => {
          const text = Buffer.from(String(t));
          return [Uint8Array.from([text.length & 255, text.length >> 8, 0, 0]), text];
        });
        const sent = bytes ?? Buffer.concat(texts);
        const tensor = { name: "x", datatype, shape, parameters: { binary_data_size: sent.byteLength } };
        const answer = await answerTo({ inputs: [tensor], parameters: { binary_data_output: true } }, model, [sent]);
        const length = Number(answer.headers["inference-header-content-length"] ?? answer.body.byteLength);
        assert.deepEqual(Buffer.from(answer.body.subarray(length)), Buffer.from(sent));
      }),
      { numRuns: 300 },
    );
  });

  it("comes back the same through JSON, flat and nested", async () => {
    const finite = anyTensor.filter(
      ({ datatype, elements }) =>
        !/F16|FP16/.test(datatype) && Array.from(elements).every((v) => typeof v !== "number" || Number.isFinite(v)),
    );
    await fc.assert(
      fc.asyncProperty(finite, fc.boolean(), async ({ datatype, shape, elements }, nested) => {
        const model = echoModel([spec("x", datatype, shape)]);
        const texts = Array.from(elements, (v) => (typeof v === "string" ? JSON.stringify(v) : Object.is(v, -0) ? "-0" : String(v)));
        const data = nested && shape.length > 1 ? nest(texts, shape) : `[${texts.join(",")}]`;
        const request = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[${shape}],"data":${data}}]}`;
        const first = await ask(request, model);
        assert.deepEqual(Array.from(first.inputs[0]?.dense() as ArrayLike<unknown>), Array.from(elements));
        const { body } = await echo(first);
        const again = await ask(textOf(body).replace('"outputs"', '"inputs"').replace('"x_out"', '"x"'), model);
        assert.deepEqual(again.inputs[0]?.dense(), first.inputs[0]?.dense());
      }),
      { numRuns: 300 },
    );
  });
});

/** Elements as nested lists of a shape. */
function nest(texts: readonly string[], [size = 0, ...rest]: readonly number[]): string {
  if (rest.length === 0) return `[${texts.join(",")}]`;
  const row = rest.reduce((a, b) => a * b, 1);
  return `[${Array.from({ length: size }, (_, i) => nest(texts.slice(i * row, (i + 1) * row), rest)).join(",")}]`;
}
