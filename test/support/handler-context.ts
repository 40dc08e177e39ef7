// A handler as a worker makes it, and one request to it, without a server and without a model.
import type { Tensor } from "../../src/eager/tensor.ts";
import { ServeFault } from "../../src/serve/fault.ts";
import type { TensorSpec } from "../../src/serve/wire/messages.ts";
import type { HandlerContext, HandlerRequest } from "../../src/serve/worker/handler.ts";

export interface ContextParts {
  readonly inputs: readonly TensorSpec[];
  readonly outputs?: readonly TensorSpec[];
  readonly folder?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly maxImagePixels?: number;
}

/** A context, and what the handler warned of. */
export function handlerContext(parts: ContextParts): HandlerContext & { readonly warnings: readonly string[] } {
  const { inputs, outputs = [], folder = "/nowhere", config = {}, maxImagePixels = 2 * 89_478_485 } = parts;
  const warnings: string[] = [];
  const io = { inputs, outputs, batches: true, engine: "interpreter" };
  const warn = (message: string) => void warnings.push(message);
  return { model: { name: "m", version: "1.0" }, io, folder, config, maxImagePixels, warn, warnings };
}

export const float = (name: string, ...shape: (number | string)[]): TensorSpec => ({ name, dtype: "float32", shape });

/** A request with `data`, or with the parts of a form. */
export function handlerRequest(data: unknown, fields: Readonly<Record<string, unknown>> = { body: data }): HandlerRequest {
  return { data, fields: new Map(Object.entries(fields)), headers: {}, requestId: "r", urlPath: "", explain: false };
}

/** The status and message that a request is refused with; throws where it is not. */
export async function refusal(work: () => unknown): Promise<{ readonly status: number; readonly message: string }> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ServeFault) return error.fault;
    throw error;
  }
  throw new Error("the request was not refused");
}

/** Shapes and elements, for comparisons. */
export const listed = (tensors: readonly Tensor[]) => tensors.map((t) => ({ dtype: t.dtype, shape: [...t.shape], data: t.toArray() }));
