// The body of a request as values: the parts of a form by name, or the body alone; JSON parsed and text decoded, as TorchServe does with
// decode_input_request.
import { Busboy, type BusboyInstance } from "@fastify/busboy";
import { refuse } from "../fault.ts";
import { parseJson } from "./parse-json.ts";

/** Parts of a form, and bytes of a part's head or name, beyond which a request is refused. */
const limits = { parts: 1000, headerPairs: 100, headerSize: 16 * 1024, fieldNameSize: 1024 } as const;

/**
 * The values of a request by name; of several with one name the last. `decode` is whether JSON and text are decoded; without it all are bytes.
 * Throws ServeFault 400 for a form that is damaged or has too many parts, and for JSON that is none.
 */
export async function requestValues(
  contentType: string | undefined,
  body: Uint8Array<ArrayBuffer>,
  decode: boolean,
): Promise<ReadonlyMap<string, unknown>> {
  const type = mediaType(contentType);
  if (type === "multipart/form-data") return multipartValues(contentType as string, body, decode);
  if (type === "application/x-www-form-urlencoded") return urlencodedValues(body, decode);
  return new Map([["body", decode ? decodeValue("the body", type, body) : body]]);
}

const mediaType = (contentType: string | undefined) => (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

function decodeValue(what: string, type: string, bytes: Uint8Array): unknown {
  if (type === "application/json" || type.endsWith("+json")) return parseJson(what, bytes);
  return type.startsWith("text/") ? Buffer.from(bytes).toString("utf8") : bytes;
}

function urlencodedValues(body: Uint8Array<ArrayBuffer>, decode: boolean): ReadonlyMap<string, unknown> {
  const text = Buffer.from(body).toString("utf8");
  let parts = 1;
  for (let at = text.indexOf("&"); at >= 0; at = text.indexOf("&", at + 1)) parts++;
  if (parts > limits.parts) throw damaged(`it has more than ${limits.parts} parts`);
  const pairs = [...new URLSearchParams(text)];
  const [[name, value] = []] = pairs;
  // What `curl -d` sends unless it is told a content type.
  if (pairs.length === 1 && value === "" && /^\s*[[{]/.test(name ?? ""))
    throw refuse(
      "BadRequestException",
      "The body looks like JSON and was sent as a form: send it with the header content-type: application/json.",
    );
  return new Map(pairs.map(([n, v]) => [n, decode ? v : Buffer.from(v)]));
}

const damaged = (why: string, cause?: unknown) => refuse("BadRequestException", `The form is damaged: ${why}.`, { cause });
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function multipartValues(contentType: string, body: Uint8Array, decode: boolean): Promise<ReadonlyMap<string, unknown>> {
  const form = openForm(contentType, body.byteLength);
  const whole = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  checkHeads(contentType, whole);
  return new Promise((resolve, reject) => {
    // In the order of the form, although files are complete later than fields.
    const parts: [name: string, value: unknown][] = [];
    const add = (name: string | undefined) => {
      if (name === undefined) reject(damaged("a part has no name"));
      else if (name.length >= limits.fieldNameSize) reject(damaged(`the name of a part has more than ${limits.fieldNameSize} bytes`));
      const part: [string, unknown] = [name ?? "", undefined];
      parts.push(part);
      return (value: () => unknown) => {
        try {
          part[1] = value();
        } catch (error) {
          reject(error);
        }
      };
    };
    form.on("file", (name, stream, _file, _encoding, type) => {
      const set = add(name);
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", (error) => reject(damaged(error.message, error)));
      stream.on("end", () =>
        set(() => {
          const bytes = Buffer.concat(chunks);
          return decode ? decodeValue(`part ${name}`, mediaType(type), bytes) : bytes;
        }),
      );
    });
    form.on("field", (name, value, _nameCut, _valueCut, _encoding, type) =>
      add(name)(() => {
        if (!decode) return Buffer.from(value);
        return mediaType(type).endsWith("json") ? parseJson(`part ${name}`, Buffer.from(value)) : value;
      }),
    );
    for (const event of ["partsLimit", "filesLimit", "fieldsLimit"] as const)
      form.on(event, () => reject(damaged(`it has more than ${limits.parts} parts`)));
    form.on("error", (error: unknown) => reject(damaged(messageOf(error), error)));
    form.on("finish", () => (parts.length > 0 ? resolve(new Map(parts)) : reject(damaged("it has no part with a name"))));
    form.end(whole);
  });
}

/**
 * What the library would take: it reads the beginning of a part's head that is too long and forgets the rest, and works through all parts of a
 * form that has too many.
 */
function checkHeads(contentType: string, body: Buffer): void {
  const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  const mark = Buffer.from(`--${quoted ?? bare}\r\n`);
  let end = 0;
  let parts = 0;
  for (let at = body.indexOf(mark); at >= 0; at = end < 0 ? -1 : body.indexOf(mark, end)) {
    if (++parts > limits.parts) throw damaged(`it has more than ${limits.parts} parts`);
    end = body.indexOf("\r\n\r\n", at + mark.byteLength - 2);
    const head = end < 0 ? body.subarray(at) : body.subarray(at + mark.byteLength, Math.max(end, at + mark.byteLength));
    if (head.byteLength > limits.headerSize) throw damaged(`the head of a part has more than ${limits.headerSize} bytes`);
    if (head.toString("latin1").split("\r\n").length > limits.headerPairs)
      throw damaged(`the head of a part has more than ${limits.headerPairs} lines`);
  }
}

function openForm(contentType: string, bytes: number): BusboyInstance {
  try {
    return new Busboy({
      headers: { "content-type": contentType },
      limits: { ...limits, fields: limits.parts, files: limits.parts, fieldSize: bytes + 1, fileSize: bytes + 1 },
    });
  } catch (error) {
    throw damaged(messageOf(error), error);
  }
}
