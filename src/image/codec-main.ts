// The program of the decoding thread: takes the bytes of pictures, answers with RGB, and wakes who waits for it.
import { parentPort } from "node:worker_threads";
import { IngotError } from "../errors/error.ts";
import type { CodecReply, CodecStart } from "./codec.ts";
import { decode } from "./decode.ts";

async function answer(bytes: Uint8Array): Promise<CodecReply> {
  try {
    return { image: await decode(bytes) };
  } catch (error) {
    // The rows of the catalogue for pictures; their parameters travel, the class is made anew where it is thrown.
    if (error instanceof IngotError) return { code: error.code, params: error.params } as CodecReply;
    return { code: "ImageCorrupt", params: { image: "the picture", why: String(error) } };
  }
}

parentPort?.once("message", ({ port, answers }: CodecStart) => {
  port.on("message", async (bytes: Uint8Array) => {
    port.postMessage(await answer(bytes));
    Atomics.add(answers, 0, 1);
    Atomics.notify(answers, 0);
  });
});
