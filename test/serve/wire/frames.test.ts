import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { FrameReader, writeFrame } from "../../../src/serve/wire/frames.ts";

/** The bytes that a frame is on the wire. */
function bytesOf(head: unknown, body: readonly Uint8Array[]): Buffer {
  const chunks: Buffer[] = [];
  const sink = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  writeFrame(sink as unknown as Socket, head, body);
  return Buffer.concat(chunks);
}

describe("frames", () => {
  it("come out as they went in, however the bytes are cut", () => {
    const frame = fc.record({ head: fc.jsonValue(), body: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), fc.array(fc.nat({ max: 30 }), { minLength: 1 }), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(({ head, body }) => bytesOf(head, body)));
        const found: { head: unknown; body: Buffer }[] = [];
        const reader = new FrameReader((head, body) => found.push({ head, body: Buffer.from(body) }));
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const count = 1 + (cuts[i % cuts.length] as number);
          reader.push(bytes.subarray(at, at + count));
          at += count;
        }
        assert.deepEqual(
          found,
          frames.map(({ head, body }) => ({ head: JSON.parse(JSON.stringify(head)) as unknown, body: Buffer.concat(body) })),
        );
      }),
    );
  });

  it("give each body memory of its own, where any element type may begin", () => {
    const found: Uint8Array[] = [];
    const reader = new FrameReader((_, body) => found.push(body));
    const bytes = bytesOf({ n: 1 }, [Buffer.alloc(16, 7)]);
    reader.push(Buffer.concat([bytes, bytes]));
    assert.deepEqual(
      found.map((body) => [body.byteOffset, body.buffer.byteLength]),
      [
        [0, 16],
        [0, 16],
      ],
    );
    assert.notEqual(found[0]?.buffer, found[1]?.buffer);
  });

  it("end with an error when the stream is of something else", () => {
    const reader = new FrameReader(() => assert.fail("no frame"));
    assert.throws(() => reader.push(Buffer.from("HTTP/1.1 200 OK\r\n\r\n")), RangeError);
  });
});
