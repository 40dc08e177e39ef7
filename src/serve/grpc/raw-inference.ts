// Inference over gRPC: the bytes of a message go to a worker as they are. Here only the model's name and version are looked up in them.
import protobuf from "protobufjs/minimal.js";
import { refuse, ServeFault } from "../fault.ts";
import type { ServedVersion } from "../models/served-version.ts";
import type { Protocol } from "../wire/messages.ts";
import { monotonicMs } from "../wire/monotonic.ts";
import type { Call } from "./method.ts";

export interface ModelOfMessage {
  readonly name: string;
  /** Empty: the default one. */
  readonly version: string;
}

/** Fields of a message, at most: a real one has a few, and passing over millions would hold up everybody else. */
const mostFields = 20_000;

/** Fields 1 and 2 of a message. Throws ServeFault 400 for bytes that are none. */
export function modelOfMessage(message: Uint8Array): ModelOfMessage {
  let [name, version] = ["", ""];
  const reader = protobuf.Reader.create(message);
  try {
    for (let fields = 0; reader.pos < message.byteLength; fields++) {
      if (fields === mostFields) throw new RangeError(`more than ${mostFields} fields`);
      const tag = reader.uint32();
      if (tag === 0x0a) name = reader.string();
      else if (tag === 0x12) version = reader.string();
      else if ((tag & 7) === 2) reader.skip(reader.uint32());
      else reader.skipType(tag & 7);
    }
  } catch (cause) {
    throw refuse("BadRequestException", `The request is damaged at byte ${reader.pos}.`, { cause });
  }
  return { name, version };
}

/** Has a worker answer a message. Throws ServeFault for whatever goes wrong. */
export async function inferRaw(
  message: Buffer,
  call: Call,
  protocol: Protocol,
  find: (model: ModelOfMessage) => ServedVersion,
): Promise<Buffer> {
  const { config, inFlight } = call.parts;
  const arrivedAt = monotonicMs();
  const model = modelOfMessage(message);
  const served = find(model);
  const timeout = call.timeLeft();
  if (timeout <= 0) throw refuse("RequestTimeoutException", "The deadline is over.");
  inFlight.take(message.byteLength);
  try {
    const head = { protocol, headers: {}, requestId: call.requestId, arrivedAt };
    const options = {
      named: model.version !== "",
      isCancelled: () => call.isCancelled(),
      ...(Number.isFinite(timeout) && { timeout: Math.max(1, timeout) }),
    };
    const answer = await served.submit({ head, body: [message], bytes: message.byteLength }, options);
    if (answer.head.fault) throw new ServeFault(answer.head.fault);
    const { body } = answer;
    if (body.byteLength > config.maxResponseSize)
      throw refuse(
        "PayloadTooLargeException",
        `The answer has ${body.byteLength} bytes, and max_response_size is ${config.maxResponseSize}.`,
      );
    return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  } finally {
    inFlight.give(message.byteLength);
  }
}
