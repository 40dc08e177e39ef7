// The body of a request as values: the parts of a form by name, or the body alone; JSON parsed and text decoded, as TorchServe does with
// decode_input_request.
import { Busboy, type BusboyInstance } from "@fastify/busboy";
import { refuse } from "../fault.ts";

/** Parts of a form, and bytes of a part's head, beyond which a request is refused. */
const limits = { parts: 1000, fields: 1000, files: 1000, headerPairs: 100, headerSize: 16 * 1024, fieldNameSize: 1024 } as const;

/**
 * The values of a request by name. `decode` is whether JSON and text are decoded; without it all are bytes. Throws ServeFault 400 for a form
 * that is damaged and for JSON that is none.
 */
export async function requestValues(
  contentType: string | undefined,
  body: Uint8Array<ArrayBuffer>,
  decode: boolean,
): Promise<ReadonlyMap<string, unknown>> {
  const type = mediaType(contentType);
  if (type === "multipart/form-data") return multipartValues(contentType as string, body, decode);
  if (type === "application/x-www-form-urlencoded") return new Map(new URLSearchParams(Buffer.from(body).toString("utf8")));
  return new Map([["body", decode ? decodeValue("the body", type, body) : body]]);
}

const mediaType = (contentType: string | undefined) => (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

function decodeValue(what: string, type: string, bytes: Uint8Array): unknown {
  if (type === "application/json" || type.endsWith("+json")) return parseJson(what, bytes);
  return type.startsWith("text/") ? Buffer.from(bytes).toString("utf8") : bytes;
}

/** Throws ServeFault 400 with the place where it goes wrong. */
export function parseJson(what: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refuse("BadRequestException", `${what} is not valid JSON: ${why}`, { cause: error });
  }
}

function multipartValues(contentType: string, body: Uint8Array, decode: boolean): Promise<ReadonlyMap<string, unknown>> {
  const bad = (why: string, cause?: unknown) => refuse("BadRequestException", `the multipart form is damaged: ${why}`, { cause });
  return new Promise((resolve, reject) => {
    const values = new Map<string, unknown>();
    let form: BusboyInstance;
    try {
      form = new Busboy({ headers: { "content-type": contentType }, limits: { ...limits, fieldSize: body.byteLength + 1 } });
    } catch (error) {
      reject(bad(error instanceof Error ? error.message : String(error), error));
      return;
    }
    form.on("file", (name, stream, _file, _encoding, type) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", (error) => reject(bad(error.message, error)));
      stream.on("end", () => {
        try {
          const bytes = Buffer.concat(chunks);
          values.set(name, decode ? decodeValue(`part ${name}`, mediaType(type), bytes) : bytes);
        } catch (error) {
          reject(error);
        }
      });
    });
    form.on("field", (name, value) => values.set(name, value));
    for (const event of ["partsLimit", "filesLimit", "fieldsLimit"] as const)
      form.on(event, () => reject(bad(`it has more than ${limits.parts} parts`)));
    form.on("error", (error: unknown) => reject(bad(error instanceof Error ? error.message : String(error), error)));
    form.on("finish", () => (values.size > 0 ? resolve(values) : reject(bad("it has no part"))));
    form.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  });
}
