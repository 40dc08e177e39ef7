import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import protobuf from "protobufjs";
import type { TensorSpec } from "../../../src/serve/wire/messages.ts";
import { decodeV2Grpc } from "../../../src/serve/worker/codec-v2-grpc.ts";
import { type Datatype, datatypes, elementBytes } from "../../../src/serve/worker/v2-datatypes.ts";
import { echo, echoModel, headOf } from "../../support/served-model.ts";

const root = protobuf.loadSync(join(import.meta.dirname, "../../../src/serve/grpc/protos/open-inference.proto"));
const Request = root.lookupType("inference.ModelInferRequest");
const Response = root.lookupType("inference.ModelInferResponse");

interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents?: Readonly<Record<string, readonly unknown[]>>;
}
interface ResponseMessage {
  readonly outputs: readonly Output[];
  readonly rawOutputContents: readonly Buffer[];
}

const spec = (datatype: Datatype, shape: TensorSpec["shape"]): TensorSpec => ({ name: "x", dtype: datatypes[datatype], shape });
const messageOf = (request: object) => new Uint8Array(Request.encode(Request.fromObject(request)).finish());

async function answerTo(request: object, inputs: readonly TensorSpec[]): Promise<ResponseMessage> {
  const answer = await echo(await decodeV2Grpc(headOf({}, { protocol: "v2-grpc" }), messageOf(request), echoModel(inputs)));
  return Response.toObject(Response.decode(answer.body), { longs: Number, arrays: true, bytes: Buffer }) as ResponseMessage;
}

/** Of each datatype where its elements stand, and how one is made of a random number. */
const contents: Readonly<Record<string, readonly [field: string, element: (n: number) => unknown]>> = {
  BOOL: ["boolContents", (n) => n % 2 === 1],
  INT8: ["intContents", (n) => (n << 24) >> 24],
  INT16: ["intContents", (n) => (n << 16) >> 16],
  INT32: ["intContents", (n) => n | 0],
  INT64: ["int64Contents", (n) => (n % 2 ? -n : n) * 2 ** 20],
  UINT8: ["uintContents", (n) => n & 255],
  UINT16: ["uintContents", (n) => n & 65535],
  UINT32: ["uintContents", (n) => n >>> 0],
  UINT64: ["uint64Contents", (n) => n * 2 ** 20],
  FP32: ["fp32Contents", (n) => Math.fround(n / 7)],
  FP64: ["fp64Contents", (n) => n / 7],
};

