// A picture out of a request: bytes, or text in base64.
import { IngotError } from "../../../errors/error.ts";
import { refuse } from "../../fault.ts";

/** Throws ServeFault 400 where there is no picture. */
export function imageBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) {
    if (data.byteLength > 0) return data;
  } else if (typeof data === "string" && data !== "") return Buffer.from(data.replace(/^data:[^,]*,/, ""), "base64");
  throw refuse(
    "BadRequestException",
    "The request holds no picture: send the bytes of a JPEG, PNG, WebP, GIF, TIFF or AVIF file as its body.",
  );
}

/** What a client is told whose picture cannot be decoded: that it is the picture, not the server. */
export function pictureFault(error: unknown): unknown {
  if (!(error instanceof IngotError) || !/^Image/.test(error.code) || error.code === "ImageDecoderMissing") return error;
  return refuse("BadRequestException", error.summary, { status: error.code === "ImageTooLarge" ? 413 : 400, cause: error });
}
