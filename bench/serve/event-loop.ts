// How long the acceptor's event loop is held up while clients send it what is large, deep or broken: whatever it does itself with a request.
import { once } from "node:events";
import type { Measured } from "../figure.ts";
import { benchServer } from "./bench-server.ts";
import { generate, type Load, startProcess } from "./load.ts";
import { resnet18 } from "./models.ts";

/** Below max_request_size. */
const large = 6_500_000;
const seconds = 5;

export async function* eventLoop(progress: (what: string) => void): AsyncIterable<Measured> {
  const server = await benchServer(
    { doubler: {}, pictures: { handler: "image_classifier", model: await resnet18() } },
    { default_workers_per_model: "1" },
  );
  const generator = await startProcess("load-main.ts");
  const load = (path: string, type: string, body: Buffer, connections: number): Load => ({
    port: server.port,
    path,
    headers: { "content-type": type },
    body: body.toString("base64"),
    connections,
    seconds,
  });
  const json = "application/json";
  const numbers = Buffer.from(`[${"1,".repeat(large / 2 - 2)}1]`);
  const loads: Readonly<Record<string, Load>> = {
    "small requests": load("/predictions/doubler", json, Buffer.from("[1, 2, 3]"), 16),
    "6 MB of numbers": load("/predictions/doubler", json, numbers, 4),
    "6 MB of brackets": load("/predictions/doubler", json, Buffer.alloc(large, "["), 4),
    "6 MB of numbers over v2": load(
      "/v2/models/doubler/infer",
      json,
      Buffer.from(`{"inputs":[{"name":"x","datatype":"FP32","shape":[1,3],"data":${numbers.subarray(0, large - 200)}]}]}`),
      4,
    ),
    "6 MB that are no picture": load("/predictions/pictures", "image/jpeg", Buffer.alloc(large, 1), 4),
    "a form of many parts": load(
      "/predictions/doubler",
      "multipart/form-data; boundary=x",
      Buffer.from("--x\r\n\r\n".repeat(large / 8)),
      4,
    ),
  };
  try {
    for (const [what, of] of Object.entries(loads)) {
      progress(what);
      await generate(generator, { ...of, seconds: 2 });
      await delay(server.child);
      await generate(generator, of);
      const { max, p99 } = await delay(server.child);
      yield {
        name: `longest hold of the acceptor's event loop: ${what}`,
        value: max,
        unit: "ms",
        bar: "≤ 20",
        spread: `p99 ${p99.toFixed(1)} ms`,
      };
    }
  } finally {
    generator.disconnect();
    await server.close();
  }
}

/** The longest time, in ms, that the event loop came late since the last time it was asked. */
async function delay(child: Awaited<ReturnType<typeof benchServer>>["child"]): Promise<{ readonly max: number; readonly p99: number }> {
  child.send("delay");
  return ((await once(child, "message")) as [{ readonly max: number; readonly p99: number }])[0];
}
