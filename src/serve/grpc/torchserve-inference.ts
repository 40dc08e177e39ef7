// org.pytorch.serve.grpc.inference.InferenceAPIsService.
import { refuse } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Call, Methods } from "./method.ts";
import { inferRaw } from "./raw-inference.ts";

export function torchServeInferenceMethods({ registry, isDraining }: ServerParts): Methods {
  const predict = (message: Buffer, call: Call) =>
    inferRaw(message, call, "torchserve-grpc", ({ name, version }) => registry.find(name, version || undefined));
  return {
    Ping: {
      kind: "unary",
      token: "inference",
      answer() {
        const healthy = !isDraining() && registry.defaults.every((m) => m.isHealthy);
        return { health: `${JSON.stringify({ status: healthy ? "Healthy" : "Unhealthy" }, null, 2)}\n` };
      },
    },
    Predictions: { kind: "unary", token: "inference", raw: true, answer: predict },
    // Handlers here answer in one piece.
    StreamPredictions: {
      kind: "streaming",
      token: "inference",
      raw: true,
      answer: async (message: Buffer, call, send) => send(await predict(message, call)),
    },
    StreamPredictions2: {
      kind: "duplex",
      token: "inference",
      raw: true,
      answer() {
        throw refuse("NotImplementedException", "StreamPredictions2 is for sequences of requests, which are not served.");
      },
    },
  };
}
