// Decoding a picture while the caller waits: `sharp` is asynchronous, so it works in a thread of its own, and this one sleeps until it is done.
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { ingotError } from "../errors/error.ts";
import { startProgram } from "../kernels/worker-program.ts";
import type { RgbImage } from "./rgb.ts";

/** What the thread is started with: where answers go, and a number that rises with each. */
export interface CodecStart {
  readonly port: MessagePort;
  readonly answers: Int32Array;
}

/** An answer: the picture, or what went wrong with the parameters of its catalogue row. */
export type CodecReply = { readonly image: RgbImage } | { readonly code: "ImageCorrupt"; readonly params: { image: string; why: string } };

interface Codec {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly answers: Int32Array;
}

/** A thread that has not answered after this time, in ms, will not. */
const patience = 60_000;
let codec: Codec | undefined;

function started(): Codec {
  if (codec) return codec;
  const { port1, port2 } = new MessageChannel();
  const answers = new Int32Array(new SharedArrayBuffer(4));
  const worker = startProgram(new URL("./codec-main.js", import.meta.url), undefined);
  worker.postMessage({ port: port2, answers } satisfies CodecStart, [port2]);
  // An idle thread does not keep the process alive, nor does its port.
  worker.unref();
  port1.unref();
  codec = { worker, port: port1, answers };
  return codec;
}

/**
 * Decodes the bytes of a picture file to 8-bit RGB, as `decode` does, but synchronously: the thread that calls it sleeps meanwhile.
 * Throws what `decode` throws.
 *
 * @example
 * const { data, width, height } = decodeSync(readFileSync("cat.jpg"));
 */
export function decodeSync(bytes: Uint8Array): RgbImage {
  const { worker, port, answers } = started();
  const before = Atomics.load(answers, 0);
  // A copy: the bytes may be a view on shared or mapped memory.
  const own = Uint8Array.from(bytes);
  port.postMessage(own, [own.buffer]);
  Atomics.wait(answers, 0, before, patience);
  const reply = receiveMessageOnPort(port)?.message as CodecReply | undefined;
  if (reply === undefined) {
    codec = undefined;
    void worker.terminate();
    throw ingotError("ImageDecoderMissing", { why: `its thread did not answer within ${patience / 1000} s` });
  }
  if ("image" in reply) return reply.image;
  throw ingotError(reply.code, reply.params);
}