describe("the protocol v2 over gRPC", () => {
  it("gives back raw contents of every datatype as they came", async () => {
    const tensor = fc
      .record({ datatype: fc.constantFrom(...(Object.keys(datatypes) as Datatype[])), shape: fc.array(fc.nat(3), { maxLength: 3 }) })
      .chain(({ datatype, shape }) => {
        const length = shape.reduce((a, b) => a * b, 1) * (elementBytes(datatype) ?? 0);
        return fc
          .uint8Array({ minLength: length, maxLength: length, max: datatype === "BOOL" ? 1 : 255 })
          .map((bytes) => ({ datatype, shape, bytes: Buffer.from(bytes) }));
      });
    await fc.assert(
      fc.asyncProperty(tensor, async ({ datatype, shape, bytes }) => {
        const raw =
          datatype === "BYTES" ? Buffer.concat(Array(shape.reduce((a, b) => a * b, 1)).fill(Buffer.from([2, 0, 0, 0, 0xc3, 0xa9]))) : bytes;
        const { outputs, rawOutputContents } = await answerTo({ inputs: [{ name: "x", datatype, shape }], rawInputContents: [raw] }, [
          spec(datatype, shape),
        ]);
        assert.deepEqual(rawOutputContents, [raw]);
        assert.deepEqual({ ...outputs[0], parameters: undefined }, { name: "x_out", datatype, shape, parameters: undefined });
      }),
    );
  });

  it("gives back typed contents of every datatype that has them, packed or not", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(contents)),
        fc.array(fc.nat(2 ** 31), { maxLength: 9 }),
        async (datatype, numbers) => {
          const [field, element] = contents[datatype] as (typeof contents)[string];
          const values = numbers.map(element);
          const { outputs } = await answerTo({ inputs: [{ name: "x", datatype, shape: [values.length], contents: { [field]: values } }] }, [
            spec(datatype as Datatype, ["n"]),
          ]);
          // Without elements there is nothing that says how they came.
          if (values.length > 0) assert.deepEqual(outputs[0]?.contents?.[field], values);
          const tensor = (await decodeV2Grpc(headOf(), unpacked(datatype, values), echoModel([spec(datatype as Datatype, ["n"])])))
            .inputs[0];
          assert.deepEqual(Array.from(tensor?.dense() as ArrayLike<unknown>, Number), values.map(Number));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("gives back text", async () => {
    const texts = ["é", "", "日本"];
    const request = {
      inputs: [{ name: "x", datatype: "BYTES", shape: [3], contents: { bytesContents: texts.map((t) => Buffer.from(t)) } }],
    };
    const { outputs } = await answerTo(request, [spec("BYTES", [3])]);
    assert.deepEqual(outputs[0]?.contents?.bytesContents?.map(String), texts);
  });

  it("answers raw where a datatype has no contents", async () => {
    const inputs = [spec("INT32", [1]), { ...spec("FP16", [1]), name: "h" }];
    await assert.rejects(
      answerTo(
        {
          inputs: [
            { name: "x", datatype: "INT32", shape: [1], contents: { intContents: [1] } },
            { name: "h", datatype: "FP16", shape: [1] },
          ],
        },
        inputs,
      ),
      /Input h: FP16 has no contents, send raw_input_contents/,
    );
  });

  it("gives the best classes as text", async () => {
    const outputs = [{ name: "x_out", parameters: { classification: { int64Param: 2 } } }];
    const raw = Buffer.from(Float32Array.of(0.5, 2, 1).buffer);
    const reply = await answerTo({ inputs: [{ name: "x", datatype: "FP32", shape: [1, 3] }], outputs, rawInputContents: [raw] }, [
      spec("FP32", ["n", 3]),
    ]);
    assert.equal(reply.outputs[0]?.datatype, "BYTES");
    assert.deepEqual(reply.rawOutputContents, [Buffer.from("\x03\0\0\x002:1\x03\0\0\x001:2", "latin1")]);
  });

  it("refuses integers that a datatype cannot hold, damaged elements and shapes", async () => {
    const ask = (datatype: Datatype, values: object, shape = [1]) =>
      answerTo({ inputs: [{ name: "x", datatype, shape, contents: values }] }, [spec(datatype, ["n"])]);
    await assert.rejects(ask("INT8", { intContents: [128] }), /element 0 is 128, which INT8 cannot hold/);
    await assert.rejects(ask("UINT16", { uintContents: [65536] }), /element 0 is 65536, which UINT16 cannot hold/);
    const damaged = (contentsBytes: readonly number[], datatype: Datatype) => {
      const tensor = Buffer.concat([
        Buffer.from([10, 1, 120, 18, datatype.length]),
        Buffer.from(datatype),
        Buffer.from([24, 1, 42, contentsBytes.length, ...contentsBytes]),
      ]);
      return decodeV2Grpc(
        headOf(),
        new Uint8Array(Buffer.concat([Buffer.from([42, tensor.byteLength]), tensor])),
        echoModel([spec(datatype, ["n"])]),
      );
    };
    await assert.rejects(damaged([0x12, 1, 0x80], "INT32"), /its int_contents are damaged/);
    await assert.rejects(damaged([0x32, 3, 0, 0, 0], "FP32"), /its fp32_contents are damaged/);
    await assert.rejects(damaged([0x12, 11, ...Array(10).fill(0xff), 1], "INT32"), /element 0 is damaged/);
    await assert.rejects(damaged([0x12, 9], "INT32"), /it is damaged at byte/);
  });

  it("answers damaged messages with 400, whatever the damage", async () => {
    const good = messageOf({
      modelName: "echo",
      inputs: [{ name: "x", datatype: "FP32", shape: [1], contents: { fp32Contents: [1] }, parameters: { a: { stringParam: "b" } } }],
      outputs: [{ name: "x_out" }],
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(good.byteLength - 1), fc.nat(255), fc.nat(good.byteLength), async (at, byte, length) => {
        const bad = good.slice(0, length);
        if (at < length) bad[at] = byte;
        try {
          await echo(await decodeV2Grpc(headOf(), bad, echoModel([spec("FP32", ["n"])])));
        } catch (error) {
          assert.equal((error as { fault?: { status: number } }).fault?.status, 400, String((error as Error).stack));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** The same with one field for each element, as old encoders write them. */
function unpacked(datatype: string, values: readonly unknown[]): Uint8Array<ArrayBuffer> {
  const [field] = contents[datatype] as (typeof contents)[string];
  const type = root.lookupType("inference.InferTensorContents").fields[field];
  const writer = protobuf.Writer.create();
  writer.uint32((5 << 3) | 2).fork();
  writer.uint32((1 << 3) | 2).string("x");
  writer.uint32((2 << 3) | 2).string(datatype);
  writer.uint32(3 << 3).int64(values.length);
  writer.uint32((5 << 3) | 2).fork();
  const method = type?.type as "bool" | "int32" | "int64" | "uint32" | "uint64" | "float" | "double";
  const wire = method === "float" ? 5 : method === "double" ? 1 : 0;
  for (const value of values) (writer.uint32(((type?.id ?? 0) << 3) | wire)[method] as (v: unknown) => unknown).call(writer, value);
  return new Uint8Array(writer.ldelim().ldelim().finish());
}
